#include "trainer/codec_grid.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "kernels/decode.hpp"

namespace semblance::trainer {
namespace {

constexpr double kMostPosition = 1e15;  // positions and halves of them are exact doubles
constexpr int kMostDecimals = 9;

bool fits(const std::vector<ValueCount>& values, const Grid& grid) {
  return std::all_of(values.begin(), values.end(), [&](const ValueCount& entry) {
    return std::abs(grid.position(entry.value)) < kMostPosition;
  });
}

bool on_grid(const std::vector<ValueCount>& values, const Grid& grid) {
  return fits(values, grid) &&
         std::all_of(values.begin(), values.end(), [&](const ValueCount& entry) {
           return grid.value(grid.position(entry.value)) == entry.value;
         });
}

/// The coarsest decimal grid that holds every value exactly.
Grid decimal_grid(const std::vector<ValueCount>& values, int most) {
  for (int decimals = 0; decimals <= most; ++decimals) {
    const Grid grid{1, std::pow(10.0, decimals)};
    if (on_grid(values, grid)) return grid;
  }
  return {};
}

/// A step such as 0.05 or 20 as multiplier / divisor.
Grid step_grid(double step) {
  for (int decimals = 0; decimals <= kMostDecimals; ++decimals) {
    const double divisor = std::pow(10.0, decimals), scaled = std::round(step * divisor);
    if (scaled >= 1 && std::abs(step * divisor - scaled) < 1e-6 * scaled) return {scaled, divisor};
  }
  return {step, 1};
}

double shared_multiple(const std::vector<ValueCount>& values, const Grid& grid) {
  std::int64_t shared = 0;
  for (const ValueCount& entry : values) {
    shared = std::gcd(shared, static_cast<std::int64_t>(grid.position(entry.value)));
    if (shared == 1) break;
  }
  return shared > 0 ? static_cast<double>(shared) : 1;
}

}  // namespace

double Grid::position(double value) const {
  return exists() ? std::round(value * divisor / multiplier) : value;
}

double Grid::value(double position) const {
  return exists() ? kernels::grid_value(position, multiplier, divisor) : position;
}

Grid find_grid(const std::vector<ValueCount>& values, const table::ColumnSpec& spec) {
  if (spec.rounding > 0) {
    const Grid grid = step_grid(spec.rounding);
    return fits(values, grid) ? grid : Grid{};
  }
  const bool whole = spec.kind != table::Kind::kFloat;
  Grid grid = decimal_grid(values, whole                ? 0
                                   : spec.decimals >= 0 ? std::min(spec.decimals, 15)
                                                        : kMostDecimals);
  if (!grid.exists() && !whole && spec.decimals >= 0 && spec.decimals <= kMostDecimals) {
    grid = {1, std::pow(10.0, spec.decimals)};  // asked for: values are rounded to it
    if (!fits(values, grid)) return {};
  }
  if (grid.exists()) grid.multiplier = shared_multiple(values, grid);
  return grid;
}

}  // namespace semblance::trainer
