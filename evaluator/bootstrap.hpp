/// Bootstrap intervals for statistics of whole tables, fast and the same for any number of threads.
///
/// Rows are dealt at random into at most kGroups groups (up to kGroups rows: every row its own
/// group), and a resample draws groups with replacement. A statistic of counts or sums then costs a
/// resample the number of groups instead of the number of rows. With 256 groups the interval's
/// width is right to about 1 / √(2 · 256) = 4 %.
///
/// Distances between two tables are never below 0, so resamples, which are noisier than the tables,
/// lie above the number itself. Intervals are therefore centred: the number plus the spread of the
/// resamples around their own mean. They answer: where would this number be for other samples of
/// the same size?
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "evaluator/report_model.hpp"

namespace semblance::evaluator {

inline constexpr int kDraws = 200;   ///< resamples of a bootstrap
inline constexpr int kGroups = 256;  ///< groups of rows that are drawn together
/// Streams of the resamples that several sections share.
enum BootstrapStream : std::uint64_t { kRealRows = 1, kSyntheticRows = 2 };

/// The resamples of one table.
class Resamples {
 public:
  /// \param stream  tells tables of one seed apart; equal streams give equal resamples
  Resamples(std::int64_t n_rows, std::uint64_t seed, std::uint64_t stream);

  int n_groups() const { return n_groups_; }  ///< min(rows, kGroups)
  /// Rows of the table.
  std::int64_t n_rows() const { return static_cast<std::int64_t>(group_.size()); }
  /// [rows] the group of each row.
  std::span<const std::uint16_t> group() const { return group_; }
  /// [groups] how often each group is in resample `draw`.
  std::span<const std::int32_t> times(int draw) const {
    return std::span(times_).subspan(static_cast<std::size_t>(draw * n_groups_),
                                     static_cast<std::size_t>(n_groups_));
  }

  /// Counts of codes 0..n_codes-1 in each resample, [draws, n_codes]; negative codes are left out.
  std::vector<std::int64_t> counts(std::span<const std::int32_t> codes, int n_codes) const;
  /// Sum of the values in each resample, [draws]; NaN counts 0.
  std::vector<double> sums(std::span<const double> values) const;
  /// Mean of the values that are not NaN in each resample, [draws].
  std::vector<double> means(std::span<const double> values) const;

 private:
  int n_groups_ = 0;
  std::vector<std::uint16_t> group_;
  std::vector<std::int32_t> times_;  ///< [draws, groups]
};

/// A statistic of two tables' counts, in every resample of both. \param a, b  [rows] codes
std::vector<double> resampled_counts(
    const Resamples& rows_a, std::span<const std::int32_t> a, const Resamples& rows_b,
    std::span<const std::int32_t> b, int n_codes,
    const std::function<double(std::span<const std::int64_t>, std::span<const std::int64_t>)>&
        statistic);

/// Pearson correlation of two columns in each resample, rows where both are present, [draws].
std::vector<double> resampled_correlations(const Resamples& rows, std::span<const double> x,
                                           std::span<const double> y);

/// Mean over several statistics of each resample, NaN left out. \param each  [statistics][draws]
std::vector<double> mean_of_draws(const std::vector<std::vector<double>>& each);

/// 95 % interval of `value` from its resamples, centred, cut to [low, high]. None when fewer than
/// half of the resamples have a value.
std::optional<Interval> centred_interval(double value, std::vector<double> draws,
                                         double low = -1e300, double high = 1e300);

/// 95 % interval of a quantile by order statistics: what a bootstrap with ever more resamples
/// tends to. \param sorted  ascending
std::optional<Interval> quantile_interval(std::span<const double> sorted, double share);

/// Numbers as at most n_bins codes for the bootstrap of distribution functions: bins of equal
/// frequency of the real values; NaN is -1.
struct Bins {
  std::vector<double> edges;  ///< inner edges, ascending
  /// Bins, one more than edges.
  int n_bins() const { return static_cast<int>(edges.size()) + 1; }
  /// [values] number of the bin of each value: how many edges lie below it; -1 for NaN.
  std::vector<std::int32_t> code(std::span<const double> values) const;
};
/// At most n_bins bins of equal frequency of ascending values.
Bins bins_of(std::span<const double> sorted, int n_bins = 256);

/// Largest gap between two distribution functions given as counts of bins in order.
double binned_ks(std::span<const std::int64_t> a, std::span<const std::int64_t> b);

}  // namespace semblance::evaluator
