#include "trainer/calibration_slope.hpp"

#include <algorithm>
#include <cmath>
#include <memory>
#include <span>

#include "base/error.hpp"
#include "base/parallel.hpp"
#include "trainer/batches.hpp"
#include "trainer/calibrate.hpp"
#include "trainer/lanes.hpp"

namespace semblance::trainer {
namespace {

/// Sums over rows: of what one lane, then of what all ranks have seen.
struct Sums {
  Sums(std::int64_t tokens, int columns)
      : probability(static_cast<std::size_t>(tokens)),
        moved(probability.size()),
        gradient(static_cast<std::size_t>(columns)),
        squares(gradient.size()),
        curvature(gradient.size()) {}

  std::vector<double> probability;  // [T]
  std::vector<double> moved;        // [T] derivative of the probability by the slope
  std::vector<double> gradient;     // [C] of the log likelihood by the slope
  std::vector<double> squares;      // [C] of each row's gradient
  std::vector<double> curvature;    // [C] minus the second derivative
};

std::vector<std::vector<double>*> parts(Sums& sums) {
  return {&sums.probability, &sums.moved, &sums.gradient, &sums.squares, &sums.curvature};
}

void add(Sums& part, Sums& sum) {
  const auto from = parts(part), to = parts(sum);
  for (std::size_t i = 0; i < from.size(); ++i)
    for (std::size_t j = 0; j < from[i]->size(); ++j) (*to[i])[j] += (*from[i])[j];
}

/// Looks at the logits of some rows again and again, at other slopes.
class SlopeFit {
 public:
  SlopeFit(const StoredNetwork& network, const TokenRows& data, std::int64_t total,
           const SlopeSettings& settings, base::Communicator& communicator);

  /// Finds the slopes and what they do to the biases.
  void run();
  /// Multiplies the heads of `network`.
  void apply(StoredNetwork& network) const;
  const std::vector<double>& slopes() const { return slopes_; }

 private:
  Sums judge();
  void look(int s, std::int64_t n, const float* logits, const std::uint16_t* tokens,
            Sums& sums) const;
  void move_centres(const Sums& sums);
  void move_slopes(const Sums& sums);
  void keep_margins(const Sums& sums);

