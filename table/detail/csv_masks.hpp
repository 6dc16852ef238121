/// Where the separators, quotes and newlines of 64 bytes are, as bit masks (bit i: byte i).
#pragma once

#include <cstdint>
#include <cstring>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace semblance::table::detail {

struct CsvMasks {
  std::uint64_t separator = 0, newline = 0, quote = 0;
  bool any_high = false;  ///< some byte is >= 0x80: not ASCII
  bool any_nul = false;
};

#ifdef __SSE2__

inline std::uint64_t bits_equal(const char* bytes, char wanted) {
  const __m128i w = _mm_set1_epi8(wanted);
  std::uint64_t bits = 0;
  for (int i = 0; i < 4; ++i) {
    const __m128i v = _mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes + 16 * i));
    bits |= static_cast<std::uint64_t>(
                static_cast<std::uint32_t>(_mm_movemask_epi8(_mm_cmpeq_epi8(v, w))))
            << (16 * i);
  }
  return bits;
}

/// \param bytes  64 readable bytes
inline CsvMasks classify(const char* bytes, char separator) {
  __m128i all = _mm_setzero_si128(), nul = _mm_setzero_si128();
  for (int i = 0; i < 4; ++i) {
    const __m128i v = _mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes + 16 * i));
    all = _mm_or_si128(all, v);
    nul = _mm_or_si128(nul, _mm_cmpeq_epi8(v, _mm_setzero_si128()));
  }
  return {bits_equal(bytes, separator), bits_equal(bytes, '\n'), bits_equal(bytes, '"'),
          _mm_movemask_epi8(all) != 0, _mm_movemask_epi8(nul) != 0};
}

#else

inline std::uint64_t bits_equal(const char* bytes, char wanted) {
  std::uint64_t bits = 0;
  for (int i = 0; i < 64; ++i) bits |= static_cast<std::uint64_t>(bytes[i] == wanted) << i;
  return bits;
}

/// \param bytes  64 readable bytes
inline CsvMasks classify(const char* bytes, char separator) {
  unsigned char all = 0;
  for (int i = 0; i < 64; ++i) all |= static_cast<unsigned char>(bytes[i]);
  return {bits_equal(bytes, separator), bits_equal(bytes, '\n'), bits_equal(bytes, '"'),
          all >= 0x80, bits_equal(bytes, '\0') != 0};
}

#endif

/// Bit i of the result: an odd number of bits is set among bits 0..i.
inline std::uint64_t prefix_xor(std::uint64_t bits) {
  for (int shift = 1; shift < 64; shift *= 2) bits ^= bits << shift;
  return bits;
}

/// Follows quotes from one 64-byte word to the next by the parity of the quotes before each byte.
/// That is right as long as every opening quote starts a field and every closing quote ends one;
/// `regular` says whether it was so.
class QuoteTracker {
 public:
  /// \return bits of the bytes inside quotes (an opening quote counts as inside, a closing one not)
  std::uint64_t inside(const char* bytes, const CsvMasks& masks) {
    const std::uint64_t breaks = masks.separator | masks.newline | masks.quote;
    std::uint64_t in = 0;
    if ((masks.quote | carry_inside_ | carry_closing_) != 0) {
      in = prefix_xor(masks.quote) ^ carry_inside_;
      const std::uint64_t opening = masks.quote & in, closing = masks.quote & ~in;
      const std::uint64_t may_open = (breaks << 1) | carry_break_;
      const std::uint64_t after_closing = (closing << 1) | carry_closing_;
      if ((opening & ~may_open) != 0 || (after_closing & ~(breaks | bits_equal(bytes, '\r'))) != 0)
        regular_ = false;
      carry_closing_ = closing >> 63;
      carry_inside_ = (in >> 63) != 0 ? ~std::uint64_t{0} : 0;
    }
    carry_break_ = breaks >> 63;
    return in;
  }
  bool regular() const { return regular_; }
  bool ends_inside() const { return carry_inside_ != 0; }

 private:
  std::uint64_t carry_inside_ = 0;   // all ones inside quotes
  std::uint64_t carry_break_ = 1;    // 1: the byte before may stand before an opening quote
  std::uint64_t carry_closing_ = 0;  // 1: the byte before was a closing quote
  bool regular_ = true;
};

/// The 64 bytes at `offset` of a text, made up with newlines beyond its end.
class PaddedWord {
 public:
  const char* at(const char* text, std::size_t size, std::size_t offset) {
    valid_ = ~std::uint64_t{0};
    if (offset + 64 <= size) return text + offset;
    valid_ >>= 64 - (size - offset);
    std::memset(padded_, '\n', sizeof padded_);
    std::memcpy(padded_, text + offset, size - offset);
    return padded_;
  }

  /// Bits of the bytes that belong to the text, after at().
  std::uint64_t valid() const { return valid_; }

 private:
  std::uint64_t valid_ = 0;
  char padded_[64];
};

}  // namespace semblance::table::detail
