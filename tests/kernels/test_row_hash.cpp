#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <set>

#include "base/error.hpp"
#include "base/philox.hpp"
#include "kernels/copy_spill.hpp"
#include "kernels/row_hash.hpp"
#include "tests/base/temporary_directory.hpp"

namespace semblance::kernels {
namespace {

struct OwnedCells {
  std::vector<double> reals;
  std::vector<std::int64_t> ints;
  std::vector<std::int32_t> codes;
  CellRows view() const {
    return {static_cast<std::int64_t>(reals.size()),
            {std::span<const double>(reals), std::span<const std::int64_t>(ints),
             std::span<const std::int32_t>(codes)}};
  }
  bool same(std::size_t i, const OwnedCells& other, std::size_t j) const {
    const bool reals_same =
        reals[i] == other.reals[j] || (reals[i] != reals[i] && other.reals[j] != other.reals[j]);
    const bool codes_same = codes[i] == other.codes[j] || (codes[i] < 0 && other.codes[j] < 0);
    return reals_same && ints[i] == other.ints[j] && codes_same;
  }
};

OwnedCells random_cells(std::int64_t n, std::uint64_t levels, std::uint64_t seed) {
  base::PhiloxStream random(seed, base::Purpose::kEvaluate, 1);
  OwnedCells cells;
  const double odd[] = {std::numeric_limits<double>::quiet_NaN(), -0.0, 0.0,
                        std::numeric_limits<double>::infinity()};
  for (std::int64_t i = 0; i < n; ++i) {
    const std::uint64_t pick = random.below(levels + 4);
    cells.reals.push_back(pick < 4 ? odd[pick] : static_cast<double>(pick) * 0.1);
    cells.ints.push_back(static_cast<std::int64_t>(random.below(levels)) - 1);
    cells.codes.push_back(static_cast<std::int32_t>(random.below(levels + 2)) - 2);
  }
  return cells;
}

TEST(RowHash, DependsOnCanonicalCellsOnly) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const OwnedCells cells{{nan, -nan, 0.0, -0.0, 1.0}, {1, 1, 1, 1, 1}, {-1, -7, 2, 2, 2}};
  std::vector<RowHash> hashes(5);
  hash_rows(cells.view(), 0, hashes);
  EXPECT_EQ(hashes[0], hashes[1]);
  EXPECT_EQ(hashes[2], hashes[3]);
  EXPECT_NE(hashes[0], hashes[2]);
  EXPECT_NE(hashes[2], hashes[4]);
  std::vector<RowHash> tail(2);
  hash_rows(cells.view(), 3, tail);
  EXPECT_EQ(tail[0], hashes[3]);
  EXPECT_EQ(tail[1], hashes[4]);
}

TEST(RowHash, ColumnOrderAndNumberMatter) {
  const std::vector<std::int64_t> a{1}, b{2}, zero{0};
  const auto hash = [](std::vector<CellColumn> columns) {
    std::vector<RowHash> out(1);
    hash_rows({1, std::move(columns)}, 0, out);
    return out[0];
  };
  EXPECT_NE(hash({std::span(a), std::span(b)}), hash({std::span(b), std::span(a)}));
  EXPECT_NE(hash({std::span(a)}), hash({std::span(a), std::span(zero)}));
  EXPECT_NE(hash({}), hash({std::span(zero)}));
}

TEST(RowHash, BothHalvesOfManySimilarRowsAreDistinct) {
  std::vector<std::int64_t> a, b;
  for (std::int64_t i = 0; i < 512; ++i) {
    for (std::int64_t j = 0; j < 512; ++j) {
      a.push_back(i);
      b.push_back(j);
    }
  }
  std::vector<RowHash> hashes(a.size());
  hash_rows({static_cast<std::int64_t>(a.size()),
             {std::span<const std::int64_t>(a), std::span<const std::int64_t>(b)}},
            0, hashes);
  std::set<std::uint64_t> low, high;
  for (const RowHash& hash : hashes) {
    low.insert(hash.low);
    high.insert(hash.high);
  }
  EXPECT_EQ(low.size(), a.size());
  EXPECT_EQ(high.size(), a.size());
}

/// For each query the smallest equal reference, by comparing all pairs.
std::vector<std::int64_t> by_double_loop(const OwnedCells& queries, const OwnedCells& references) {
  std::vector<std::int64_t> found(queries.reals.size(), -1);
  for (std::size_t i = 0; i < found.size(); ++i) {
    for (std::size_t j = 0; j < references.reals.size() && found[i] < 0; ++j) {
      if (queries.same(i, references, j)) found[i] = static_cast<std::int64_t>(j);
    }
  }
  return found;
}

/// The same through files, in chunks of the given size.
std::vector<std::int64_t> by_spilling(const OwnedCells& queries, const OwnedCells& references,
                                      std::size_t chunk, SpillOptions options) {
  const base::TemporaryDirectory directory;
  options.directory = directory.path();
  std::vector<std::int64_t> found(queries.reals.size(), -1);
  {
    SpilledCopies spilled(options);
    const auto part = [](const OwnedCells& all, std::size_t first, std::size_t n) {
      n = std::min(n, all.reals.size() - first);
      return CellRows{static_cast<std::int64_t>(n),
                      {std::span<const double>(all.reals).subspan(first, n),
                       std::span<const std::int64_t>(all.ints).subspan(first, n),
                       std::span<const std::int32_t>(all.codes).subspan(first, n)}};
    };
    for (std::size_t first = 0; first < references.reals.size(); first += chunk)
      spilled.add_references(part(references, first, chunk));
    for (std::size_t first = 0; first < queries.reals.size(); first += chunk)
      spilled.add_queries(part(queries, first, chunk));
    spilled.find([&](std::int64_t query, std::int64_t reference) {
      EXPECT_EQ(found.at(static_cast<std::size_t>(query)), -1) << "reported twice";
      found.at(static_cast<std::size_t>(query)) = reference;
    });
  }
  EXPECT_TRUE(std::filesystem::is_empty(directory.path()));
  return found;
}

TEST(RowHash, FindsTheSmallestEqualRowLikeADoubleLoop) {
  for (const std::uint64_t levels : {2u, 5u, 30u}) {
    for (const std::int64_t n : {0, 1, 700, 3000}) {
      const OwnedCells references = random_cells(n, levels, levels);
      const OwnedCells queries = random_cells(1500, levels, levels + 100);
      const std::vector<std::int64_t> expected = by_double_loop(queries, references);
      EXPECT_EQ(CopyIndex(references.view()).find(queries.view()), expected);
      EXPECT_EQ(find_copies(queries.view(), references.view(), {.threads = 1}), expected);
      EXPECT_EQ(
          find_copies(queries.view(), references.view(), {.threads = 3, .memory_bytes = 20'000}),
          expected);
      EXPECT_EQ(by_spilling(queries, references, 100'000, {}), expected);
      EXPECT_EQ(by_spilling(queries, references, 97, {.memory_bytes = 5'000, .n_parts = 3}),
                expected);
    }
  }
}

TEST(RowHash, CollidingHashesNeverMakeAFalseCopy) {
  const OwnedCells references = random_cells(900, 12, 1), queries = random_cells(700, 12, 2);
  const std::vector<std::int64_t> expected = by_double_loop(queries, references);
  ASSERT_GT(std::ranges::count(expected, -1), 100);
  ASSERT_LT(std::ranges::count(expected, -1), 650);
  for (const int bits : {0, 1, 5, 64, 70}) {
    EXPECT_EQ(find_copies(queries.view(), references.view(), {.threads = 2, .hash_bits = bits}),
              expected)
        << bits;
    EXPECT_EQ(by_spilling(queries, references, 300, {.n_parts = 4, .hash_bits = bits}), expected)
        << bits;
    std::vector<std::int64_t> first_equal;
    const CopyIndex index(references.view(), 1, 0, 1, &first_equal, bits);
    EXPECT_EQ(first_equal, by_double_loop(references, references)) << bits;
  }
}

TEST(RowHash, SpillingRefusesWhatDoesNotFit) {
  const base::TemporaryDirectory directory;
  const std::vector<std::int64_t> ints{1, 2};
  const std::vector<double> reals{1, 2};
  SpilledCopies spilled({.directory = directory.path()});
  spilled.add_references({2, {std::span<const std::int64_t>(ints)}});
  EXPECT_THROW(spilled.add_queries({2, {std::span<const double>(reals)}}), base::Error);
  EXPECT_THROW(SpilledCopies({.directory = directory.path(), .n_parts = 0}), base::Error);
  EXPECT_THROW(SpilledCopies({.directory = directory.path() / "absent"}), base::Error);
}

TEST(RowHash, ManyRowsInManyRegionsAreAllFound) {
  std::vector<std::int64_t> cells(200'000);
  for (std::size_t i = 0; i < cells.size(); ++i)
    cells[i] = static_cast<std::int64_t>(i * 7 % 150'000);
  const CellRows rows{static_cast<std::int64_t>(cells.size()),
                      {std::span<const std::int64_t>(cells)}};
  const CopyIndex index(rows, 2);
  EXPECT_EQ(index.n_distinct(), 150'000);
  const auto found = index.find(rows, 2);
  for (std::size_t i = 0; i < cells.size(); ++i) {
    ASSERT_EQ(found[i], static_cast<std::int64_t>(i < 150'000 ? i : i - 150'000));
  }
}

TEST(RowHash, NoColumnsMakeAllRowsEqual) {
  EXPECT_EQ(find_copies({2, {}}, {3, {}}), (std::vector<std::int64_t>{0, 0}));
}

TEST(RowHash, RefusesColumnsThatDoNotFit) {
  const std::vector<std::int64_t> ints{1, 2};
  const std::vector<double> reals{1, 2};
  EXPECT_THROW(CopyIndex({3, {std::span<const std::int64_t>(ints)}}), base::Error);
  const CopyIndex index({2, {std::span<const std::int64_t>(ints)}});
  EXPECT_THROW(index.find({2, {std::span<const double>(reals)}}), base::Error);
  EXPECT_THROW(index.find({2, {}}), base::Error);
  std::vector<RowHash> out(3);
  EXPECT_THROW(hash_rows({2, {std::span<const double>(reals)}}, 0, out), base::Error);
}

}  // namespace
}  // namespace semblance::kernels
