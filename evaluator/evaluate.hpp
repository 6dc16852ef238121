/// Evaluation: two or three tables in, report.html and report.json out. Knows no model.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/communicator.hpp"
#include "base/settings.hpp"

namespace semblance::evaluator {

/// What to compare, and what is known of it.
struct EvaluateOptions {
  std::string real, synthetic;  ///< table paths
  std::string holdout;          ///< real rows that the model never saw; "" for none
  std::string metadata;         ///< "" to infer from the real table
  std::string target;           ///< column to predict in the utility checks; "" for none
  std::string output;           ///< directory for report.html and report.json
  std::string device = "auto";  ///< of the distance kernels, as base::resolve_device() takes it
  int threads = 0;              ///< 0: all cores; no number depends on it
  std::uint64_t seed = 1;       ///< of sub-samples, folds and attack targets
  std::string title;            ///< heading of the report; "" for a default
  std::string model;  ///< what made the synthetic table, as text for the reader; "" when not known
  std::string thresholds;  ///< YAML file of verdict rules over the defaults; "" for the defaults
  bool gate = false;       ///< end with Error{kGate} when a gate check fails or has no value
  std::vector<std::string>
      quasi_identifiers;               ///< columns an attacker may know; empty: found by name
  std::vector<std::string> sensitive;  ///< columns an attacker wants; empty: the target, or all
  std::string protected_column;        ///< for fairness; "" for none
  std::int64_t sample = 20000;         ///< most rows a side for the checks that fit classifiers
  int attacks = 1000;                  ///< guesses of each simulated attack
  std::string attack_file;             ///< attack.json of `semblance attack`; "" for none
};
/// The settings of the section `evaluate` and of the flags, but paths, device, threads and seed.
void add_settings(base::SettingList& list, EvaluateOptions& options);

/// Reads the tables, builds the report and writes both files, all or nothing. Every rank reads the
/// tables and builds some sections; distances over all rows are shared as well, and rank 0 writes.
/// The report does not depend on the number of ranks.
/// \throws Error{kUsage} for missing paths; Error{kData}, Error{kIo} from reading and writing;
///         Error{kGate} when options.gate is set and a gate check failed or could not be
///         computed (the report is written)
void evaluate(const EvaluateOptions& options, base::Communicator& communicator);

}  // namespace semblance::evaluator
