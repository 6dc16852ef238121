#include "evaluator/distances.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <numeric>
#include <utility>

#include "evaluator/sampling.hpp"

namespace semblance::evaluator {
namespace {

enum Stream : std::uint64_t { kEvenReal = 0xD15A0001, kEvenHoldout };

constexpr const char* kSyntheticToReal = "synthetic_to_real";
constexpr const char* kSyntheticToEvenReal = "synthetic_to_even_real";
constexpr const char* kSyntheticToEvenHoldout = "synthetic_to_even_holdout";

/// (x - low) / range as the kernel wants it. A real column of one value has no range: another value
/// is then as far away as can be.
std::vector<float> rescaled(const ColumnInfo& info, const std::vector<double>& values) {
  const double range = info.high - info.low;
  std::vector<float> out(values.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (std::isnan(values[i])) {
      out[i] = std::numeric_limits<float>::quiet_NaN();
    } else if (range > 0) {
      out[i] = static_cast<float>(std::clamp((values[i] - info.low) / range, -1.0, 2.0));
    } else {
      out[i] = values[i] == info.low || std::isnan(info.low)
                   ? 0.0f
                   : (values[i] < info.low ? -1.0f : 1.0f);
    }
  }
  return out;
}

}  // namespace

GowerTable::GowerTable(const Comparison& data, const Rows& rows, const std::vector<int>& columns)
    : n_rows_(rows.n_rows) {
  std::vector<int> chosen = columns;
  if (chosen.empty()) {
    chosen.resize(data.columns.size());
    std::iota(chosen.begin(), chosen.end(), 0);
  }
  for (const int j : chosen) {
    const ColumnInfo& info = data.columns[static_cast<std::size_t>(j)];
    const Feature& feature = rows.features[static_cast<std::size_t>(j)];
    if (info.numeric) {
      numeric_.push_back(rescaled(info, feature.numbers));
    } else {
      categorical_.push_back(feature.codes);
    }
  }
}

kernels::GowerRows GowerTable::view() const {
  kernels::GowerRows rows{.n_rows = n_rows_};
  for (const auto& column : numeric_) rows.numeric.emplace_back(column);
  for (const auto& column : categorical_) rows.categorical.emplace_back(column);
  return rows;
}

std::vector<kernels::Nearest> nearest(const Comparison& data, const Rows& queries,
                                      const Rows& references, const kernels::DcrOptions& options,
                                      const std::vector<int>& columns) {
  const GowerTable q(data, queries, columns), r(data, references, columns);
  return kernels::nearest_rows(q.view(), r.view(), options);
}

std::vector<std::vector<kernels::Nearest>> nearest_of_each(
    const Comparison& data, const Rows& queries, const std::vector<const Rows*>& references,
    const kernels::DcrOptions& options, SharedNearest* ranks) {
  const GowerTable q(data, queries);
  std::vector<std::unique_ptr<GowerTable>> tables;
  std::vector<kernels::GowerRows> views;
  for (const Rows* rows : references) {
    if (rows == &queries) {
      views.push_back(q.view());
    } else {
      views.push_back(tables.emplace_back(std::make_unique<GowerTable>(data, *rows))->view());
    }
  }
  return ranks != nullptr ? ranks->of_each(q.view(), views, options)
                          : kernels::nearest_rows_of_each(q.view(), views, options);
}

Distances::Distances(const Comparison& data, std::string device, int threads, std::uint64_t seed,
                     SharedNearest* ranks)
    : data_(data), device_(std::move(device)), threads_(threads), seed_(seed), ranks_(ranks) {}

const std::vector<kernels::Nearest>& Distances::once(const char* name,
                                                     const std::function<void()>& make) {
  if (!done_.contains(name)) make();
  return done_.at(name);
}

std::int64_t Distances::even_rows() const {
  return std::min(data_.real.n_rows, data_.holdout.n_rows);
}

void Distances::pass_synthetic() {
  std::vector<const char*> names{kSyntheticToReal};
  std::vector<const Rows*> references{&data_.real};
  const auto even_part = [&](const Rows& rows, Stream stream) {
    return take(rows, sample_rows(rows.n_rows, even_rows(), seed_, stream));
  };
  Rows real, holdout;
  if (data_.has_holdout()) {
    if (even_rows() < data_.real.n_rows) {
      real = even_part(data_.real, kEvenReal);
      names.push_back(kSyntheticToEvenReal);
      references.push_back(&real);
    }
    holdout = even_part(data_.holdout, kEvenHoldout);
    names.push_back(kSyntheticToEvenHoldout);
    references.push_back(&holdout);
  }
  auto found = nearest_of_each(data_, data_.synthetic, references, options(), ranks_);
  for (std::size_t t = 0; t < names.size(); ++t) done_[names[t]] = std::move(found[t]);
}

const std::vector<kernels::Nearest>& Distances::synthetic_to_real() {
  return once(kSyntheticToReal, [&] { pass_synthetic(); });
}

const std::vector<kernels::Nearest>& Distances::synthetic_to_even_real() {
  if (even_rows() == data_.real.n_rows) return synthetic_to_real();
  return once(kSyntheticToEvenReal, [&] { pass_synthetic(); });
}

const std::vector<kernels::Nearest>& Distances::synthetic_to_even_holdout() {
  return once(kSyntheticToEvenHoldout, [&] { pass_synthetic(); });
}

const std::vector<kernels::Nearest>& Distances::holdout_to_real() {
  return once("holdout_to_real", [&] {
    done_["holdout_to_real"] =
        std::move(nearest_of_each(data_, data_.holdout, {&data_.real}, options(), ranks_)[0]);
  });
}

const std::vector<kernels::Nearest>& Distances::real_to_real() {
  return once("real_to_real", [&] {
    kernels::DcrOptions leave_out = options();
    leave_out.leave_one_out = true;
    done_["real_to_real"] =
        std::move(nearest_of_each(data_, data_.real, {&data_.real}, leave_out, ranks_)[0]);
  });
}

}  // namespace semblance::evaluator
