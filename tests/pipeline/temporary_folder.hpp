/// A folder for one test, removed at its end.
#pragma once

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <string>

#include "base/error.hpp"
#include "base/file.hpp"

namespace semblance::testing {

class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "semblance-test-XXXXXX").string();
    SEMBLANCE_EXPECT(::mkdtemp(name.data()) != nullptr, kIo, "cannot make {}", name);
    path_ = name;
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  std::filesystem::path operator/(const std::string& name) const { return path_ / name; }
  const std::filesystem::path& path() const { return path_; }

  /// Writes a file in the folder and returns its path.
  std::filesystem::path write(const std::string& name, const std::string& text) const {
    base::write_text_file(path_ / name, text);
    return path_ / name;
  }

 private:
  std::filesystem::path path_;
};

/// Kind and message of the base::Error that `body` throws; fails the test when it throws none.
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
