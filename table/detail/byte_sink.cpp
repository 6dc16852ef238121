#include "table/detail/byte_sink.hpp"

#include <fcntl.h>
#include <unistd.h>
#include <zlib.h>

#include <cerrno>
#include <vector>

#include "base/error.hpp"

namespace semblance::table::detail {
namespace {

constexpr int kGzipLevel = 4;  // CSV: a third of level 6's time, a tenth more bytes

class PlainSink : public ByteSink {
 public:
  PlainSink(const std::string& path, std::string shown_path)
      : shown_path_(std::move(shown_path)),
        descriptor_(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666)) {
    if (descriptor_ < 0) base::fail_errno("write", shown_path_);
  }
  ~PlainSink() override { ::close(descriptor_); }
  PlainSink(const PlainSink&) = delete;
  PlainSink& operator=(const PlainSink&) = delete;

  void write(std::string_view bytes) override {
    while (!bytes.empty()) {
      const ssize_t n = ::write(descriptor_, bytes.data(), bytes.size());
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) base::fail_errno("write", shown_path_);
      bytes.remove_prefix(static_cast<std::size_t>(n));
    }
  }
  void finish() override {}

 private:
  std::string shown_path_;
  int descriptor_;
};

class GzipSink : public ByteSink {
 public:
  GzipSink(const std::string& path, const std::string& shown_path)
      : file_(path, shown_path), output_(std::size_t{1} << 18) {
    constexpr int kGzipHeader = 16 + MAX_WBITS;
    SEMBLANCE_ASSERT(
        deflateInit2(&stream_, kGzipLevel, Z_DEFLATED, kGzipHeader, 8, Z_DEFAULT_STRATEGY) == Z_OK);
  }
  ~GzipSink() override { deflateEnd(&stream_); }
  GzipSink(const GzipSink&) = delete;
  GzipSink& operator=(const GzipSink&) = delete;

  void write(std::string_view bytes) override { deflate_all(bytes, Z_NO_FLUSH); }
  void finish() override { deflate_all({}, Z_FINISH); }

 private:
  void deflate_all(std::string_view bytes, int flush) {
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
    stream_.avail_in = static_cast<uInt>(bytes.size());
    do {
      stream_.next_out = reinterpret_cast<Bytef*>(output_.data());
      stream_.avail_out = static_cast<uInt>(output_.size());
      SEMBLANCE_ASSERT(deflate(&stream_, flush) != Z_STREAM_ERROR);
      file_.write({output_.data(), output_.size() - stream_.avail_out});
    } while (stream_.avail_out == 0);
  }

  PlainSink file_;
  std::vector<char> output_;
  z_stream stream_{};
};

}  // namespace

std::unique_ptr<ByteSink> open_byte_sink(const std::string& path, const std::string& shown_path,
                                         bool gzip) {
  if (gzip) return std::make_unique<GzipSink>(path, shown_path);
  return std::make_unique<PlainSink>(path, shown_path);
}

}  // namespace semblance::table::detail
