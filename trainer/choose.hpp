/// The one default setting: sizes of the network and length of the training, chosen from the table.
#pragma once

#include <cstdint>
#include <vector>

#include "trainer/fit.hpp"
#include "trainer/network.hpp"
#include "trainer/train.hpp"

namespace semblance::trainer {

/// A network and how to train it, with nothing left open.
struct Choice {
  NetworkShape shape;   ///< for the table's token columns
  FitSettings fit;      ///< batch_size counts rows over all ranks here
  bool slopes = false;  ///< calibration slopes are restored (trainer/calibration_slope)
};

/// Settings that the options leave open (0 or -1) are filled in; the reasons are in docs/MODEL.md.
/// \param cardinalities  [C] in the order of generation
/// \param rows           rows of the table over all ranks
/// \param ranks          batch_size counts rows a rank
/// \throws Error{kData} naming the setting that is out of range
Choice choose(const TrainOptions& options, const std::vector<int>& cardinalities, std::int64_t rows,
              int ranks);

}  // namespace semblance::trainer
