/// The records of a file are the same for any number of ranks, wherever the cuts fall.
#include "table/csv_shares.hpp"

#include <gtest/gtest.h>

#include <mutex>
#include <random>
#include <string>
#include <vector>

#include "base/communicator.hpp"
#include "base/error.hpp"
#include "base/file.hpp"
#include "table/detail/csv_tokens.hpp"
#include "tests/base/temporary_directory.hpp"

namespace semblance::table {
namespace {

using Row = std::vector<std::string>;

std::vector<Row> rows_of(CsvScanner& scanner, std::vector<std::int64_t>& numbers) {
  std::vector<Row> rows;
  CsvBlock block;
  while (scanner.next(block)) {
    for (std::int64_t row = 0; row < block.n_rows(); ++row) {
      Row& cells = rows.emplace_back();
      for (int c = 0; c < block.n_fields(); ++c) cells.emplace_back(block.field(row, c));
      numbers.push_back(block.first_row() + row);
    }
  }
  return rows;
}

CsvOptions small_blocks(std::size_t bytes) {
  CsvOptions options;
  options.block_bytes = bytes;
  return options;
}

/// The rows as one rank after the other has them, round by round.
std::vector<Row> shared_rows(const std::string& path, int ranks, std::size_t block_bytes,
                             std::int64_t pieces) {
  std::vector<std::vector<std::vector<Row>>> found(static_cast<std::size_t>(ranks));
  base::run_ranks_as_threads(ranks, [&](base::Communicator& communicator) {
    CsvScanner scanner(path, small_blocks(block_bytes));
    CsvShares shares(scanner, communicator, static_cast<std::int64_t>(block_bytes) * pieces);
    auto& mine = found[static_cast<std::size_t>(communicator.rank())];
    while (shares.next(1)) {
      CsvScanner records = shares.records();
      std::vector<std::int64_t> numbers;
      mine.push_back(rows_of(records, numbers));
    }
  });
  std::vector<Row> rows;
  for (std::size_t round = 0; round < found[0].size(); ++round) {
    for (const auto& rank : found) {
      rows.insert(rows.end(), rank[round].begin(), rank[round].end());
    }
  }
  return rows;
}

TEST(CsvShares, QuotedLineEndsAreCutAnywhere) {
  const base::TemporaryDirectory directory;
  const std::string path = (directory.path() / "t.csv").string();
  base::write_text_file(
      path, "A,B\n1,\"a\nb\n\nc\"\n2,\"say \"\"hi\"\",\nthen\"\n\n3,5\" pipe\n4, \"x\" \n5,");
  CsvScanner whole(path);
  std::vector<std::int64_t> numbers;
  const std::vector<Row> wanted = rows_of(whole, numbers);
  ASSERT_EQ(wanted.size(), 5u);
  EXPECT_EQ(wanted[0][1], "a\nb\n\nc");
  for (const int ranks : {1, 2, 3, 5}) {
    for (std::size_t bytes = 1; bytes < 12; ++bytes)
      EXPECT_EQ(shared_rows(path, ranks, bytes, 1), wanted) << ranks << " ranks, " << bytes;
  }
}

/// Random texts made of the bytes that matter.
std::string random_text(std::mt19937& random, bool valid) {
  std::string text = "A,B\n";
  const std::string bytes = "ab, \n\"\r";
  const int n = static_cast<int>(random() % 60);
  if (!valid) {
    for (int i = 0; i < n; ++i) text += bytes[random() % bytes.size()];
    return text;
  }
  for (int i = 0; i < n / 4; ++i) {
    for (int c = 0; c < 2; ++c) {
      std::string cell;
      const bool quoted = random() % 2 == 0;
      for (std::size_t k = random() % 5; k > 0; --k)
        cell += quoted ? bytes[random() % 5] : bytes[random() % 2];
      text += quoted ? "\"" + cell + "\"" : cell;
      text += c == 0 ? "," : random() % 2 == 0 ? "\n" : "\r\n";
    }
  }
  return text;
}

TEST(CsvShares, AgreeWithTheScannerOnRandomTexts) {
  const base::TemporaryDirectory directory;
  const std::string path = (directory.path() / "t.csv").string();
  std::mt19937 random(7);
  for (int round = 0; round < 60; ++round) {
    base::write_text_file(path, random_text(random, true));
    CsvScanner whole(path);
    std::vector<std::int64_t> numbers;
    const std::vector<Row> wanted = rows_of(whole, numbers);
    for (const int ranks : {2, 3})
      EXPECT_EQ(shared_rows(path, ranks, 1 + random() % 9, 1 + static_cast<int>(random() % 3)),
                wanted)
          << base::read_text_file(path);
  }
}

TEST(CsvShares, TheQuoteStateOfAnyCutIsThatOfTheWholeText) {
  std::mt19937 random(11);
  for (int round = 0; round < 3000; ++round) {
    const std::string text = random_text(random, false).substr(4);
    const std::size_t cut = text.empty() ? 0 : random() % text.size();
    const auto whole = detail::follow_quotes(text, ',');
    const auto first = detail::follow_quotes(text.substr(0, cut), ',');
    const auto second = detail::follow_quotes(text.substr(cut), ',');
    for (std::size_t s = 0; s < detail::kQuoteStates; ++s) {
      const auto middle = static_cast<std::size_t>(first.end[s]);
      EXPECT_EQ(second.end[middle], whole.end[s]) << text;
      const std::int64_t line = first.first_line[s] >= 0 ? first.first_line[s]
                                : second.first_line[middle] >= 0
                                    ? second.first_line[middle] + static_cast<std::int64_t>(cut)
                                    : -1;
      EXPECT_EQ(line, whole.first_line[s]) << text;
    }
    // From the start of a record, the first line is where the tokeniser sees the first record end.
    const auto line = static_cast<std::size_t>(std::max<std::int64_t>(0, whole.first_line[0]));
    EXPECT_EQ(detail::find_record_end(text.substr(0, line), ',', false).bytes, line) << text;
  }
}

TEST(CsvShares, NumberTheRowsThroughAllRanks) {
  const base::TemporaryDirectory directory;
  const std::string path = (directory.path() / "t.csv").string();
  std::string text = "N\n";
  for (int i = 1; i <= 500; ++i) text += std::to_string(i) + "\n" + (i % 50 == 0 ? "\n" : "");
  base::write_text_file(path, text);
  std::mutex mutex;
  std::int64_t seen = 0;
  base::run_ranks_as_threads(3, [&](base::Communicator& communicator) {
    CsvScanner scanner(path, small_blocks(16));
    CsvShares shares(scanner, communicator, 64);
    while (shares.next(1)) {
      CsvScanner records = shares.records();
      std::vector<std::int64_t> numbers;
      const std::vector<Row> rows = rows_of(records, numbers);
      const std::lock_guard lock(mutex);
      for (std::size_t i = 0; i < rows.size(); ++i)
        EXPECT_EQ(rows[i][0], std::to_string(numbers[i]));
      seen += static_cast<std::int64_t>(rows.size());
    }
    EXPECT_EQ(shares.rows_so_far(), 500);
  });
  EXPECT_EQ(seen, 500);
}

}  // namespace
}  // namespace semblance::table
