/// The network as a group of an HDF5 file. Layout: docs/FORMAT.md, "model.h5".
#pragma once

#include <hdf5.h>

#include <memory>
#include <string>
#include <vector>

#include "kernels/sample_rows.hpp"
#include "trainer/network.hpp"

namespace semblance::trainer {

struct StoredNetwork {
  NetworkShape shape;
  std::vector<int> order;      ///< [C] token column of the s-th column generated
  std::vector<float> weights;  ///< as NetworkLayout says
};

void write_network(hid_t group, const StoredNetwork& network);
/// \throws Error{kData} when sizes, order or numbers are not sensible (the file is not trusted)
StoredNetwork read_network(hid_t group);

/// Views of the decoder's part; `network` must outlive them.
kernels::DecoderWeights decoder_weights(const StoredNetwork& network);

}  // namespace semblance::trainer
