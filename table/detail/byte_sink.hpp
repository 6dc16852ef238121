/// Where bytes go: a plain or gzip file.
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace semblance::table::detail {

class ByteSink {
 public:
  virtual ~ByteSink() = default;
  /// \throws Error{kIo} when the disk is full or fails
  virtual void write(std::string_view bytes) = 0;
  virtual void finish() = 0;
};

/// \param shown_path  the path in messages
std::unique_ptr<ByteSink> open_byte_sink(const std::string& path, const std::string& shown_path,
                                         bool gzip);

}  // namespace semblance::table::detail
