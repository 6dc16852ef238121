#include "trainer/codec_number.hpp"

#include <algorithm>
#include <cmath>

#include "base/error.hpp"
#include "base/hdf5.hpp"
#include "table/column.hpp"

namespace semblance::trainer {

NumberCoder::NumberCoder(const NumberSummary& summary, const Grid& grid,
                         const IntervalOptions& options, int digit_base)
    : table_(fit_intervals(summary.values, grid, options)), has_missing_(summary.missing > 0) {
  assign_digits(digit_base);
  fill_pairs();
}

/// First digits of the intervals when up to `width` neighbours share one. Spikes (run -1) share
/// with nobody, unless `all` do.
std::vector<std::int32_t> NumberCoder::shared_digits(std::int32_t width, bool all) const {
  std::vector<std::int32_t> digits;
  for (std::size_t i = 0, filled = 0; i < table_.run.size(); ++i) {
    const bool alike = i > 0 && (all || (table_.run[i] >= 0 && table_.run[i] == table_.run[i - 1]));
    const bool joins = alike && filled < static_cast<std::size_t>(width);
    digits.push_back(digits.empty() ? 0 : digits.back() + (joins ? 0 : 1));
    filled = joins ? filled + 1 : 1;
  }
  return digits;
}

/// One token an interval where they are few enough. Otherwise neighbouring intervals share a first
/// digit (half of the base in all), and the second one tells them apart.
void NumberCoder::assign_digits(int digit_base) {
  const std::int32_t n = table_.size(), missing = has_missing_ || n == 0 ? 1 : 0;
  std::int32_t width = 1;
  std::vector<std::int32_t> digits = shared_digits(1, true);
  if (n + missing > digit_base) {
    const auto fits = [&] { return digits.back() + 1 + missing <= std::max(2, digit_base / 2); };
    while (width < digit_base && !fits()) digits = shared_digits(++width, false);
    for (width = fits() ? width : 1; !fits();) digits = shared_digits(++width, true);
  }
  first_.clear(), second_.clear();
  for (std::size_t i = 0, place = 0; i < digits.size(); ++i) {
    place = i > 0 && digits[i] == digits[i - 1] ? place + 1 : 0;
    first_.push_back(static_cast<std::uint16_t>(digits[i]));
    second_.push_back(static_cast<std::uint16_t>(place));
  }
  const std::int32_t token = digits.empty() ? -1 : digits.back();
  // A missing value without a token of its own counts as the commonest interval.
  const auto commonest = static_cast<std::size_t>(table_.commonest);
  first_.push_back(missing ? static_cast<std::uint16_t>(token + 1) : first_[commonest]);
  second_.push_back(missing ? std::uint16_t{0} : second_[commonest]);
  n_first_ = token + 1 + missing;
  n_second_ = width;
  if (n_second_ == 1) second_.clear();
}

void NumberCoder::fill_pairs() {
  const std::int32_t n = table_.size();
  interval_of_.assign(static_cast<std::size_t>(n_first_) * static_cast<std::size_t>(n_second_), n);
  const auto pair = [&](std::int32_t interval) {
    const auto i = static_cast<std::size_t>(interval);
    return static_cast<std::size_t>(first_[i]) * static_cast<std::size_t>(n_second_) +
           (second_.empty() ? 0 : second_[i]);
  };
  for (std::int32_t i = 0; i < n; ++i) {
    interval_of_[pair(i)] = i;
    // A second digit that the first one does not have means the last one that it has.
    const bool last = i + 1 == n || first_[static_cast<std::size_t>(i)] !=
                                        first_[static_cast<std::size_t>(i) + 1];
    for (std::size_t p = pair(i);
         last && p < (static_cast<std::size_t>(first_[static_cast<std::size_t>(i)]) + 1) *
                         static_cast<std::size_t>(n_second_);
         ++p) {
      interval_of_[p] = i;
    }
  }
}

kernels::EncodePlan NumberCoder::encode_plan() const { return {table_.edges, first_, second_}; }

std::int64_t NumberCoder::encode(std::span<const double> values, std::span<std::uint16_t> first,
                                 std::span<std::uint16_t> second, int threads) const {
  std::vector<double>
      finite;  // infinities count as missing, as they did when the intervals were learned
  if (std::any_of(values.begin(), values.end(), [](double value) { return std::isinf(value); })) {
    finite.assign(values.begin(), values.end());
    std::replace_if(
        finite.begin(), finite.end(), [](double value) { return std::isinf(value); }, std::nan(""));
    values = finite;
  }
  kernels::encode_numbers(values, encode_plan(), first, second, {.threads = threads});
  if (has_missing_ || table_.size() == 0) return 0;
  return std::count_if(values.begin(), values.end(),
                       [](double value) { return std::isnan(value); });
}

std::int64_t NumberCoder::encode(std::span<const std::int64_t> values,
                                 std::span<std::uint16_t> first, std::span<std::uint16_t> second,
                                 int threads) const {
  kernels::encode_integers(values, encode_plan(), first, second, {.threads = threads});
  if (has_missing_ || table_.size() == 0) return 0;
  return std::count(values.begin(), values.end(), table::kMissingInt);
}

void NumberCoder::decode(std::span<const std::uint16_t* const> tokens, std::uint64_t seed,
                         std::int64_t first_row, std::uint32_t stream, std::span<double> values,
                         int threads) const {
  const kernels::DecodePlan plan{n_second_,    interval_of_,           table_.knot_begin,
                                 table_.knots, table_.grid.multiplier, table_.grid.divisor};
  const std::span<const std::uint16_t> first(tokens[0], values.size());
  std::span<const std::uint16_t> second;
  if (n_second_ > 1) second = {tokens[1], values.size()};
  kernels::decode_numbers(first, second, plan, seed, first_row, stream, values,
                          {.threads = threads});
}

void NumberCoder::save(hid_t group) const {
  base::h5_write(group, "edges", table_.edges);
  base::h5_write(group, "knot_begin", table_.knot_begin);
  base::h5_write(group, "knots", table_.knots);
  base::h5_write(group, "first", first_);
  if (n_second_ > 1) base::h5_write(group, "second", second_);
  base::h5_write_attribute(group, "multiplier", table_.grid.multiplier);
  base::h5_write_attribute(group, "divisor", table_.grid.divisor);
  base::h5_write_attribute(group, "n_first", std::int64_t{n_first_});
  base::h5_write_attribute(group, "n_second", std::int64_t{n_second_});
  base::h5_write_attribute(group, "has_missing", std::int64_t{has_missing_});
}

NumberCoder NumberCoder::load(hid_t group) {
  NumberCoder coder;
  coder.table_.edges = base::h5_read<double>(group, "edges");
  coder.table_.knot_begin = base::h5_read<std::int32_t>(group, "knot_begin");
  coder.table_.knots = base::h5_read<double>(group, "knots");
  coder.first_ = base::h5_read<std::uint16_t>(group, "first");
  coder.table_.grid = {base::h5_read_double_attribute(group, "multiplier"),
                       base::h5_read_double_attribute(group, "divisor")};
  const std::int64_t n_first = base::h5_read_int_attribute(group, "n_first");
  const std::int64_t n_second = base::h5_read_int_attribute(group, "n_second");
  SEMBLANCE_EXPECT(n_first >= 1 && n_first <= 65536 && n_second >= 1 && n_second <= 65536, kData,
                   "the model's codec is damaged: {} x {} tokens in a column", n_first, n_second);
  coder.n_first_ = static_cast<std::int32_t>(n_first),
  coder.n_second_ = static_cast<std::int32_t>(n_second);
  coder.has_missing_ = base::h5_read_int_attribute(group, "has_missing") != 0;
  if (n_second > 1) coder.second_ = base::h5_read<std::uint16_t>(group, "second");
  coder.check("column");
  coder.fill_pairs();
  return coder;
}

/// Refuses a plan that would read or write out of bounds.
void NumberCoder::check(const std::string& where) const {
  const std::size_t n = table_.edges.size();
  const auto& begin = table_.knot_begin;
  bool good = begin.size() == n + 1 && first_.size() == n + 1 &&
              (second_.empty() || second_.size() == n + 1) && (n_second_ > 1) == !second_.empty() &&
              std::is_sorted(table_.edges.begin(), table_.edges.end()) && begin.front() == 0 &&
              static_cast<std::size_t>(begin.back()) == table_.knots.size() &&
              std::isfinite(table_.grid.multiplier) && table_.grid.multiplier > 0 &&
              table_.grid.divisor >= 0 && std::isfinite(table_.grid.divisor);
  for (std::size_t i = 0; good && i < n; ++i) good = begin[i] < begin[i + 1];
  const auto finite = [](double value) { return std::isfinite(value); };
  good = good && std::all_of(table_.edges.begin(), table_.edges.end(), finite) &&
         std::all_of(table_.knots.begin(), table_.knots.end(), finite);
  for (const std::uint16_t token : first_) good = good && token < n_first_;
  for (const std::uint16_t token : second_) good = good && token < n_second_;
  SEMBLANCE_EXPECT(good, kData,
                   "the model's codec is damaged: the intervals of a {} do not fit together",
                   where);
}

}  // namespace semblance::trainer
