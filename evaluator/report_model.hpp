/// What a report holds, before it becomes report.json and report.html. The schema of the JSON is
/// docs/REPORT.md; its version is kReportSchema.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "evaluator/json.hpp"

namespace semblance::evaluator {

/// The number rises when a field changes its meaning.
inline constexpr const char* kReportSchema = "semblance-report/1";

/// From mild to grave; kNone: there is no rule for the number.
enum class Verdict { kNone, kPass, kWarn, kFail };
const char* verdict_name(Verdict verdict);  ///< "info", "pass", "warn", "fail"
/// The graver of two.
Verdict graver(Verdict a, Verdict b);

/// What a check's value may be by chance.
struct Interval {
  double low = 0, high = 0;  ///< in the unit of the value
  std::string method;        ///< for example "Wilson, 95 %"
};

/// One number with all that a reader needs to judge it.
struct Check {
  std::string id;                    ///< stable, for thresholds and machines: "quality.shape_error"
  std::string title;                 ///< for people
  std::string definition;            ///< the formula in words, with its source
  std::string unit = "";             ///< "share", "ratio", "rows", "auc", "" for a plain number
  std::optional<double> value;       ///< the corrected statistic
  std::optional<double> reference;   ///< the same statistic, real holdout against real train
  std::optional<double> legacy;      ///< the statistic as the old NHS pipeline computed it
  std::string legacy_definition;     ///< its formula; "" when there is no legacy value
  std::optional<Interval> interval;  ///< of value
  std::string no_interval;           ///< why there is none
  std::string why_not;               ///< why value could not be computed; empty otherwise
  std::string note;                  ///< for example that a sample was used
  Verdict verdict = Verdict::kNone;  ///< set by judge()
  std::string rule;                  ///< the rule behind the verdict, in words
  bool gate = false;                 ///< a failed gate makes `evaluate --gate` fail
  Json blocks = Json::array();       ///< tables and plots that belong to it: docs/REPORT.md
};

/// A check that could not be computed.
Check not_computed(std::string id, std::string title, std::string definition, std::string why);

/// Checks on one question, with what is shown beside them.
struct Section {
  std::string id, title, text;  ///< anchor, heading, a sentence or two in front of the checks
  std::vector<Check> checks;    ///< in the order of the page
  Json blocks = Json::array();  ///< of the section as a whole: docs/REPORT.md
};

/// One of the three lights at the top of the page.
struct Group {
  std::string id, title, question;   ///< for example "Privacy", "Could anybody be found in it?"
  std::vector<Section> sections;     ///< in the order of the page
  Verdict verdict = Verdict::kNone;  ///< the gravest of its checks
};

/// The whole of it.
struct Report {
  std::string title;               ///< heading
  Json subject = Json::object();   ///< what was compared: tables, rows, columns, seed, settings
  std::vector<Group> groups;       ///< quality, utility, privacy
  Json columns = Json::array();    ///< the data profile, one object a column
  std::vector<std::string> notes;  ///< remarks for the reader, one sentence each
};

/// The versioned JSON of a report. NaN and infinities become null.
Json to_json(const Report& report);

}  // namespace semblance::evaluator
