#include "trainer/step_engine.hpp"

#include <algorithm>
#include <optional>
#include <vector>

#include "base/log.hpp"
#include "trainer/device_engine.hpp"
#include "trainer/host_engine.hpp"

namespace semblance::trainer {

std::unique_ptr<StepEngine> make_step_engine(const EngineParts& parts, const FitState& state,
                                             std::span<const std::int64_t> rows) {
  if (parts.settings.device != "cpu") {
    constexpr std::size_t kRowsCompared = 64;
    constexpr double kMostError = 0.02;  // TensorFloat-32 rounds numbers to a two-thousandth
    auto on_device = std::make_unique<DeviceEngine>(parts);
    on_device->load(state);
    const std::optional<double> error =
        on_device->gradient_error(rows.first(std::min(rows.size(), kRowsCompared)));
    if (!error)
      base::log_warning("{} has not enough memory to check its gradient", parts.settings.device);
    // Not a number is wrong, too.
    std::vector<std::int64_t> wrong = {!error || *error <= kMostError ? 0 : 1};
    parts.communicator.all_reduce_sum(std::span(wrong));
    if (wrong[0] == 0) return on_device;
    base::log_warning(
        "the device's gradient differs by {:.2g} of its length from that of LibTorch's own "
        "differentiation, which is used instead: slow",
        error.value_or(0));
  }
  auto engine = std::make_unique<HostEngine>(parts);
  engine->load(state);
  return engine;
}

}  // namespace semblance::trainer
