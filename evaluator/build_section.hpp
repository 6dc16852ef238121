/// Sections of the report, one by one, and shared out over the ranks of a job.
#pragma once

#include <map>
#include <string>

#include "base/communicator.hpp"
#include "evaluator/context.hpp"

namespace semblance::evaluator {

/// \throws Error{kData} for names of columns that are not there, or settings out of range
void check_options(const Comparison& data, const EvaluateOptions& options);

/// A section with every check that it promises; when it could not be built, its checks say why.
/// What it took goes to the machine-readable log.
Section build_section(const SectionSpec& spec, const Context& context);

/// Sections that need no pass over all rows that the ranks share anyway (SharedNearest), each built
/// on one rank, the longest first where least has to be done; on every rank, by id. Empty on a
/// single rank. All ranks hold the same tables and call it together.
std::map<std::string, Section> shared_sections(const Comparison& data,
                                               const EvaluateOptions& options,
                                               base::Communicator& communicator);

}  // namespace semblance::evaluator
