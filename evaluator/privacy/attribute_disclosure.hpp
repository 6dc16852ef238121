/// Attribute disclosure: what the synthetic table tells about a person whose keys are known.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace semblance::evaluator {

/// Correct attribution probabilities of one secret (SDMetrics' cap.py; synthpop's disclosure()).
struct AttributeDisclosure {
  double matched = 0;  ///< share of real rows whose keys occur in the synthetic table
  double cap =
      0;  ///< mean over matched rows of #{S: key, secret} / #{S: key}; NaN when none matches
  double zero_cap = 0;  ///< the same over all rows, unmatched rows count 0
  double disclosed =
      0;  ///< share of rows whose key has a single secret in S, and it is the true one (DiSCO)
  std::vector<double> row_shares;  ///< [real rows] what cap is the mean of; NaN when not matched
};

/// \param real_keys, synthetic_keys   [columns] codes of the known columns
/// \param real_secret, synthetic_secret  codes of the secret, missing a code of its own
AttributeDisclosure attribute_disclosure(
    const std::vector<std::span<const std::int32_t>>& real_keys,
    std::span<const std::int32_t> real_secret,
    const std::vector<std::span<const std::int32_t>>& synthetic_keys,
    std::span<const std::int32_t> synthetic_secret);

}  // namespace semblance::evaluator
