/// Attribute disclosure when nobody in the synthetic table has exactly a person's keys: the nearest
/// keys by Hamming distance answer (SDMetrics' CategoricalGeneralizedCAP).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace semblance::evaluator {

/// Which synthetic keys are nearest to each real key; made once, asked for every secret.
class NearestKeys {
 public:
  /// \param real_keys, synthetic_keys  [columns][rows] codes, missing a code of its own
  /// \note time (distinct real keys without an equal) · (distinct synthetic keys) · columns
  NearestKeys(const std::vector<std::span<const std::int32_t>>& real_keys,
              const std::vector<std::span<const std::int32_t>>& synthetic_keys, int threads);

  /// Of every real row: the share of the synthetic rows with the nearest keys that have its secret.
  /// \param real_secret, synthetic_secret  [rows] codes 0..n_codes-1
  std::vector<double> shares(std::span<const std::int32_t> real_secret,
                             std::span<const std::int32_t> synthetic_secret, int n_codes) const;

 private:
  std::vector<std::int32_t> real_key_, synthetic_key_;  ///< [rows] number of the distinct key
  std::int32_t n_synthetic_keys_ = 0;
  std::vector<std::vector<std::int32_t>> nearest_;  ///< [real keys] numbers of synthetic keys
};

}  // namespace semblance::evaluator
