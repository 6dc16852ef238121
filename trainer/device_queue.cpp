#include "trainer/device_queue.hpp"

#include <ATen/ATen.h>
#include <c10/core/StreamGuard.h>
#include <c10/core/impl/VirtualGuardImpl.h>

#include <optional>

#include "base/error.hpp"
#include "base/log.hpp"
#include "trainer/cuda_library.hpp"

#ifdef SEMBLANCE_WITH_TORCH_CUDA
#include <c10/cuda/CUDACachingAllocator.h>
#include <cuda_runtime_api.h>

#include <atomic>
#endif

namespace semblance::trainer {

struct DeviceQueue::State {
  c10::Device device;
  std::optional<c10::Stream> stream;  ///< of a CUDA device
  void* handle = nullptr;             ///< its cudaStream_t
  std::unique_ptr<kernels::TrainOps> ops;

  explicit State(const std::string& name) : device(name.starts_with("cpu") ? "cpu" : name) {
    if (device.is_cuda()) {
      load_torch_cuda();
      at::globalContext().lazyInitDevice(device.type());
      const c10::impl::VirtualGuardImpl guard(device.type());
      stream = guard.getStreamFromGlobalPool(device);
      handle = guard.getStreamNativeHandle(*stream);
    }
    ops = kernels::make_train_ops(name, handle);
  }
};

DeviceQueue::DeviceQueue(const std::string& device) : state_(std::make_unique<State>(device)) {}
DeviceQueue::~DeviceQueue() = default;

std::string DeviceQueue::device_name() const { return state_->device.str(); }
bool DeviceQueue::is_cuda() const { return state_->device.is_cuda(); }
kernels::TrainOps& DeviceQueue::ops() { return *state_->ops; }

struct DeviceQueue::Scope::State {
  c10::OptionalStreamGuard stream;
};

DeviceQueue::Scope::Scope(const DeviceQueue& queue) : state_(std::make_unique<State>()) {
  if (queue.state().stream) state_->stream.reset_stream(*queue.state().stream);
}
DeviceQueue::Scope::~Scope() = default;

#ifdef SEMBLANCE_WITH_TORCH_CUDA

namespace {

void check(cudaError_t code, const char* what) {
  SEMBLANCE_EXPECT(code == cudaSuccess, kDevice, "{}: {}", what, cudaGetErrorString(code));
}

/// Memory that LibTorch takes while work is recorded, kept for as long as the record: the caching
/// allocator's private pools, as at::cuda::CUDAGraph uses them. That class lives in
/// libtorch_cuda.so, which is not linked; the allocator is reached through its virtual functions.
class PrivatePool {
 public:
  explicit PrivatePool(c10::DeviceIndex device)
      : allocator_(*static_cast<c10::cuda::CUDACachingAllocator::CUDAAllocator*>(
            c10::GetAllocator(c10::kCUDA))),
        device_(device) {
    // LibTorch numbers its own pools from 1 on.
    static std::atomic<c10::CaptureId_t> next{c10::CaptureId_t{1} << 40};
    id_ = {next++, 0};
  }
  ~PrivatePool() {
    if (begun_) allocator_.releasePool(device_, id_);
  }
  PrivatePool(const PrivatePool&) = delete;
  PrivatePool& operator=(const PrivatePool&) = delete;

  void begin(cudaStream_t stream) {
    allocator_.beginAllocateToPool(device_, id_,
                                   [stream](cudaStream_t asking) { return asking == stream; });
    begun_ = true;
  }
  void end() { allocator_.endAllocateToPool(device_, id_); }

 private:
  c10::cuda::CUDACachingAllocator::CUDAAllocator& allocator_;
  c10::DeviceIndex device_;
  c10::MempoolId_t id_;
  bool begun_ = false;
};

}  // namespace

struct DeviceGraph::Record {
  cudaStream_t stream;
  PrivatePool pool;
  cudaGraph_t graph = nullptr;
  cudaGraphExec_t ready = nullptr;

  Record(void* handle, c10::DeviceIndex device)
      : stream(static_cast<cudaStream_t>(handle)), pool(device) {}
  ~Record() {
    // The last replay may still run in the pool's memory.
    if (ready != nullptr) cudaStreamSynchronize(stream);
    if (ready != nullptr) cudaGraphExecDestroy(ready);
    if (graph != nullptr) cudaGraphDestroy(graph);
  }

  /// Ends the recording whether or not `work` threw.
  void record(const std::function<void()>& work) {
    pool.begin(stream);
    std::string failure;
    try {
      check(cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal), "recording");
      work();
    } catch (const std::exception& error) {
      failure = error.what();
    }
    const cudaError_t ended = cudaStreamEndCapture(stream, &graph);
    pool.end();
    if (!failure.empty()) base::fail(base::ErrorKind::kDevice, "{}", failure);
    check(ended, "ending the recording");
    check(cudaGraphInstantiate(&ready, graph, 0), "making the graph");
  }
};

bool DeviceGraph::try_to_record(const std::function<void()>& work) {
  const DeviceQueue::State& queue = queue_.state();
  try {
    auto made = std::make_unique<Record>(queue.handle, queue.device.index());
    made->record(work);
    recorded_ = std::move(made);
    return true;
  } catch (const std::exception& error) {
    cudaGetLastError();  // a failed recording leaves its error behind
    base::log_warning(
        "the training step cannot be recorded as a CUDA graph ({}); it runs piece by piece",
        error.what());
    return false;
  }
}

void DeviceGraph::run(const std::function<void()>& work) {
  if (!recorded_ && record_ && queue_.is_cuda() && runs_ >= kRunsBefore)
    record_ = try_to_record(work);
  ++runs_;
  if (!recorded_) return work();
  check(cudaGraphLaunch(recorded_->ready, recorded_->stream), "launching the graph");
}

#else

struct DeviceGraph::Record {};
bool DeviceGraph::try_to_record(const std::function<void()>&) { return false; }
void DeviceGraph::run(const std::function<void()>& work) {
  ++runs_;
  work();
}

#endif

DeviceGraph::DeviceGraph(const DeviceQueue& queue, bool record) : queue_(queue), record_(record) {}
DeviceGraph::~DeviceGraph() = default;

void DeviceGraph::reset() {
  recorded_.reset();
  runs_ = 0;
}

bool DeviceGraph::recorded() const { return recorded_ != nullptr; }

}  // namespace semblance::trainer
