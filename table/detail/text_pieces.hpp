/// The text of a file, plain or gzip, in consecutive pieces. Where the file allows it, each piece
/// can be fetched by itself: by any thread, or by another rank.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace semblance::table::detail {

/// A piece of text with some room before it, so that what an earlier piece left over can be put in
/// front at no cost. Its memory is kept from piece to piece.
class PieceBuffer {
 public:
  std::string_view text() const { return {bytes_.data() + begin_, size_}; }
  void clear();
  /// Where `size` more bytes of text may be written; added() says how many were.
  char* room(std::size_t size);
  void added(std::size_t size) { size_ += size; }
  void prepend(std::string_view before);
  bool last() const { return last_; }  ///< no piece comes after it
  void set_last(bool last) { last_ = last; }
  std::vector<char>& packed() { return packed_; }  ///< scratch: the compressed bytes of the piece

 private:
  static constexpr std::size_t kHeadroom = std::size_t{1} << 12;
  std::vector<char> bytes_ = std::vector<char>(kHeadroom);  // at least [0, begin_ + size_)
  std::vector<char> packed_;
  std::size_t begin_ = kHeadroom, size_ = 0;
  bool last_ = false;
};

class TextPieces {
 public:
  virtual ~TextPieces() = default;
  /// Number of pieces; -1 when it is known only after the last has been fetched.
  virtual std::int64_t count() const = 0;
  /// True when pieces can be fetched only by one thread at a time and in order 0, 1, 2, ...
  bool in_order() const { return count() < 0; }
  /// \throws Error{kIo} when the disk fails, Error{kData} for damaged or truncated gzip data
  virtual void fetch(std::int64_t number, PieceBuffer& out) = 0;
};

/// Opens a file; gzip is told by its first bytes, not by its name.
/// \param split  look for gzip members that can be inflated by themselves. False for one thread
///               alone: a stream is then somewhat faster
/// \throws Error{kIo} when unreadable, Error{kData} when it is an archive that is not gzip
std::unique_ptr<TextPieces> open_text_pieces(const std::string& path, std::size_t piece_bytes,
                                             bool split);

/// Pieces of a text in memory, which must outlive them.
std::unique_ptr<TextPieces> pieces_of_text(std::string_view text, std::size_t piece_bytes);

}  // namespace semblance::table::detail
