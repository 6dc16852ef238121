/// Restores the strength of dependence that training has smoothed away.
///
/// The calibration slope of a prediction (Cox 1958, "Two further applications of a model for binary
/// regression"; van Houwelingen and le Cessie 1990, "Predictive value of statistical models") is
/// the factor by which its log odds must be multiplied to be the likeliest ones. On its own
/// training rows it is 1 for a model of largest likelihood, and above 1 for one that weight decay,
/// stopping early and averaging have held back: its columns hang together less than the table's do.
/// Here each column's head is multiplied by its slope.
#pragma once

#include <cstdint>
#include <vector>

#include "base/communicator.hpp"
#include "trainer/network_file.hpp"
#include "trainer/step.hpp"

namespace semblance::trainer {

/// How slopes are found.
struct SlopeSettings {
  std::int64_t rows = 20'480;  ///< of the table that are looked at, about, over all ranks
  int rounds = 2;              ///< of Newton's method
  double most = 1.25;          ///< a larger slope counts as this one
  double validation = 0;       ///< share of rows that training kept for validation: not looked at
  std::uint64_t seed = 1;      ///< of the training: of that choice, and of the latent noise
  int threads = 0;             ///< 0: all; the result does not depend on it
};

/// Multiplies what the context adds to the logits of each column's tokens by the column's
/// calibration slope, and moves the head biases so that the tokens stay as probable as before, in
/// the mean over rows. Slopes below 1 are left, and those above lose what they may owe to
/// chance (damped() of trainer/calibrate by the squared standard error). The same on every rank.
///
/// \param network  of rows that stand alone (no panel); its head and head biases are changed
/// \param data     the rows of the table that this rank owns
/// \param total    rows of all ranks
/// \return [C] the factors, in the order of generation
std::vector<double> restore_slopes(StoredNetwork& network, const TokenRows& data,
                                   std::int64_t total, const SlopeSettings& settings,
                                   base::Communicator& communicator);

}  // namespace semblance::trainer
