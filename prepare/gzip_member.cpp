#include "prepare/gzip_member.hpp"

#include <zlib.h>

#include <cstdint>
#include <vector>

#include "base/error.hpp"

#ifdef SEMBLANCE_WITH_ISAL
#include <isa-l/crc.h>
#include <isa-l/igzip_lib.h>
#endif

namespace semblance::prepare {
namespace {

void append_little_endian(std::string& out, std::uint64_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) out.push_back(static_cast<char>(value >> (8 * i) & 0xFF));
}

constexpr std::size_t kHeaderBytes = 10 + 2 + 4 + 16;

#ifdef SEMBLANCE_WITH_ISAL

/// Appends the text as one raw deflate stream.
void append_deflated(std::string& out, std::string_view text) {
  thread_local std::vector<std::uint8_t> workspace(ISAL_DEF_LVL1_DEFAULT);
  isal_zstream stream;
  isal_deflate_stateless_init(&stream);
  stream.level = 1;
  stream.level_buf = workspace.data();
  stream.level_buf_size = static_cast<std::uint32_t>(workspace.size());
  stream.gzip_flag = IGZIP_DEFLATE;
  stream.end_of_stream = 1;
  stream.flush = NO_FLUSH;
  stream.next_in = reinterpret_cast<std::uint8_t*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<std::uint32_t>(text.size());
  const std::size_t start = out.size();
  out.resize(start + text.size() + text.size() / 8 + 1024);
  stream.next_out = reinterpret_cast<std::uint8_t*>(out.data() + start);
  stream.avail_out = static_cast<std::uint32_t>(out.size() - start);
  const int result = isal_deflate_stateless(&stream);
  SEMBLANCE_ASSERT(result == COMP_OK);
  out.resize(start + stream.total_out);
}

std::uint32_t crc_of(std::string_view text) {
  return crc32_gzip_refl(0, reinterpret_cast<const unsigned char*>(text.data()), text.size());
}

#else

void append_deflated(std::string& out, std::string_view text) {
  z_stream stream{};
  SEMBLANCE_ASSERT(deflateInit2(&stream, 1, Z_DEFLATED, -15, 9, Z_DEFAULT_STRATEGY) == Z_OK);
  const std::size_t start = out.size();
  out.resize(start + deflateBound(&stream, text.size()));
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data() + start);
  stream.avail_out = static_cast<uInt>(out.size() - start);
  const int result = deflate(&stream, Z_FINISH);
  out.resize(start + stream.total_out);
  deflateEnd(&stream);
  SEMBLANCE_ASSERT(result == Z_STREAM_END);
}

std::uint32_t crc_of(std::string_view text) {
  return static_cast<std::uint32_t>(
      crc32(0, reinterpret_cast<const Bytef*>(text.data()), static_cast<uInt>(text.size())));
}

#endif

}  // namespace

std::string gzip_member(std::string_view text) {
  SEMBLANCE_ASSERT(text.size() < (std::size_t{1} << 31));
  std::string out;
  out.append("\x1f\x8b\x08\x04\0\0\0\0\0\xff", 10);  // deflate, extra field, no time, no system
  append_little_endian(out, 20, 2);
  out.append("SB", 2);
  append_little_endian(out, 16, 2);
  append_little_endian(out, 0, 16);  // the lengths, set below
  append_deflated(out, text);
  append_little_endian(out, crc_of(text), 4);
  append_little_endian(out, text.size(), 4);
  std::string lengths;
  append_little_endian(lengths, out.size(), 8);
  append_little_endian(lengths, text.size(), 8);
  out.replace(kHeaderBytes - 16, 16, lengths);
  return out;
}

std::string gzip_members(std::string_view text) {
  constexpr std::size_t kMemberBytes = std::size_t{1} << 18;
  std::string out;
  while (text.size() > kMemberBytes) {
    const std::size_t end = text.find('\n', kMemberBytes - 1);
    if (end == std::string_view::npos) break;
    out += gzip_member(text.substr(0, end + 1));
    text.remove_prefix(end + 1);
  }
  if (!text.empty() || out.empty()) out += gzip_member(text);
  return out;
}

}  // namespace semblance::prepare
