#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.hpp"
#include "base/hdf5.hpp"
#include "tests/base/temporary_directory.hpp"
#include "tests/trainer/codec_tables.hpp"
#include "trainer/generation_order.hpp"

namespace semblance::trainer {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

/// total = a + b, twice = 2 * total; b has gaps.
table::Table rows() {
  std::vector<std::int64_t> total, twice, a, b;
  for (int i = 0; i < 300; ++i) {
    a.push_back(i % 7), b.push_back(i % 11 == 0 ? table::kMissingInt : i % 5);
    total.push_back(b.back() == table::kMissingInt ? b.back() : a.back() + b.back());
    twice.push_back(b.back() == table::kMissingInt ? b.back() : 2 * total.back());
  }
  table::Table out = table_of(
      {integers("twice", twice), integers("total", total), integers("a", a), integers("b", b)});
  out.columns[0].spec.derived = "2*total", out.columns[1].spec.derived = "a + b";
  return out;
}

TEST(CodecDerived, HasNoTokensAndIsComputedInOrder) {
  const table::Table real = rows();
  const Codec codec = fit(real);
  EXPECT_EQ(codec.tokens_of(0).first, codec.tokens_of(0).second);
  for (const TokenColumn& column : codec.token_columns()) EXPECT_GE(column.source_column, 2);
  const table::Table made = codec.decode(codec.encode(real), 0, 1);
  for (std::size_t c = 0; c < real.columns.size(); ++c)
    expect_same_cells(real.columns[c], made.columns[c]);
}

TEST(CodecDerived, FollowsWhatIsPutInThePlaceOfItsParts) {
  const table::Table real = rows();
  const Codec codec = fit(real);
  table::Table made = codec.decode(codec.encode(real), 0, 1, [](int column, table::Column& cells) {
    if (column == 2) std::fill(cells.ints.begin(), cells.ints.end(), 100);
  });
  EXPECT_EQ(made.columns[1].ints[1], 101);
  EXPECT_EQ(made.columns[0].ints[1], 202);
  made.columns[2].ints[1] = 0;
  codec.derive(made);
  EXPECT_EQ(made.columns[0].ints[1], 2);
}

TEST(CodecDerived, ADateRelativeToACopyIsRelativeToItsSource) {
  std::vector<std::int64_t> in, out;
  for (int i = 0; i < 400; ++i) in.push_back(15'000 + i * 37 % 1000), out.push_back(in[i] + i % 9);
  table::Table real =
      table_of({dates("out", out), dates("again", in), dates("day", in), dates("in", in)});
  real.columns[0].spec.relative_to = "again";
  real.columns[1].spec.derived = "day", real.columns[2].spec.derived = "in";
  const Codec codec = fit(real);
  EXPECT_EQ(codec.schema().columns[0].relative_to, "in");
  const table::Table moved =
      codec.decode(codec.encode(real), 0, 1, [](int column, table::Column& cells) {
        if (column != 3) return;
        for (std::int64_t& day : cells.ints) day += 5000;
      });
  for (std::size_t i = 0; i < 400; ++i) {
    EXPECT_EQ(moved.columns[0].ints[i] - moved.columns[3].ints[i], out[i] - in[i]);
    EXPECT_EQ(moved.columns[1].ints[i], moved.columns[3].ints[i]);
  }
}

TEST(CodecDerived, ADateRelativeToItsOwnCopyStandsByItself) {
  std::vector<std::int64_t> in;
  for (int i = 0; i < 400; ++i) in.push_back(15'000 + i * 37 % 1000);
  table::Table real = table_of({dates("in", in), dates("copy", in)});
  real.columns[0].spec.relative_to = "copy", real.columns[1].spec.derived = "in";
  EXPECT_EQ(fit(real).schema().columns[0].relative_to, "");
}

TEST(CodecDerived, IsKeptInTheFile) {
  const base::TemporaryDirectory folder;
  const table::Table real = rows();
  const Codec codec = fit(real);
  const std::string path = folder.file("codec.h5");
  {
    const base::H5Handle file = base::h5_create(path);
    codec.save(file.get());
  }
  const base::H5Handle file = base::h5_open(path);
  const Codec loaded = Codec::load(file.get());
  EXPECT_EQ(loaded.schema(), codec.schema());
  const table::Table made = loaded.decode(loaded.encode(real), 0, 1);
  expect_same_cells(real.columns[0], made.columns[0]);
}

TEST(CodecDerived, CannotBeMadeFirstNorInACombination) {
  const Codec codec = fit(rows());
  EXPECT_THAT([&] { generation_order(codec, {"total"}); },
              ThrowsMessage<base::Error>(HasSubstr("'total' is derived (a + b)")));
  table::Table towns =
      table_of({categories("town", {"x", "y", "x"}), categories("ward", {"x", "y", "x"})});
  towns.columns[1].spec.derived = "town";
  table::Schema schema = towns.schema();
  schema.constraints = {"fixcombo town ward"};
  EXPECT_THAT([&] { Codec::fit(towns, schema, {}, *base::self_communicator()); },
              ThrowsMessage<base::Error>(HasSubstr("column 'ward' is derived")));
}

}  // namespace
}  // namespace semblance::trainer
