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

struct Context {
  const Comparison& data;
  const EvaluateOptions& options;
  Distances& distances;
};

/// Builds one section. \throws base::Error when nothing of it can be computed: the section then
/// says why
using BuildSection = Section (*)(const Context&);

struct SectionSpec {
  const char* group;  ///< "quality", "utility" or "privacy"
  const char* id;
  const char* title;
  BuildSection build;
};

/// All sections of the report, in order.
const std::vector<SectionSpec>& all_sections();

}  // namespace semblance::evaluator
