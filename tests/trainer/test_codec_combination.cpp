#include "trainer/codec_combination.hpp"

#include <gtest/gtest.h>

#include <set>

#include "base/error.hpp"
#include "tests/trainer/codec_tables.hpp"

namespace semblance::trainer {
namespace {

/// n rows: ward w<i> is always in town t<i / 2>, or in none.
table::Table wards(int n, int many) {
  std::vector<std::string> town, ward;
  for (int i = 0; i < n; ++i) {
    const int w = i % many;
    town.push_back(w == 0 ? "" : "t" + std::to_string(w / 2));
    ward.push_back("w" + std::to_string(w));
  }
  return table_of({categories("town", town), categories("ward", ward)});
}

Codec fit_combined(const table::Table& rows, const CodecOptions& options = {}) {
  table::Schema schema = rows.schema();
  schema.constraints = {"fixcombo town ward"};
  return Codec::fit(rows, schema, options, *base::self_communicator());
}

std::set<std::pair<std::string, std::string>> pairs(const table::Table& rows) {
  std::set<std::pair<std::string, std::string>> seen;
  for (std::int64_t r = 0; r < rows.n_rows(); ++r)
    seen.emplace(rows.columns[0].is_missing(r) ? "" : rows.columns[0].as_text(r),
                 rows.columns[1].as_text(r));
  return seen;
}

TEST(CodecCombination, OnlyCombinationsThatOccurComeBackAndMissingPartsStay) {
  const table::Table rows = wards(600, 6);
  const Codec codec = fit_combined(rows);
  ASSERT_EQ(codec.token_columns().size(), 1u);
  EXPECT_EQ(pairs(codec.decode(codec.encode(rows), 0, 1)), pairs(rows));
}

TEST(CodecCombination, SmallTablesKeepCombinationsOfFewerThanRareMinCountRows) {
  // 36 rows, six of each: as for levels, five are enough where a fiftieth of the rows is less.
  const table::Table rows = wards(36, 6);
  EXPECT_EQ(pairs(fit_combined(rows).decode(fit_combined(rows).encode(rows), 0, 1)), pairs(rows));
}

TEST(CodecCombination, CombinationsThatAreAllTooRareAreRefusedByNumber) {
  try {
    fit_combined(wards(24, 6));  // four of each
    FAIL() << "was not refused";
  } catch (const base::Error& error) {
    EXPECT_EQ(error.kind(), base::ErrorKind::kData);
    EXPECT_NE(std::string(error.what()).find("occurs in 5 rows"), std::string::npos)
        << error.what();
  }
  EXPECT_THROW(fit_combined(wards(5'000, 600)),
               base::Error);  // eight of each, but ten are asked for
}

}  // namespace
}  // namespace semblance::trainer
