#include "evaluator/check_settings.hpp"

#include "base/error.hpp"
#include "evaluator/evaluate.hpp"
#include "evaluator/thresholds.hpp"

namespace semblance::evaluator {

void check_settings(const EvaluateOptions& options) {
  SEMBLANCE_EXPECT(options.sample >= 100, kData, "sample: {} is too few rows; give at least 100",
                   options.sample);
  SEMBLANCE_EXPECT(options.attacks >= 10, kData, "attacks: {} is too few; give at least 10",
                   options.attacks);
  load_thresholds(options.thresholds);
}

}  // namespace semblance::evaluator
