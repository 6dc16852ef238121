/// Random tables of every kind and size through fit, encode, decode, save and load: whatever the
/// table, tokens are in range, cells keep their kind and their gaps, and the file gives the same
/// codec.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "base/hdf5.hpp"
#include "base/philox.hpp"
#include "tests/base/temporary_directory.hpp"
#include "tests/trainer/codec_tables.hpp"
#include "trainer/number_text.hpp"

namespace semblance::trainer {
namespace {

class RandomTable {
 public:
  explicit RandomTable(std::uint64_t seed) : random_(seed, base::Purpose::kEvaluate, 0) {}

  table::Table make() {
    const std::int64_t sizes[] = {1, 2, 3, 9, 10, 11, 50, 400, 3000};
    const std::int64_t n = sizes[random_.below(9)];
    table::Table rows;
    const std::uint64_t n_columns = 1 + random_.below(6);
    std::string last_date;
    for (std::uint64_t c = 0; c < n_columns; ++c) {
      rows.columns.push_back(column("c" + std::to_string(c), n));
      table::ColumnSpec& spec = rows.columns.back().spec;
      if (spec.kind != table::Kind::kDate && spec.kind != table::Kind::kDatetime) continue;
      if (!last_date.empty() && random_.uniform() < 0.5) spec.relative_to = last_date;
      last_date = spec.name;
    }
    return rows;
  }

  CodecOptions options() {
    CodecOptions options;
    options.numeric_bins = static_cast<int>(2 + random_.below(200));
    options.rare_min_count = static_cast<int>(1 + random_.below(15));
    options.protect_extremes = random_.uniform() < 0.7;
    options.digit_base = static_cast<int>(4 + random_.below(300));
    return options;
  }

 private:
  table::Column column(const std::string& name, std::int64_t n) {
    const double gaps[] = {0, 0, 0.02, 0.5, 1};
    const double gap = gaps[random_.below(5)];
    const auto many =
        static_cast<std::uint64_t>(1 + std::exp(random_.uniform() * 9));  // distinct values, about
    const std::uint64_t kind = random_.below(6);
    const double texts = random_.uniform();  // share of the levels that are no numbers
    std::vector<double> numbers;
    std::vector<std::int64_t> wholes;
    std::vector<std::string> levels;
    for (std::int64_t i = 0; i < n; ++i) {
      const bool gone = random_.uniform() < gap;
      const auto pick = static_cast<std::int64_t>(random_.below(many));
      wholes.push_back(gone ? table::kMissingInt : whole(kind, pick));
      levels.push_back(gone ? "" : level(texts, pick));
      numbers.push_back(gone ? kNan : number(pick));
    }
    switch (kind) {
      case 0:
        return integers(name, wholes);
      case 1:
        return reals(name, numbers, random_.uniform() < 0.5 ? -1 : 2);
      case 2:
        return categories(name, levels);
      case 3:
        return dates(name, wholes);
      case 4:
        return datetimes(name, wholes);
      default:
        return categories(name, levels, table::Kind::kId);
    }
  }

