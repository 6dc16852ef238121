/// A file open for reading, with errors that name it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace semblance::table::detail {

/// A file descriptor that closes itself.
class InputFile {
 public:
  /// \throws Error{kIo} when it cannot be opened or is a directory
  explicit InputFile(const std::string& path);
  ~InputFile();
  InputFile(const InputFile&) = delete;
  InputFile& operator=(const InputFile&) = delete;

  /// The next bytes; fewer than `size` only at the end of the file.
  std::size_t read(char* out, std::size_t size);
  const std::string& path() const { return path_; }
  int descriptor() const { return descriptor_; }
  bool is_regular() const { return is_regular_; }          ///< no pipe: can be read anywhere
  std::int64_t size_bytes() const { return size_bytes_; }  ///< when it was opened

 private:
  std::string path_;
  int descriptor_;
  bool is_regular_ = false;
  std::int64_t size_bytes_ = 0;
};

/// Bytes from a place on, by any thread; fewer than `size` only at the end of the file.
std::size_t read_at(int descriptor, std::int64_t offset, char* out, std::size_t size,
                    const std::string& path);

}  // namespace semblance::table::detail
