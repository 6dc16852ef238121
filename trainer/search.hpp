/// Does the table need residual blocks, and are rare tokens to be held back? Decided by the
/// validation loss, not by hand.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "trainer/choose.hpp"
#include "trainer/fit.hpp"

namespace semblance::trainer {

/// Trains one network; `stage` names it ("plain", "free", "probe", "blocks") and `initial` are the
/// weights to start from, or null.
using StageRunner = std::function<FitResult(const std::string& stage, const Choice& choice,
                                            const std::vector<float>* initial)>;

/// The network that was taken.
struct SearchResult {
  Choice choice;  ///< its shape and training
  FitResult fit;  ///< its weights
};

/// Trains the network that the options name. Where they leave the number of blocks open (and the
/// decoder is autoregressive), a table of many rows gets a block at once. With fewer rows the cheap
/// network without a block is trained first; then a block that changes nothing yet is added to it
/// and trained for one epoch. If that lowers the validation loss clearly, a network with a block is
/// trained from the start, and the better of the two is taken. Where few rows call for shrinkage,
/// that network is trained again without it, and taken when it is clearly better.
SearchResult search_network(const TrainOptions& options, const std::vector<int>& cardinalities,
                            const std::vector<int>& ordered, std::int64_t rows, int ranks,
                            const StageRunner& run);

/// The weights of a network with blocks that computes what `plain` does: the blocks' outputs are 0.
std::vector<float> with_silent_blocks(const NetworkShape& plain_shape,
                                      const std::vector<float>& plain, const NetworkShape& shape,
                                      std::uint64_t seed);

}  // namespace semblance::trainer
