#include "trainer/search.hpp"

#include <algorithm>
#include <cmath>

#include "base/error.hpp"
#include "base/log.hpp"

namespace semblance::trainer {
namespace {

/// Nats a row. A block is worth its price (a third of the sampling speed) when one epoch of it
/// gains that.
constexpr double kWorthwhileGain = 0.02;
/// So many rows teach a block more than it can learn by heart: no need to try without.
constexpr std::int64_t kManyRows = 16'000;

Choice choice_with(const TrainOptions& options, int blocks, const std::vector<int>& cardinalities,
                   const std::vector<int>& ordered, std::int64_t rows, int ranks) {
  TrainOptions decided = options;
  decided.blocks = blocks;
  Choice choice = choose(decided, cardinalities, rows, ranks);
  choice.fit.ordered = ordered;
  return choice;
}

/// Adds a block that changes nothing yet, and trains with one from the start where an epoch of it
/// gains enough.
void try_block(SearchResult& result, const Choice& deeper, const StageRunner& run) {
  Choice probe = deeper;
  probe.fit.epochs = 1;
  probe.fit.learning_rate *= 0.5;
  const std::vector<float> start =
      with_silent_blocks(result.choice.shape, result.fit.weights, probe.shape, deeper.fit.seed);
  const double gain = result.fit.validation_loss - run("probe", probe, &start).validation_loss;
  base::log_info(
      "one epoch of a residual block changes the validation loss by {:+.3f} nats a row: {}", -gain,
      gain > kWorthwhileGain ? "training with a block" : "no block is needed");
  if (gain <= kWorthwhileGain) return;
  FitResult with_block = run("blocks", deeper, nullptr);
  if (with_block.validation_loss < result.fit.validation_loss) {
    result = {deeper, std::move(with_block)};
  }
}

/// Nats a row for which rare tokens are let go: what 2,000 validation rows tell from chance, more
/// where there are fewer of them, as the error of a mean of so many rows is.
double clear_gain(const Choice& choice, std::int64_t rows) {
  constexpr double kGain = 0.02, kRows = 2'000;
  return kGain * std::sqrt(kRows / (choice.fit.validation * static_cast<double>(rows)));
}

/// Trains without shrinkage, too, and takes that where it is clearly better: tokens that hang
/// together, such as tests and their units, are learned too slowly with it.
void let_go(SearchResult& result, std::int64_t rows, const StageRunner& run) {
  if (result.choice.fit.shrinkage <= 0) return;
  Choice choice = result.choice;
  choice.fit.shrinkage = 0;
  FitResult fit = run("free", choice, nullptr);
  const double gain = result.fit.validation_loss - fit.validation_loss;
  const bool clear = gain > clear_gain(choice, rows);
  base::log_info(
      "training that does not hold rare tokens back changes the validation loss by {:+.3f} nats a "
      "row: {}",
      -gain, clear ? "it is taken" : "they are held back");
  if (clear) result = {choice, std::move(fit)};
}

}  // namespace

std::vector<float> with_silent_blocks(const NetworkShape& plain_shape,
                                      const std::vector<float>& plain, const NetworkShape& shape,
                                      std::uint64_t seed) {
  const NetworkLayout from(plain_shape), to(shape);
  const std::vector<double> counts(static_cast<std::size_t>(shape.total_tokens()), 1.0);
  std::vector<float> weights = initial_weights(shape, to, counts, seed);
  for (const Parameter& p : to.parameters) {
    const auto same = std::find_if(from.parameters.begin(), from.parameters.end(),
                                   [&](const Parameter& q) { return q.name == p.name; });
    if (same == from.parameters.end()) continue;
    SEMBLANCE_ASSERT(same->rows == p.rows && same->columns == p.columns);
    std::copy_n(plain.begin() + same->offset, p.size(), weights.begin() + p.offset);
  }
  for (const NetworkLayout::Block& block : to.blocks) {
    const Parameter& out = to.parameters[block.out];
    std::fill_n(weights.begin() + out.offset, out.size(), 0.0f);
  }
  return weights;
}

SearchResult search_network(const TrainOptions& options, const std::vector<int>& cardinalities,
                            const std::vector<int>& ordered, std::int64_t rows, int ranks,
                            const StageRunner& run) {
  const bool open = options.blocks < 0 && options.decoder == "autoregressive";
  if (open && rows >= kManyRows) {
    const Choice deep = choice_with(options, 1, cardinalities, ordered, rows, ranks);
    return {deep, run("blocks", deep, nullptr)};
  }
  const Choice plain =
      choice_with(options, open ? 0 : options.blocks, cardinalities, ordered, rows, ranks);
  SearchResult result{plain, run("plain", plain, nullptr)};
  if (!open || plain.fit.validation == 0) return result;
  try_block(result, choice_with(options, 1, cardinalities, ordered, rows, ranks), run);
  let_go(result, rows, run);
  return result;
}

}  // namespace semblance::trainer
