/// Generation: model in, synthetic table out.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/communicator.hpp"
#include "base/settings.hpp"

namespace semblance::generator {

struct GenerateOptions {
  std::string model;   ///< path of model.h5
  std::string output;  ///< shard directory, or one .h5, .parquet, .csv or .csv.gz file
  std::int64_t rows = 0;
  std::uint64_t seed = 1;
  std::string device = "auto";
  int threads = 0;
  std::int64_t rows_per_part = 1'000'000;
  std::string reject_copies_of;  ///< table whose rows must not be emitted; "" for no check
};
void add_settings(base::SettingList& list, GenerateOptions& options);

/// Same model, seed and rows give the same rows for any number of ranks, parts or threads.
void generate(const GenerateOptions& options, base::Communicator& communicator);

}  // namespace semblance::generator
