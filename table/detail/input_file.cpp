#include "table/detail/input_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "base/error.hpp"

namespace semblance::table::detail {
namespace {

/// Calls a read again until it has it all or the file ends.
template <class Read>
std::size_t read_fully(std::size_t size, const std::string& path, Read some) {
  std::size_t have = 0;
  while (have < size) {
    const ssize_t n = some(have);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) base::fail_errno("read", path);
    if (n == 0) break;
    have += static_cast<std::size_t>(n);
  }
  return have;
}

}  // namespace

InputFile::InputFile(const std::string& path)
    : path_(path), descriptor_(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {
  if (descriptor_ < 0) base::fail_errno("read", path);
  struct stat status {};
  if (::fstat(descriptor_, &status) != 0 || S_ISDIR(status.st_mode)) {
    ::close(descriptor_);
    base::fail(base::ErrorKind::kIo, "{}: is a directory, a file is needed", path);
  }
  is_regular_ = S_ISREG(status.st_mode);
  size_bytes_ = static_cast<std::int64_t>(status.st_size);
  ::posix_fadvise(descriptor_, 0, 0, POSIX_FADV_SEQUENTIAL);
}

InputFile::~InputFile() { ::close(descriptor_); }

std::size_t InputFile::read(char* out, std::size_t size) {
  return read_fully(size, path_,
                    [&](std::size_t have) { return ::read(descriptor_, out + have, size - have); });
}

std::size_t read_at(int descriptor, std::int64_t offset, char* out, std::size_t size,
                    const std::string& path) {
  return read_fully(size, path, [&](std::size_t have) {
    return ::pread(descriptor, out + have, size - have,
                   static_cast<off_t>(offset) + static_cast<off_t>(have));
  });
}

}  // namespace semblance::table::detail
