/// Where the members of a gzip file are, told by their headers alone.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace semblance::table::detail {

struct GzipMember {
  std::int64_t offset = 0, size = 0;  ///< bytes of the file
};

/// The members of a file whose every member tells its length in an extra field: "BC" of BGZF
/// (bgzip, htslib) or our own "SB" (docs/MOCK_HOSPITAL.md). Nothing is inflated. None when a member
/// has no such field, or when the lengths do not lead exactly to the end of the file.
/// \throws Error{kIo} when the file cannot be read
std::optional<std::vector<GzipMember>> find_gzip_members(int descriptor, std::int64_t file_size,
                                                         const std::string& path);

}  // namespace semblance::table::detail
