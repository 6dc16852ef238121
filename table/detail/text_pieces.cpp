#include "table/detail/text_pieces.hpp"

#include <algorithm>
#include <cstring>

#include "base/error.hpp"
#include "table/byte_source.hpp"
#include "table/detail/gzip_inflater.hpp"
#include "table/detail/gzip_members.hpp"
#include "table/detail/input_file.hpp"

namespace semblance::table::detail {
namespace {

/// Read or inflated from the first byte to the last.
class StreamPieces : public TextPieces {
 public:
  StreamPieces(const std::string& path, std::size_t piece_bytes)
      : source_(open_byte_source(path)), piece_bytes_(piece_bytes) {}
  std::int64_t count() const override { return -1; }
  void fetch(std::int64_t, PieceBuffer& out) override {
    out.clear();
    const std::size_t n = source_->read(out.room(piece_bytes_), piece_bytes_);
    out.added(n);
    out.set_last(n < piece_bytes_);
  }

 private:
  std::unique_ptr<ByteSource> source_;
  std::size_t piece_bytes_;
};

class PlainPieces : public TextPieces {
 public:
  PlainPieces(std::unique_ptr<InputFile> file, std::size_t piece_bytes)
      : file_(std::move(file)), piece_bytes_(static_cast<std::int64_t>(piece_bytes)) {}
  std::int64_t count() const override {
    return (file_->size_bytes() + piece_bytes_ - 1) / piece_bytes_;
  }
  void fetch(std::int64_t number, PieceBuffer& out) override {
    out.clear();
    const std::int64_t offset = number * piece_bytes_;
    const auto size =
        static_cast<std::size_t>(std::min(piece_bytes_, file_->size_bytes() - offset));
    const std::size_t n = read_at(file_->descriptor(), offset, out.room(size), size, file_->path());
    SEMBLANCE_EXPECT(n == size, kIo, "{}: became shorter while it was read", file_->path());
    out.added(n);
    out.set_last(number + 1 == count());
  }

 private:
  std::unique_ptr<InputFile> file_;
  std::int64_t piece_bytes_;
};

/// Runs of gzip members.
class MemberPieces : public TextPieces {
 public:
  MemberPieces(std::unique_ptr<InputFile> file, const std::vector<GzipMember>& members,
               std::size_t piece_bytes)
      : file_(std::move(file)) {
    // Texts of tables shrink to about a fifth.
    const auto least = std::max<std::int64_t>(1, static_cast<std::int64_t>(piece_bytes) / 6);
    for (const GzipMember& member : members) {
      if (runs_.empty() || runs_.back().size >= least) runs_.push_back({member.offset, 0});
      runs_.back().size += member.size;
    }
  }
  std::int64_t count() const override { return static_cast<std::int64_t>(runs_.size()); }
  void fetch(std::int64_t number, PieceBuffer& out) override {
    const GzipMember& run = runs_[static_cast<std::size_t>(number)];
    out.clear();
    std::vector<char>& packed = out.packed();
    packed.resize(static_cast<std::size_t>(run.size));
    const std::size_t n =
        read_at(file_->descriptor(), run.offset, packed.data(), packed.size(), file_->path());
    SEMBLANCE_EXPECT(n == packed.size(), kIo, "{}: became shorter while it was read",
                     file_->path());
    inflate(packed, run.offset, out);
    out.set_last(number + 1 == count());
  }

 private:
  /// Inflates all members in `packed`, which must end with the last of them.
  void inflate(const std::vector<char>& packed, std::int64_t offset, PieceBuffer& out) const {
    GzipInflater inflater;
    std::size_t used = 0;
    while (true) {
      const std::size_t room = std::max<std::size_t>(8 * (packed.size() - used), 1 << 12);
      const InflateStep step =
          inflater.step(packed.data() + used, packed.size() - used, out.room(room), room);
      used += step.consumed;
      out.added(step.produced);
      if (step.member_ended) {
        if (used == packed.size()) return;
        inflater.reset();
        continue;
      }
      const bool stuck = step.produced < room && used == packed.size();
      SEMBLANCE_EXPECT(!step.damaged && !stuck && out.text().size() < kMostText, kData,
                       "{}: damaged gzip data near byte {}: copy the file again", file_->path(),
                       offset + static_cast<std::int64_t>(used));
    }
  }

  static constexpr std::size_t kMostText = std::size_t{1} << 30;
  std::unique_ptr<InputFile> file_;
  std::vector<GzipMember> runs_;
};

class MemoryPieces : public TextPieces {
 public:
  MemoryPieces(std::string_view text, std::size_t piece_bytes)
      : text_(text), piece_bytes_(piece_bytes) {}
  std::int64_t count() const override {
    return static_cast<std::int64_t>((text_.size() + piece_bytes_ - 1) / piece_bytes_);
  }
  void fetch(std::int64_t number, PieceBuffer& out) override {
    out.clear();
    const std::string_view piece =
        text_.substr(static_cast<std::size_t>(number) * piece_bytes_, piece_bytes_);
    std::memcpy(out.room(piece.size()), piece.data(), piece.size());
    out.added(piece.size());
    out.set_last(number + 1 == count());
  }

 private:
  std::string_view text_;
  std::size_t piece_bytes_;
};

}  // namespace

void PieceBuffer::clear() {
  begin_ = kHeadroom;
  size_ = 0;
  last_ = false;
  if (bytes_.size() < kHeadroom) bytes_.resize(kHeadroom);
}

char* PieceBuffer::room(std::size_t size) {
  const std::size_t wanted = begin_ + size_ + size;
  if (bytes_.size() < wanted) bytes_.resize(std::max(wanted, bytes_.size() * 3 / 2));
  return bytes_.data() + begin_ + size_;
}

void PieceBuffer::prepend(std::string_view before) {
  if (before.size() > begin_) {
    const std::size_t more = before.size() - begin_;
    bytes_.insert(bytes_.begin(), more, '\0');
    begin_ += more;
  }
  begin_ -= before.size();
  if (!before.empty()) std::memcpy(bytes_.data() + begin_, before.data(), before.size());
  size_ += before.size();
}

std::unique_ptr<TextPieces> open_text_pieces(const std::string& path, std::size_t piece_bytes,
                                             bool split) {
  auto file = std::make_unique<InputFile>(path);
  char first[2] = {};
  const bool regular = file->is_regular();
  if (regular) read_at(file->descriptor(), 0, first, sizeof first, path);
  const bool gzip = first[0] == '\x1f' && first[1] == '\x8b';
  if (regular && gzip && split) {
    const auto members = find_gzip_members(file->descriptor(), file->size_bytes(), path);
    if (members && members->size() > 1)
      return std::make_unique<MemberPieces>(std::move(file), *members, piece_bytes);
  }
  if (regular && !gzip) {
    open_byte_source(path);  // refuses archives of other kinds
    return std::make_unique<PlainPieces>(std::move(file), piece_bytes);
  }
  return std::make_unique<StreamPieces>(path, piece_bytes);
}

std::unique_ptr<TextPieces> pieces_of_text(std::string_view text, std::size_t piece_bytes) {
  return std::make_unique<MemoryPieces>(text, piece_bytes);
}

}  // namespace semblance::table::detail
