/// The stages that a configuration asks for, with the fixed names of the run folder.
#pragma once

#include <filesystem>
#include <vector>

#include "pipeline/config.hpp"
#include "pipeline/stage.hpp"

namespace semblance::pipeline {

/// Where things stand in a run folder.
struct RunFolder {
  /// \param table_format  extension of the tables: "csv", "parquet", ...
  RunFolder(const std::filesystem::path& folder, const std::string& table_format);

  std::filesystem::path root;   ///< the folder itself
  std::filesystem::path raw;    ///< raw/: tables of the mock hospital
  std::filesystem::path input;  ///< input.csv: the table that `prepare` makes
  std::filesystem::path
      input_metadata;                 ///< input.metadata.yaml: what the recipe knows of its columns
  std::filesystem::path train;        ///< train.csv: rows to learn from
  std::filesystem::path holdout;      ///< holdout.csv: rows set aside
  std::filesystem::path metadata;     ///< metadata.yaml: the final schema of all tables
  std::filesystem::path counts;       ///< rows.json: rows on each side
  std::filesystem::path model;        ///< model.h5
  std::filesystem::path checkpoints;  ///< checkpoints/: while training is not finished
  std::filesystem::path synthetic;    ///< synthetic/: shard directory
  std::filesystem::path attack;       ///< attack.json: how attacks with shadow models fared
  std::filesystem::path report;       ///< report/: report.html and report.json
};

/// Stages in the order of the road: mock_hospital, prepare, holdout, train, generate, export,
/// attack, evaluate; those that the configuration does not ask for are left out.
std::vector<Stage> make_stages(Config& config);

}  // namespace semblance::pipeline
