#include "table/csv_scanner.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <map>
#include <mutex>
#include <optional>
#include <random>

#include "tests/table/files.hpp"

namespace semblance::table {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using Rows = std::vector<std::vector<std::string>>;

Rows rows_of(const CsvBlock& block) {
  Rows rows;
  for (std::int64_t row = 0; row < block.n_rows(); ++row) {
    auto& fields = rows.emplace_back();
    for (int column = 0; column < block.n_fields(); ++column)
      fields.emplace_back(block.field(row, column));
  }
  return rows;
}

/// All records of a file; checks that blocks are numbered without gaps.
Rows scan(const std::string& path, const CsvOptions& options = {}) {
  CsvScanner scanner(path, options);
  CsvBlock block;
  Rows rows;
  while (scanner.next(block)) {
    EXPECT_EQ(block.first_row(), static_cast<std::int64_t>(rows.size()) + 1);
    for (auto& row : rows_of(block)) rows.push_back(row);
  }
  return rows;
}

/// RFC 4180 byte by byte, the slow and plain way. No value: the text is malformed.
std::optional<Rows> reference_parse(const std::string& text, std::size_t n_fields) {
  Rows rows;
  std::vector<std::string> row;
  std::string line_so_far;
  std::size_t i = 0;
  const auto blank = [](char c) { return c == ' ' || c == '\t' || c == '\r'; };
  while (i < text.size() || !row.empty()) {
    std::string raw, value;
    while (i < text.size() && blank(text[i])) raw += text[i++];
    const bool quoted = i < text.size() && text[i] == '"';
    if (quoted) {
      raw += text[i++];
      bool closed = false;
      while (i < text.size() && !closed) {
        const char c = text[i++];
        if (c != '"') {
          value += c;
        } else if (i < text.size() && text[i] == '"') {
          value += '"';
          ++i;
        } else {
          closed = true;
        }
      }
      if (!closed) return std::nullopt;
      while (i < text.size() && blank(text[i])) ++i;
      if (i < text.size() && text[i] != ',' && text[i] != '\n') return std::nullopt;
    } else {
      while (i < text.size() && text[i] != ',' && text[i] != '\n') value += text[i++];
      while (!value.empty() && blank(value.back())) value.pop_back();
    }
    row.push_back(value);
    if (i < text.size() && text[i] == ',') {
      ++i;
      if (i < text.size()) continue;
      row.emplace_back();
    } else {
      ++i;
    }
    const bool blank_line = row.size() == 1 && value.empty() && !quoted;
    if (!blank_line && row.size() != n_fields) return std::nullopt;
    if (!blank_line) rows.push_back(row);
    row.clear();
  }
  return rows;
}

TEST(CsvScanner, ReadsHeaderAndFields) {
  const TestFiles dir;
  const std::string path = dir.write("a.csv", "x,y\n1,2\n3,\n,4");
  CsvScanner scanner(path);
  EXPECT_THAT(scanner.header(), ElementsAre("x", "y"));
  EXPECT_EQ(scan(path), (Rows{{"1", "2"}, {"3", ""}, {"", "4"}}));
}

TEST(CsvScanner, UndoesQuotesAndKeepsWhatTheyHold) {
  const TestFiles dir;
  const std::string path =
      dir.write("a.csv",
                "\"a, b\",\"c\"\"d\"\r\n\"line\nbreak\",\"say \"\"hi\"\"\"\r\n\"\",\" kept \"\r\n"
                " \"after blank\" ,5\" pipe\r\n");
  CsvScanner scanner(path);
  EXPECT_THAT(scanner.header(), ElementsAre("a, b", "c\"d"));
  EXPECT_EQ(scan(path),
            (Rows{{"line\nbreak", "say \"hi\""}, {"", " kept "}, {"after blank", "5\" pipe"}}));
}

TEST(CsvScanner, TrimsBlanksAroundUnquotedFields) {
  const TestFiles dir;
  const std::string path = dir.write("a.csv", "age, job\n39, State gov \n\t50 ,?\n");
  EXPECT_EQ(CsvScanner(path).header()[1], "job");
  EXPECT_EQ(scan(path), (Rows{{"39", "State gov"}, {"50", "?"}}));
}

TEST(CsvScanner, SkipsByteOrderMarkAndBlankLines) {
  const TestFiles dir;
  const std::string path = dir.write("a.csv", "\xef\xbb\xbfx,y\r\n1,2\r\n\r\n  \n3,4\r\n\r\n\n");
  EXPECT_EQ(CsvScanner(path).header()[0], "x");
  EXPECT_EQ(scan(path), (Rows{{"1", "2"}, {"3", "4"}}));
}

TEST(CsvScanner, OneColumnNeedsQuotesForAnEmptyValue) {
  const TestFiles dir;
  EXPECT_EQ(scan(dir.write("a.csv", "x\n1\n\"\"\n\n2\n")), (Rows{{"1"}, {""}, {"2"}}));
}

TEST(CsvScanner, FindsTheSeparatorWhenAsked) {
  const TestFiles dir;
  const CsvOptions find{.separator = '\0'};
  EXPECT_EQ(scan(dir.write("a.csv", "x;\"y,y,y\";z\n1;2;3\n"), find), (Rows{{"1", "2", "3"}}));
  EXPECT_EQ(scan(dir.write("b.csv", "x\ty\n1\t\n\t\n"), find), (Rows{{"1", ""}, {"", ""}}));
  EXPECT_EQ(scan(dir.write("c.csv", "x|y\n1|2\n"), find), (Rows{{"1", "2"}}));
}

TEST(CsvScanner, SmallBlocksGiveTheSameRowsAsLargeOnes) {
  const TestFiles dir;
  std::string text = "a,b,c\n";
  for (int i = 0; i < 500; ++i)
    text += std::to_string(i) + (i % 7 == 0 ? ",\"q,\n\"\"x\",\n" : ",plain,z\n");
  const std::string path = dir.write("a.csv", text);
  const Rows whole = scan(path);
  EXPECT_EQ(whole.size(), 500u);
  for (const std::size_t bytes : {1u, 7u, 64u, 1000u})
    EXPECT_EQ(scan(path, {.block_bytes = bytes}), whole);
}

TEST(CsvScanner, ReadsGzipWithSeveralMembers) {
  const TestFiles dir;
  const std::string members =
      gzipped("x,y\n1,2\n3,") + gzipped("") + gzipped("4\n") + std::string(100, '\0');
  EXPECT_EQ(scan(dir.write("a.csv.gz", members)), (Rows{{"1", "2"}, {"3", "4"}}));
}

/// One gzip member that tells its length as bgzip does.
std::string block_gzipped(std::string_view text) {
  std::string member = gzipped(text);
  const std::size_t last = member.size() + 8 - 1;
  member[3] = 4;  // there is an extra field
  std::string extra("\x06\0BC\x02\0", 6);
  extra += static_cast<char>(last & 255);
  extra += static_cast<char>(last >> 8);
  return member.insert(10, extra);
}

/// A table whose records and quotes straddle the members.
std::string block_gzipped_table(Rows& rows) {
  std::string text = "A,B\n";
  for (int i = 0; i < 3000; ++i) {
    rows.push_back({std::to_string(i), i % 7 == 0 ? "two\nlines, \"of\" text" : "x"});
    text += rows.back()[0] + (i % 7 == 0 ? ",\"two\nlines, \"\"of\"\" text\"\n" : ",x\n");
  }
  std::string file;
  for (std::size_t at = 0; at < text.size(); at += 1777)
    file += block_gzipped(std::string_view(text).substr(at, 1777));
  return file + block_gzipped("");
}

TEST(CsvScanner, InflatesMembersThatTellTheirLengthsSideBySide) {
  const TestFiles dir;
  Rows wanted;
  const std::string file = block_gzipped_table(wanted);
  const std::string path = dir.write("t.csv.gz", file);
  CsvOptions options;
  options.block_bytes = 4000;
  EXPECT_FALSE(CsvScanner(path, options).rest().pieces->in_order());
  EXPECT_EQ(scan(path, options), wanted);
  std::map<std::int64_t, Rows> blocks;
  std::mutex mutex;
  CsvScanner scanner(path, options);
  for_each_block(scanner, 4, [&](const CsvBlock& block, std::int64_t number) {
    const std::lock_guard lock(mutex);
    blocks[number] = rows_of(block);
  });
  Rows found;
  for (const auto& [number, rows] : blocks) found.insert(found.end(), rows.begin(), rows.end());
  EXPECT_EQ(found, wanted);
}

TEST(CsvScanner, LengthsThatLeadNowhereAreNotFollowed) {
  const TestFiles dir;
  Rows wanted;
  const std::string file = block_gzipped_table(wanted);
  // A last member without a length, and a length that is wrong: read as one stream.
  EXPECT_TRUE(CsvScanner(dir.write("a.csv.gz", file + gzipped(""))).rest().pieces->in_order());
  EXPECT_EQ(scan(dir / "a.csv.gz"), wanted);
  std::string wrong = file;
  wrong[16] = static_cast<char>(wrong[16] + 1);
  EXPECT_EQ(scan(dir.write("b.csv.gz", wrong)), wanted);
  // Damage within a member.
  std::string damaged = file;
  damaged[damaged.size() / 2] = static_cast<char>(damaged[damaged.size() / 2] ^ 0x55);
  const auto [kind, text] = error_of([&] { scan(dir.write("c.csv.gz", damaged)); });
  EXPECT_EQ(kind, base::ErrorKind::kData);
  EXPECT_THAT(text, HasSubstr("c.csv.gz"));
}

TEST(CsvScanner, RefusesATruncatedGzipFile) {
  const TestFiles dir;
  std::string text = "x,y\n";
  for (int i = 0; i < 20000; ++i) text += std::to_string(i * 7919) + ",1\n";
  const std::string whole = gzipped(text);
  for (const double part : {0.1, 0.5, 0.99}) {
    const std::string path =
        dir.write("a.csv.gz", whole.substr(0, static_cast<std::size_t>(part * whole.size())));
    const auto [kind, message] = error_of([&] { scan(path); });
    EXPECT_EQ(kind, base::ErrorKind::kData);
    EXPECT_THAT(message, AllOf(HasSubstr(path), HasSubstr("cut short")));
  }
}

TEST(CsvScanner, RefusesDamagedGzipAndForeignArchives) {
  const TestFiles dir;
  std::string damaged = gzipped("x,y\n1,2\n");
  damaged[damaged.size() - 6] ^= 1;  // in the checksum
  EXPECT_THAT(error_of([&] { scan(dir.write("a.csv.gz", damaged)); }).second,
              HasSubstr("damaged gzip"));
  EXPECT_THAT(error_of([&] { scan(dir.write("a.csv.gz", gzipped("x\n1\n") + "rest")); }).second,
              HasSubstr("not gzip"));
  EXPECT_THAT(error_of([&] { scan(dir.write("a.csv", "PK\x03\x04rest")); }).second,
              HasSubstr("Excel"));
}

TEST(CsvScanner, NamesRowAndColumnOfAFault) {
  const TestFiles dir;
  struct Case {
    std::string text;
    std::vector<std::string> parts;
  };
  const std::vector<Case> cases = {
      {"x,y\n1,2\n1,2,3\n", {"row 2", "3 fields", "2 columns"}},
      {"x,y\n1,2\n\n1\n", {"row 2", "1 fields", "2 columns"}},
      {"x,y\n1,\"2\n3,4\n", {"row 1", "column 'y'", "never closed"}},
      {"x,y\n1,2\n\"1\"z,2\n", {"row 2", "column 'x'", "doubled"}},
      {"x,y\n1,M\xfcller\n", {"row 1", "column 'y'", "UTF-8"}},
      {std::string("x,y\n1,2\n1,a\0b\n", 14), {"row 2", "column 'y'", "NUL"}},
      {"x,\"y\n1,2\n", {"header", "column 2", "never closed"}},
      {"x,x\n1,2\n", {"two columns are called 'x'"}},
      {"x,,z\n1,2,3\n", {"column 2 has no name"}},
      {"", {"empty"}},
      {std::string("\xff\xfex\0\n\0", 6), {"UTF-16"}},
  };
  for (const Case& c : cases) {
    const std::string path = dir.write("bad.csv", c.text);
    for (const std::size_t bytes : {std::size_t{3}, std::size_t{1} << 20}) {
      const auto [kind, message] = error_of([&] { scan(path, {.block_bytes = bytes}); });
      EXPECT_EQ(kind, base::ErrorKind::kData) << c.text;
      EXPECT_THAT(message, HasSubstr(path));
      for (const std::string& part : c.parts) EXPECT_THAT(message, HasSubstr(part));
    }
  }
}

TEST(CsvScanner, RefusesUnreadablePaths) {
  const TestFiles dir;
  EXPECT_EQ(error_of([&] { CsvScanner(dir / "absent.csv"); }).first, base::ErrorKind::kIo);
  EXPECT_EQ(error_of([&] { CsvScanner(dir.path().string()); }).first, base::ErrorKind::kIo);
}

TEST(CsvScanner, StopsAtARecordThatIsTooLong) {
  const TestFiles dir;
  const std::string path = dir.write("a.csv", "x,y\n1,2\n3,\"" + std::string(5000, 'a') + "\n");
  const auto [kind, message] =
      error_of([&] { scan(path, {.block_bytes = 100, .most_record_bytes = 1000}); });
  EXPECT_EQ(kind, base::ErrorKind::kData);
  EXPECT_THAT(message, AllOf(HasSubstr("row 2"), HasSubstr("quote")));
}

TEST(CsvScanner, AgreesWithASlowParserOnRandomText) {
  const TestFiles dir;
  std::mt19937_64 random(20261124);
  const std::vector<std::string> pieces = {",",
                                           ",",
                                           "\n",
                                           "\r\n",
                                           "\"",
                                           "\"\"",
                                           " ",
                                           "a",
                                           "bc",
                                           "1.5",
                                           "\t",
                                           "\xc3\xa9",
                                           "\"x,y\"",
                                           ",\"",
                                           "\",",
                                           "\"\n",
                                           "long text without anything special in it"};
  int valid = 0;
  for (int round = 0; round < 4000; ++round) {
    const std::size_t n_fields = 1 + random() % 3;
    std::string body;
    const bool tame = round % 2 == 0;  // well-formed records, else anything
    const auto n = random() % 60;
    for (std::uint64_t i = 0; i < n; ++i) {
      if (!tame) {
        body += pieces[random() % pieces.size()];
        continue;
      }
      for (std::size_t f = 0; f < n_fields; ++f) {
        const auto style = random() % 4;
        if (f > 0) body += ',';
        body += style == 0   ? "\"a\"\"b,\n\""
                : style == 1 ? " plain "
                : style == 2 ? "\"\""
                             : std::string(random() % 90, 'w');
      }
      body += random() % 3 == 0 ? "\r\n" : "\n";
    }
    const std::string header = n_fields == 1 ? "a\n" : n_fields == 2 ? "a,b\n" : "a,b,c\n";
    const std::string path = dir.write("fuzz.csv", header + body);
    const auto wanted = reference_parse(body, n_fields);
    valid += wanted.has_value();
    const CsvOptions options{.block_bytes = 1 + random() % 300};
    if (wanted) {
      EXPECT_EQ(scan(path, options), *wanted) << body;
    } else {
      EXPECT_EQ(error_of([&] { scan(path, options); }).first, base::ErrorKind::kData) << body;
    }
    if (testing::Test::HasFailure()) break;
  }
  EXPECT_GT(valid, 1500);
}

TEST(CsvScanner, RandomBytesNeverDoMoreThanFail) {
  const TestFiles dir;
  std::mt19937_64 random(7);
  for (int round = 0; round < 500; ++round) {
    std::string text = round % 3 == 0 ? "\x1f\x8b" : "";
    for (std::uint64_t i = random() % 400; i > 0; --i) text += static_cast<char>(random());
    const std::string path = dir.write("noise.csv", text);
    try {
      scan(path, {.block_bytes = 50});
    } catch (const base::Error& error) {
      EXPECT_EQ(error.kind(), base::ErrorKind::kData);
    }
  }
}

TEST(CsvScanner, ThreadsSeeEveryBlockOnce) {
  const TestFiles dir;
  std::string text = "a,b\n";
  for (int i = 0; i < 5000; ++i) text += std::to_string(i) + ",x\n";
  const std::string path = dir.write("a.csv", text);
  CsvScanner scanner(path, {.block_bytes = 700});
  std::map<std::int64_t, Rows> blocks;
  std::mutex mutex;
  for_each_block(scanner, 3, [&](const CsvBlock& block, std::int64_t number) {
    Rows rows = rows_of(block);
    const std::lock_guard lock(mutex);
    EXPECT_TRUE(blocks.emplace(number, std::move(rows)).second);
  });
  Rows all;
  for (const auto& [number, rows] : blocks) all.insert(all.end(), rows.begin(), rows.end());
  EXPECT_EQ(all, scan(path));
}

TEST(CsvScanner, ThreadsReportTheFirstFault) {
  const TestFiles dir;
  std::string text = "a,b\n";
  for (int i = 1; i <= 5000; ++i) text += i == 2000 || i == 2100 || i == 4000 ? "bad\n" : "1,x\n";
  const std::string path = dir.write("a.csv", text);
  for (int round = 0; round < 5; ++round) {
    CsvScanner scanner(path, {.block_bytes = 100});
    EXPECT_THAT(
        error_of([&] { for_each_block(scanner, 4, [](const CsvBlock&, std::int64_t) {}); }).second,
        HasSubstr("row 2000"));
  }
}

}  // namespace
}  // namespace semblance::table
