/// The random numbers of CPython's `random` module, bit for bit: some published recipes were drawn
/// with them and can only be repeated with them.
#pragma once

#include <array>
#include <cstdint>

namespace semblance::prepare {

/// MT19937 (Matsumoto and Nishimura, ACM TOMACS 8(1), 1998), seeded as `random.seed(n)` does.
class PythonRandom {
 public:
  /// `random.seed(seed)` for a non-negative whole number.
  explicit PythonRandom(std::uint64_t seed);

  /// The next 32 tempered bits of the twister.
  std::uint32_t next_word();
  /// `random.getrandbits(bits)`, 1 <= bits <= 64.
  std::uint64_t bits(int bits);
  /// `random.randrange(low, high)`; the caller sees to low < high.
  std::int64_t between(std::int64_t low, std::int64_t high);

 private:
  void initialise(std::uint32_t seed);
  void twist();

  static constexpr int kWords = 624;
  std::array<std::uint32_t, kWords> state_;
  int next_ = kWords;
};

}  // namespace semblance::prepare
