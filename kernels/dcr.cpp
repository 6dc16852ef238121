#include "kernels/dcr.hpp"

#include "base/device.hpp"
#include "base/error.hpp"
#include "kernels/dcr_cuda.hpp"
#include "kernels/dcr_plan.hpp"
#include "kernels/dcr_search.hpp"
#include "kernels/on_device.hpp"

namespace semblance::kernels {

std::vector<Nearest> nearest_rows(const GowerRows& queries, const GowerRows& references,
                                  const DcrOptions& options) {
  return std::move(nearest_rows_of_each(queries, {&references, 1}, options)[0]);
}

void check_nearest_rows(const GowerRows& queries, std::span<const GowerRows> references,
                        const DcrOptions& options) {
  for (const GowerRows& rows : references) check_gower_rows(queries, rows);
  if (options.leave_one_out && !references.empty()) {
    SEMBLANCE_EXPECT(options.first_row >= 0 && options.first_row <= references[0].n_rows &&
                         queries.n_rows <= references[0].n_rows - options.first_row,
                     kUsage,
                     "nearest_rows: leave_one_out needs queries that are a part of the references; "
                     "got rows {} to {} of {}",
                     options.first_row, options.first_row + queries.n_rows, references[0].n_rows);
  }
  whole_weights(options.weights,
                static_cast<int>(queries.numeric.size() + queries.categorical.size()));
  base::resolve_device(options.device);
}

std::vector<std::vector<Nearest>> nearest_rows_of_each(const GowerRows& queries,
                                                       std::span<const GowerRows> references,
                                                       const DcrOptions& options) {
  check_nearest_rows(queries, references, options);
  return on_device(
      options.device, [&] { return nearest_rows_cpu(queries, references, options, best_isa()); },
      [&](auto index) { return nearest_rows_cuda(queries, references, options, index); });
}

}  // namespace semblance::kernels
