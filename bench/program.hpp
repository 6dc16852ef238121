/// What the benchmark programs share: CPU time, files of plain numbers, errors to exit codes.
#pragma once

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cstdint>
#include <ctime>
#include <fstream>
#include <functional>
#include <string>
#include <vector>

#include "base/error.hpp"

namespace semblance::bench {

/// CPU seconds of this process so far, user and system, of all threads.
inline double cpu_seconds() {
  timespec now;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

/// CPU seconds of each of `repeats` calls, after one call that does not count.
inline std::vector<double> measured(int repeats, const std::function<void()>& body) {
  std::vector<double> seconds;
  for (int repeat = 0; repeat <= repeats; ++repeat) {
    const double start = cpu_seconds();
    body();
    if (repeat > 0) seconds.push_back(cpu_seconds() - start);
  }
  return seconds;
}

/// The next n values of a file. \throws Error{kData} when it is too short
template <class T>
std::vector<T> read_values(std::ifstream& file, std::int64_t n) {
  std::vector<T> values(static_cast<std::size_t>(n));
  file.read(reinterpret_cast<char*>(values.data()),
            static_cast<std::streamsize>(values.size() * sizeof(T)));
  SEMBLANCE_EXPECT(file.good(), kData, "the file is too short");
  return values;
}

/// Writes the bytes of some values.
template <class T>
void write_values(const std::string& path, const T* values, std::size_t n) {
  std::ofstream(path, std::ios::binary)
      .write(reinterpret_cast<const char*>(values), static_cast<std::streamsize>(n * sizeof(T)));
}

/// The exit status of a benchmark that takes so many arguments; errors go to stderr.
inline int run_program(int argc, int n_arguments, const char* usage,
                       const std::function<void()>& body) {
  if (argc != n_arguments + 1) {
    fmt::print(stderr, "usage: {}\n", usage);
    return base::exit_code(base::ErrorKind::kUsage);
  }
  try {
    body();
    return 0;
  } catch (const base::Error& error) {
    fmt::print(stderr, "error: {}\n", error.what());
    return base::exit_code(error.kind());
  }
}

}  // namespace semblance::bench