  std::int64_t whole(std::uint64_t kind, std::int64_t pick) {
    if (kind == 3) return pick * 3 - 20'000;
    if (kind == 4)
      return pick * 977 * 60'000'000 - 3'000'000'000'000'000 +
             (pick % 3 == 0 ? static_cast<std::int64_t>(random_.below(1'000'000'000)) : 0);
    return pick % 17 == 0 ? pick * 1'000'000'000 : pick - 50;
  }
  std::string level(double texts, std::int64_t pick) {
    if (random_.uniform() < texts) return "level " + std::to_string(pick);
    const NumberStyle style{static_cast<int>(pick % 4), pick % 5 == 0};
    return number_text(style, 7 * pick - 100, pick % 3 == 0);
  }
  double number(std::int64_t pick) {
    const double odd[] = {std::numeric_limits<double>::infinity(),
                          -std::numeric_limits<double>::infinity(),
                          -0.0,
                          0.0,
                          1e300,
                          -1e300,
                          1e-300,
                          std::numeric_limits<double>::denorm_min()};
    if (pick % 40 == 0) return odd[random_.below(8)];
    return pick % 3 == 0 ? random_.normal() : static_cast<double>(pick) / 4;
  }

  base::PhiloxStream random_;
};

void expect_tokens_in_range(const Codec& codec, const TokenMatrix& tokens) {
  for (int t = 0; t < tokens.n_columns; ++t) {
    for (std::int64_t row = 0; row < tokens.n_rows; ++row) {
      ASSERT_LT(tokens.column(t)[row],
                codec.token_columns()[static_cast<std::size_t>(t)].cardinality);
    }
  }
}

/// A gap stays a gap and a value a value; only infinities become gaps.
void expect_gaps_kept(const table::Column& before, const table::Column& after) {
  ASSERT_EQ(before.size(), after.size());
  for (std::int64_t row = 0; row < before.size(); ++row) {
    const bool infinite =
        !before.reals.empty() && std::isinf(before.reals[static_cast<std::size_t>(row)]);
    if (before.spec.kind == table::Kind::kId) continue;
    ASSERT_EQ(before.is_missing(row) || infinite, after.is_missing(row))
        << before.spec.name << " (" << table::kind_name(before.spec.kind) << ") row " << row << ": "
        << after.as_text(row);
  }
}

void expect_order(const table::Table& rows) {
  for (const table::Column& column : rows.columns) {
    if (column.spec.relative_to.empty()) continue;
    const table::Column& base = rows.column(column.spec.relative_to);
    for (std::int64_t row = 0; row < rows.n_rows(); ++row) {
      if (column.is_missing(row) || base.is_missing(row)) continue;
      const auto days = [](const table::Column& c, std::int64_t r) {
        const auto value = static_cast<double>(c.ints[static_cast<std::size_t>(r)]);
        return c.spec.kind == table::Kind::kDate ? value : value / 86'400e6;
      };
      const bool date = column.spec.kind == table::Kind::kDate;
      ASSERT_GE(days(column, row), date ? std::floor(days(base, row)) : days(base, row))
          << column.spec.name;
    }
  }
}

TEST(CodecFuzz, AnyTableGoesThroughAndKeepsItsGapsAndOrder) {
  const base::TemporaryDirectory directory;
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    RandomTable random(seed);
    const table::Table rows = random.make();
    const Codec codec = fit(rows, random.options());
    const TokenMatrix tokens = codec.encode(rows);
    expect_tokens_in_range(codec, tokens);
    const table::Table back = codec.decode(tokens, 3, seed);
    for (std::size_t c = 0; c < rows.columns.size(); ++c)
      expect_gaps_kept(rows.columns[c], back.columns[c]);
    expect_order(back);
    expect_tokens_in_range(codec, codec.encode(back));
    {
      const base::H5Handle file = base::h5_create(directory.file("codec.h5"));
      codec.save(file.get());
    }
    const base::H5Handle file = base::h5_open(directory.file("codec.h5"));
    expect_same_cells(back, Codec::load(file.get()).decode(tokens, 3, seed));
    if (HasFatalFailure()) return;
  }
}

TEST(CodecFuzz, AnyTokensInRangeDecode) {
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    RandomTable random(seed);
    const table::Table rows = random.make();
    const Codec codec = fit(rows, random.options());
    base::PhiloxStream any(seed, base::Purpose::kEvaluate, 1);
    TokenMatrix tokens{200, static_cast<int>(codec.token_columns().size()), {}};
    for (const TokenColumn& column : codec.token_columns()) {
      for (int i = 0; i < 200; ++i)
        tokens.tokens.push_back(
            static_cast<std::uint16_t>(any.below(static_cast<std::uint64_t>(column.cardinality))));
    }
    const table::Table back = codec.decode(tokens, 0, seed);
    EXPECT_EQ(back.n_rows(), 200);
    expect_order(back);
    if (HasFatalFailure()) return;
  }
}

}  // namespace
}  // namespace semblance::trainer
