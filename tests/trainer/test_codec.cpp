#include "trainer/codec.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/error.hpp"
#include "base/philox.hpp"
#include "tests/trainer/codec_tables.hpp"
#include "trainer/codec_impute.hpp"

namespace semblance::trainer {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

/// A level for each row, `count` rows of each.
std::vector<std::string> repeated(const std::vector<std::pair<std::string, int>>& levels) {
  std::vector<std::string> values;
  for (const auto& [level, count] : levels)
    values.insert(values.end(), static_cast<std::size_t>(count), level);
  return values;
}

TEST(Codec, CommonLevelsAndMissingSurviveExactly) {
  const table::Table rows =
      table_of({categories("sex", repeated({{"F", 40}, {"M", 30}, {"", 12}}))});
  expect_same_cells(rows, round_trip(rows));
  EXPECT_EQ(fit(rows).token_columns()[0].cardinality, 3);
}

TEST(Codec, ARareLevelIsNeverEmitted) {
  const table::Table rows =
      table_of({categories("town", repeated({{"Leeds", 500}, {"York", 300}, {"Zork", 9}}))});
  const table::Table back = round_trip(rows);
  for (const std::string& level : back.columns[0].levels) EXPECT_NE(level, "Zork");
  for (std::int64_t row = 0; row < back.n_rows(); ++row)
    EXPECT_FALSE(back.columns[0].is_missing(row));
}

TEST(Codec, LevelsThatAreSaidToBePublicAreKeptHoweverRare) {
  std::vector<std::string> labels(600, "Heart Rate");
  labels[7] = "Alkaline Phosphate", labels[8] = "Albumin", labels[9] = "";
  table::Table rows = table_of({categories("label", labels), categories("remark", labels)});
  rows.columns[0].spec.levels = "public";
  const table::Table back = round_trip(rows);
  expect_same_cells(rows.columns[0], back.columns[0]);
  for (const std::string& level : back.columns[1].levels) EXPECT_EQ(level, "Heart Rate");
}

TEST(Codec, RefusesPublicLevelsOfAColumnThatHasNone) {
  table::Table rows = table_of({integers("age", {40, 50, 60})});
  rows.columns[0].spec.levels = "public";
  try {
    fit(rows);
    FAIL() << "was taken";
  } catch (const base::Error& e) {
    EXPECT_EQ(e.kind(), base::ErrorKind::kData);
    EXPECT_NE(std::string(e.what()).find("'age'"), std::string::npos) << e.what();
  }
}

TEST(Codec, ManyRareLevelsBecomeTheRareText) {
  std::vector<std::string> values = repeated({{"known", 100}});
  for (int i = 0; i < 50; ++i) values.push_back("name " + std::to_string(i));
  const table::Table back = round_trip(table_of({categories("name", values)}));
  EXPECT_EQ(back.columns[0].as_text(0), "known");
  EXPECT_EQ(back.columns[0].as_text(120), "_RARE_");
}

TEST(Codec, RareNumericLevelsBecomeKeptOnesSoThatTheColumnStaysNumeric) {
  std::vector<std::string> values = repeated({{"1", 20}, {"2", 20}});
  for (int i = 10; i < 30; ++i) values.push_back(std::to_string(i));
  const table::Table back = round_trip(table_of({categories("grade", values)}));
  EXPECT_THAT(back.columns[0].levels, testing::UnorderedElementsAre("1", "2"));
}

TEST(Codec, BothLevelsOfABooleanAreKept) {
  const table::Table rows =
      table_of({categories("died", repeated({{"no", 997}, {"yes", 3}}), table::Kind::kBoolean)});
  expect_same_cells(rows, round_trip(rows));
}

TEST(Codec, TenThousandLevelsFitIntoTwoDigits) {
  std::vector<std::string> values;
  for (int i = 0; i < 10'000; ++i) {
    for (int copy = 0; copy < 10 + (i < 20 ? 100 : 0); ++copy)
      values.push_back("code " + std::to_string(i));
  }
  values.insert(values.end(), 50, "");
  const table::Table rows = table_of({categories("code", values)});
  for (const int base : {256, CodecOptions{}.digit_base}) {
    const Codec codec = fit(rows, {.digit_base = base});
    ASSERT_EQ(codec.token_columns().size(), 2u);
    EXPECT_LE(codec.token_columns()[0].cardinality, base);
    EXPECT_LE(codec.token_columns()[1].cardinality, 256);
    expect_same_cells(rows, codec.decode(codec.encode(rows), 0, 1));
  }
}

TEST(Codec, TheSecondDigitOfASingleLevelIsConstant) {
  std::vector<std::string> values;
  for (int i = 0; i < 1000; ++i) values.insert(values.end(), 12, "code " + std::to_string(i));
  values.insert(values.end(), 500, "common");
  values.insert(values.end(), 20, "");
  const table::Table rows = table_of({categories("code", values)});
  const TokenMatrix tokens = fit(rows, {.digit_base = 256}).encode(rows);
  for (std::int64_t row = 12'000; row < tokens.n_rows; ++row) ASSERT_EQ(tokens.column(1)[row], 0);
}

TEST(Codec, UnknownLevelsAndUnexpectedMissingAreCounted) {
  const Codec codec = fit(table_of({categories("sex", repeated({{"F", 40}, {"M", 30}}))}));
  const table::Table other = table_of({categories("sex", {"F", "X", "", "M"})});
  std::int64_t unseen = 0;
  const TokenMatrix tokens = codec.encode(other, &unseen);
  EXPECT_EQ(unseen, 2);
  EXPECT_EQ(tokens.column(0)[1], tokens.column(0)[0]);  // the commonest level
}

TEST(Codec, IntegersStayIntegersAndFewValuesAreExact) {
  std::vector<std::int64_t> values;
  for (int i = 0; i < 4000; ++i) values.push_back(i % 90);
  values.insert(values.end(), 30, table::kMissingInt);
  const table::Table rows = table_of({integers("age", values)});
  expect_same_cells(rows, round_trip(rows));
}

TEST(Codec, DecimalsKeepTheirPrecision) {
  base::PhiloxStream random(1, base::Purpose::kEvaluate, 0);
  std::vector<double> values;
  for (int i = 0; i < 20'000; ++i) values.push_back(std::round(random.normal() * 1000) / 100);
  for (const int decimals : {2, -1}) {  // told, and found
    const table::Table back = round_trip(table_of({reals("dose", values, decimals)}));
    for (const double value : back.columns[0].reals)
      ASSERT_EQ(value, std::round(value * 100) / 100);
  }
}

TEST(Codec, MultiplesStayMultiples) {
  base::PhiloxStream random(1, base::Purpose::kEvaluate, 1);
  std::vector<std::int64_t> fives;
  std::vector<double> measured;
  for (int i = 0; i < 20'000; ++i) {
    fives.push_back(static_cast<std::int64_t>(random.below(3000)) * 25);
    measured.push_back(random.normal() * 100);
  }
  table::Column rounded = reals("rounded", measured);
  rounded.spec.rounding = 0.05;
  rounded.spec.decimals = 2;
  const table::Table back = round_trip(table_of({integers("salary", fives), rounded}));
  for (const std::int64_t value : back.columns[0].ints) ASSERT_EQ(value % 25, 0);
  for (const double value : back.columns[1].reals)
    ASSERT_EQ(value, std::round(value * 20) * 5 / 100);
}

TEST(Codec, ConstantAndAllMissingColumnsSurvive) {
  const std::size_t n = 50;
  const table::Table rows =
      table_of({integers("seven", std::vector<std::int64_t>(n, 7)),
                integers("nothing", std::vector<std::int64_t>(n, table::kMissingInt)),
                reals("pi", std::vector<double>(n, 3.14159265358979)),
                reals("empty", std::vector<double>(n, kNan)),
                categories("one", std::vector<std::string>(n, "x")),
                categories("none", std::vector<std::string>(n, "")),
                dates("day", std::vector<std::int64_t>(n, 18'000)),
                dates("never", std::vector<std::int64_t>(n, table::kMissingInt)),
                datetimes("stamp", std::vector<std::int64_t>(n, 1'600'000'123'456'789)),
                datetimes("no stamp", std::vector<std::int64_t>(n, table::kMissingInt))});
  const Codec codec = fit(rows);
  for (const TokenColumn& column : codec.token_columns())
    EXPECT_EQ(column.cardinality, 1) << column.name;
  expect_same_cells(rows, codec.decode(codec.encode(rows), 0, 1));
}

TEST(Codec, OneRowSurvives) {
  const table::Table rows = table_of(
      {integers("a", {5}), reals("b", {0.25}), categories("c", {"x"}, table::Kind::kBoolean),
       dates("d", {18'000}), datetimes("e", {1'600'000'000'000'000})});
  expect_same_cells(rows, round_trip(rows));
}

TEST(Codec, InfinitiesAndNanAreMissing) {
  std::vector<double> values = {kNan, std::numeric_limits<double>::infinity(),
                                -std::numeric_limits<double>::infinity()};
  values.insert(values.end(), 100, 1.5);
  const table::Table back = round_trip(table_of({reals("x", values)}));
  EXPECT_TRUE(back.columns[0].is_missing(0));
  for (const double value : back.columns[0].reals) EXPECT_TRUE(std::isnan(value) || value == 1.5);
}

TEST(Codec, DroppedColumnsAndIdentifiersHaveNoTokens) {
  table::Table rows = table_of({categories("id", {"a", "b", "c"}, table::Kind::kId),
                                integers("x", {1, 1, 1}), integers("y", {2, 2, 2})});
  rows.columns[0].spec.id_pattern = "P###";
  rows.columns[1].spec.dropped = true;
  const Codec codec = fit(rows);
  ASSERT_EQ(codec.token_columns().size(), 1u);
  EXPECT_EQ(codec.token_columns()[0].name, "y");
  EXPECT_EQ(codec.token_columns()[0].source_column, 1);
  const table::Table back = codec.decode(codec.encode(rows), 4, 1);
  ASSERT_EQ(back.n_columns(), 2);
  EXPECT_EQ(back.columns[0].as_text(0), "P005");
}

/// A table with a column of every kind.
table::Table mixed_table(std::int64_t n, std::uint64_t seed) {
  base::PhiloxStream random(seed, base::Purpose::kEvaluate, 9);
  std::vector<std::int64_t> ages, days, stamps;
  std::vector<double> doses;
  std::vector<std::string> wards, ids;
  for (std::int64_t i = 0; i < n; ++i) {
    const bool gone = random.uniform() < 0.1;
    ages.push_back(gone ? table::kMissingInt : static_cast<std::int64_t>(random.below(100)));
    doses.push_back(random.uniform() < 0.3    ? 0
                    : random.uniform() < 0.05 ? kNan
                                              : std::exp(random.normal()));
    wards.push_back(
        gone ? "" : "ward " + std::to_string(static_cast<int>(std::pow(random.uniform(), 2) * 30)));
    ids.push_back(fmt::format("P{:06}", 2 * ages.size()));
    days.push_back(18'000 + static_cast<std::int64_t>(random.below(1500)));
    stamps.push_back((days.back() * 86'400 + static_cast<std::int64_t>(random.below(86'400))) *
                     1'000'000);
  }
  table::Table rows = table_of(
      {integers("age", ages), reals("dose", doses), categories("ward", wards), dates("day", days),
       datetimes("stamp", stamps), categories("id", ids, table::Kind::kId)});
  rows.columns[4].spec.relative_to = "day";
  rows.columns[5].spec.id_pattern = "P######";
  return rows;
}

TEST(Codec, DoesNotDependOnHowRowsAreSpreadOverRanks) {
  const table::Table rows = mixed_table(3000, 1);
  const Codec alone = fit(rows);
  const TokenMatrix tokens = alone.encode(rows);
  const table::Table expected = alone.decode(tokens, 0, 3);
  for (const int n_ranks : {2, 3}) {
    base::run_ranks_as_threads(n_ranks, [&](base::Communicator& communicator) {
      // The last rank holds nothing.
      const std::int64_t busy = n_ranks - 1, rank = communicator.rank();
      const std::int64_t first = rank < busy ? 3000 * rank / busy : 3000,
                         last = rank < busy ? 3000 * (rank + 1) / busy : 3000;
      const Codec codec =
          Codec::fit(table::slice_rows(rows, first, last), rows.schema(), {}, communicator);
      const TokenMatrix own = codec.encode(rows);
      EXPECT_EQ(own.tokens, tokens.tokens);
      expect_same_cells(expected, codec.decode(own, 0, 3));
    });
  }
}

TEST(Codec, DoesNotDependOnTheOrderOfRows) {
  const table::Table rows = mixed_table(2000, 2);
  std::vector<std::int64_t> backwards(2000);
  for (std::int64_t i = 0; i < 2000; ++i) backwards[static_cast<std::size_t>(i)] = 1999 - i;
  EXPECT_EQ(fit(rows).encode(rows).tokens,
            fit(table::take_rows(rows, backwards)).encode(rows).tokens);
}

TEST(Codec, ARowDependsOnItsNumberAndTheSeedAlone) {
  const table::Table rows = mixed_table(1000, 3);
  const Codec codec = fit(rows);
  const table::Table whole = codec.decode(codec.encode(rows), 500, 7);
  const table::Table part = codec.decode(codec.encode(table::slice_rows(rows, 333, 700)), 833, 7);
  expect_same_cells(table::slice_rows(whole, 333, 700), part);
  const table::Table other = codec.decode(codec.encode(rows), 500, 8);
  EXPECT_NE(whole.columns[1].reals, other.columns[1].reals);
}

TEST(Codec, EncodingItsOwnRowsGivesTheirTokensBack) {
  // Not the relative date: what would come before its base is mirrored.
  table::Table rows = mixed_table(3000, 4);
  rows.columns.pop_back();
  const Codec codec = fit(rows);
  const TokenMatrix tokens = codec.encode(rows);
  const TokenMatrix again = codec.encode(codec.decode(tokens, 0, 5));
  for (int t = 0; t < tokens.n_columns; ++t) {
    std::int64_t changed = 0;
    for (std::int64_t row = 0; row < tokens.n_rows; ++row)
      changed += tokens.column(t)[row] != again.column(t)[row];
    // Rare levels become kept ones; days are clipped to the range of all.
    EXPECT_LE(changed, 60) << codec.token_columns()[static_cast<std::size_t>(t)].name;
  }
}

TEST(Codec, TokensAreBelowTheirCardinality) {
  const table::Table rows = mixed_table(5000, 5);
  const Codec codec = fit(rows, {.numeric_bins = 16, .digit_base = 20});
  const TokenMatrix tokens = codec.encode(mixed_table(700, 6));
  for (int t = 0; t < tokens.n_columns; ++t) {
    const int cardinality = codec.token_columns()[static_cast<std::size_t>(t)].cardinality;
    EXPECT_LE(cardinality, 25);
    for (std::int64_t row = 0; row < tokens.n_rows; ++row)
      ASSERT_LT(tokens.column(t)[row], cardinality);
  }
}

TEST(Codec, RefusesAnAbsentColumnAndOneOfAnotherKind) {
  const Codec codec = fit(table_of({integers("age", {1, 2, 3})}));
  EXPECT_THAT([&] { codec.encode(table_of({integers("ages", {1})})); },
              ThrowsMessage<base::Error>(HasSubstr("did you mean 'ages'")));
  EXPECT_THAT([&] { codec.encode(table_of({categories("age", {"x"})})); },
              ThrowsMessage<base::Error>(HasSubstr("holds numbers")));
}

TEST(Codec, RefusesImpossibleOptions) {
  const table::Table rows = table_of({integers("age", {1, 2, 3})});
  EXPECT_THROW(fit(rows, {.numeric_bins = 1}), base::Error);
  EXPECT_THROW(fit(rows, {.rare_min_count = 0}), base::Error);
  EXPECT_THROW(fit(rows, {.digit_base = 2}), base::Error);
}

TEST(Codec, EmptyTablesOfTokensDecodeToNoRows) {
  const table::Table rows = mixed_table(100, 7);
  const Codec codec = fit(rows);
  EXPECT_EQ(codec.decode(codec.encode(table::slice_rows(rows, 0, 0)), 0, 1).n_rows(), 0);
}

table::Column with_missingness(table::Column column, const std::string& how) {
  column.spec.missingness = how;
  return column;
}

TEST(CodecImpute, FillsGapsByMeanMedianModeOrValue) {
  std::vector<double> numbers(100, 1.0);
  numbers.insert(numbers.end(), 50, 4.0);
  numbers.insert(numbers.end(), 20, kNan);
  std::vector<std::int64_t> wholes(170, 3);
  wholes.back() = table::kMissingInt;
  const table::Table rows =
      table_of({with_missingness(reals("mean", numbers), "impute:mean"),
                with_missingness(reals("median", numbers), "impute:median"),
                with_missingness(reals("value", numbers), "impute:2.5"),
                with_missingness(integers("mode", wholes), "impute:mode"),
                with_missingness(categories("level", repeated({{"x", 90}, {"y", 60}, {"", 20}})),
                                 "impute:mode"),
                with_missingness(categories("new", repeated({{"x", 90}, {"y", 60}, {"", 20}})),
                                 "impute:none")});
  const Codec codec = fit(rows);
  std::int64_t unseen = 0;
  const table::Table back = codec.decode(codec.encode(rows, &unseen), 0, 1);
  EXPECT_EQ(unseen, 0);
  for (const table::Column& column : back.columns)
    EXPECT_EQ(column.missing_count(), 0) << column.spec.name;
  EXPECT_EQ(back.columns[0].reals.back(), 2);
  EXPECT_EQ(back.columns[1].reals.back(), 1);
  EXPECT_EQ(back.columns[2].reals.back(), 2.5);
  EXPECT_EQ(back.columns[3].ints.back(), 3);
  EXPECT_EQ(back.columns[4].as_text(169), "x");
  EXPECT_EQ(back.columns[5].as_text(169), "none");
}

TEST(CodecImpute, RefusesTheMeanOfACategoryAndAValueOfAnotherKind) {
  EXPECT_THROW(fit(table_of({with_missingness(categories("a", {"x", ""}), "impute:mean")})),
               base::Error);
  EXPECT_THROW(
      fit(table_of({with_missingness(integers("a", {1, table::kMissingInt}), "impute:x")})),
      base::Error);
}

TEST(CodecImpute, RowsWithGapsInAStrictColumnAreNotLearned) {
  const table::Table rows =
      table_of({with_missingness(integers("a", {1, table::kMissingInt, 3}), "drop"),
                categories("b", {"x", "y", ""})});
  const table::Table kept = rows_to_learn(rows, rows.schema());
  ASSERT_EQ(kept.n_rows(), 2);
  EXPECT_EQ(kept.columns[0].ints[1], 3);
}

}  // namespace
}  // namespace semblance::trainer
