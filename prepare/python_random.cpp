#include "prepare/python_random.hpp"

#include <algorithm>
#include <bit>

namespace semblance::prepare {

void PythonRandom::initialise(std::uint32_t seed) {
  state_[0] = seed;
  for (std::uint32_t i = 1; i < kWords; ++i) {
    state_[i] = 1812433253u * (state_[i - 1] ^ (state_[i - 1] >> 30)) + i;
  }
  next_ = kWords;
}

PythonRandom::PythonRandom(std::uint64_t seed) {
  // init_by_array with the seed's 32-bit digits, the lowest first.
  const std::array<std::uint32_t, 2> key = {static_cast<std::uint32_t>(seed),
                                            static_cast<std::uint32_t>(seed >> 32)};
  const std::uint32_t length = key[1] == 0 ? 1 : 2;
  initialise(19650218u);
  std::uint32_t i = 1, j = 0;
  const auto step = [&] {
    if (++i >= kWords) {
      state_[0] = state_[kWords - 1];
      i = 1;
    }
  };
  for (int k = 0; k < kWords; ++k) {
    state_[i] = (state_[i] ^ ((state_[i - 1] ^ (state_[i - 1] >> 30)) * 1664525u)) + key[j] + j;
    step();
    j = (j + 1) % length;
  }
  for (int k = 0; k < kWords - 1; ++k) {
    state_[i] = (state_[i] ^ ((state_[i - 1] ^ (state_[i - 1] >> 30)) * 1566083941u)) - i;
    step();
  }
  state_[0] = 0x80000000u;
}

void PythonRandom::twist() {
  constexpr int kShift = 397;
  for (int i = 0; i < kWords; ++i) {
    const std::uint32_t y = (state_[static_cast<std::size_t>(i)] & 0x80000000u) |
                            (state_[static_cast<std::size_t>((i + 1) % kWords)] & 0x7FFFFFFFu);
    state_[static_cast<std::size_t>(i)] = state_[static_cast<std::size_t>((i + kShift) % kWords)] ^
                                          (y >> 1) ^ ((y & 1u) != 0 ? 0x9908B0DFu : 0u);
  }
  next_ = 0;
}

std::uint32_t PythonRandom::next_word() {
  if (next_ == kWords) twist();
  std::uint32_t y = state_[static_cast<std::size_t>(next_++)];
  y ^= y >> 11;
  y ^= (y << 7) & 0x9D2C5680u;
  y ^= (y << 15) & 0xEFC60000u;
  return y ^ (y >> 18);
}

std::uint64_t PythonRandom::bits(int bits) {
  std::uint64_t result = 0;
  for (int done = 0; done < bits; done += 32) {
    const int take = std::min(32, bits - done);
    result |= std::uint64_t{next_word() >> (32 - take)} << done;
  }
  return result;
}

std::int64_t PythonRandom::between(std::int64_t low, std::int64_t high) {
  const std::uint64_t width = static_cast<std::uint64_t>(high) - static_cast<std::uint64_t>(low);
  const int bits_needed = std::bit_width(width);
  std::uint64_t drawn = bits(bits_needed);
  while (drawn >= width) drawn = bits(bits_needed);
  return low + static_cast<std::int64_t>(drawn);
}

}  // namespace semblance::prepare
