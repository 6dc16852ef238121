#include "table/byte_source.hpp"

#include <algorithm>
#include <cstring>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "table/detail/gzip_inflater.hpp"
#include "table/detail/input_file.hpp"

namespace semblance::table {
namespace {

using File = detail::InputFile;

/// Plain bytes; the first few were read to look at them and are given out first.
class PlainSource : public ByteSource {
 public:
  PlainSource(std::unique_ptr<File> file, std::string first)
      : file_(std::move(file)), first_(std::move(first)) {}

  std::size_t read(char* out, std::size_t size) override {
    const std::size_t n = std::min(size, first_.size());
    std::memcpy(out, first_.data(), n);
    first_.erase(0, n);
    return n == size ? n : n + file_->read(out + n, size - n);
  }

 private:
  std::unique_ptr<File> file_;
  std::string first_;
};

class GzipSource : public ByteSource {
 public:
  GzipSource(std::unique_ptr<File> file, const std::string& first)
      : file_(std::move(file)), input_(kInputBytes) {
    std::memcpy(input_.data(), first.data(), first.size());
    available_ = first.size();
  }

  std::size_t read(char* out, std::size_t size) override {
    std::size_t made = 0;
    while (made < size && !ended_) {
      if (used_ == available_) refill();
      if (ended_) break;
      if (in_padding_) {
        skip_padding();
        continue;
      }
      const detail::InflateStep step =
          inflater_.step(input_.data() + used_, available_ - used_, out + made, size - made);
      SEMBLANCE_EXPECT(!step.damaged, kData, "{}: damaged gzip data after {} bytes of text",
                       file_->path(), total_ + made);
      used_ += step.consumed;
      made += step.produced;
      in_member_ = !step.member_ended;
      in_padding_ = step.member_ended;
    }
    total_ += made;
    return made;
  }

 private:
  static constexpr std::size_t kInputBytes = std::size_t{1} << 18;

  void refill() {
    available_ = file_->read(input_.data(), input_.size());
    used_ = 0;
    if (available_ > 0) return;
    SEMBLANCE_EXPECT(!in_member_, kData,
                     "{}: the gzip file is cut short (after {} bytes of text): copy it again",
                     file_->path(), total_);
    ended_ = true;
  }

  /// Between members there may be zero bytes; anything else must be a further member.
  void skip_padding() {
    while (used_ < available_ && input_[used_] == 0) ++used_;
    if (used_ == available_) return;
    SEMBLANCE_EXPECT(static_cast<unsigned char>(input_[used_]) == 0x1f, kData,
                     "{}: bytes that are not gzip follow the gzip data", file_->path());
    inflater_.reset();
    in_padding_ = false;
    in_member_ = true;
  }

  std::unique_ptr<File> file_;
  detail::GzipInflater inflater_;
  std::vector<char> input_;
  std::size_t used_ = 0, available_ = 0, total_ = 0;
  bool in_member_ = true, in_padding_ = false, ended_ = false;
};

void refuse_other_archives(const std::string& path, std::string_view first) {
  SEMBLANCE_EXPECT(!first.starts_with("PK\x03\x04"), kData,
                   "{}: is a zip archive or an Excel workbook: unpack it, or save it as CSV", path);
  SEMBLANCE_EXPECT(!first.starts_with("BZh"), kData,
                   "{}: is bzip2-compressed: unpack it, or use gzip", path);
  SEMBLANCE_EXPECT(!first.starts_with("\xfd"
                                      "7zXZ"),
                   kData, "{}: is xz-compressed: unpack it, or use gzip", path);
  SEMBLANCE_EXPECT(!first.starts_with("\x28\xb5\x2f\xfd"), kData,
                   "{}: is zstd-compressed: unpack it, or use gzip", path);
}

}  // namespace

std::unique_ptr<ByteSource> open_byte_source(const std::string& path) {
  auto file = std::make_unique<File>(path);
  std::string first(8, '\0');
  first.resize(file->read(first.data(), first.size()));
  if (first.starts_with("\x1f\x8b")) return std::make_unique<GzipSource>(std::move(file), first);
  refuse_other_archives(path, first);
  return std::make_unique<PlainSource>(std::move(file), std::move(first));
}

}  // namespace semblance::table
