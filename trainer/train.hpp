/// Training: table in, model.h5 out.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/communicator.hpp"
#include "base/settings.hpp"
#include "trainer/codec.hpp"

namespace semblance::trainer {

/// What to learn, from what, and how long. Values of 0 and -1 are filled in by choose().
struct TrainOptions {
  std::string table;            ///< path of the training table
  std::string metadata;         ///< path of a metadata YAML; "" to infer
  std::string output;           ///< path of the model file
  std::string device = "auto";  ///< as base::resolve_device() takes it
  int threads = 0;              ///< a rank; 0: all cores; the model does not depend on it
  std::uint64_t seed = 1;       ///< of initial weights, batches, validation rows and noise

  std::string decoder = "autoregressive";  ///< or "independent"
  std::vector<std::string> order;  ///< columns that the decoder makes first; empty: the metadata's
  /// "together": the rows of an entity are learned as one person's; "apart": as if they were not.
  std::string entity_rows = "together";
  bool date_order = true;   ///< without metadata: dates that are always in order stay so
  bool derive = true;       ///< without metadata: columns that follow exactly from others do so
  int shared_columns = -1;  ///< set by train(): token columns of the entity; -1: rows stand alone
  CodecOptions codec;       ///< how values become tokens
  int latent = 16;          ///< dimensions of z; 0: none
  int hidden = 0;           ///< width of the running context; 0: chosen from the table
  int blocks = -1;          ///< residual blocks; -1: chosen from the table
  double epochs = 0;        ///< 0: chosen from the table
  int batch_size = 128;     ///< rows a rank and step
  double learning_rate = 4e-3;  ///< largest of the schedule
  double weight_decay = -1;     ///< AdamW's; -1: chosen from the table
  double validation = 0.1;      ///< share of rows kept for early stopping
  int patience = 0;   ///< epochs without a better validation loss before stopping; 0: chosen
  int calibrate = 6;  ///< rounds of mending the margins of what is drawn, at most; 0: none
  int slopes = -1;    ///< 1: restore calibration slopes, 0: leave them; -1: chosen from the table
  bool tf32 = true;   ///< FitSettings::tf32
  std::string checkpoint_dir;       ///< "" : beside the output
  double checkpoint_seconds = 600;  ///< between checkpoints; they are written at signals, too
};
/// The settings above as they are named in a configuration's `train:` section (paths excluded).
void add_settings(base::SettingList& list, TrainOptions& options);

/// Trains on the rows of all ranks (each rank owns a slice of the table) and writes the model on
/// rank 0. R ranks with batch B follow the loss of one rank with batch R * B.
void train(const TrainOptions& options, base::Communicator& communicator);

}  // namespace semblance::trainer
