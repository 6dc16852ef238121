/// Rules that turn numbers into verdicts. The defaults are evaluator/thresholds.yaml; a user's file
/// of the same form replaces rules one by one.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "evaluator/report_model.hpp"

namespace semblance::evaluator {

/// One check's rule. x is the judged number. With `better: lower`, x passes up to `pass`, warns up
/// to `warn` and fails above; with `better: higher` the other way round. Where a reference (real
/// holdout against real train) is known, a limit is relaxed to reference_factor times it (lower) or
/// to it divided by reference_factor (higher), so that nobody fails for the noise of sampling.
struct Threshold {
  bool lower_is_better = true;             ///< `better: lower`
  std::optional<double> pass, warn;        ///< no pass: no verdict; no warn: it is that of pass
  std::optional<double> reference_factor;  ///< limits are not relaxed without it
  /// Which number is judged: kLow and kHigh are the ends of the interval, and the value where there
  /// is none.
  enum class Judge {
    kValue,                 ///< the statistic itself
    kLow,                   ///< fails only what chance cannot explain
    kHigh                   ///< passes only what chance cannot spoil
  } judge = Judge::kValue;  ///< a bound of the interval, when there is one
  bool gate = false;        ///< a fail makes `evaluate --gate` fail
};

/// Rules by check id.
using Thresholds = std::map<std::string, Threshold>;

/// Rules out of YAML text. \param path  for messages
/// \param known  names of the checks that there are; empty: any name
/// \throws Error{kData} naming path and line for unknown keys or checks or wrong values
Thresholds parse_thresholds(std::string_view yaml, const std::string& path,
                            const std::vector<std::string>& known = {});

/// The defaults, with the rules of a file on top. \param path  "" for the defaults alone
Thresholds load_thresholds(const std::string& path);

/// Sets verdict, rule and gate of a check. No rule or no value: no verdict (a gate without a value
/// stays open and is reported as not computed).
void judge(Check& check, const Thresholds& thresholds);

}  // namespace semblance::evaluator
