/// The web report: one file that opens offline, rendered from the same JSON that machines read.
#pragma once

#include <string>

#include "evaluator/json.hpp"

namespace semblance::evaluator {

/// The page for a report of schema kReportSchema: template, style, script, plotly.js and data in
/// one HTML text. Data cannot break out of its script element, whatever the cells hold.
std::string render_html(const Json& report);

/// JSON that may stand inside a <script> element: "<", ">", "&" and line separators as \u escapes.
std::string script_safe(const Json& value);

}  // namespace semblance::evaluator
