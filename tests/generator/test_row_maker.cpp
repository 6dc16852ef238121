#include "generator/row_maker.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "base/error.hpp"
#include "generator/pack_rows.hpp"
#include "table/write_table.hpp"
#include "tests/base/temporary_directory.hpp"
#include "tests/generator/fake_model.hpp"

namespace semblance::generator {
namespace {

using trainer::expect_same_cells;

table::Table made(const RowMaker& maker, std::int64_t first, std::int64_t n, int threads = 1,
                  RetryCounts* counts = nullptr) {
  RetryCounts own;
  table::Table all = table::empty_table(maker.schema());
  for (const table::Table& block : maker.make(first, n, threads, counts ? *counts : own))
    append_rows(all, block);
  return all;
}

TEST(RowMaker, ARowDoesNotDependOnItsBlockOrTheThreads) {
  const FakeModel model = fake_model(small_table(), {"low < high"});
  const RowMaker maker(model.codec, *model.sampler, 5, nullptr);
  const table::Table whole = made(maker, 0, 10'000);
  expect_same_cells(whole, made(maker, 0, 10'000, 3));
  expect_same_cells(table::slice_rows(whole, 1234, 9000), made(maker, 1234, 9000 - 1234));
  expect_same_cells(table::slice_rows(whole, 4095, 4097), made(maker, 4095, 2));
  EXPECT_EQ(made(maker, 0, 0).n_rows(), 0);
}

TEST(RowMaker, EveryRowMeetsTheConstraintsAndDrawsAreCounted) {
  const FakeModel model = fake_model(small_table(), {"low < high", "high in [20, 70)"});
  const RowMaker maker(model.codec, *model.sampler, 1, nullptr);
  RetryCounts counts;
  const table::Table rows = made(maker, 0, 5000, 2, &counts);
  for (std::int64_t row = 0; row < rows.n_rows(); ++row) {
    const std::int64_t low = rows.columns[1].ints[static_cast<std::size_t>(row)],
                       high = rows.columns[2].ints[static_cast<std::size_t>(row)];
    ASSERT_LT(low, high);
    ASSERT_GE(high, 20);
    ASSERT_LT(high, 70);
  }
  EXPECT_GT(counts.rows, 500);
  EXPECT_GE(counts.draws, counts.rows);
  EXPECT_GT(counts.broken[0], 0);
  EXPECT_GT(counts.broken[1], 0);
}

TEST(RowMaker, WithoutConstraintsNothingIsDrawnAgain) {
  const FakeModel model = fake_model(small_table());
  RetryCounts counts;
  made(RowMaker(model.codec, *model.sampler, 1, nullptr), 0, 5000, 1, &counts);
  EXPECT_EQ(counts.rows, 0);
}

TEST(RowMaker, FixedCombinationsHoldByConstruction) {
  const table::Table real = small_table();
  const FakeModel model = fake_model(real, {"fixcombo town ward"});
  RetryCounts counts;
  const table::Table rows =
      made(RowMaker(model.codec, *model.sampler, 1, nullptr), 0, 5000, 1, &counts);
  std::set<std::pair<std::string, std::string>> allowed;
  for (std::int64_t row = 0; row < real.n_rows(); ++row)
    allowed.emplace(real.columns[3].as_text(row), real.columns[4].as_text(row));
  for (std::int64_t row = 0; row < rows.n_rows(); ++row) {
    ASSERT_TRUE(allowed.contains({rows.columns[3].as_text(row), rows.columns[4].as_text(row)}));
    ASSERT_EQ(rows.columns[3].is_missing(row), rows.columns[4].is_missing(row));
  }
  EXPECT_EQ(counts.rows, 0);
}

TEST(RowMaker, ADerivedColumnFollowsInEveryRowAndMeetsItsConstraintsAndConditions) {
  table::Table real = small_table();
  std::vector<std::int64_t> sum, twice;
  for (std::size_t row = 0; row < real.columns[1].ints.size(); ++row) {
    sum.push_back(real.columns[1].ints[row] + real.columns[2].ints[row]);
    twice.push_back(2 * real.columns[1].ints[row] + 1);
  }
  real.columns.push_back(trainer::integers("sum", sum));
  real.columns.push_back(trainer::integers("twice", twice));
  real.columns[5].spec.derived = "low + high", real.columns[6].spec.derived = "2*low + 1";
  const FakeModel model = fake_model(real, {"sum < 90", "twice <= high"});
  const RowConditions conditions(model.codec, {"sum >= 60"}, nullptr, 32);
  RetryCounts counts;
  const RowMaker maker(model.codec, *model.sampler, 1, nullptr, &conditions);
  const table::Table rows = made(maker, 0, 3000, 2, &counts);
  for (std::size_t row = 0; row < 3000; ++row) {
    const std::int64_t low = rows.columns[1].ints[row], high = rows.columns[2].ints[row];
    ASSERT_EQ(rows.columns[5].ints[row], low + high);
    ASSERT_EQ(rows.columns[6].ints[row], 2 * low + 1);
    ASSERT_LT(low + high, 90);
    ASSERT_GE(low + high, 60);
    ASSERT_LE(2 * low + 1, high);
  }
  EXPECT_GT(counts.broken[0], 0);
  EXPECT_GT(counts.conditions.broken[0], 0);
}

TEST(RowMaker, AConstraintThatCannotBeMetEndsInAClearFailure) {
  const FakeModel model = fake_model(small_table(), {"low > 1000"});
  const RowMaker maker(model.codec, *model.sampler, 1, nullptr);
  EXPECT_THAT([&] { made(maker, 0, 10); },
              testing::ThrowsMessage<base::Error>(testing::AllOf(testing::HasSubstr("low > 1000"),
                                                                 testing::HasSubstr("200 draws"))));
}

TEST(RowMaker, IdentifiersAreThoseOfTheRowEvenWhenItIsDrawnAgain) {
  const FakeModel model = fake_model(small_table(), {"low < high"});
  const table::Table rows = made(RowMaker(model.codec, *model.sampler, 1, nullptr), 100, 500);
  for (std::int64_t row = 0; row < 500; ++row)
    ASSERT_EQ(rows.columns[0].as_text(row), std::to_string(101 + row));
}

class CopyGuardTest : public testing::Test {
 protected:
  CopyGuardTest() : real_(small_table(300)), path_(directory_.file("real.h5")) {
    table::write_table(path_, real_);
  }

  std::int64_t copies_in(const table::Table& rows) const {
    std::set<std::string> known;
    const auto text = [](const table::Table& from, std::int64_t row) {
      std::string out;
      for (std::size_t c = 1; c < from.columns.size(); ++c)
        out += from.columns[c].as_text(row) + "|";
      return out;
    };
    for (std::int64_t row = 0; row < real_.n_rows(); ++row) known.insert(text(real_, row));
    std::int64_t copies = 0;
    for (std::int64_t row = 0; row < rows.n_rows(); ++row)
      copies += known.contains(text(rows, row));
    return copies;
  }

  base::TemporaryDirectory directory_;
  table::Table real_;
  std::string path_;
};

TEST_F(CopyGuardTest, NoEmittedRowEqualsARealOne) {
  const FakeModel model = fake_model(real_);
  RetryCounts counts;
  ASSERT_GT(copies_in(made(RowMaker(model.codec, *model.sampler, 1, nullptr), 0, 20'000)), 0);
  const CopyGuard guard(path_, model.codec.schema());
  const table::Table rows =
      made(RowMaker(model.codec, *model.sampler, 1, &guard), 0, 20'000, 2, &counts);
  EXPECT_EQ(copies_in(rows), 0);
  EXPECT_GT(counts.copies, 0);
}

TEST_F(CopyGuardTest, AModelThatOnlyKnowsRealRowsFailsClearly) {
  const table::Table constant =
      trainer::table_of({trainer::integers("x", std::vector<std::int64_t>(50, 1))});
  table::write_table(directory_.file("constant.h5"), constant);
  const FakeModel model = fake_model(constant, {}, false);
  const CopyGuard guard(directory_.file("constant.h5"), model.codec.schema());
  EXPECT_THAT([&] { made(RowMaker(model.codec, *model.sampler, 1, &guard), 0, 10); },
              testing::ThrowsMessage<base::Error>(testing::HasSubstr("equals a real row")));
}

}  // namespace
}  // namespace semblance::generator
