/// A folder for one test with files that are made in one line, and what a call throws.
#pragma once

#include <filesystem>
#include <string>

#include "base/error.hpp"
#include "base/file.hpp"
#include "tests/base/temporary_directory.hpp"

namespace semblance::testing {

class TemporaryFolder : public base::TemporaryDirectory {
 public:
  std::filesystem::path operator/(const std::string& name) const { return path() / name; }
  /// Writes a file in the folder and returns its path.
  std::filesystem::path write(const std::string& name, const std::string& text) const {
    base::write_text_file(path() / name, text);
    return path() / name;
  }
};

/// Kind and message of the base::Error that `body` throws.
struct Thrown {
  base::ErrorKind kind = base::ErrorKind::kInternal;
  std::string message = "nothing was thrown";
};
template <class Body>
Thrown error_of(const Body& body) {
  try {
    body();
  } catch (const base::Error& e) {
    return {e.kind(), e.what()};
  }
  return {};
}

}  // namespace semblance::testing
