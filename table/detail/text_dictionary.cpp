#include "table/detail/text_dictionary.hpp"

#include <cstring>
#include <limits>

#include "base/error.hpp"

namespace semblance::table::detail {
namespace {

std::uint64_t hash_of(std::string_view text) {
  constexpr std::uint64_t kOdd = 0x9e3779b97f4a7c15u;
  std::uint64_t hash = text.size() * kOdd;
  const char* p = text.data();
  std::size_t left = text.size();
  std::uint64_t piece = 0;
  for (; left >= 8; p += 8, left -= 8) {
    std::memcpy(&piece, p, 8);
    hash = (hash ^ piece) * kOdd;
    hash ^= hash >> 32;
  }
  piece = 0;
  if (left > 0) std::memcpy(&piece, p, left);
  hash = (hash ^ piece) * kOdd;
  return hash ^ (hash >> 29);
}

}  // namespace

void TextDictionary::clear() {
  arena_.clear();
  ends_.clear();
  slots_.assign(64, {});
  last_ = -1;
}

std::int32_t TextDictionary::code(std::string_view text_wanted) {
  if (last_ >= 0 && text(last_) == text_wanted) return last_;
  const auto hash = static_cast<std::uint32_t>(hash_of(text_wanted));
  const std::size_t mask = slots_.size() - 1;
  std::size_t i = hash & mask;
  for (; slots_[i].code >= 0; i = (i + 1) & mask) {
    if (slots_[i].hash == hash && text(slots_[i].code) == text_wanted)
      return last_ = slots_[i].code;
  }
  SEMBLANCE_EXPECT(
      ends_.size() < static_cast<std::size_t>(std::numeric_limits<std::int32_t>::max()), kData,
      "a column has more than {} distinct texts", std::numeric_limits<std::int32_t>::max());
  last_ = size();
  slots_[i] = {hash, last_};
  arena_.append(text_wanted);
  ends_.push_back(arena_.size());
  if (2 * ends_.size() > slots_.size()) grow();
  return last_;
}

void TextDictionary::grow() {
  std::vector<Slot> larger(4 * slots_.size());
  const std::size_t mask = larger.size() - 1;
  for (const Slot& slot : slots_) {
    if (slot.code < 0) continue;
    std::size_t i = slot.hash & mask;
    while (larger[i].code >= 0) i = (i + 1) & mask;
    larger[i] = slot;
  }
  slots_ = std::move(larger);
}

std::vector<std::string> TextDictionary::texts() const {
  std::vector<std::string> out;
  out.reserve(ends_.size());
  for (std::int32_t i = 0; i < size(); ++i) out.emplace_back(text(i));
  return out;
}

}  // namespace semblance::table::detail
