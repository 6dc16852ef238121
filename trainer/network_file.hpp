/// The network as a group of an HDF5 file: sizes as attributes, one dataset a parameter. Only this
/// program reads it (docs/FORMAT.md).
#pragma once

#include <hdf5.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "kernels/sample_rows.hpp"
#include "trainer/network.hpp"

namespace semblance::trainer {

/// Cells that the tables of all pairs of columns may have together.
constexpr std::int64_t kMostPairCells = 1 << 24;

/// What the tokens of one column add to the logits of a later one, beside what the network says.
struct PairCorrection {
  int given = 0, column = 0;  ///< in the order of generation; given < column
  std::vector<float> values;  ///< [K_given, K_column]
};

/// A trained network as the model file holds it.
struct StoredNetwork {
  NetworkShape shape;                      ///< cardinalities in the order of generation
  std::vector<int> order;                  ///< [C] token column of the s-th column generated
  std::vector<float> weights;              ///< as NetworkLayout says
  std::vector<PairCorrection> pairs = {};  ///< see trainer/calibrate_pairs.hpp
};

/// Sizes as attributes, each parameter as a dataset [rows, columns]. \param group  an empty group
void write_network(hid_t group, const StoredNetwork& network);
/// \throws Error{kData} when sizes, order or numbers are not sensible (the file is not trusted)
StoredNetwork read_network(hid_t group);

/// Views of the decoder's part; `network` must outlive them.
kernels::DecoderWeights decoder_weights(const StoredNetwork& network);

}  // namespace semblance::trainer
