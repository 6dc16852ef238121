/// \file
/// The inner loops of the CPU search for nearest rows: lower bounds of the differences between one
/// query and 64 entries at a time, in 8-bit (or 16-bit) saturating lanes. An entry is a reference
/// row, or the box around a group of reference rows. One body (dcr_scan_body.hpp) is compiled once
/// for each instruction set; all give the same numbers.
///
/// Units of the lanes are *levels*; the index (dcr_index.hpp) says how many units of gower_row.hpp
/// a level stands for, and lays out the bytes.
#pragma once

#include <cstdint>

#include "kernels/dcr_op.hpp"

namespace semblance::kernels {

inline constexpr int kLanes = 64;                  ///< entries of a group
inline constexpr std::uint32_t kMostNarrow = 254;  ///< largest limit that 8-bit lanes can decide

/// A byte repeated four times: loaded into all lanes by one instruction.
using Splat = std::uint32_t;
/// \param byte  0 to 255
constexpr Splat splat_of(std::uint32_t byte) { return byte * 0x01010101u; }
/// What rows of missing cells are compared with.
inline constexpr Splat kMissingSplat = splat_of(kMissingByte);

/// `cost` where the byte of the entry differs from `value`.
struct EqualOp {
  std::uint32_t offset;  ///< of 64 bytes in the group
  Splat value, cost;     ///< cost in levels, 0 to 254
};
/// `cost` where the bit of the entry is clear: the box holds no such value.
struct PresentOp {
  std::uint32_t offset;  ///< of a 64-bit mask in the group
  Splat cost;            ///< in levels, 0 to 254
};
/// max(0, low_byte - above) + max(0, below - high_byte), where rows have one byte for both.
/// `cost` where the byte is kMissingByte (rows), or at most `cost` (boxes), when `maybe_missing`.
struct RangeOp {
  std::uint32_t offset;      ///< of 64 bytes (rows) or of 64 low bytes, then 64 high bytes (boxes)
  Splat above, below, cost;  ///< as ColumnOp; cost in levels
};

/// A list owned elsewhere, without member functions: see dcr_scan_body.hpp.
template <class Op>
struct OpList {
  const Op* first = nullptr;  ///< null: empty
  const Op* last = nullptr;   ///< one behind the last
};

/// What to add up for one query. Lists are in the order in which they are scanned.
struct ScanProgram {
  std::uint32_t base = 0;     ///< levels that every entry has
  int narrow_columns = 1;     ///< so many columns cannot overflow 8 bits
  OpList<EqualOp> equal;      ///< categories of rows
  OpList<PresentOp> present;  ///< categories of boxes
  /// Numbers of rows: columns without and with missing cells.
  OpList<RangeOp> row_ranges, row_missing_ranges;
  OpList<RangeOp> box_ranges, box_missing_ranges;  ///< numbers of boxes, likewise
};

/// Lanes whose level is at most `limit`, as a bit mask. Where it is not 0, `levels` [64] receives
/// the level of each lane (saturated: 255 when limit <= kMostNarrow, else 65535).
using ScanFunction = std::uint64_t (*)(const ScanProgram& program, const std::uint8_t* group,
                                       std::uint32_t limit, std::uint16_t* levels);

/// The same as row_units() of gower_row.hpp, whose arguments it has.
using ExactFunction = std::uint64_t (*)(const float* numeric_a, const float* numeric_b,
                                        int n_numeric, const std::int32_t* codes_a,
                                        const std::int32_t* codes_b, int n_categorical,
                                        const std::uint32_t* weights);

/// The inner loops of one instruction set.
struct ScanFunctions {
  ScanFunction rows, boxes;  ///< over a leaf and over a group of boxes
  ExactFunction exact;       ///< the same bits for every instruction set
};

/// Instruction sets that the loops are compiled for.
enum class Isa { kPortable, kAvx2, kAvx512 };

/// The widest instruction set that this build has and this machine can run.
Isa best_isa();
/// True when this build and this machine have it.
bool has_isa(Isa isa);
/// \throws Error{kUsage} when has_isa(isa) is false
ScanFunctions scan_functions(Isa isa);

/// For any processor; like the other two, called by scan_functions() alone.
ScanFunctions scan_functions_portable();
/// Only where has_isa(Isa::kAvx2).
ScanFunctions scan_functions_avx2();
/// Only where has_isa(Isa::kAvx512).
ScanFunctions scan_functions_avx512();

}  // namespace semblance::kernels
