/// Distinct texts numbered in the order in which they come; texts live in one piece of memory.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace semblance::table::detail {

class TextDictionary {
 public:
  TextDictionary() { clear(); }

  /// The number of a text, a new one when it was not seen before.
  std::int32_t code(std::string_view text);
  std::int32_t size() const { return static_cast<std::int32_t>(ends_.size()); }
  std::string_view text(std::int32_t code) const {
    const auto i = static_cast<std::size_t>(code);
    const std::uint64_t begin = i == 0 ? 0 : ends_[i - 1];
    return std::string_view(arena_).substr(begin, ends_[i] - begin);
  }
  std::vector<std::string> texts() const;
  void clear();

 private:
  struct Slot {
    std::uint32_t hash = 0;
    std::int32_t code = -1;
  };
  void grow();

  std::string arena_;
  std::vector<std::uint64_t> ends_;
  std::vector<Slot> slots_;  // a power of two, at most half full
  std::int32_t last_ = -1;   // tables hold runs of equal values
};

}  // namespace semblance::table::detail
