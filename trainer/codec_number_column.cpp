#include <algorithm>
#include <cmath>

#include "base/error.hpp"
#include "table/format_value.hpp"
#include "trainer/codec_column.hpp"
#include "trainer/codec_number.hpp"

namespace semblance::trainer {
namespace {

class NumberColumn : public ColumnCoder {
 public:
  explicit NumberColumn(NumberCoder coder) : coder_(std::move(coder)) {}

  int n_tokens() const override { return coder_.n_tokens(); }
  int cardinality(int t) const override { return coder_.cardinality(t); }
  int ordered(int t) const override { return coder_.ordered(t); }
  std::string part_name(int t) const override {
    return n_tokens() == 1 ? "" : t == 0 ? "coarse" : "fine";
  }

  void encode(const table::Column& column, const table::Column*,
              EncodeTarget& target) const override {
    const auto n = static_cast<std::size_t>(column.size());
    const std::span<std::uint16_t> first(target.tokens[0], n);
    std::span<std::uint16_t> second;
    if (n_tokens() == 2) second = {target.tokens[1], n};
    switch (column.spec.kind) {
      case table::Kind::kFloat:
        target.unseen += coder_.encode(std::span(column.reals), first, second, 0);
        break;
      case table::Kind::kInteger:
        target.unseen += coder_.encode(std::span(column.ints), first, second, 0);
        break;
      default:
        base::fail(base::ErrorKind::kData,
                   "column '{}' holds numbers in the model but is of kind {} in this table",
                   column.spec.name, table::kind_name(column.spec.kind));
    }
  }

  void decode(const DecodeSource& source, const table::Column*,
              table::Column& column) const override {
    std::vector<double> values(static_cast<std::size_t>(source.n_rows));
    coder_.decode(source.tokens, source.seed, source.first_row, source.stream, values, 1);
    if (column.spec.kind == table::Kind::kFloat) {
      column.reals = std::move(values);
      return;
    }
    column.ints.resize(values.size());
    std::transform(values.begin(), values.end(), column.ints.begin(), [](double value) {
      return std::isnan(value) ? table::kMissingInt
                               : static_cast<std::int64_t>(std::llround(value));
    });
  }

  void save(hid_t group) const override { coder_.save(group); }

  std::vector<PartMask> restrict(const table::AllowedValues& allowed,
                                 table::Kind kind) const override {
    return coder_.restrict(allowed, kind == table::Kind::kInteger);
  }

  void narrow(const table::AllowedValues& allowed, const DecodeSource& source,
              table::Column& column) const override {
    const bool whole = column.spec.kind == table::Kind::kInteger;
    for (std::int64_t row = 0; row < source.n_rows; ++row) {
      if (column.is_missing(row) || allowed.holds(column, row)) continue;
      const auto number = static_cast<std::uint64_t>(source.first_row + row);
      const std::uint32_t bits =
          base::philox(source.seed, base::Purpose::kDecode, number / 4, side_stream(source.stream))
              .word[number % 4];
      const auto i = static_cast<std::size_t>(row);
      const double value = coder_.narrowed(source.tokens[0][i],
                                           n_tokens() == 2 ? source.tokens[1][i] : std::uint16_t{0},
                                           allowed, whole, bits);
      if (std::isnan(value)) continue;
      if (whole) {
        column.ints[i] = std::llround(value);
      } else {
        column.reals[i] = value;
      }
    }
  }

  std::string choices(table::Kind) const override {
    const std::int32_t n = coder_.intervals().size();
    if (n == 0) return "no value at all: it is always missing";
    std::string text = "numbers from ";
    table::append_real(text, coder_.span(0).low, -1, 0);
    text += " to ";
    table::append_real(text, coder_.span(n - 1).high, -1, 0);
    return text + (coder_.has_missing() ? " and missing values" : ", and no missing value");
  }

 private:
  NumberCoder coder_;
};

std::vector<double> numbers_of(const table::Column& column) {
  if (column.spec.kind == table::Kind::kFloat) return column.reals;
  std::vector<double> values(column.ints.size());
  std::transform(column.ints.begin(), column.ints.end(), values.begin(), [](std::int64_t value) {
    return value == table::kMissingInt ? std::nan("") : static_cast<double>(value);
  });
  return values;
}

}  // namespace

IntervalOptions interval_options(const CodecOptions& options) {
  return {.bins = options.numeric_bins,
          .rare_min_count = options.rare_min_count,
          .protect = options.protect_extremes};
}

std::unique_ptr<ColumnCoder> fit_number_column(const table::Column& column,
                                               const CodecOptions& options,
                                               base::Communicator& communicator) {
  const NumberSummary summary = summarise_numbers(numbers_of(column), communicator);
  const Grid grid = find_grid(summary.values, column.spec);
  return std::make_unique<NumberColumn>(
      NumberCoder(summary, grid, interval_options(options), options.digit_base));
}

std::unique_ptr<ColumnCoder> load_number_column(hid_t group) {
  return std::make_unique<NumberColumn>(NumberCoder::load(group));
}

}  // namespace semblance::trainer
