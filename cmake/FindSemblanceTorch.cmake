# LibTorch's CPU part out of the torch wheel (or an unpacked libtorch: SEMBLANCE_TORCH_ROOT).
# find_package(Torch) is not used: it stops when the wheel knows CUDA and the machine has no toolkit.
# libtorch_cuda.so is not linked; it is loaded when a CUDA device is asked for.
# Target: semblance::torch. Variable: SemblanceTorch_HAS_CUDA, whether the headers are of a LibTorch with CUDA.
if(SEMBLANCE_TORCH_ROOT)
  set(root ${SEMBLANCE_TORCH_ROOT})
else()
  set(root ${SEMBLANCE_SITE_PACKAGES}/torch)
endif()
find_library(SemblanceTorch_C10 c10 PATHS ${root}/lib NO_DEFAULT_PATH)
find_library(SemblanceTorch_CPU torch_cpu PATHS ${root}/lib NO_DEFAULT_PATH)
include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(SemblanceTorch REQUIRED_VARS SemblanceTorch_CPU SemblanceTorch_C10)
set(SemblanceTorch_HAS_CUDA OFF)
if(EXISTS ${root}/include/c10/cuda/impl/cuda_cmake_macros.h)
  set(SemblanceTorch_HAS_CUDA ON)
endif()
if(SemblanceTorch_FOUND)
  add_library(semblance::c10 SHARED IMPORTED)
  set_target_properties(semblance::c10 PROPERTIES IMPORTED_LOCATION ${SemblanceTorch_C10})
  add_library(semblance::torch_cpu SHARED IMPORTED)
  set_target_properties(semblance::torch_cpu PROPERTIES IMPORTED_LOCATION ${SemblanceTorch_CPU})
  add_library(semblance::torch INTERFACE IMPORTED)
  target_link_libraries(semblance::torch INTERFACE semblance::torch_cpu semblance::c10)
  target_include_directories(semblance::torch SYSTEM INTERFACE ${root}/include/torch/csrc/api/include)
  # The wheel bundles a newer fmt: its include folder must come after the system's own.
  target_compile_options(semblance::torch INTERFACE "SHELL:-idirafter ${root}/include")
endif()
