#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.hpp"
#include "base/hdf5.hpp"
#include "base/philox.hpp"
#include "tests/base/temporary_directory.hpp"
#include "tests/trainer/codec_tables.hpp"

namespace semblance::trainer {
namespace {

table::Table every_kind() {
  base::PhiloxStream random(1, base::Purpose::kEvaluate, 0);
  std::vector<std::int64_t> counts, days, stamps;
  std::vector<double> doses;
  std::vector<std::string> codes, ids;
  for (int i = 0; i < 4000; ++i) {
    counts.push_back(i % 50 == 0 ? table::kMissingInt
                                 : static_cast<std::int64_t>(random.below(400)));
    doses.push_back(random.normal());
    codes.push_back("c" + std::to_string(random.below(300)));
    days.push_back(15'000 + static_cast<std::int64_t>(random.below(2000)));
    stamps.push_back(days.back() * 86'400'000'000 +
                     static_cast<std::int64_t>(random.below(86'400)) * 1'000'000);
    ids.push_back(std::to_string(i));
  }
  table::Table rows = table_of({categories("id", ids, table::Kind::kId), integers("n/a", counts),
                                reals("dose", doses), categories("code", codes), dates("day", days),
                                datetimes("stamp", stamps)});
  rows.columns[0].spec.id_pattern = "nhs-number";
  rows.columns[2].spec.unit = "mg";
  rows.columns[5].spec.relative_to = "day";
  return rows;
}

void save(const Codec& codec, const std::string& path) {
  const base::H5Handle file = base::h5_create(path);
  const base::H5Handle group = base::h5_create_group(file.get(), "codec");
  codec.save(group.get());
}
Codec load(const std::string& path) {
  const base::H5Handle file = base::h5_open(path);
  const base::H5Handle group = base::h5_open_group(file.get(), "codec");
  return Codec::load(group.get());
}

TEST(CodecFile, IsReadBackToTheSameCodec) {
  const base::TemporaryDirectory directory;
  const table::Table rows = every_kind();
  table::Schema schema = rows.schema();
  schema.constraints = {"dose < 5"};
  schema.entity = "id";
  const Codec codec = Codec::fit(rows, schema, {.digit_base = 128}, *base::self_communicator());
  save(codec, directory.file("codec.h5"));
  const Codec again = load(directory.file("codec.h5"));

  ASSERT_EQ(again.token_columns().size(), codec.token_columns().size());
  for (std::size_t t = 0; t < codec.token_columns().size(); ++t) {
    EXPECT_EQ(again.token_columns()[t].name, codec.token_columns()[t].name);
    EXPECT_EQ(again.token_columns()[t].cardinality, codec.token_columns()[t].cardinality);
    EXPECT_EQ(again.token_columns()[t].source_column, codec.token_columns()[t].source_column);
  }
  EXPECT_EQ(again.schema().constraints, schema.constraints);
  EXPECT_EQ(again.schema().entity, "id");
  EXPECT_EQ(again.schema().columns[2].unit, "mg");
  const TokenMatrix tokens = codec.encode(rows);
  EXPECT_EQ(again.encode(rows).tokens, tokens.tokens);
  expect_same_cells(codec.decode(tokens, 7, 3), again.decode(tokens, 7, 3));
}

TEST(CodecFile, HoldsNoRareValueAndFarFewerNumbersThanTheTable) {
  const base::TemporaryDirectory directory;
  const table::Table rows = table_of({every_kind().columns[2]});
  save(fit(rows), directory.file("codec.h5"));
  const base::H5Handle file = base::h5_open(directory.file("codec.h5"));
  const base::H5Handle column = base::h5_open_group(file.get(), "codec/column-0");
  const auto knots = base::h5_read<double>(column.get(), "knots");
  EXPECT_LT(knots.size(), rows.columns[0].reals.size() / 6);
  std::vector<double> sorted = rows.columns[0].reals;
  std::sort(sorted.begin(), sorted.end());
  // The smallest number kept is the tenth smallest value; the others lie between values.
  EXPECT_EQ(knots.front(), sorted[9]);
  std::int64_t real = 0;
  for (const double knot : knots) real += std::binary_search(sorted.begin(), sorted.end(), knot);
  EXPECT_LE(real, 2);
}

class DamagedCodecFile : public testing::Test {
 protected:
  DamagedCodecFile() : path_(directory_.file("codec.h5")) { save(fit(every_kind()), path_); }

  /// Opens the file for writing and lets `damage` at a group of it.
  void damage(const std::string& group_name, const auto& how) {
    const base::H5Handle file(H5Fopen(path_.c_str(), H5F_ACC_RDWR, H5P_DEFAULT), H5Fclose, path_);
    const base::H5Handle group = base::h5_open_group(file.get(), group_name);
    how(group.get());
  }
  template <class T>
  void replace(hid_t group, const char* name, std::vector<T> values) {
    base::h5_check(H5Ldelete(group, name, H5P_DEFAULT), name);
    base::h5_write(group, name, values);
  }
  void expect_refused() {
    try {
      load(path_);
      ADD_FAILURE() << "the damaged file was read";
    } catch (const base::Error& error) {
      EXPECT_NE(error.kind(), base::ErrorKind::kInternal) << error.what();
    }
  }

  base::TemporaryDirectory directory_;
  std::string path_;
};

TEST_F(DamagedCodecFile, WithoutADatasetIsRefused) {
  damage("codec/column-1",
         [](hid_t group) { base::h5_check(H5Ldelete(group, "edges", H5P_DEFAULT), "edges"); });
  expect_refused();
}
TEST_F(DamagedCodecFile, WithoutAColumnIsRefused) {
  damage("codec",
         [](hid_t group) { base::h5_check(H5Ldelete(group, "column-3", H5P_DEFAULT), "column"); });
  expect_refused();
}
TEST_F(DamagedCodecFile, WithTokensOutOfRangeIsRefused) {
  damage("codec/column-1", [&](hid_t group) {
    auto first = base::h5_read<std::uint16_t>(group, "first");
    first[0] = 65'535;
    replace(group, "first", first);
  });
  expect_refused();
}
TEST_F(DamagedCodecFile, WithKnotsOutOfBoundsIsRefused) {
  damage("codec/column-2", [&](hid_t group) {
    auto begin = base::h5_read<std::int32_t>(group, "knot_begin");
    begin.back() += 1000;
    replace(group, "knot_begin", begin);
  });
  expect_refused();
}
TEST_F(DamagedCodecFile, WithKnotsThatAreNoNumbersIsRefused) {
  damage("codec/column-2", [&](hid_t group) {
    auto knots = base::h5_read<double>(group, "knots");
    knots[3] = kNan;
    replace(group, "knots", knots);
  });
  expect_refused();
}
TEST_F(DamagedCodecFile, WithEdgesOutOfOrderIsRefused) {
  damage("codec/column-2", [&](hid_t group) {
    auto edges = base::h5_read<double>(group, "edges");
    std::swap(edges[1], edges[2]);
    replace(group, "edges", edges);
  });
  expect_refused();
}
TEST_F(DamagedCodecFile, WithFewerLevelsThanWeightsIsRefused) {
  damage("codec/column-3",
         [&](hid_t group) { replace(group, "weights", std::vector<double>{1.0}); });
  expect_refused();
}
TEST_F(DamagedCodecFile, WithASchemaOfUnequalPartsIsRefused) {
  damage("codec/schema",
         [&](hid_t group) { replace(group, "rounding", std::vector<double>{0.0}); });
  expect_refused();
}
TEST_F(DamagedCodecFile, OfAnotherVersionIsRefused) {
  damage("codec", [](hid_t group) {
    base::h5_check(H5Adelete(group, "version"), "version");
    base::h5_write_attribute(group, "version", std::int64_t{99});
  });
  expect_refused();
}

}  // namespace
}  // namespace semblance::trainer
