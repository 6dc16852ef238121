#include "evaluator/quality/voas_williamson_legacy.hpp"

#include <algorithm>
#include <cmath>

namespace semblance::evaluator {
namespace {

double nanoseconds_per_unit(table::Kind kind) {
  if (kind == table::Kind::kDate) return 86400e9;
  return kind == table::Kind::kDatetime ? 1e3 : 1;
}

}  // namespace

double legacy_voas_williams(const Comparison& data) {
  const auto n = static_cast<std::size_t>(std::min(data.real.n_rows, data.synthetic.n_rows));
  double sum = 0;
  for (std::size_t j = 0; j < data.columns.size(); ++j) {
    const Feature &real = data.real.features[j], &synthetic = data.synthetic.features[j];
    if (!data.columns[j].numeric) {
      // Two indicators differ by 1 where levels differ: 1 / ½ each.
      for (std::size_t i = 0; i < n; ++i)
        sum += std::max(real.codes[i], -1) != std::max(synthetic.codes[i], -1) ? 4 : 0;
      continue;
    }
    const double unit = nanoseconds_per_unit(data.columns[j].spec.kind);
    for (std::size_t i = 0; i < n; ++i) {
      const double r = std::isnan(real.numbers[i]) ? 0 : real.numbers[i] * unit;
      const double s = std::isnan(synthetic.numbers[i]) ? 0 : synthetic.numbers[i] * unit;
      const double term = (s - r) * (s - r) / ((s + r) / 2);
      if (std::isfinite(term)) sum += term;
    }
  }
  return sum / (8 * static_cast<double>(data.real.n_rows + data.synthetic.n_rows));
}

}  // namespace semblance::evaluator
