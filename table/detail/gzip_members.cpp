#include "table/detail/gzip_members.hpp"

#include <string_view>

#include "table/detail/input_file.hpp"

namespace semblance::table::detail {
namespace {

constexpr std::size_t kLookBytes = 64;          // holds the extra fields of both kinds
constexpr std::int64_t kLeastMemberBytes = 18;  // header and trailer

std::uint64_t little_endian(std::string_view bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = bytes.size(); i-- > 0;) {
    value = value << 8 | static_cast<unsigned char>(bytes[i]);
  }
  return value;
}

/// Length of the member that begins with these bytes; 0 when it does not tell.
std::int64_t member_size(std::string_view start) {
  constexpr unsigned char kExtraFlag = 4;
  if (start.size() < 12 || !start.starts_with("\x1f\x8b\x08")) return 0;
  if ((static_cast<unsigned char>(start[3]) & kExtraFlag) == 0) return 0;
  std::string_view extra = start.substr(12, little_endian(start.substr(10, 2)));
  while (extra.size() >= 4) {
    const std::string_view name = extra.substr(0, 2);
    const std::size_t length = little_endian(extra.substr(2, 2));
    if (extra.size() < 4 + length) return 0;
    const std::string_view value = extra.substr(4, length);
    if (name == "BC" && length == 2) return static_cast<std::int64_t>(little_endian(value)) + 1;
    if (name == "SB" && length == 16) {
      const std::uint64_t size = little_endian(value.substr(0, 8));
      return size < std::uint64_t{1} << 62 ? static_cast<std::int64_t>(size) : 0;
    }
    extra.remove_prefix(4 + length);
  }
  return 0;
}

}  // namespace

std::optional<std::vector<GzipMember>> find_gzip_members(int descriptor, std::int64_t file_size,
                                                         const std::string& path) {
  std::vector<GzipMember> members;
  char start[kLookBytes];
  for (std::int64_t offset = 0; offset < file_size;) {
    const std::size_t n = read_at(descriptor, offset, start, kLookBytes, path);
    const std::int64_t size = member_size({start, n});
    if (size < kLeastMemberBytes || size > file_size - offset) return std::nullopt;
    members.push_back({offset, size});
    offset += size;
  }
  return members;
}

}  // namespace semblance::table::detail
