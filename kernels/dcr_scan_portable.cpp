// Plain loops over 64 lanes, which compilers turn into whatever vectors the target has. Also says
// which instruction set to use.
#include "base/error.hpp"
#include "kernels/dcr_scan.hpp"
#include "kernels/gower_row.hpp"

namespace semblance::kernels {
namespace {

struct Lanes {
  std::uint8_t v[kLanes];

  template <class F>
  static Lanes each(const F& f) {
    Lanes r;
    for (int i = 0; i < kLanes; ++i) r.v[i] = static_cast<std::uint8_t>(f(i));
    return r;
  }
  static Lanes load(const std::uint8_t* p) {
    return each([&](int i) { return p[i]; });
  }
  static Lanes splat(Splat s) {
    return each([&](int) { return s & 255; });
  }
  Lanes plus(const Lanes& o) const {
    return each([&](int i) {
      const std::uint8_t room = static_cast<std::uint8_t>(~o.v[i]);
      return (v[i] < room ? v[i] : room) + o.v[i];
    });
  }
  Lanes minus(const Lanes& o) const {
    return each([&](int i) { return (v[i] > o.v[i] ? v[i] : o.v[i]) - o.v[i]; });
  }
  Lanes min(const Lanes& o) const {
    return each([&](int i) { return v[i] < o.v[i] ? v[i] : o.v[i]; });
  }
  Lanes cost_where_different(Splat value, Splat cost) const {
    const auto b = static_cast<std::uint8_t>(value), c = static_cast<std::uint8_t>(cost);
    return each([&](int i) { return v[i] == b ? 0 : c; });
  }
  static Lanes cost_where_clear(std::uint64_t mask, Splat cost) {
    const auto c = static_cast<std::uint8_t>(cost);
    return each([&](int i) { return (mask >> i & 1) != 0 ? 0 : c; });
  }
  Lanes replaced_where_equal(const Lanes& row, Splat value, Splat cost) const {
    const auto b = static_cast<std::uint8_t>(value), c = static_cast<std::uint8_t>(cost);
    return each([&](int i) { return row.v[i] == b ? c : v[i]; });
  }
  std::uint64_t at_most(std::uint32_t limit) const {
    std::uint64_t mask = 0;
    for (int i = 0; i < kLanes; ++i) mask |= std::uint64_t{v[i] <= limit} << i;
    return mask;
  }
};

struct WideLanes {
  std::uint16_t v[kLanes];
  static WideLanes splat(std::uint32_t levels) {
    WideLanes r;
    for (std::uint16_t& lane : r.v)
      lane = static_cast<std::uint16_t>(levels < kMostWide ? levels : kMostWide);
    return r;
  }
  WideLanes plus(const Lanes& o) const {
    WideLanes r;
    for (int i = 0; i < kLanes; ++i) {
      const std::uint16_t room = static_cast<std::uint16_t>(kMostWide - o.v[i]);
      r.v[i] = static_cast<std::uint16_t>((v[i] < room ? v[i] : room) + o.v[i]);
    }
    return r;
  }
  std::uint64_t at_most(std::uint32_t limit) const {
    std::uint64_t mask = 0;
    for (int i = 0; i < kLanes; ++i) mask |= std::uint64_t{v[i] <= limit} << i;
    return mask;
  }
  void store(std::uint16_t* levels) const {
    for (int i = 0; i < kLanes; ++i) levels[i] = v[i];
  }
};

#include "kernels/dcr_scan_body.hpp"

}  // namespace

ScanFunctions scan_functions_portable() { return {scan_rows, scan_boxes, row_units}; }

bool has_isa(Isa isa) {
  if (isa == Isa::kPortable) return true;
#if defined(__x86_64__)
  if (isa == Isa::kAvx2)
    return scan_functions_avx2().rows != nullptr && __builtin_cpu_supports("avx2");
  return scan_functions_avx512().rows != nullptr && __builtin_cpu_supports("avx512f") &&
         __builtin_cpu_supports("avx512bw");
#else
  return false;
#endif
}

Isa best_isa() {
  return has_isa(Isa::kAvx512) ? Isa::kAvx512 : has_isa(Isa::kAvx2) ? Isa::kAvx2 : Isa::kPortable;
}

ScanFunctions scan_functions(Isa isa) {
  SEMBLANCE_EXPECT(has_isa(isa), kUsage,
                   "this machine or build lacks the instruction set asked for");
  switch (isa) {
    case Isa::kAvx512:
      return scan_functions_avx512();
    case Isa::kAvx2:
      return scan_functions_avx2();
    case Isa::kPortable:
      break;
  }
  return scan_functions_portable();
}

}  // namespace semblance::kernels
