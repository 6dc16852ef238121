#include "kernels/fixed_product.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

#include "base/philox.hpp"
#include "kernels/activation.hpp"

namespace semblance::kernels {
namespace {

std::vector<float> random_numbers(std::int64_t many, std::uint64_t row, double scale) {
  base::PhiloxStream stream(3, base::Purpose::kInitialise, row);
  std::vector<float> out(static_cast<std::size_t>(many));
  for (float& x : out) x = static_cast<float>(scale * stream.normal());
  return out;
}

std::vector<FixedIsa> all_isas() {
  std::vector<FixedIsa> out;
  for (const FixedIsa isa : {FixedIsa::kPortable, FixedIsa::kAvx2, FixedIsa::kVnni, FixedIsa::kAmx})
    if (has_fixed_isa(isa)) out.push_back(isa);
  return out;
}

std::int64_t padded(std::int64_t width) { return (width + 15) / 16 * 16; }

/// Rows [kTile, inner] times a matrix [inner, width], plus a base and a bias.
struct Product {
  std::int64_t inner, width, row = padded(inner), stride = padded(width);
  std::vector<float> in = random_numbers(kTile * row, 1, 2.0);
  std::vector<float> matrix = random_numbers(inner * width, 2, 0.3);
  std::vector<float> input_bias = random_numbers(row, 3, 0.5);
  std::vector<float> base = random_numbers(kTile * stride, 4, 1.0);
  std::vector<float> bias = random_numbers(stride, 5, 1.0);

  Product(std::int64_t inner_size, std::int64_t width_size) : inner(inner_size), width(width_size) {
    for (std::int64_t i = inner; i < row; ++i) {
      input_bias[static_cast<std::size_t>(i)] = 0;
      for (int r = 0; r < kTile; ++r) in[static_cast<std::size_t>(r * row + i)] = 0;
    }
  }

  std::vector<float> by(FixedIsa isa, bool with_silu, bool with_base) const {
    const FixedFunctions functions = fixed_functions(isa);
    const FixedMatrix fixed(matrix.data(), width, inner, width, isa);
    FixedRows rows(row);
    (with_silu ? functions.round_silu : functions.round)(
        {in.data(), row, with_silu ? input_bias.data() : nullptr, row}, rows);
    std::vector<float> out(static_cast<std::size_t>(kTile * stride));
    functions.multiply(rows, fixed, {with_base ? base.data() : nullptr, stride, bias.data()},
                       out.data());
    return out;
  }

