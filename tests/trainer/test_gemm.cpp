#include "trainer/gemm.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "base/philox.hpp"
#include "trainer/gemm_amx.hpp"

namespace semblance::trainer {
namespace {

using Gemm = void (*)(bool, bool, std::int64_t, std::int64_t, std::int64_t, const float*,
                      const float*, float, float*);

/// Compares with the product in double. \param share  of the sum of sizes that a result may be off
void check(Gemm multiply, bool ta, bool tb, std::int64_t m, std::int64_t n, std::int64_t k,
           float beta, double share) {
  base::PhiloxStream stream(9, base::Purpose::kInitialise, static_cast<std::uint64_t>(m * n * k));
  std::vector<float> a(static_cast<std::size_t>(m * k)), b(static_cast<std::size_t>(k * n)),
      c(static_cast<std::size_t>(m * n));
  for (auto* v : {&a, &b, &c})
    for (float& x : *v) x = static_cast<float>(stream.normal());
  const std::vector<float> before = c;
  if (beta == 0) c.assign(c.size(), NAN);  // must be overwritten, not multiplied
  multiply(ta, tb, m, n, k, a.data(), b.data(), beta, c.data());
  for (std::int64_t i = 0; i < m; ++i) {
    for (std::int64_t j = 0; j < n; ++j) {
      double sum = beta * before[static_cast<std::size_t>(i * n + j)], sizes = std::abs(sum);
      for (std::int64_t l = 0; l < k; ++l) {
        const double term =
            static_cast<double>(a[static_cast<std::size_t>(ta ? l * m + i : i * k + l)]) *
            b[static_cast<std::size_t>(tb ? j * k + l : l * n + j)];
        sum += term, sizes += std::abs(term);
      }
      ASSERT_NEAR(c[static_cast<std::size_t>(i * n + j)], sum, share * sizes + 1e-6)
          << m << " " << n << " " << k << (ta ? " T" : " N") << (tb ? "T" : "N") << " at " << i
          << ", " << j;
    }
  }
}

void check_all(Gemm multiply, double share) {
  for (const bool ta : {false, true}) {
    for (const bool tb : {false, true}) {
      for (const float beta : {0.0f, 1.0f}) {
        check(multiply, ta, tb, 16, 16, 16, beta, share);
        check(multiply, ta, tb, 17, 33, 47, beta, share);
        check(multiply, ta, tb, 40, 129, 65, beta, share);
        check(multiply, ta, tb, 64, 48, 128, beta, share);
      }
    }
  }
}

TEST(Gemm, IsTheProductForAllWaysToTranspose) {
  check_all(gemm, 4e-5);
  check(gemm, false, true, 3, 5, 7, 1, 1e-6);
  check(gemm, true, false, 1, 200, 9, 0, 1e-6);
}

TEST(Gemm, OnTilesTermsAreRightToOnePartIn50000) {
  if (!has_amx_gemm()) GTEST_SKIP() << "this machine or build has no AMX";
  check_all(amx_gemm, 2e-5);
}

}  // namespace
}  // namespace semblance::trainer
