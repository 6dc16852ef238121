#include "evaluator/privacy/copies.hpp"

#include <gtest/gtest.h>

#include "evaluator/distances.hpp"
#include "tests/evaluator/small_tables.hpp"

namespace semblance::evaluator {
namespace {

using testing::compare;
using testing::kGone;
using testing::numbers;
using testing::texts;

TEST(Copies, WholeRowsMatchWithMissingEqualToMissing) {
  const Comparison data =
      compare({numbers("x", {1, kGone, 3}), texts("c", {"a", "", "b"})},
              {numbers("x", {3, kGone, 1, kGone}), texts("c", {"b", "", "b", "a"})});
  EXPECT_EQ(equal_rows(data.synthetic, data.real, {}, 1),
            (std::vector<std::int64_t>{2, 1, -1, -1}));
}

TEST(Copies, SomeColumnsAreEnoughWhenAsked) {
  const Comparison data = compare({numbers("x", {1, 2}), texts("c", {"a", "b"})},
                                  {numbers("x", {9, 9}), texts("c", {"b", "z"})});
  EXPECT_EQ(equal_rows(data.synthetic, data.real, {1}, 1), (std::vector<std::int64_t>{1, -1}));
}

TEST(Copies, UniqueRowsOccurOnce) {
  const Comparison data = compare({texts("c", {"a", "b", "a", ""})}, {texts("c", {"a"})});
  EXPECT_EQ(unique_rows(data.real, {}, 1), (std::vector<bool>{false, true, false, true}));
}

TEST(Copies, TheLegacyCountSkipsTheFirstColumnAndCountsPairs) {
  const Comparison data = compare({numbers("id", {1, 2, 3}), numbers("x", {7, 7, kGone})},
                                  {numbers("id", {9, 8, 7}), numbers("x", {7, 0, 5})});
  EXPECT_EQ(legacy_collisions(data.real, data.synthetic), 3);  // 7 twice; missing reads as 0 once
}

TEST(Copies, QuasiIdentifiersAreFoundByWholeWords) {
  const Comparison data =
      compare({numbers("Age", {1}), numbers("dosage", {1}), texts("marital-status", {"m"}),
               texts("race", {"r"}), numbers("x", {1})},
              {numbers("Age", {1}), numbers("dosage", {1}), texts("marital-status", {"m"}),
               texts("race", {"r"}), numbers("x", {1})});
  EXPECT_EQ(likely_quasi_identifiers(data), (std::vector<int>{0, 2, 3}));
}

/// Gower distance written out, in double.
double gower(const Comparison& data, const Rows& a, std::int64_t i, const Rows& b, std::int64_t j) {
  double sum = 0;
  for (std::size_t k = 0; k < data.columns.size(); ++k) {
    const bool gone_a = cell_missing(a.features[k], i), gone_b = cell_missing(b.features[k], j);
    if (gone_a || gone_b) {
      sum += gone_a != gone_b;
    } else if (data.columns[k].numeric) {
      const double range = data.columns[k].high - data.columns[k].low;
      const double gap = std::abs(a.features[k].numbers[static_cast<std::size_t>(i)] -
                                  b.features[k].numbers[static_cast<std::size_t>(j)]);
      sum += std::min(range > 0 ? gap / range : (gap > 0 ? 1.0 : 0.0), 1.0);
    } else {
      sum += a.features[k].codes[static_cast<std::size_t>(i)] !=
             b.features[k].codes[static_cast<std::size_t>(j)];
    }
  }
  return sum / static_cast<double>(data.columns.size());
}

TEST(Distances, NearestRowsAreThoseOfTheFormula) {
  const Comparison data =
      compare(testing::population(120, 1), testing::population(90, 2), testing::population(60, 3));
  Distances distances(data, "cpu", 1, 1);
  const auto& found = distances.synthetic_to_real();
  ASSERT_EQ(found.size(), 90u);
  for (std::int64_t i = 0; i < 90; ++i) {
    std::vector<double> all;
    for (std::int64_t j = 0; j < 120; ++j)
      all.push_back(gower(data, data.synthetic, i, data.real, j));
    std::sort(all.begin(), all.end());
    EXPECT_NEAR(found[static_cast<std::size_t>(i)].first, all[0], 1e-6);
    EXPECT_NEAR(found[static_cast<std::size_t>(i)].second, all[1], 1e-6);
  }
  EXPECT_EQ(distances.even_rows(), 60);
}

TEST(Distances, AConstantRealColumnKeepsOtherValuesFarAway) {
  const Comparison data = compare({numbers("x", {5, 5}), numbers("y", {0, 1})},
                                  {numbers("x", {5, 6}), numbers("y", {0, 0})});
  Distances distances(data, "cpu", 1, 1);
  EXPECT_FLOAT_EQ(distances.synthetic_to_real()[0].first, 0);
  EXPECT_FLOAT_EQ(distances.synthetic_to_real()[1].first, 0.5);
}

TEST(Distances, DoNotDependOnTheNumberOfRanks) {
  const Comparison data =
      compare(testing::population(120, 1), testing::population(90, 2), testing::population(60, 3));
  const auto firsts = [](const std::vector<kernels::Nearest>& found) {
    std::vector<std::pair<float, std::int64_t>> out;
    for (const kernels::Nearest& n : found) out.emplace_back(n.first, n.first_row);
    return out;
  };
  Distances alone(data, "cpu", 1, 1);
  for (const int n_ranks : {1, 3, 100}) {  // of 100 ranks some have no query
    base::run_ranks_as_threads(n_ranks, [&](base::Communicator& communicator) {
      SharedNearest ranks(communicator);
      if (communicator.rank() > 0) return ranks.help();
      Distances shared(data, "cpu", 1, 1, &ranks);
      EXPECT_EQ(firsts(shared.synthetic_to_real()), firsts(alone.synthetic_to_real()));
      EXPECT_EQ(firsts(shared.synthetic_to_even_real()), firsts(alone.synthetic_to_even_real()));
      EXPECT_EQ(firsts(shared.synthetic_to_even_holdout()),
                firsts(alone.synthetic_to_even_holdout()));
      EXPECT_EQ(firsts(shared.holdout_to_real()), firsts(alone.holdout_to_real()));
      EXPECT_EQ(firsts(shared.real_to_real()), firsts(alone.real_to_real()));
      ranks.finish();
    });
  }
}

TEST(Distances, EvenPartsAreAsManyRowsOfBothTables) {
  const Comparison data =
      compare(testing::population(120, 1), testing::population(90, 2), testing::population(60, 3));
  Distances distances(data, "cpu", 1, 1);
  const auto& all = distances.synthetic_to_real();
  const auto& part = distances.synthetic_to_even_real();
  ASSERT_EQ(part.size(), 90u);
  for (std::size_t i = 0; i < part.size(); ++i) {
    EXPECT_GE(part[i].first, all[i].first);
    EXPECT_LT(part[i].first_row, 60);
    EXPECT_LT(distances.synthetic_to_even_holdout()[i].first_row, 60);
  }
}

}  // namespace
}  // namespace semblance::evaluator
