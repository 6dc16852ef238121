/// Mends the margins of what a network draws.
///
/// Training teaches each column given *real* earlier columns; rows are drawn given *drawn* ones.
/// Small errors of the earlier columns add up in the later ones (Ranzato et al., ICLR 2016, call it
/// exposure bias), and the frequencies of a column drift from the table's. The head biases are
/// moved until they fit again.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "base/communicator.hpp"
#include "trainer/network_file.hpp"
#include "trainer/step.hpp"

namespace semblance::trainer {

/// How margins are mended.
struct CalibrationSettings {
  int rounds = 6;                ///< at most; round k moves the biases by a k-th of what is missing
  std::int64_t rows = 65'536;    ///< drawn in each round, over all ranks
  std::int64_t least_rows = 10;  ///< no pair of fewer real rows is made commoner
  std::uint64_t seed = 1;        ///< of the draws
  int threads = 0;               ///< 0: all
  std::string device = "cpu";    ///< where rows are drawn, as base::Device::name()
};

/// Rows worth drawing in a round: 65,536, fewer in a wide table of few rows (two million cells, but
/// at least twice the table's rows), so that the look costs less than the training.
std::int64_t calibration_rows(std::int64_t table_rows, std::int64_t columns);

/// What the first round found, before anything was mended.
struct CalibrationResult {
  int columns = 0;         ///< that had drifted
  std::int64_t pairs = 0;  ///< of tokens, of columns that had not
};

/// Draws rows and moves the head biases of the columns that have drifted and the logits of pairs of
/// tokens that come too often or too seldom (trainer/calibrate_pairs.hpp), until all fit. Of the
/// states that were looked at, the one that fits best is kept, the first included. The same bits
/// for any number of threads and ranks. \param network  of rows that stand alone (no panel); its
/// weights and pairs are changed \param data  all rows of the table, a part on each rank
CalibrationResult calibrate(StoredNetwork& network, const TokenRows& data,
                            const CalibrationSettings& settings, base::Communicator& communicator);

/// True when the frequencies of a column's tokens among the drawn rows are not those of the table,
/// by more than chance: the two-sample chi-square statistic lies over its mean by more than four
/// standard deviations. \param real, drawn  [tokens] rows that have each
bool has_drifted(std::span<const std::int64_t> real, std::span<const std::int64_t> drawn);

/// A correction, damped by how sure it is: x * max(0, 1 - variance / x^2) (the positive-part rule
/// of James and Stein, 1961).
double damped(double x, double variance);

/// What is added to the logarithm of a token's probability: log(real / drawn) of its shares, damped
/// by its variance, 1 / real + 1 / drawn. \param
/// real   rows of the table that have the token \param drawn  drawn rows that have it \param ratio
/// rows of the table / drawn rows
double margin_correction(std::int64_t real, std::int64_t drawn, double ratio);

}  // namespace semblance::trainer
