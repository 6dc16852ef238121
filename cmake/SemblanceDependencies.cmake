# Where everything that we did not write comes from. A site sets CMAKE_PREFIX_PATH (or loads
# modules); ./bootstrap fetches the Python wheels that carry LibTorch, Arrow, XGBoost and plotly.js.
find_package(fmt REQUIRED)
find_package(Threads REQUIRED)
if(SEMBLANCE_CUDA)
  find_package(CUDAToolkit REQUIRED)
endif()
if(SEMBLANCE_KERNELS_ONLY)
  return()
endif()
find_package(spdlog REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(yaml-cpp REQUIRED)
find_package(CLI11 REQUIRED)
find_package(ZLIB REQUIRED)
find_package(SemblanceIsal QUIET)  # optional: zlib does without it, slower
find_package(OpenSSL REQUIRED COMPONENTS Crypto)
find_package(HDF5 REQUIRED COMPONENTS C)
if(SEMBLANCE_MPI)
  find_package(MPI REQUIRED COMPONENTS C)
endif()

set(semblance_deps ${PROJECT_SOURCE_DIR}/.deps)
if(DEFINED ENV{SEMBLANCE_DEPS})
  set(semblance_deps $ENV{SEMBLANCE_DEPS})
endif()
file(GLOB semblance_site_packages ${semblance_deps}/py/lib/python3*/site-packages)
set(SEMBLANCE_SITE_PACKAGES "${semblance_site_packages}" CACHE PATH
  "Python site-packages that hold the torch, pyarrow, xgboost and plotly wheels")

find_package(SemblanceArrow REQUIRED)
find_package(SemblanceTorch REQUIRED)
find_package(SemblanceXgboost REQUIRED)
find_package(SemblancePlotly REQUIRED)
