#include <cstdio>
#include <vector>

#include "kernels/dcr.hpp"

int main() {
  const std::vector<float> real = {0.0f, 0.5f, 1.0f}, synthetic = {0.4f};
  const semblance::kernels::GowerRows references{3, {real}, {}}, queries{1, {synthetic}, {}};
  const auto nearest = semblance::kernels::nearest_rows(queries, references);
  std::printf("row %lld at %.3f\n", static_cast<long long>(nearest[0].first_row), nearest[0].first);
  return nearest[0].first_row == 1 ? 0 : 1;
}
