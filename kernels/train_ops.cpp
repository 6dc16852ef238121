#include "kernels/train_ops.hpp"

#include "base/device.hpp"
#include "kernels/train_ops_body.hpp"
#include "kernels/train_ops_driver.hpp"

namespace semblance::kernels {
namespace {

/// A team of one.
struct OneLane {
  int lane() const { return 0; }
  int lanes() const { return 1; }
  float largest(float x) const { return x; }
  float sum(float x) const { return x; }
};

struct Loop {
  template <class Body>
  void each(std::int64_t n, const Body& body) const {
    for (std::int64_t i = 0; i < n; ++i) body(i);
  }
  template <class Body>
  void each_team(std::int64_t n, const Body& body) const {
    for (std::int64_t i = 0; i < n; ++i) body(i, OneLane{});
  }
};

}  // namespace

std::unique_ptr<TrainOps> make_train_ops(const std::string& device, [[maybe_unused]] void* stream) {
  if (device.starts_with("cpu")) return std::make_unique<TrainOpsOn<Loop>>(Loop{});
  [[maybe_unused]] const base::Device where = base::resolve_device(device);
#ifdef SEMBLANCE_WITH_CUDA
  return make_train_ops_cuda(where.index, stream);
#else
  return nullptr;  // resolve_device() throws
#endif
}

}  // namespace semblance::kernels
