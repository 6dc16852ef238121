#include "kernels/encode.hpp"

#include "base/error.hpp"
#include "kernels/encode_drivers.hpp"
#include "kernels/on_device.hpp"

namespace semblance::kernels {
namespace {

template <class T>
void check(std::span<const T> values, const EncodePlan& plan, std::span<std::uint16_t> first,
           std::span<std::uint16_t> second) {
  SEMBLANCE_EXPECT(first.size() == values.size(), kUsage, "encode: {} values, room for {} tokens",
                   values.size(), first.size());
  SEMBLANCE_EXPECT(second.size() == (plan.second.empty() ? 0 : values.size()), kUsage,
                   "encode: {} values, room for {} second digits", values.size(), second.size());
  SEMBLANCE_EXPECT(plan.first.size() == plan.edges.size() + 1, kUsage,
                   "encode: {} intervals need {} tokens, not {}", plan.edges.size(),
                   plan.edges.size() + 1, plan.first.size());
  SEMBLANCE_EXPECT(plan.second.empty() || plan.second.size() == plan.first.size(), kUsage,
                   "encode: {} first but {} second digits", plan.first.size(), plan.second.size());
}

}  // namespace

void encode_numbers(std::span<const double> values, const EncodePlan& plan,
                    std::span<std::uint16_t> first, std::span<std::uint16_t> second,
                    const CellOptions& options) {
  check(values, plan, first, second);
  on_device(
      options.device, [&] { encode_numbers_cpu(values, plan, first, second, options.threads); },
      [&](auto index) { encode_numbers_cuda(values, plan, first, second, index); });
}

void encode_integers(std::span<const std::int64_t> values, const EncodePlan& plan,
                     std::span<std::uint16_t> first, std::span<std::uint16_t> second,
                     const CellOptions& options) {
  check(values, plan, first, second);
  on_device(
      options.device, [&] { encode_integers_cpu(values, plan, first, second, options.threads); },
      [&](auto index) { encode_integers_cuda(values, plan, first, second, index); });
}

void encode_codes(std::span<const std::int32_t> codes, std::span<const std::uint16_t> token_of_code,
                  std::span<std::uint16_t> tokens, const CellOptions& options) {
  SEMBLANCE_EXPECT(tokens.size() == codes.size(), kUsage, "encode: {} codes, room for {} tokens",
                   codes.size(), tokens.size());
  SEMBLANCE_EXPECT(!token_of_code.empty(), kUsage,
                   "encode: the token of a missing value is not given");
  on_device(
      options.device, [&] { encode_codes_cpu(codes, token_of_code, tokens, options.threads); },
      [&](auto index) { encode_codes_cuda(codes, token_of_code, tokens, index); });
}

}  // namespace semblance::kernels
