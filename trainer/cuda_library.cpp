#include "trainer/cuda_library.hpp"

#include <ATen/Context.h>
#include <dlfcn.h>

#include <filesystem>

#include "base/error.hpp"

namespace semblance::trainer {

void load_torch_cuda() {
  static void* const library = [] {
    Dl_info info{};
    const auto symbol = reinterpret_cast<void*>(&at::globalContext);
    SEMBLANCE_ASSERT(dladdr(symbol, &info) != 0);
    const std::filesystem::path folder = std::filesystem::path(info.dli_fname).parent_path();
    void* const loaded = dlopen((folder / "libtorch_cuda.so").c_str(), RTLD_NOW | RTLD_GLOBAL);
    if (loaded == nullptr) {
      const char* const reason = dlerror();
      base::fail(base::ErrorKind::kDevice, "LibTorch's CUDA library cannot be loaded: {}",
                 reason == nullptr ? "no reason given" : reason);
    }
    return loaded;
  }();
  static_cast<void>(library);
  SEMBLANCE_EXPECT(at::globalContext().hasCUDA(), kDevice, "LibTorch finds no CUDA device");
}

}  // namespace semblance::trainer
