#include "trainer/training_device.hpp"

#include <cstdint>
#include <exception>
#include <span>
#include <vector>

#include "base/log.hpp"
#include "trainer/cuda_library.hpp"

namespace semblance::trainer {

std::string agreed_device(const base::Device& found, const std::function<void()>& make_ready,
                          base::Communicator& communicator) {
  std::string reason;
  bool ready = false;
  if (found.is_cuda()) {
    try {
      make_ready();
      ready = true;
    } catch (const std::exception& error) {
      reason = error.what();
    }
  }
  std::vector<std::int64_t> without = {ready ? 0 : 1};
  communicator.all_reduce_sum(std::span(without));
  if (without[0] == 0) return found.name();
  if (ready) reason = fmt::format("{} of {} ranks cannot use one", without[0], communicator.size());
  if (found.is_cuda())
    base::log_warning("there is a CUDA device, but training takes the CPU: {}", reason);
  return "cpu";
}

std::string training_device(const std::string& text, base::Communicator& communicator) {
  if (text != "auto") return text;
  return agreed_device(base::resolve_device(text), load_torch_cuda, communicator);
}

}  // namespace semblance::trainer
