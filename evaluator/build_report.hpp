/// All checks on tables in memory: what evaluate() does between reading and writing.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "evaluator/comparison.hpp"
#include "evaluator/evaluate.hpp"
#include "evaluator/report_model.hpp"

namespace semblance::evaluator {

class SharedNearest;

/// \param options  its paths are shown in the report; nothing is read
/// \param ranks    ranks that share the distances, or null
/// \param done     sections that have been built already, by id (shared_sections)
/// \throws Error{kData} for unknown column names or settings out of range
Report build_report(const Comparison& data, const EvaluateOptions& options,
                    SharedNearest* ranks = nullptr,
                    const std::map<std::string, Section>& done = {});

}  // namespace semblance::evaluator
