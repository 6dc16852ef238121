/// Writing model.h5. Reading it: trainer/model.hpp. Layout: docs/FORMAT.md, "model.h5".
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "trainer/codec.hpp"
#include "trainer/network_file.hpp"

namespace semblance::trainer {

/// What is told about the training, for people and for `info`.
struct TrainingRecord {
  std::int64_t rows = 0;                                      ///< rows of the table, over all ranks
  std::uint64_t seed = 0;                                     ///< of the training
  double validation_loss = 0;                                 ///< nats a row, of the kept weights
  std::vector<std::pair<std::string, std::string>> settings;  ///< as given and as chosen
  std::vector<std::string> column_names;                      ///< [C] token columns
  std::vector<double> column_loss;                            ///< [C] validation nats a row
  std::int64_t ids_after = 0;  ///< of a panel: new identifiers of entities are numbers above this
  std::vector<double> log;     ///< [epochs, 4]: epoch, training, validation, KL
};

/// Writes the file whole or not at all. \throws Error{kIo}
void save_model(const std::string& path, const Codec& codec, const StoredNetwork& network,
                const TrainingRecord& record);

}  // namespace semblance::trainer
