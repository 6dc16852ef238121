/// Room for texts that live until the arena is cleared.
#pragma once

#include <cstddef>
#include <cstring>
#include <memory>
#include <string_view>
#include <vector>

namespace semblance::prepare {

/// Not thread-safe: one for each thread.
class TextArena {
 public:
  /// A copy of the text that stays where it is.
  std::string_view keep(std::string_view text) {
    if (used_ + text.size() > size_) grow(text.size());
    char* const place = chunks_.back().get() + used_;
    if (!text.empty()) std::memcpy(place, text.data(), text.size());
    used_ += text.size();
    return {place, text.size()};
  }
  /// Forgets all texts.
  void clear() {
    if (chunks_.size() > 1) chunks_.erase(chunks_.begin(), chunks_.end() - 1), bytes_ = size_;
    used_ = 0;
  }
  std::size_t bytes() const { return bytes_; }  ///< memory in use, not the texts' length

 private:
  void grow(std::size_t least) {
    size_ = least > kChunk ? least : kChunk;
    chunks_.push_back(std::make_unique<char[]>(size_));
    bytes_ += size_;
    used_ = 0;
  }
  static constexpr std::size_t kChunk = std::size_t{64} << 10;
  std::vector<std::unique_ptr<char[]>> chunks_;
  std::size_t used_ = 0, size_ = 0, bytes_ = 0;
};

}  // namespace semblance::prepare
