#include "trainer/lanes.hpp"

#include <algorithm>

#include "base/parallel.hpp"
#include "trainer/cell_loops.hpp"

namespace semblance::trainer {
namespace {

std::span<const std::int64_t> lane(std::span<const std::int64_t> rows, std::int64_t i) {
  const std::int64_t first = i * Lanes::kRows, many = static_cast<std::int64_t>(rows.size());
  return rows.subspan(first, std::min(Lanes::kRows, many - first));
}

std::int64_t lane_count(std::span<const std::int64_t> rows) {
  return (static_cast<std::int64_t>(rows.size()) + Lanes::kRows - 1) / Lanes::kRows;
}

void add(const StepLoss& part, StepLoss& sum) {
  sum.nll += part.nll;
  sum.kl += part.kl;
  sum.rows += part.rows;
}

}  // namespace

Lanes::Lanes(const NetworkShape& shape, int threads, const std::string& device) {
  if (device != "cpu") {
    on_device_ = std::make_unique<TensorStep>(shape, device);
    return;
  }
  const int many = threads > 0 ? threads : base::default_threads();
  for (int t = 0; t < many; ++t) steps_.push_back(std::make_unique<TrainingStep>(shape, kRows));
}

StepLoss Lanes::gradient(const float* weights, const TokenRows& data,
                         std::span<const std::int64_t> rows, const StepNoise& noise, float scale,
                         std::span<float> gradient) {
  if (on_device_) return on_device_->gradient(weights, data, rows, noise, scale, gradient);
  const std::int64_t lanes = lane_count(rows), width = static_cast<std::int64_t>(steps_.size());
  if (lanes == 0) std::fill(gradient.begin(), gradient.end(), 0.0f);
  StepLoss sum;
  std::vector<StepLoss> losses(steps_.size());
  for (std::int64_t first = 0; first < lanes; first += width) {
    const std::int64_t many = std::min(width, lanes - first);
    // The first lane of all writes into the result; the others into memory of their own.
    partial_.resize(std::max<std::size_t>(partial_.size(), lanes > 1 ? std::min(width, lanes) : 0));
    base::parallel_for(many, static_cast<int>(many), [&](std::int64_t i) {
      float* out = gradient.data();
      if (first + i > 0) {
        partial_[i].resize(gradient.size());
        out = partial_[i].data();
      }
      losses[i] = steps_[i]->gradient(weights, data, lane(rows, first + i), noise, scale, out);
    });
    for (std::int64_t i = 0; i < many; ++i) {
      add(losses[i], sum);
      if (first + i > 0) {
        accumulate(partial_[i].data(), static_cast<std::int64_t>(gradient.size()), gradient.data());
      }
    }
  }
  return sum;
}

StepLoss Lanes::loss(const float* weights, const TokenRows& data,
                     std::span<const std::int64_t> rows, const StepNoise& noise,
                     std::span<double> column_nll) {
  if (on_device_) {
    return on_device_->loss(weights, data, rows, noise,
                            column_nll.empty() ? nullptr : column_nll.data());
  }
  const std::int64_t lanes = lane_count(rows), width = static_cast<std::int64_t>(steps_.size());
  StepLoss sum;
  std::vector<StepLoss> losses(steps_.size());
  std::vector<std::vector<double>> columns(steps_.size());
  for (std::int64_t first = 0; first < lanes; first += width) {
    const std::int64_t many = std::min(width, lanes - first);
    base::parallel_for(many, static_cast<int>(many), [&](std::int64_t i) {
      columns[i].assign(column_nll.size(), 0);
      losses[i] = steps_[i]->loss(weights, data, lane(rows, first + i), noise,
                                  column_nll.empty() ? nullptr : columns[i].data());
    });
    for (std::int64_t i = 0; i < many; ++i) {
      add(losses[i], sum);
      for (std::size_t s = 0; s < column_nll.size(); ++s) column_nll[s] += columns[i][s];
    }
  }
  return sum;
}

}  // namespace semblance::trainer
