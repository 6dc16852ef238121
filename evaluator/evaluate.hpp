/// Evaluation: two or three tables in, report.html and report.json out. Knows no model.
#pragma once

#include <cstdint>
#include <string>

#include "base/communicator.hpp"
#include "base/settings.hpp"

namespace semblance::evaluator {

struct EvaluateOptions {
  std::string real, synthetic;  ///< table paths
  std::string holdout;          ///< real rows that the model never saw; "" for none
  std::string metadata;         ///< "" to infer from the real table
  std::string target;           ///< column to predict in the utility checks; "" for none
  std::string output;           ///< directory for report.html and report.json
  std::string device = "auto";
  int threads = 0;
  std::uint64_t seed = 1;
  std::string title;            ///< heading of the report; "" for a default
};
void add_settings(base::SettingList& list, EvaluateOptions& options);

void evaluate(const EvaluateOptions& options, base::Communicator& communicator);

}  // namespace semblance::evaluator
