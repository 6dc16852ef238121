#include "trainer/calibrate.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

#include "base/error.hpp"
#include "trainer/calibrate_pairs.hpp"

namespace semblance::trainer {
namespace {

/// Calibrating rows begin here, so that they are none of those that a user draws with the same
/// seed.
constexpr std::int64_t kFirstRow = std::int64_t{1} << 40;

/// [T] rows of the table that have each token, over all ranks.
std::vector<std::int64_t> real_counts(const NetworkShape& shape, const TokenRows& data,
                                      base::Communicator& communicator) {
  const std::vector<std::int64_t> offsets = shape.token_offsets();
  std::vector<std::int64_t> counts(static_cast<std::size_t>(offsets.back()));
  for (std::int64_t row = 0; row < data.n_rows; ++row) {
    const std::uint16_t* tokens = data.tokens.data() + row * data.n_columns;
    for (int s = 0; s < data.n_columns; ++s) ++counts[offsets[s] + tokens[s]];
  }
  communicator.all_reduce_sum(std::span(counts));
  return counts;
}

/// [C, n] tokens by output column of this rank's part of the drawn rows.
std::vector<std::uint16_t> draw(const StoredNetwork& network, std::int64_t first_row,
                                const CalibrationSettings& settings, std::int64_t begin,
                                std::int64_t n) {
  const auto sampler = kernels::make_row_sampler(decoder_weights(network), settings.device);
  std::vector<std::uint16_t> tokens(static_cast<std::size_t>(n * network.shape.columns()));
  sampler->sample(first_row + begin, n, settings.seed, settings.threads, tokens.data());
  return tokens;
}

/// [T] drawn rows that have each token, over all ranks.
std::vector<std::int64_t> drawn_counts(const StoredNetwork& network,
                                       const std::vector<std::uint16_t>& tokens, std::int64_t n,
                                       base::Communicator& communicator) {
  const std::vector<std::int64_t> offsets = network.shape.token_offsets();
  std::vector<std::int64_t> counts(static_cast<std::size_t>(offsets.back()));
  for (int s = 0; s < network.shape.columns(); ++s) {
    const std::uint16_t* column = tokens.data() + network.order[static_cast<std::size_t>(s)] * n;
    for (std::int64_t row = 0; row < n; ++row) ++counts[offsets[s] + column[row]];
  }
  communicator.all_reduce_sum(std::span(counts));
  return counts;
}

/// Frequencies of tokens that are off.
struct Drift {
  std::vector<char> drifted;  // [C] which columns'
  double excess = 0;          // of their statistics over what chance makes
};

/// By how much the two-sample chi-square statistic lies over its mean, where that is more than four
/// standard deviations; else 0.
double drift_excess(std::span<const std::int64_t> real, std::span<const std::int64_t> drawn) {
  constexpr double kDeviations = 4;
  const auto total = [](std::span<const std::int64_t> counts) {
    return static_cast<double>(std::accumulate(counts.begin(), counts.end(), std::int64_t{0}));
  };
  const double scale = std::sqrt(total(drawn) / total(real));
  double statistic = 0, freedom = -1;
  for (std::size_t t = 0; t < real.size(); ++t) {
    if (real[t] + drawn[t] == 0) continue;
    const double a = static_cast<double>(real[t]), b = static_cast<double>(drawn[t]);
    statistic += std::pow(a * scale - b / scale, 2) / (a + b);
    ++freedom;
  }
  const double excess = statistic - freedom;
  return freedom > 0 && excess > kDeviations * std::sqrt(2 * freedom) ? excess : 0;
}

Drift find_drift(const NetworkShape& shape, const std::vector<std::int64_t>& real,
                 const std::vector<std::int64_t>& drawn) {
  const std::vector<std::int64_t> offsets = shape.token_offsets();
  Drift out;
  for (std::size_t s = 0; s + 1 < offsets.size(); ++s) {
    const auto begin = static_cast<std::size_t>(offsets[s]),
               size = static_cast<std::size_t>(offsets[s + 1]) - begin;
    const double excess =
        drift_excess(std::span(real).subspan(begin, size), std::span(drawn).subspan(begin, size));
    out.drifted.push_back(excess > 0);
    out.excess += excess;
  }
  return out;
}

/// Moves the head biases of the columns that have drifted.
void mend_margins(StoredNetwork& network, const std::vector<char>& drifted,
                  const std::vector<std::int64_t>& real, const std::vector<std::int64_t>& drawn,
                  double ratio, int round) {
  const NetworkLayout layout(network.shape);
  float* bias = network.weights.data() + layout.offset(layout.head_bias);
  const std::vector<std::int64_t> offsets = network.shape.token_offsets();
  for (std::size_t s = 0; s < drifted.size(); ++s) {
    if (drifted[s] == 0) continue;
    for (std::int64_t t = offsets[s]; t < offsets[s + 1]; ++t)
      bias[t] += static_cast<float>(margin_correction(real[t], drawn[t], ratio) / round);
  }
}

}  // namespace

double damped(double x, double variance) {
  const double sure = 1 - variance / (x * x);
  return sure > 0 ? sure * x : 0.0;
}

double margin_correction(std::int64_t real, std::int64_t drawn, double ratio) {
  // Half a row more on each side, so that a token that was never drawn has a finite correction.
  const double a = static_cast<double>(real) + 0.5, b = static_cast<double>(drawn) + 0.5;
  return damped(std::log(a / (b * ratio)), 1 / a + 1 / b);
}

std::int64_t calibration_rows(std::int64_t table_rows, std::int64_t columns) {
  constexpr std::int64_t kCells = 2'000'000, kLeast = 4'096, kMost = 65'536;
  return std::clamp(std::max(2 * table_rows, kCells / columns), kLeast, kMost);
}

bool has_drifted(std::span<const std::int64_t> real, std::span<const std::int64_t> drawn) {
  return drift_excess(real, drawn) > 0;
}

CalibrationResult calibrate(StoredNetwork& network, const TokenRows& data,
                            const CalibrationSettings& settings, base::Communicator& communicator) {
  SEMBLANCE_ASSERT(!network.shape.panel && settings.rows > 0);
  const std::vector<std::int64_t> real = real_counts(network.shape, data, communicator);
  const std::int64_t real_rows =
      std::accumulate(real.begin(), real.begin() + network.shape.cardinalities[0], std::int64_t{0});
  const double ratio = static_cast<double>(real_rows) / static_cast<double>(settings.rows);
  const PairedColumns paired(network.shape);
  const auto real_pairs = paired.count(data, settings.threads, communicator);
  const auto [begin, end] = communicator.slice(settings.rows);
  CalibrationResult result;
  StoredNetwork best = network;
  double least = std::numeric_limits<double>::infinity();
  for (int round = 1; round <= settings.rounds + 1; ++round) {
    const std::vector<std::uint16_t> tokens =
        draw(network, kFirstRow + (round - 1) * settings.rows, settings, begin, end - begin);
    const std::vector<std::int64_t> drawn =
        drawn_counts(network, tokens, end - begin, communicator);
    const Drift drift = find_drift(network.shape, real, drawn);
    const kernels::PairCounts drawn_pairs =
        paired.count(tokens, end - begin, network, settings.threads, communicator);
    const PairMisfits misfits =
        find_pair_misfits(real_pairs, real_rows, drawn_pairs, settings.rows, settings.least_rows);
    const auto columns = std::count(drift.drifted.begin(), drift.drifted.end(), 1);
    if (round == 1) result = {static_cast<int>(columns), misfits.pairs};
    if (const double misfit = drift.excess + misfits.deviance; misfit < least) {
      least = misfit;
      best = network;
    }
    if (columns + misfits.pairs == 0 || round > settings.rounds) break;
    mend_margins(network, drift.drifted, real, drawn, ratio, round);
    mend_pairs(network, paired, misfits, drawn_pairs, ratio, drift.drifted, settings.least_rows,
               round);
  }
  network = std::move(best);
  return result;
}

}  // namespace semblance::trainer
