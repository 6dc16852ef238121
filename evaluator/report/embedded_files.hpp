/// Files that are part of the program: put into it at build time by the assembler's .incbin.
#pragma once

#include <string_view>

namespace semblance::evaluator {

std::string_view page_template();       ///< evaluator/report/report.html
std::string_view page_style();          ///< evaluator/report/report.css
std::string_view page_script();         ///< evaluator/report/report.js
std::string_view plotly_script();       ///< plotly.min.js, MIT licence
std::string_view default_thresholds();  ///< evaluator/thresholds.yaml

}  // namespace semblance::evaluator
