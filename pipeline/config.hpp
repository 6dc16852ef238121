/// One YAML file that describes the whole road from data to report (reference: docs/RUN.md).
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/settings.hpp"
#include "evaluator/evaluate.hpp"
#include "generator/generate.hpp"
#include "pipeline/apply_entries.hpp"
#include "pipeline/attack.hpp"
#include "pipeline/config_entries.hpp"
#include "pipeline/holdout.hpp"
#include "prepare/mock_hospital.hpp"
#include "prepare/prepare.hpp"
#include "trainer/train.hpp"

namespace semblance::pipeline {

/// Paths are absolute after read_config(). Paths between stages are set by make_stages().
struct Config {
  /// As given on the command line; relative paths start at its folder.
  std::filesystem::path file;

  std::string output;                ///< run folder
  std::string title;                 ///< heading of the report
  std::string table;                 ///< the table to learn from; "" when `prepare` makes it
  std::string metadata;              ///< metadata YAML; "" to infer
  std::string table_format = "csv";  ///< of the tables in the run folder
  std::uint64_t seed = 1;            ///< of every stage that names none of its own
  /// Of every stage that names none of its own: auto, cpu, cuda, cuda:N.
  std::string device = "auto";
  int threads = 0;  ///< the same for CPU threads; 0: all cores of the process

  /// Whether the configuration has a section of that name, be it empty.
  bool makes_mock_hospital = false, prepares = false;
  prepare::MockHospitalOptions mock_hospital;  ///< used when makes_mock_hospital
  prepare::PrepareOptions prepare;             ///< used when `table` is empty
  HoldoutOptions holdout;                      ///< section `holdout`
  trainer::TrainOptions train;                 ///< section `train`
  generator::GenerateOptions generate;  ///< section `generate`; rows 0: as many as training rows
  bool reject_copies = false;           ///< emit no row that equals a training row
  std::vector<std::string> export_formats{"csv"};  ///< single files beside the shard directory
  bool attacks = false;                            ///< there is an `attack` section
  AttackOptions attack;                            ///< of that section
  evaluator::EvaluateOptions evaluate;             ///< section `evaluate`
};

/// All settings that a configuration may hold; the targets are members of `config`.
std::vector<ConfigSection> config_sections(Config& config);

/// False for settings of stages that say only where and how fast results are computed.
bool decides_result(const std::string& setting);

/// True for settings of stages that name a file: its contents decide the result, not its name.
bool names_file(const std::string& setting);

/// Reads `file`, then applies `sets` (as from --set) in order.
/// \throws Error{kData} listing, with file and line, every unknown name (with the nearest valid
///         one) and every value of a wrong type, or telling which data the configuration fails to
///         name; Error{kIo} when the file, or a file that it names, cannot be read
std::unique_ptr<Config> read_config(const std::filesystem::path& file,
                                    const std::vector<ConfigEntry>& sets);

}  // namespace semblance::pipeline