  /// The largest difference to the product in double, beside what rounding is allowed: half a unit
  /// of each number, errors adding up as independent ones do, five deviations; and silu's own.
  double worst(const std::vector<float>& out, bool with_silu, bool with_base) const {
    double worst = 0;
    for (std::int64_t r = 0; r < kTile; ++r) {
      std::vector<double> x(static_cast<std::size_t>(inner));
      double most_x = 0.2785;
      for (std::int64_t i = 0; i < inner; ++i) {
        const double sum = in[r * row + i] + (with_silu ? input_bias[i] : 0.0f);
        x[i] = with_silu ? sum / (1 + std::exp(-sum)) : sum;
        most_x = std::max(most_x, std::abs(x[i]));
      }
      for (std::int64_t o = 0; o < width; ++o) {
        double exact = bias[o] + (with_base ? base[r * stride + o] : 0.0f);
        double square_x = 0, square_w = 0, sizes = 0, most_w = 0;
        for (std::int64_t i = 0; i < inner; ++i) {
          const double w = matrix[i * width + o];
          exact += x[i] * w;
          square_x += x[i] * x[i], square_w += w * w, sizes += std::abs(x[i] * w);
          most_w = std::max(most_w, std::abs(w));
        }
        const double deviation =
            std::hypot(std::sqrt(square_w) * most_x / 8192, std::sqrt(square_x) * most_w / 8000);
        const double allowed = 5 * deviation + (with_silu ? 1.6e-4 : 1e-6) * sizes + 1e-6;
        worst = std::max(worst, std::abs(out[r * stride + o] - exact) / allowed);
      }
    }
    return worst;
  }
};

TEST(FixedProduct, IsCloseToTheProductInDoubleAndHasTheSameBitsForEveryInstructionSet) {
  for (const std::int64_t inner : {1, 3, 24, 64, 65, 128, 130, 300}) {
    for (const std::int64_t width : {1, 20, 33, 128}) {
      const Product product(inner, width);
      for (const bool with_silu : {false, true}) {
        const std::vector<float> first = product.by(FixedIsa::kPortable, with_silu, with_silu);
        EXPECT_LT(product.worst(first, with_silu, with_silu), 1) << inner << " x " << width;
        for (const FixedIsa isa : all_isas()) {
          // silu has fused multiply-add in all but the portable one
          if (with_silu && isa == FixedIsa::kPortable) continue;
          const std::vector<float> out = product.by(isa, with_silu, with_silu);
          const std::vector<float> wanted =
              with_silu ? product.by(FixedIsa::kAvx2, true, true) : first;
          EXPECT_EQ(std::memcmp(out.data(), wanted.data(), out.size() * sizeof(float)), 0)
              << inner << " x " << width << " set " << static_cast<int>(isa);
        }
      }
    }
  }
}

TEST(FixedProduct, DoesNotOverflowWhenAllNumbersAreAsLargeAsCanBe) {
  constexpr std::int64_t kInner = 2000;
  const std::vector<float> in(kTile * kInner, -1.9999f), bias(16);
  const std::vector<float> matrix(kInner * 16, 0.75f);
  for (const FixedIsa isa : all_isas()) {
    const FixedFunctions functions = fixed_functions(isa);
    FixedRows rows(kInner);
    functions.round({in.data(), kInner, nullptr, kInner}, rows);
    std::vector<float> out(kTile * 16);
    functions.multiply(rows, FixedMatrix(matrix.data(), 16, kInner, 16, isa),
                       {nullptr, 0, bias.data()}, out.data());
    // So many equal numbers leave 8 bits to each of the matrix.
    for (const float x : out) EXPECT_NEAR(x, kInner * -1.9999 * 0.75, 3);
  }
}

TEST(FixedProduct, RowsOfAnySizeKeepTheirDigits) {
  const std::vector<float> sizes = {0.0f, 1e-15f, 1e-6f, 1.0f, 1e6f, 1e15f};
  std::vector<float> in(kTile * 16), bias(16), matrix(16 * 16, 0.0f);
  for (int i = 0; i < 16; ++i) matrix[static_cast<std::size_t>(i * 16 + i)] = 0.5f;
  for (int r = 0; r < kTile; ++r)
    for (int i = 0; i < 16; ++i)
      in[static_cast<std::size_t>(r * 16 + i)] =
          sizes[static_cast<std::size_t>(r) % sizes.size()] * static_cast<float>(i - 7);
  for (const FixedIsa isa : all_isas()) {
    const FixedFunctions functions = fixed_functions(isa);
    FixedRows rows(16);
    functions.round({in.data(), 16, nullptr, 16}, rows);
    std::vector<float> out(kTile * 16);
    functions.multiply(rows, FixedMatrix(matrix.data(), 16, 16, 16, isa), {nullptr, 0, bias.data()},
                       out.data());
    for (std::size_t i = 0; i < out.size(); ++i) {
      const float size = sizes[i / 16 % sizes.size()];
      EXPECT_NEAR(out[i], in[i] * 0.5f, size * 1e-3f) << i;
    }
  }
}

TEST(FixedProduct, AMatrixOfZerosGivesTheBase) {
  const std::vector<float> matrix(128 * 16, 0.0f);
  const std::vector<float> in = random_numbers(kTile * 128, 1, 1), bias = random_numbers(16, 2, 1);
  for (const FixedIsa isa : all_isas()) {
    FixedRows rows(128);
    fixed_functions(isa).round_silu({in.data(), 128, nullptr, 128}, rows);
    std::vector<float> out(kTile * 16);
    fixed_functions(isa).multiply(rows, FixedMatrix(matrix.data(), 16, 128, 16, isa),
                                  {nullptr, 0, bias.data()}, out.data());
    for (std::size_t i = 0; i < out.size(); ++i) EXPECT_EQ(out[i], bias[i % 16]);
  }
}

TEST(FastExp2, IsWithinFourPartsAMillion) {
  for (double x = -119; x <= 119; x += 0.0137) {
    const auto rounded = static_cast<float>(x);
    EXPECT_NEAR(fast_exp2(rounded) / std::exp2(static_cast<double>(rounded)), 1, 4e-6) << x;
  }
}

TEST(CoarseSilu, IsWithinTwoPartsTenThousandAndIsNothingFarBelowZero) {
  for (double x = -20; x <= 90; x += 0.00137) {
    const double exact = x / (1 + std::exp(-x));
    EXPECT_NEAR(coarse_silu(static_cast<float>(x)), exact, 1.6e-4 * std::abs(exact) + 1e-12) << x;
  }
  EXPECT_EQ(coarse_silu(0.0f), 0.0f);
  EXPECT_NEAR(coarse_silu(-1e6f), 0, 1e-20);
  EXPECT_NEAR(coarse_silu(1e6f), 1e6, 200);
}

}  // namespace
}  // namespace semblance::kernels
