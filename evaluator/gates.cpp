#include "evaluator/gates.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/error.hpp"

namespace semblance::evaluator {
namespace {

template <typename Predicate>
std::vector<std::string> gates_where(const Report& report, const Predicate& predicate) {
  std::vector<std::string> out;
  for (const Group& group : report.groups) {
    for (const Section& section : group.sections) {
      for (const Check& check : section.checks) {
        if (check.gate && predicate(check)) out.push_back(check.id);
      }
    }
  }
  return out;
}

}  // namespace

std::vector<std::string> failed_gates(const Report& report) {
  return gates_where(report, [](const Check& check) { return check.verdict == Verdict::kFail; });
}

std::vector<std::string> unanswered_gates(const Report& report) {
  return gates_where(report, [](const Check& check) { return !check.value; });
}

void check_gates(const Report& report, const std::filesystem::path& page) {
  std::vector<std::string> reasons;
  if (const auto failed = failed_gates(report); !failed.empty()) {
    reasons.push_back(
        fmt::format("{} of the gate checks failed: {}", failed.size(), fmt::join(failed, ", ")));
  }
  if (const auto unanswered = unanswered_gates(report); !unanswered.empty()) {
    reasons.push_back(fmt::format(
        "{} could not be computed: {} (most need a --holdout; 'gate: false' in a thresholds file "
        "lets a check go unanswered)",
        unanswered.size(), fmt::join(unanswered, ", ")));
  }
  if (!reasons.empty()) {
    base::fail(base::ErrorKind::kGate, "{}; see {}", fmt::join(reasons, "; "), page.string());
  }
}

}  // namespace semblance::evaluator
