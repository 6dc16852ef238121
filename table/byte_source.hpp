/// Bytes of a plain or gzip-compressed file, one after the other.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

namespace semblance::table {

/// A stream of bytes that is read once, from front to back, by one thread at a time.
class ByteSource {
 public:
  virtual ~ByteSource() = default;
  /// Fills `out` with up to `size` bytes of plain text; fewer than `size` only at the end.
  /// \throws Error{kIo} when the disk fails, Error{kData} for a damaged or truncated gzip stream
  virtual std::size_t read(char* out, std::size_t size) = 0;
};

/// Opens a file; gzip is told by its first bytes, not by its name. Several gzip members in a row
/// are read as one text.
/// \throws Error{kIo} when unreadable, Error{kData} when it is an archive that is not gzip
std::unique_ptr<ByteSource> open_byte_source(const std::string& path);

}  // namespace semblance::table