  const StoredNetwork& network_;
  const TokenRows& data_;
  SlopeSettings settings_;
  base::Communicator& communicator_;
  NetworkLayout layout_;
  std::vector<std::int64_t> offsets_;
  std::vector<std::int64_t> rows_;                    // local numbers of those that are looked at
  std::vector<std::unique_ptr<TrainingStep>> steps_;  // one a lane of a group
  std::vector<double> centres_;                       // [T] of what the context adds
  std::vector<double> biases_;                        // [T] moves of the head bias
  std::vector<double> before_;                        // [T] probabilities at slopes of 1, summed
  std::vector<double> slopes_;                        // [C]
};

SlopeFit::SlopeFit(const StoredNetwork& network, const TokenRows& data, std::int64_t total,
                   const SlopeSettings& settings, base::Communicator& communicator)
    : network_(network),
      data_(data),
      settings_(settings),
      communicator_(communicator),
      layout_(network.shape),
      offsets_(network.shape.token_offsets()),
      centres_(static_cast<std::size_t>(offsets_.back())),
      biases_(centres_.size()),
      slopes_(static_cast<std::size_t>(network.shape.columns()), 1.0) {
  // By their global numbers, so that they do not depend on ranks.
  const std::int64_t stride = std::max<std::int64_t>(1, total / settings.rows);
  const RowSplit split =
      split_rows(data.first_row, data.n_rows, settings.validation, settings.seed, communicator);
  for (const std::int64_t r : split.training)
    if ((data.first_row + r) % stride == 0) rows_.push_back(r);
  const int threads = settings.threads > 0 ? settings.threads : base::default_threads();
  for (int t = 0; t < threads; ++t)
    steps_.push_back(std::make_unique<TrainingStep>(network.shape, Lanes::kRows));
}

/// The sums at centres, slopes and biases as they are. Lanes are added in order, whatever the
/// number of threads.
Sums SlopeFit::judge() {
  const Sums none(offsets_.back(), network_.shape.columns());
  const auto all = static_cast<std::int64_t>(rows_.size());
  const std::int64_t lanes = (all + Lanes::kRows - 1) / Lanes::kRows,
                     width = static_cast<std::int64_t>(steps_.size());
  Sums sum = none;
  for (std::int64_t first = 0; first < lanes; first += width) {
    const std::int64_t group = std::min(width, lanes - first);
    std::vector<Sums> lane(static_cast<std::size_t>(group), none);
    base::parallel_for(group, static_cast<int>(group), [&](std::int64_t i) {
      const std::int64_t at = (first + i) * Lanes::kRows;
      steps_[i]->visit_logits(
          network_.weights.data(), data_,
          std::span(rows_).subspan(at, std::min(Lanes::kRows, all - at)), {.seed = settings_.seed},
          [&](int s, std::int64_t n, const float* logits, const std::uint16_t* tokens) {
            look(s, n, logits, tokens, lane[i]);
          });
    });
    for (Sums& part : lane) add(part, sum);
  }
  for (std::vector<double>* part : parts(sum)) communicator_.all_reduce_sum(std::span(*part));
  return sum;
}

/// Adds n rows of the s-th column. \param logits  [K, n] without bias
void SlopeFit::look(int s, std::int64_t n, const float* logits, const std::uint16_t* tokens,
                    Sums& sums) const {
  const std::int64_t at = offsets_[s], k = network_.shape.cardinalities[s];
  const float* head_bias = network_.weights.data() + layout_.offset(layout_.head_bias) + at;
  std::vector<double> added(static_cast<std::size_t>(k)), p(added.size());
  for (std::int64_t r = 0; r < n; ++r) {
    for (std::int64_t i = 0; i < k; ++i) {
      added[i] = logits[i * n + r] - centres_[at + i];
      p[i] = head_bias[i] + biases_[at + i] + centres_[at + i] + slopes_[s] * added[i];
    }
    const double largest = *std::max_element(p.begin(), p.end());
    double total = 0, mean = 0, square = 0;
    for (double& x : p) total += x = std::exp(x - largest);
    for (std::int64_t i = 0; i < k; ++i) {
      p[i] /= total;
      mean += p[i] * added[i];
      square += p[i] * added[i] * added[i];
    }
    for (std::int64_t i = 0; i < k; ++i) {
      sums.probability[at + i] += p[i];
      sums.moved[at + i] += p[i] * (added[i] - mean);
    }
    const double gradient = added[tokens[r]] - mean;
    sums.gradient[s] += gradient;
    sums.squares[s] += gradient * gradient;
    sums.curvature[s] += square - mean * mean;
  }
}

/// Centres about which slopes leave the mean probabilities as they are, to first order.
void SlopeFit::move_centres(const Sums& sums) {
  for (std::size_t t = 0; t < centres_.size(); ++t)
    centres_[t] += sums.moved[t] / std::max(sums.probability[t], 1e-6);
}

void SlopeFit::move_slopes(const Sums& sums) {
  constexpr double kLeastCurvature = 1e-3;  // less is rounding
  for (std::size_t s = 0; s < slopes_.size(); ++s) {
    if (sums.curvature[s] < kLeastCurvature) continue;
    const double likeliest = slopes_[s] + sums.gradient[s] / sums.curvature[s];
    const double error = std::sqrt(sums.squares[s]) / sums.curvature[s];
    slopes_[s] = 1 + damped(std::clamp(likeliest, 1.0, settings_.most) - 1, error * error);
  }
}

/// Moves the biases towards the mean probabilities that were there before.
void SlopeFit::keep_margins(const Sums& sums) {
  if (before_.empty()) before_ = sums.probability;
  for (std::size_t t = 0; t < biases_.size(); ++t)
    biases_[t] += std::log((before_[t] + 0.5) / (sums.probability[t] + 0.5));
}

void SlopeFit::run() {
  constexpr int kCentring = 2;
  for (int round = 0; round < kCentring; ++round) move_centres(judge());
  for (int round = 0; round < settings_.rounds; ++round) {
    const Sums sums = judge();
    keep_margins(sums);
    move_slopes(sums);
  }
  keep_margins(judge());
}

void SlopeFit::apply(StoredNetwork& network) const {
  const std::int64_t width = network.shape.hidden;
  float* head = network.weights.data() + layout_.offset(layout_.head);
  float* bias = network.weights.data() + layout_.offset(layout_.head_bias);
  for (std::size_t s = 0; s < slopes_.size(); ++s) {
    const double slope = slopes_[s];
    if (slope == 1) continue;
    for (std::int64_t t = offsets_[s]; t < offsets_[s + 1]; ++t) {
      for (std::int64_t i = 0; i < width; ++i)
        head[t * width + i] = static_cast<float>(head[t * width + i] * slope);
      bias[t] += static_cast<float>((1 - slope) * centres_[t] + biases_[t]);
    }
  }
}

}  // namespace

std::vector<double> restore_slopes(StoredNetwork& network, const TokenRows& data,
                                   std::int64_t total, const SlopeSettings& settings,
                                   base::Communicator& communicator) {
  SEMBLANCE_ASSERT(!network.shape.panel && settings.rows > 0 && total > 0);
  SlopeFit fit(network, data, total, settings, communicator);
  fit.run();
  fit.apply(network);
  return fit.slopes();
}

}  // namespace semblance::trainer
