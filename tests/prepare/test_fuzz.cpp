/// Texts of all sorts, the same in every run: recipes, expressions and dates are read or refused
/// with a message, and nothing else happens.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "base/communicator.hpp"
#include "base/error.hpp"
#include "base/file.hpp"
#include "prepare/calendar.hpp"
#include "prepare/date_text.hpp"
#include "prepare/expression.hpp"
#include "prepare/prepare.hpp"
#include "tests/base/temporary_directory.hpp"

namespace semblance::prepare {
namespace {

using testing::HasSubstr;

std::string pick(std::mt19937& random, const std::vector<std::string>& parts) {
  return parts[random() % parts.size()];
}

/// Bytes taken out, put in and doubled.
std::string mutated(std::string text, std::mt19937& random) {
  for (std::size_t changes = 1 + random() % 2; changes > 0 && !text.empty(); --changes) {
    const std::size_t at = random() % text.size(), n = 1 + random() % 3;
    switch (random() % 4) {
      case 0:
        text.erase(at, n);
        break;
      case 1:
        text.insert(at, text.substr(random() % text.size(), n));
        break;
      case 2:
        text[at] = static_cast<char>(random() % 256);
        break;
      default:
        text.insert(at, pick(random, {"{", "}", "[", "]", ":", "- ", "'", "\"", "\n", "*x", "&x ",
                                      "#", "99999999999999999999", "-1"}));
    }
  }
  return text;
}

TEST(Fuzz, ExpressionsAreCompiledOrRefusedAtACharacter) {
  const std::vector<std::string> parts = {
      "A",          "B",     "WHEN",  "1",     "2.5",       "'x'",    "\"y\"",   "`A`",
      "(",          ")",     ",",     "+",     "-",         "*",      "/",       "%",
      "=",          "<>",    "<=",    "and",   "or",        "not",    "in",      "is",
      "missing",    "true",  "if(",   "case(", "coalesce(", "round(", "concat(", "year(",
      "substring(", "date(", "9e999", "'",     "\xc3"};
  RowShape shape;
  shape.set("A", CellKind::kInteger);
  shape.set("B", CellKind::kText);
  shape.set("WHEN", CellKind::kDatetime);
  std::mt19937 random(1);
  int compiled = 0;
  for (int round = 0; round < 20000; ++round) {
    std::string text;
    for (std::size_t n = 1 + random() % 12; n > 0; --n) text += pick(random, parts) + " ";
    try {
      const Expression expression(text, shape);
      ++compiled;
      TextArena texts;
      EvaluationContext context;
      context.texts = &texts;
      const Value rows[2][3] = {{},
                                {Value::of_integer(7), Value::of_text("2001-02-03"),
                                 Value::of_integer(1, CellKind::kDatetime)}};
      for (const auto& row : rows) {
        if (!expression.draws() && !expression.reads_runs()) expression.evaluate(row, context);
      }
    } catch (const base::Error& error) {
      EXPECT_EQ(error.kind(), base::ErrorKind::kData) << text << ": " << error.what();
    }
  }
  EXPECT_GT(compiled, 100);
}

TEST(Fuzz, ExpressionsThatWouldTakeTheStackAreRefused) {
  RowShape shape;
  shape.set("A", CellKind::kInteger);
  const auto repeated = [](const std::string& part, int n) {
    std::string text;
    for (int i = 0; i < n; ++i) text += part;
    return text;
  };
  for (const std::string& text :
       {repeated("(", 100000), repeated("-", 100000) + "1", repeated("not ", 100000) + "true",
        "A" + repeated("+A", 100000), "true" + repeated(" or true", 100000),
        repeated("abs(", 100000)}) {
    try {
      const Expression expression(text, shape);
      ADD_FAILURE() << text.substr(0, 20);
    } catch (const base::Error& error) {
      EXPECT_THAT(error.what(), HasSubstr("nested too deeply"));
    }
  }
}

TEST(Fuzz, RecipesAreRunOrRefused) {
  const base::TemporaryDirectory directory;
  const auto path = [&](const char* name) { return (directory.path() / name).string(); };
  base::write_text_file(path("a.csv"), "K,X,D\n1,2.5,2001-02-03\n2,,2001-02-04\n1,4,\n");
  base::write_text_file(path("b.csv"), "K,T\n1,one\n2,two\n");
  const std::string recipe =
      "sources:\n  a: {columns: {K: integer, X: float, D: {kind: date, format: '%Y-%m-%d'}}}\n"
      "  b: {file: b.csv, columns: {K: integer, T: text}, missing: ['NA']}\n"
      "tables:\n  t:\n    from: a\n    steps:\n      - filter: X > 1 or X is missing\n"
      "      - join: {with: b, on: [K], unmatched: keep, promise: one}\n"
      "      - derive: {Y: round(X), Z: \"concat(T, '-', K)\"}\n"
      "      - head: {per: [K], rows: 2}\n      - sort: [-K]\n"
      "      - aggregate: {per: [K], values: {N: {take: count}, M: {take: max, of: Y}}}\n"
      "output: {from: t, columns: {k: K, n: N, m: {from: M, min_decimals: 1}}}\n";
  const auto communicator = base::self_communicator();
  std::mt19937 random(2);
  int ran = 0;
  for (int round = 0; round < 400; ++round) {
    base::write_text_file(path("recipe.yaml"), round == 0 ? recipe : mutated(recipe, random));
    try {
      prepare({path("recipe.yaml"), directory.path().string(), path("out.csv"), "", 16, 1},
              *communicator);
      ++ran;
    } catch (const base::Error& error) {
      EXPECT_NE(error.kind(), base::ErrorKind::kInternal)
          << base::read_text_file(path("recipe.yaml")) << error.what();
      EXPECT_THAT(error.what(), testing::AnyOf(HasSubstr("recipe.yaml"), HasSubstr(".csv")));
    }
  }
  EXPECT_GT(ran, 5);
}

TEST(Fuzz, DatesAreReadOrRefused) {
  std::mt19937 random(3);
  const std::vector<DateReader> readers = {DateReader(""), DateReader("%d/%m/%Y"),
                                           DateReader("%m/%d/%y %H:%M"), DateReader("%d %b %Y")};
  int read = 0;
  for (int round = 0; round < 40000; ++round) {
    const std::string text =
        mutated(pick(random, {"2101-03-09 17:05:00", "1899-12-31T23:59:59.123Z", "28/02/2300",
                              "02/29/96 7:45", "1 Jan 0001", "9999-12-31+14:00"}),
                random);
    for (const DateReader& reader : readers) {
      const auto micros = reader.read(text);
      if (!micros) continue;
      ++read;
      const std::int64_t year = civil_from_days(floor_div(*micros, kMicrosecondsPerDay)).year;
      EXPECT_TRUE(year >= 0 && year <= 10000) << text << " is in the year " << year;
    }
  }
  EXPECT_GT(read, 500);
}

}  // namespace
}  // namespace semblance::prepare
