#include "table/detail/gzip_inflater.hpp"

#include <algorithm>
#include <limits>

#ifdef SEMBLANCE_WITH_ISAL
#include <isa-l/igzip_lib.h>
#else
#include <zlib.h>
#endif

#include "base/error.hpp"

namespace semblance::table::detail {
namespace {

unsigned clipped(std::size_t size) {
  return static_cast<unsigned>(
      std::min<std::size_t>(size, std::numeric_limits<unsigned>::max() / 2));
}

}  // namespace

#ifdef SEMBLANCE_WITH_ISAL

struct GzipInflater::State {
  inflate_state stream;
};

GzipInflater::GzipInflater() : state_(std::make_unique<State>()) { reset(); }
GzipInflater::~GzipInflater() = default;

void GzipInflater::reset() {
  isal_inflate_init(&state_->stream);
  state_->stream.crc_flag = ISAL_GZIP;
}

InflateStep GzipInflater::step(const char* input, std::size_t input_size, char* output,
                               std::size_t output_size) {
  inflate_state& stream = state_->stream;
  stream.next_in = reinterpret_cast<std::uint8_t*>(const_cast<char*>(input));
  stream.avail_in = clipped(input_size);
  stream.next_out = reinterpret_cast<std::uint8_t*>(output);
  stream.avail_out = clipped(output_size);
  const int code = isal_inflate(&stream);
  InflateStep step;
  step.consumed = static_cast<std::size_t>(reinterpret_cast<const char*>(stream.next_in) - input);
  step.produced = static_cast<std::size_t>(reinterpret_cast<char*>(stream.next_out) - output);
  step.member_ended = code == ISAL_DECOMP_OK && stream.block_state == ISAL_BLOCK_FINISH;
  step.damaged = code < 0;
  return step;
}

#else

struct GzipInflater::State {
  z_stream stream{};
};

GzipInflater::GzipInflater() : state_(std::make_unique<State>()) {
  constexpr int kGzipOnly = 16 + MAX_WBITS;
  SEMBLANCE_ASSERT(inflateInit2(&state_->stream, kGzipOnly) == Z_OK);
}
GzipInflater::~GzipInflater() { inflateEnd(&state_->stream); }

void GzipInflater::reset() { SEMBLANCE_ASSERT(inflateReset(&state_->stream) == Z_OK); }

InflateStep GzipInflater::step(const char* input, std::size_t input_size, char* output,
                               std::size_t output_size) {
  z_stream& stream = state_->stream;
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(input));
  stream.avail_in = clipped(input_size);
  stream.next_out = reinterpret_cast<Bytef*>(output);
  stream.avail_out = clipped(output_size);
  const int code = inflate(&stream, Z_NO_FLUSH);
  InflateStep step;
  step.consumed = static_cast<std::size_t>(reinterpret_cast<const char*>(stream.next_in) - input);
  step.produced = static_cast<std::size_t>(reinterpret_cast<char*>(stream.next_out) - output);
  step.member_ended = code == Z_STREAM_END;
  step.damaged = code != Z_OK && code != Z_STREAM_END && code != Z_BUF_ERROR;
  return step;
}

#endif

}  // namespace semblance::table::detail
