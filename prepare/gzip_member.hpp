/// Fast gzip in independent pieces: gzip members, one after the other, are one gzip file (RFC
/// 1952).
#pragma once

#include <string>
#include <string_view>

namespace semblance::prepare {

/// The text as one gzip member. Members carry their own length in an extra field (subfield "SB":
/// the member's bytes, then the text's bytes, each 8 bytes little-endian), so that a reader who
/// knows can take a file apart without inflating it; others ignore it.
std::string gzip_member(std::string_view text);

/// The text as several members of about 256 KiB, cut at the ends of lines: short enough to be
/// inflated in a cache, each by another thread.
std::string gzip_members(std::string_view text);

}  // namespace semblance::prepare
