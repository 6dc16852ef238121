/// Rare numbers among the texts of a category. The bins of the first tests are counted by hand.
#include "trainer/codec_text_numbers.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/error.hpp"
#include "base/hdf5.hpp"
#include "base/philox.hpp"
#include "tests/base/temporary_directory.hpp"
#include "tests/trainer/codec_tables.hpp"

namespace semblance::trainer {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

using Levels = std::vector<LevelCount>;

Levels joined(Levels a, const Levels& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

Levels numbers(int first, int last, std::int64_t count) {
  Levels levels;
  for (int i = first; i <= last; ++i) levels.push_back({std::to_string(i), count});
  return levels;
}

/// Kept are levels of at least ten rows.
std::optional<TextNumbers> fit_levels(const Levels& levels) {
  std::vector<char> kept;
  for (const LevelCount& level : levels) kept.push_back(level.count >= 10);
  return TextNumbers::fit(levels, kept, {});
}

std::set<std::string> drawn(const TextNumbers& numbers, std::int32_t bin) {
  std::set<std::string> texts;
  for (std::uint32_t word = 0; word < 4'000; ++word)
    texts.insert(numbers.text(bin, word * 1'073'741u));
  return texts;
}

std::vector<std::string> cells_of(const Levels& levels) {
  std::vector<std::string> values;
  for (const LevelCount& level : levels)
    values.insert(values.end(), static_cast<std::size_t>(level.count), level.text);
  return values;
}

/// 1 to 40, two rows each, among texts: the ends are clipped to 5 and 36, whose ten rows make a bin
/// each, and the 60 rows between make six of five numbers.
Levels events() { return joined({{"Yes", 500}, {"No", 300}}, numbers(1, 40, 2)); }

TEST(TextNumbers, EachBinHoldsTenRowsAndTheEndsAreClipped) {
  const auto coder = fit_levels(events());
  ASSERT_TRUE(coder);
  EXPECT_EQ(coder->size(), 8);
  EXPECT_EQ(coder->bin_of("1"), 0);
  EXPECT_EQ(coder->bin_of("5"), 0);
  EXPECT_EQ(coder->bin_of("6"), 1);
  EXPECT_EQ(coder->bin_of("10"), 1);
  EXPECT_EQ(coder->bin_of("11"), 2);
  EXPECT_EQ(coder->bin_of("36"), 7);
  EXPECT_EQ(coder->bin_of("40"), 7);
  EXPECT_EQ(drawn(*coder, 0), std::set<std::string>{"5"});
  EXPECT_EQ(drawn(*coder, 1), (std::set<std::string>{"6", "7", "8", "9", "10"}));
  EXPECT_EQ(drawn(*coder, 7), std::set<std::string>{"36"});
  EXPECT_EQ(coder->choices(), "numbers from 5 to 36");
}

TEST(TextNumbers, AnUnseenNumberFallsIntoItsBinAndATextIntoNone) {
  const auto coder = fit_levels(events());
  EXPECT_EQ(coder->bin_of("-3"), 0);
  EXPECT_EQ(coder->bin_of("100000"), 7);
  EXPECT_EQ(coder->bin_of("7.2"), 1);  // written in another way: rounded
  for (const char* text : {"Yes", "", "<5", "007"}) EXPECT_EQ(coder->bin_of(text), -1) << text;
}

TEST(TextNumbers, ALevelOfItsOwnIsNeverDrawnFromABin) {
  // 8 is kept: of the other 39 numbers the clipped ends take five each, and the 58 rows between
  // make five bins of 11.6, the first one of six numbers.
  Levels levels = events();
  levels[2 + 7].count = 30;
  const auto coder = fit_levels(levels);
  ASSERT_TRUE(coder);
  EXPECT_EQ(drawn(*coder, 1), (std::set<std::string>{"6", "7", "9", "10", "11", "12"}));
}

TEST(TextNumbers, DecimalsAndTheirNumberStay) {
  Levels levels = joined({{"Yes", 500}}, numbers(60, 99, 2));
  for (int i = 0; i < 40; ++i) levels.push_back({"7." + std::to_string(10 + i), 2});
  const auto coder = fit_levels(levels);
  ASSERT_TRUE(coder);
  EXPECT_EQ(coder->size(), 16);  // eight of either
  std::set<std::string> all;
  for (std::int32_t bin = 0; bin < coder->size(); ++bin) all.merge(drawn(*coder, bin));
  for (const std::string& text : all) {
    const auto number = parse_number_text(text);
    ASSERT_TRUE(number) << text;
    const int decimals = number->style.decimals;
    EXPECT_TRUE((decimals == 0 && number->position >= 60 && number->position < 100) ||
                (decimals == 2 && number->position >= 710 && number->position < 750))
        << text;
  }
  EXPECT_TRUE(all.contains("7.20"));                      // the originals have such zeros, too
  EXPECT_LT(coder->bin_of("99"), coder->bin_of("7.10"));  // fewer decimals first
}

TEST(TextNumbers, WithoutClosingZerosInTheTableNoneIsMade) {
  Levels levels = {{"Yes", 500}};
  for (int i = 0; i < 60; ++i) {
    if (i % 10 != 0) levels.push_back({"7." + std::to_string(10 + i), 2});
  }
  const auto coder = fit_levels(levels);
  ASSERT_TRUE(coder);
  for (std::int32_t bin = 0; bin < coder->size(); ++bin) {
    for (const std::string& text : drawn(*coder, bin)) EXPECT_NE(text.back(), '0') << text;
  }
}

TEST(TextNumbers, TheTailOfSinglePrecisionAndTheMissingZeroStay) {
  Levels levels = {{"Yes", 500}};
  for (int i = 1; i < 100; ++i) levels.push_back({number_text({2, true}, 1 + 7 * i, true), 2});
  const auto coder = fit_levels(levels);
  ASSERT_TRUE(coder);
  int tails = 0, made = 0, small = 0;
  for (std::int32_t bin = 0; bin < coder->size(); ++bin) {
    for (const std::string& text : drawn(*coder, bin)) {
      ++made, tails += text.size() > 12, small += text.front() == '.';
      EXPECT_FALSE(text.starts_with("0."));
    }
  }
  EXPECT_GT(tails, 0.95 * made);
  EXPECT_GT(small, 30);
}

TEST(TextNumbers, ARareWayOfWritingJoinsTheNearest) {
  Levels levels = events();
  levels.push_back({"7.25", 2});
  const auto coder = fit_levels(levels);
  ASSERT_TRUE(coder);
  EXPECT_EQ(coder->bin_of("7.25"), coder->bin_of("7"));
  for (std::int32_t bin = 0; bin < coder->size(); ++bin) {
    for (const std::string& text : drawn(*coder, bin)) EXPECT_EQ(text.find('.'), std::string::npos);
  }
}

TEST(TextNumbers, FewNumbersAreNotWorthIt) {
  EXPECT_FALSE(fit_levels(joined({{"Yes", 500}}, numbers(1, 9, 2))));  // 18 rows
  EXPECT_TRUE(fit_levels(joined({{"Yes", 500}}, numbers(1, 10, 2))));  // 20 rows
  Levels texts = joined({{"Yes", 500}}, numbers(1, 10, 2));
  for (int i = 0; i < 100; ++i) texts.push_back({std::string("a text ") + std::to_string(i), 2});
  EXPECT_FALSE(fit_levels(texts));  // 20 of 220 rare rows
}

TEST(TextNumbers, CodesAreNoMeasurements) {
  EXPECT_FALSE(fit_levels(numbers(1, 40, 2)));  // a category without texts
  Levels zeros = joined({{"other", 500}}, numbers(4010, 4049, 2));
  EXPECT_TRUE(fit_levels(zeros));
  EXPECT_FALSE(fit_levels(joined(zeros, {{"0389", 2}})));
  EXPECT_FALSE(
      fit_levels(joined({{"V5861", 20}, {"E885.9", 3}, {"none", 9}}, numbers(401, 440, 2))));
}

TEST(TextNumbers, ConditionsPickTheNumberOutOfItsBin) {
  const auto coder = fit_levels(events());
  table::AllowedValues allowed;
  allowed.missing = false, allowed.listed = true, allowed.levels = {"8", "9", "Yes"};
  const std::vector<float> shares = coder->shares(allowed);
  ASSERT_EQ(shares.size(), 8u);
  for (std::int32_t bin = 0; bin < 8; ++bin)
    EXPECT_NEAR(shares[static_cast<std::size_t>(bin)], bin == 1 ? 0.4 : 0, 1e-6);
  std::set<std::string> texts;
  for (std::uint32_t word = 0; word < 100; ++word)
    texts.insert(coder->narrowed(1, allowed, word * 42'949'672u).value());
  EXPECT_EQ(texts, (std::set<std::string>{"8", "9"}));
  EXPECT_FALSE(coder->narrowed(2, allowed, 1));

  allowed.levels = {"3"};  // beyond the clipped end
  for (const float share : coder->shares(allowed)) EXPECT_EQ(share, 0);
  allowed.listed = false, allowed.levels.clear(), allowed.excluded = {"8"};
  EXPECT_NEAR(coder->shares(allowed)[1], 0.8, 1e-6);
  allowed.excluded.clear(), allowed.present = false;
  for (const float share : coder->shares(allowed)) EXPECT_EQ(share, 0);
}

table::Table mixed_table() {
  Levels levels = events();
  for (int i = 0; i < 60; ++i)
    levels.push_back(
        {"remark " + std::string(1, char('a' + i % 26)) + std::string(1, char('a' + i / 26)), 1});
  levels.push_back({"", 20});
  return table_of({categories("VALUE", cells_of(levels))});
}

TEST(TextNumbers, AColumnOfTextsAndNumbersKeepsBoth) {
  const table::Table rows = mixed_table();
  const Codec codec = fit(rows);
  ASSERT_EQ(codec.token_columns().size(), 1u);
  EXPECT_EQ(codec.token_columns()[0].cardinality, 2 + 8 + 2);
  EXPECT_EQ(codec.token_columns()[0].ordered, 8);
  std::int64_t unseen = 0;
  const TokenMatrix tokens = codec.encode(rows, &unseen);
  EXPECT_EQ(unseen, 60);
  const table::Table back = codec.decode(tokens, 0, 1);
  std::map<std::string, int> kinds;
  for (std::int64_t row = 0; row < rows.n_rows(); ++row) {
    const std::string a = rows.columns[0].as_text(row), b = back.columns[0].as_text(row);
    if (a == "Yes" || a == "No" || a.empty()) {
      ASSERT_EQ(a, b);
    } else if (a.starts_with("remark")) {
      ASSERT_EQ(b, "_RARE_");
    } else {
      ASSERT_TRUE(parse_number_text(b)) << b;
      ASSERT_LE(std::abs(std::stoi(a) - std::stoi(b)), 4);
    }
  }
}

TEST(TextNumbers, LevelsThatAreNumbersLieInOrderAmongTheBins) {
  Levels levels = events();
  levels[2 + 7].count = 30;  // "8"
  const Codec codec = fit(table_of({categories("VALUE", cells_of(levels))}));
  EXPECT_EQ(codec.token_columns()[0].ordered, codec.token_columns()[0].cardinality - 2);
  const TokenMatrix tokens =
      codec.encode(table_of({categories("VALUE", {"5", "7", "8", "36", "Yes"})}));
  // 8 is above the bin that begins at 6 and holds its neighbours.
  for (std::int64_t row = 1; row < tokens.n_rows; ++row)
    EXPECT_GT(tokens.column(0)[row], tokens.column(0)[row - 1]) << row;
}

TEST(TextNumbers, SwitchedOffTheNumbersAreRareLevels) {
  const table::Table back = round_trip(mixed_table(), {.text_numbers = false});
  for (const std::string& level : back.columns[0].levels) EXPECT_FALSE(parse_number_text(level));
}

TEST(TextNumbers, AFewRareTextsAmongNumbersBecomeNumbers) {
  Levels levels;
  for (int i = 0; i < 990; ++i) levels.push_back({"1." + std::to_string(1000 + i), 1});
  levels.push_back({"HAEMOLYSED", 6});
  levels.push_back({"<5", 4});
  const table::Table rows = table_of({categories("RESULT", cells_of(levels))});
  const Codec codec = fit(rows);
  EXPECT_GT(codec.token_columns()[0].cardinality, 90);
  const table::Table back = codec.decode(codec.encode(rows), 0, 1);
  for (const std::string& level : back.columns[0].levels)
    EXPECT_TRUE(parse_number_text(level)) << level;
}

TEST(TextNumbers, TheTextsOfALabColumnStayWhereTheyAreCommonEnough) {
  Levels levels = {{"HAEMOLYSED", 40}, {"<5", 12}};
  for (int i = 0; i < 2000; ++i) levels.push_back({std::to_string(5001 + 3 * i), 1});
  const table::Table rows = table_of({categories("RESULT", cells_of(levels))});
  const table::Table back = round_trip(rows);
  for (std::int64_t row = 0; row < 52; ++row)
    ASSERT_EQ(back.columns[0].as_text(row), rows.columns[0].as_text(row));
  double moved = 0;
  for (std::int64_t row = 52; row < rows.n_rows(); ++row) {
    const double a = std::stod(rows.columns[0].as_text(row)),
                 b = std::stod(back.columns[0].as_text(row));
    ASSERT_EQ(static_cast<int>(b) % 3, 0);  // the multiple that they share
    moved = std::max(moved, std::abs(a - b));
  }
  EXPECT_LT(moved, 3 * 32);  // 2000 rows in 128 bins
}

TEST(TextNumbers, TwoDigitsLeaveTheBinsWhole) {
  Levels levels = events();
  for (int i = 0; i < 300; ++i)
    levels.push_back(
        {"finding " + std::string(1, char('a' + i % 26)) + std::string(1, char('a' + i / 26)), 12});
  const table::Table rows = table_of({categories("VALUE", cells_of(levels))});
  const Codec codec = fit(rows, {.digit_base = 64});
  ASSERT_EQ(codec.token_columns().size(), 2u);
  EXPECT_LE(codec.token_columns()[0].cardinality, 64);
  EXPECT_EQ(codec.token_columns()[0].ordered, 8);
  const table::Table back = codec.decode(codec.encode(rows), 0, 1);
  for (std::int64_t row = 0; row < rows.n_rows(); ++row) {
    const std::string a = rows.columns[0].as_text(row), b = back.columns[0].as_text(row);
    ASSERT_TRUE(a == b || (parse_number_text(a) && parse_number_text(b))) << a << " " << b;
  }
}

TEST(TextNumbers, TheFileGivesTheSameCodec) {
  const base::TemporaryDirectory folder;
  const table::Table rows = mixed_table();
  const Codec codec = fit(rows);
  {
    const base::H5Handle file = base::h5_create(folder.file("codec.h5"));
    codec.save(file.get());
  }
  const base::H5Handle file = base::h5_open(folder.file("codec.h5"));
  const Codec loaded = Codec::load(file.get());
  const TokenMatrix tokens = codec.encode(rows);
  EXPECT_EQ(loaded.encode(rows).tokens, tokens.tokens);
  expect_same_cells(codec.decode(tokens, 5, 3), loaded.decode(tokens, 5, 3));
  EXPECT_EQ(loaded.token_columns()[0].ordered, 8);
}

TEST(TextNumbers, AFileWhoseTokensAreNotItsBinsIsRefused) {
  const base::TemporaryDirectory folder;
  const std::string path = folder.file("numbers.h5");
  {
    const base::H5Handle file = base::h5_create(path);
    fit_levels(events())->save(file.get());
    const base::H5Handle style = base::h5_open_group(file.get(), "style-0");
    std::vector<std::uint16_t> first = base::h5_read<std::uint16_t>(style.get(), "first");
    ASSERT_GT(first.size(), 2u);
    std::fill(first.begin(), first.end(), std::uint16_t{0});
    ASSERT_GE(H5Ldelete(style.get(), "first", H5P_DEFAULT), 0);
    base::h5_write(style.get(), "first", first);
  }
  EXPECT_THROW(TextNumbers::load(base::h5_open(path).get()), base::Error);
}

TEST(TextNumbers, TheFewestTokensHaveRoomForBins) {
  // A base of four: one bin, RARE and MISSING, and one place for groups of levels.
  const Codec codec = fit(mixed_table(), {.numeric_bins = 128, .digit_base = 4});
  for (const TokenColumn& column : codec.token_columns()) EXPECT_LE(column.cardinality, 4);
}

TEST(TextNumbers, ConditionsReachTheRowsOfACodec) {
  const table::Table rows = mixed_table();
  const Codec codec = fit(rows);
  EXPECT_TRUE(codec.knows_level(0, "Yes"));
  EXPECT_TRUE(codec.knows_level(0, "8"));
  EXPECT_TRUE(codec.knows_level(0, "41.5"));
  EXPECT_FALSE(codec.knows_level(0, "remark aa"));
  const auto allowed = table::parse_conditions({"VALUE = 8"}, codec.schema());
  const auto masks = codec.restrict(allowed[0]);
  ASSERT_EQ(masks.size(), 1u);
  TokenMatrix tokens{500, 1, {}};
  const auto token = static_cast<std::uint16_t>(
      std::max_element(masks[0].weights.begin(), masks[0].weights.end()) -
      masks[0].weights.begin());
  tokens.tokens.assign(500, token);
  table::Table back = codec.decode(tokens, 0, 1);
  codec.narrow(allowed[0], tokens, 0, 1, back);
  for (std::int64_t row = 0; row < 500; ++row) ASSERT_EQ(back.columns[0].as_text(row), "8");
  EXPECT_THAT([&] { codec.restrict(table::parse_conditions({"VALUE = 39"}, codec.schema())[0]); },
              ThrowsMessage<base::Error>(HasSubstr("numbers from 5 to 36")));
}

}  // namespace
}  // namespace semblance::trainer
