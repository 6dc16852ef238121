#include "base/philox.hpp"

#include <cmath>

namespace semblance::base {

double PhiloxStream::normal() {
  const double radius = std::sqrt(-2.0 * std::log1p(-uniform()));
  return radius * std::cos(2.0 * 3.14159265358979323846 * uniform());
}

}  // namespace semblance::base
