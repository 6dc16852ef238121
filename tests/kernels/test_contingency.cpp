#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <set>

#include "base/error.hpp"
#include "base/philox.hpp"
#include "kernels/contingency.hpp"
#include "kernels/contingency_tables.hpp"
#include "tests/kernels/device_cases.hpp"

namespace semblance::kernels {
namespace {

using Codes = std::vector<std::uint16_t>;

/// Columns of random codes: narrow ones (uint8) where the cardinality allows it.
struct Owned {
  std::vector<std::vector<std::uint8_t>> narrow;
  std::vector<Codes> wide;
  std::vector<int> cardinalities;

  Owned(std::size_t n, std::vector<int> k, std::uint64_t seed) : cardinalities(std::move(k)) {
    base::PhiloxStream random(seed, base::Purpose::kEvaluate, 2);
    narrow.resize(cardinalities.size());
    wide.resize(cardinalities.size());
    for (std::size_t c = 0; c < cardinalities.size(); ++c) {
      for (std::size_t row = 0; row < n; ++row) {
        const std::uint64_t code = random.below(static_cast<std::uint64_t>(cardinalities[c]));
        wide[c].push_back(static_cast<std::uint16_t>(code));
        narrow[c].push_back(static_cast<std::uint8_t>(code));
      }
    }
  }
  std::vector<CodeColumn> columns(std::size_t first, std::size_t n) const {
    std::vector<CodeColumn> result;
    for (std::size_t c = 0; c < cardinalities.size(); ++c) {
      if (cardinalities[c] <= 256 && c % 2 == 0) {
        result.emplace_back(std::span(narrow[c]).subspan(first, n));
      } else {
        result.emplace_back(std::span(wide[c]).subspan(first, n));
      }
    }
    return result;
  }
};

TEST(Contingency, CountsAHandComputedTable) {
  const std::vector<std::uint8_t> a{0, 1, 1, 0};
  const std::vector<std::uint16_t> b{2, 0, 0, 1};
  PairCounts counts({2, 3});
  const CodeColumn columns[] = {std::span(a), std::span(b)};
  counts.add(columns);
  const std::span<const std::int64_t> table = counts.pair(0, 1);
  EXPECT_EQ(std::vector<std::int64_t>(table.begin(), table.end()),
            (std::vector<std::int64_t>{0, 1, 1, 2, 0, 0}));
  EXPECT_EQ(counts.single(0), (std::vector<std::int64_t>{2, 2}));
  EXPECT_EQ(counts.single(1), (std::vector<std::int64_t>{2, 1, 1}));
  EXPECT_EQ(counts.n_rows(), 4);
}

TEST(Contingency, PairsEqualOneByOneCountingForAnyChunksAndThreads) {
  const std::vector<int> cardinalities{3, 1, 256, 20, 300, 2, 41};
  const std::size_t n = 5000;
  const Owned owned(n, cardinalities, 3);
  PairCounts whole(cardinalities), pieces(cardinalities), merged(cardinalities);
  whole.add(owned.columns(0, n), 1);
  std::size_t first = 0;
  for (const std::size_t size : {1u, 0u, 63u, 2500u, 2436u}) {
    pieces.add(owned.columns(first, size), 3);
    PairCounts part(cardinalities);
    part.add(owned.columns(first, size), 2);
    merged.merge(part);
    first += size;
  }
  EXPECT_EQ(pieces.n_rows(), whole.n_rows());
  EXPECT_EQ(merged.n_rows(), whole.n_rows());
  for (int i = 0; i < whole.n_columns(); ++i) {
    for (int j = i + 1; j < whole.n_columns(); ++j) {
      std::vector<std::int64_t> expected(
          static_cast<std::size_t>(cardinalities[i] * cardinalities[j]), 0);
      for (std::size_t row = 0; row < n; ++row)
        ++expected[owned.wide[i][row] * cardinalities[j] + owned.wide[j][row]];
      for (const PairCounts* counts : {&whole, &pieces, &merged}) {
        const auto table = counts->pair(i, j);
        ASSERT_TRUE(std::equal(table.begin(), table.end(), expected.begin(), expected.end()))
            << i << ' ' << j;
      }
    }
  }
}

TEST(Contingency, TriplesEqualOneByOneCounting) {
  const std::vector<int> cardinalities{3, 20, 1, 7, 12};
  const std::size_t n = 3000;
  const Owned owned(n, cardinalities, 4);
  TripleCounts counts(cardinalities);
  counts.add(owned.columns(0, 1000), 1);
  counts.add(owned.columns(1000, 2000), 3);
  EXPECT_EQ(counts.n_rows(), 3000);
  for (int i = 0; i < 5; ++i) {
    for (int j = i + 1; j < 5; ++j) {
      for (int k = j + 1; k < 5; ++k) {
        std::vector<std::int64_t> expected(
            static_cast<std::size_t>(cardinalities[i] * cardinalities[j] * cardinalities[k]), 0);
        for (std::size_t row = 0; row < n; ++row) {
          ++expected[(owned.wide[i][row] * cardinalities[j] + owned.wide[j][row]) *
                         cardinalities[k] +
                     owned.wide[k][row]];
        }
        const auto table = counts.triple(i, j, k);
        ASSERT_TRUE(std::equal(table.begin(), table.end(), expected.begin(), expected.end()));
      }
    }
  }
}

/// All sets of `order` columns.
std::set<std::vector<int>> all_sets(int n_columns, int order) {
  std::set<std::vector<int>> sets;
  for (int i = 0; i < n_columns; ++i) {
    for (int j = i + 1; j < n_columns; ++j) {
      if (order == 2) sets.insert({i, j});
      for (int k = j + 1; order == 3 && k < n_columns; ++k) sets.insert({i, j, k});
    }
  }
  return sets;
}

TEST(Contingency, JointTablesCoverEverySetOnceAndStaySmall) {
  const std::vector<int> cardinalities{2, 300, 3, 7, 5, 1, 40, 2, 1, 1, 16};
  for (const int order : {2, 3}) {
    for (const std::size_t most_cells : {1u, 6u, 300u, 16'384u, 65'536u}) {
      auto left = all_sets(11, order);
      for (const JointTable& table : cover_columns(cardinalities, order, most_cells)) {
        std::size_t cells = 1;
        for (std::size_t m = table.columns.size(); m-- > 0;) {
          EXPECT_EQ(table.strides[m], cells);
          cells *= static_cast<std::size_t>(cardinalities[table.columns[m]]);
        }
        EXPECT_EQ(cells, table.n_cells);
        if (table.columns.size() > static_cast<std::size_t>(order)) {
          EXPECT_LE(cells, most_cells);
        } else {
          EXPECT_TRUE(std::is_sorted(table.columns.begin(), table.columns.end()));
        }
        for (const auto& target : table.targets) {
          EXPECT_EQ(left.erase(target), 1u);
          for (const int c : target) EXPECT_EQ(std::ranges::count(table.columns, c), 1);
        }
      }
      EXPECT_TRUE(left.empty());
    }
  }
}

TEST(Contingency, AJointTableIsSummedIntoItsPairs) {
  // Columns 0, 1, 2 of 2, 2, 3 codes; the cell of codes (a, b, c) counts 1 + 6 a + 3 b + c.
  const JointTable table{{0, 1, 2}, {6, 3, 1}, 12, {{0, 1}, {0, 2}, {1, 2}}};
  std::vector<std::uint32_t> cells(12);
  std::iota(cells.begin(), cells.end(), 1u);
  std::vector<std::int64_t> found[3] = {std::vector<std::int64_t>(4), std::vector<std::int64_t>(6),
                                        std::vector<std::int64_t>(6)};
  add_to_targets(table, {2, 2, 3}, cells,
                 [&](std::span<const int> c) { return found[c[0] + c[1] - 1].data(); });
  EXPECT_EQ(found[0], (std::vector<std::int64_t>{6, 15, 24, 33}));
  EXPECT_EQ(found[1], (std::vector<std::int64_t>{5, 7, 9, 17, 19, 21}));
  EXPECT_EQ(found[2], (std::vector<std::int64_t>{8, 10, 12, 14, 16, 18}));
}

TEST(Contingency, ColumnsCountedTogetherEqualOneByOneCounting) {
  const std::vector<int> cardinalities{2, 3, 2, 5, 4, 1, 30, 7, 2};
  const std::size_t n = 70'000;  // more rows than 16 bits count
  const Owned owned(n, cardinalities, 5);
  const auto columns = owned.columns(0, n);
  PairCounts expected(cardinalities);
  TripleCounts expected_triples(cardinalities);
  const auto find = [&](std::span<const int> c) {
    return const_cast<std::int64_t*>(c.size() == 2
                                         ? expected.pair(c[0], c[1]).data()
                                         : expected_triples.triple(c[0], c[1], c[2]).data());
  };
  for (const int order : {2, 3}) {
    for (const auto& set : all_sets(9, order)) {
      std::int64_t* counts = find(set);
      for (std::size_t row = 0; row < n; ++row) {
        std::size_t at = 0;
        for (const int c : set) at = at * cardinalities[c] + owned.wide[c][row];
        ++counts[at];
      }
    }
  }
  for (const std::size_t most_cells : {1u, 6u, 40u, 1000u, 60'000u}) {
    PairCounts pairs(cardinalities);
    TripleCounts triples(cardinalities);
    const auto find_table = [&](std::span<const int> c) {
      return const_cast<std::int64_t*>(c.size() == 2 ? pairs.pair(c[0], c[1]).data()
                                                     : triples.triple(c[0], c[1], c[2]).data());
    };
    for (const int order : {2, 3}) {
      count_tables(columns, static_cast<std::int64_t>(n), cardinalities,
                   cover_columns(cardinalities, order, most_cells), find_table, 2, {});
    }
    EXPECT_TRUE(std::ranges::equal(pairs.all(), expected.all())) << most_cells;
    EXPECT_TRUE(std::ranges::equal(triples.all(), expected_triples.all())) << most_cells;
  }
}

class ContingencyDevices : public OnDevice {};

TEST_P(ContingencyDevices, CountLikeTheCpu) {
  const std::vector<int> cardinalities{2, 3, 200, 5, 4, 1, 30, 300, 7};
  const Owned owned(30'000, cardinalities, 6);
  PairCounts pairs(cardinalities), expected_pairs(cardinalities);
  TripleCounts triples(cardinalities), expected_triples(cardinalities);
  for (const std::size_t first : {0u, 10'000u}) {
    const auto columns = owned.columns(first, first + 10'000);
    pairs.add(columns, 1, GetParam());
    expected_pairs.add(columns, 2);
    triples.add(columns, 1, GetParam());
    expected_triples.add(columns, 2);
  }
  EXPECT_TRUE(std::ranges::equal(pairs.all(), expected_pairs.all()));
  EXPECT_TRUE(std::ranges::equal(triples.all(), expected_triples.all()));
}

INSTANTIATE_TEST_SUITE_P(Device, ContingencyDevices, testing::Values("cpu", "cuda:0"),
                         device_case_name);

TEST(Contingency, RefusesWrongCodesAndCountsNothingThen) {
  const std::vector<std::uint8_t> a{0, 1}, b{0, 3}, shorter{0};
  PairCounts counts({2, 3});
  const CodeColumn too_large[] = {std::span(a), std::span(b)};
  EXPECT_THROW(counts.add(too_large), base::Error);
  const CodeColumn ragged[] = {std::span(a), std::span(shorter)};
  EXPECT_THROW(counts.add(ragged), base::Error);
  const CodeColumn too_few[] = {std::span(a)};
  EXPECT_THROW(counts.add(too_few), base::Error);
  EXPECT_EQ(counts.n_rows(), 0);
  for (const std::int64_t count : counts.all()) EXPECT_EQ(count, 0);
  EXPECT_THROW(counts.pair(1, 1), base::Error);
  EXPECT_THROW(counts.pair(0, 2), base::Error);
  EXPECT_THROW(PairCounts({2, 0}), base::Error);
  EXPECT_THROW(PairCounts(std::vector<int>(4, 65536)), base::Error);
  EXPECT_THROW(TripleCounts(std::vector<int>(101, 2)), base::Error);
}

TEST(Contingency, NoColumnsOrOneColumnHaveNoPairs) {
  PairCounts none({});
  none.add({});
  EXPECT_TRUE(none.all().empty());
  const std::vector<std::uint8_t> a{0, 1};
  const CodeColumn columns[] = {std::span(a)};
  PairCounts one({2});
  one.add(columns);
  EXPECT_EQ(one.n_rows(), 2);
  EXPECT_THROW(one.single(0), base::Error);
}

}  // namespace
}  // namespace semblance::kernels
