#include "kernels/decode.hpp"

#include "base/error.hpp"
#include "kernels/encode_drivers.hpp"
#include "kernels/on_device.hpp"

namespace semblance::kernels {

void decode_numbers(std::span<const std::uint16_t> first, std::span<const std::uint16_t> second,
                    const DecodePlan& plan, std::uint64_t seed, std::int64_t first_row,
                    std::uint32_t stream, std::span<double> values, const CellOptions& options) {
  SEMBLANCE_EXPECT(values.size() == first.size(), kUsage, "decode: {} tokens, room for {} values",
                   first.size(), values.size());
  SEMBLANCE_EXPECT(plan.n_second >= 1 && second.size() == (plan.n_second == 1 ? 0 : first.size()),
                   kUsage, "decode: {} first and {} second digits", first.size(), second.size());
  SEMBLANCE_EXPECT(!plan.knot_begin.empty(), kUsage, "decode: the plan has no intervals");
  on_device(
      options.device,
      [&] {
        decode_numbers_cpu(first, second, plan, seed, first_row, stream, values, options.threads);
      },
      [&](auto index) {
        decode_numbers_cuda(first, second, plan, seed, first_row, stream, values, index);
      });
}

}  // namespace semblance::kernels
