#include "trainer/calibrate.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "base/error.hpp"

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

/// [T] rows among the drawn ones [first_row, first_row + n_rows) that have each token, over all
/// ranks.
std::vector<std::int64_t> drawn_counts(const StoredNetwork& network, std::int64_t first_row,
                                       const CalibrationSettings& settings,
                                       base::Communicator& communicator) {
  const auto sampler = kernels::make_row_sampler(decoder_weights(network), settings.device);
  const std::vector<std::int64_t> offsets = network.shape.token_offsets();
  std::vector<std::int64_t> counts(static_cast<std::size_t>(offsets.back()));
  const auto [begin, end] = communicator.slice(settings.rows);
  const std::int64_t n = end - begin;
  std::vector<std::uint16_t> tokens(static_cast<std::size_t>(n * network.shape.columns()));
  sampler->sample(first_row + begin, n, settings.seed, settings.threads, tokens.data());
  for (int s = 0; s < network.shape.columns(); ++s) {
    const std::uint16_t* column = tokens.data() + network.order[static_cast<std::size_t>(s)] * n;
    for (std::int64_t row = 0; row < n; ++row) ++counts[offsets[s] + column[row]];
  }
  communicator.all_reduce_sum(std::span(counts));
  return counts;
}

}  // namespace

double margin_correction(std::int64_t real, std::int64_t drawn, double ratio) {
  // Half a row more on each side, so that a token that was never drawn has a finite correction.
  const double a = static_cast<double>(real) + 0.5, b = static_cast<double>(drawn) + 0.5;
  const double missing = std::log(a / (b * ratio)), variance = 1 / a + 1 / b;
  const double sure = 1 - variance / (missing * missing);
  return sure > 0 ? sure * missing : 0.0;
}

std::int64_t calibration_rows(std::int64_t table_rows, std::int64_t columns) {
  constexpr std::int64_t kCells = 2'000'000, kLeast = 4'096, kMost = 65'536;
  return std::clamp(std::max(2 * table_rows, kCells / columns), kLeast, kMost);
}

bool has_drifted(std::span<const std::int64_t> real, std::span<const std::int64_t> drawn) {
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
  return freedom > 0 && statistic > freedom + kDeviations * std::sqrt(2 * freedom);
}

int calibrate_margins(StoredNetwork& network, const TokenRows& data,
                      const CalibrationSettings& settings, base::Communicator& communicator) {
  SEMBLANCE_ASSERT(!network.shape.panel && settings.rows > 0);
  const NetworkLayout layout(network.shape);
  float* bias = network.weights.data() + layout.offset(layout.head_bias);
  const std::vector<std::int64_t> offsets = network.shape.token_offsets();
  const std::vector<std::int64_t> real = real_counts(network.shape, data, communicator);
  const double ratio = static_cast<double>(std::accumulate(real.begin(), real.begin() + offsets[1],
                                                           std::int64_t{0})) /
                       static_cast<double>(settings.rows);
  int drifted_at_first = 0;
  for (int round = 0; round < settings.rounds; ++round) {
    const std::vector<std::int64_t> drawn =
        drawn_counts(network, kFirstRow + round * settings.rows, settings, communicator);
    int drifted = 0;
    for (int s = 0; s < network.shape.columns(); ++s) {
      const auto begin = static_cast<std::size_t>(offsets[s]),
                 size = static_cast<std::size_t>(offsets[s + 1]) - begin;
      if (!has_drifted(std::span(real).subspan(begin, size), std::span(drawn).subspan(begin, size)))
        continue;
      ++drifted;
      for (std::size_t t = begin; t < begin + size; ++t)
        bias[t] += static_cast<float>(margin_correction(real[t], drawn[t], ratio) / (round + 1));
    }
    if (round == 0) drifted_at_first = drifted;
    if (drifted == 0) break;
  }
  return drifted_at_first;
}

}  // namespace semblance::trainer
