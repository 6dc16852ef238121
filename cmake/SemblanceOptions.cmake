# What to build and how: the options, the warnings and the sanitizers.
include(CheckLanguage)

if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "Build type" FORCE)
endif()
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -DNDEBUG")
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bin)

check_language(CUDA)
if(CMAKE_CUDA_COMPILER)
  set(semblance_has_nvcc ON)
else()
  set(semblance_has_nvcc OFF)
endif()

option(SEMBLANCE_CUDA "Build the CUDA kernels (needs nvcc)" ${semblance_has_nvcc})
option(SEMBLANCE_MPI "Build for several ranks (needs MPI)" ON)
option(SEMBLANCE_KERNELS_ONLY "Build the kernels, their tests and benchmarks alone: needs fmt only" OFF)
option(SEMBLANCE_TESTS "Build the tests" ${PROJECT_IS_TOP_LEVEL})
option(SEMBLANCE_BENCH "Build the benchmarks" OFF)
option(SEMBLANCE_WERROR "Treat warnings as errors" OFF)
set(SEMBLANCE_SANITIZE "" CACHE STRING "Sanitizers, for example address,undefined or thread")

if(SEMBLANCE_CUDA AND NOT semblance_has_nvcc)
  message(FATAL_ERROR "SEMBLANCE_CUDA=ON, but there is no nvcc: put it on PATH or set CMAKE_CUDA_COMPILER")
endif()
if(SEMBLANCE_CUDA AND SEMBLANCE_SANITIZE)
  message(FATAL_ERROR "SEMBLANCE_SANITIZE works with SEMBLANCE_CUDA=OFF only")
endif()
if(SEMBLANCE_CUDA)
  if(NOT DEFINED CMAKE_CUDA_ARCHITECTURES)
    set(CMAKE_CUDA_ARCHITECTURES 80-real 90)
  endif()
  enable_language(CUDA)
  if(NOT CMAKE_CUDA20_STANDARD_COMPILE_OPTION)  # CMake 3.25 does not know it of nvcc 13
    set(CMAKE_CUDA20_STANDARD_COMPILE_OPTION -std=c++20)
    set(CMAKE_CUDA20_EXTENSION_COMPILE_OPTION -std=c++20)
  endif()
  set(CMAKE_CUDA_STANDARD 20)
  set(CMAKE_CUDA_STANDARD_REQUIRED ON)
endif()

find_program(SEMBLANCE_CCACHE ccache)
if(SEMBLANCE_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_C_COMPILER_LAUNCHER ${SEMBLANCE_CCACHE})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${SEMBLANCE_CCACHE})
  set(CMAKE_CUDA_COMPILER_LAUNCHER ${SEMBLANCE_CCACHE})
endif()
find_program(SEMBLANCE_MOLD mold)
if(SEMBLANCE_MOLD AND NOT SEMBLANCE_SANITIZE)
  add_link_options(-fuse-ld=mold)
endif()

# Results of another build are told by it (base/program_name.hpp).
add_link_options(-Wl,--build-id=sha1)

add_library(semblance_flags INTERFACE)
target_compile_options(semblance_flags INTERFACE
  $<$<COMPILE_LANGUAGE:CXX>:-Wall -Wextra -Wshadow -Wnon-virtual-dtor -Wno-missing-field-initializers $<$<BOOL:${SEMBLANCE_WERROR}>:-Werror>>
  $<$<COMPILE_LANGUAGE:CUDA>:--diag-suppress=20012>)
# fmt 9 turns constexpr off for nvcc and then does not compile as C++20; checks of formats stay with g++.
target_compile_definitions(semblance_flags INTERFACE
  $<$<COMPILE_LANGUAGE:CUDA>:FMT_USE_CONSTEXPR=1> $<$<COMPILE_LANGUAGE:CUDA>:FMT_CONSTEVAL=>)
target_include_directories(semblance_flags INTERFACE $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}>)
if(SEMBLANCE_SANITIZE)
  target_compile_options(semblance_flags INTERFACE -fsanitize=${SEMBLANCE_SANITIZE} -fno-omit-frame-pointer)
  target_link_options(semblance_flags INTERFACE -fsanitize=${SEMBLANCE_SANITIZE})
endif()

# semblance_library(NAME sources...): one library of one folder, exported as Semblance::NAME.
function(semblance_library name)
  add_library(semblance_${name} STATIC ${ARGN})
  add_library(Semblance::${name} ALIAS semblance_${name})
  target_compile_features(semblance_${name} PUBLIC cxx_std_20)
  set_target_properties(semblance_${name} PROPERTIES EXPORT_NAME ${name})
  target_link_libraries(semblance_${name} PUBLIC $<BUILD_INTERFACE:semblance_flags>)
  set_property(GLOBAL APPEND PROPERTY SEMBLANCE_LIBRARIES semblance_${name})
endfunction()
