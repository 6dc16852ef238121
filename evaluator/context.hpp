/// What a section of the report may use: the tables, the options, and distances computed once.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "evaluator/comparison.hpp"
#include "evaluator/distances.hpp"
#include "evaluator/evaluate.hpp"
#include "evaluator/report_model.hpp"

namespace semblance::evaluator {

/// What a section may look at. Nothing is owned; sections are built one after the other.
struct Context {
  const Comparison& data;          ///< all tables
  const EvaluateOptions& options;  ///< names in it have been checked against the columns
  Distances& distances;            ///< passes over all rows, made once and shared by the sections
};

/// Builds one section. \throws base::Error when nothing of it can be computed: the section then
/// says why
using BuildSection = Section (*)(const Context&);

/// A check that a section promises to list, computed or not.
struct CheckName {
  const char* id;     ///< as Check::id
  const char* title;  ///< as Check::title
};

/// A section before it is built.
struct SectionSpec {
  const char* group;   ///< "quality", "utility" or "privacy"
  const char* id;      ///< anchor of the page; unique
  const char* title;   ///< heading
  BuildSection build;  ///< fills text, checks and blocks; id and title are put in by the caller
  /// Every check of the section. Those that build() leaves out, or cannot reach because it throws,
  /// are added to the report with the reason: a check never vanishes.
  std::vector<CheckName> checks = {};
};

/// All sections of the report, in order.
const std::vector<SectionSpec>& all_sections();

/// Ids of all checks, in the order of the report: what a thresholds file may name.
std::vector<std::string> all_check_ids();

}  // namespace semblance::evaluator
