/// Generation: model in, synthetic table out.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/communicator.hpp"
#include "base/settings.hpp"

namespace semblance::generator {

/// What to generate, from what, and where to.
struct GenerateOptions {
  std::string model;            ///< path of model.h5
  std::string output;           ///< shard directory, or one .h5, .parquet, .csv or .csv.gz file
  std::int64_t rows = 0;        ///< at least 1; the first N rows are the same for any larger number
  std::uint64_t seed = 1;       ///< another seed makes other rows of the same model
  std::string device = "auto";  ///< as base::resolve_device() takes it
  int threads = 0;              ///< CPU threads; 0: all cores
  /// Of a shard directory; parts are what ranks share out and what a restart keeps.
  std::int64_t rows_per_part = 1'000'000;
  std::string reject_copies_of;    ///< table whose rows must not be emitted; "" for no check
  std::vector<std::string> where;  ///< conditions that every row meets (table/condition.hpp)
  std::string like;                ///< table whose rows are to be completed; "" for none
  bool impute = false;             ///< with `like`: fill missing cells too
  std::int64_t entities = 0;  ///< of a model of entities: whole ones to make; 0: `rows` decides
  int particles = 32;         ///< candidates a row under conditions; a power of two
};
/// The settings of the section `generate` and of the flags: rows_per_part, reject_copies_of.
void add_settings(base::SettingList& list, GenerateOptions& options);

/// With `like`, rows must be 0 (as many as the table has) or a multiple of its rows: the table is
/// gone through again and again. Same model, seed and rows give the same rows for any number of
/// ranks, parts or threads.
void generate(const GenerateOptions& options, base::Communicator& communicator);

}  // namespace semblance::generator
