/// \file
/// Products of a tile of rows with a matrix in whole numbers. A row is rounded to 14 bits of its
/// largest number, and a matrix of each column's; their product is a sum of whole numbers
/// below 2^31, which has the same bits in any order: for every instruction set, tile and thread.
/// Error: about 2^-14 of the largest number of the row and of the column.
///
/// One body (fixed_product_body.hpp) and one product are compiled for each instruction set.
/// Products of 16-bit numbers (AVX2, AVX-512 VNNI) run at twice the rate of float ones; AMX
/// multiplies bytes, so there a number is 256 * high + low.
#pragma once

#include <cstdint>
#include <vector>

namespace semblance::kernels {

inline constexpr int kTile = 64;  ///< rows of a tile

/// Instruction sets that the products are compiled for.
enum class FixedIsa { kPortable, kAvx2, kVnni, kAmx };

/// The fastest instruction set that this build has and this machine can run.
FixedIsa best_fixed_isa();
/// True when this build and this machine have it.
bool has_fixed_isa(FixedIsa isa);

/// 64 bytes, where vectors and tiles are loaded from.
struct alignas(64) CacheLine {
  std::int8_t byte[64];
};

/// A matrix [inner, width], rounded.
struct FixedMatrix {
  FixedMatrix() = default;
  /// \param row  floats from row to row of `values`
  FixedMatrix(const float* values, std::int64_t row, std::int64_t inner, std::int64_t width,
              FixedIsa isa);

  std::int64_t inner = 0;     ///< its rows
  std::int64_t stride = 0;    ///< its columns, padded to whole vectors of 16 with zeros
  std::vector<float> scales;  ///< [stride] a column's number is its whole number times this
  /// Whole numbers. kAmx: bytes [inner / 64 rounded up, stride / 16, 2, 16, 16, 4], high parts,
  /// then low ones, as the instruction wants them. Others: 16 bits [inner / 2 rounded up, stride,
  /// 2].
  std::vector<CacheLine> numbers;
};

/// The rows of a tile, rounded: what a product is made from.
struct FixedRows {
  FixedRows() = default;
  /// \param inner  numbers of a row
  explicit FixedRows(std::int64_t inner);

  std::int64_t depth = 0;          ///< numbers of a row, padded to a multiple of 64 with zeros
  std::vector<CacheLine> numbers;  ///< kAmx: bytes [2, kTile, depth], high, low; 16 bits [kTile,
                                   ///< depth]
  float scales[kTile] = {};        ///< a row's number is its whole number times this
  std::vector<float> values;       ///< [8, depth] working memory
};

/// Numbers to be rounded: those of row r are values[r * row + i] + bias[i]. Views, not owned.
struct FixedInput {
  const float* values = nullptr;  ///< [rows, row]
  std::int64_t row = 0;           ///< floats from row to row
  const float* bias = nullptr;    ///< null: none
  std::int64_t count = 0;         ///< numbers of a row: a multiple of 16
};

/// What is added to a product: values[r * row + o] + bias[o].
struct FixedBase {
  const float* values = nullptr;  ///< null: none
  std::int64_t row = 0;           ///< floats from row to row
  const float* bias = nullptr;    ///< [stride]
};

/// The inner loops of one instruction set; all give the same numbers (where there is fused
/// multiply-add).
struct FixedFunctions {
  /// Rounds the rows of a tile.
  void (*round)(const FixedInput& input, FixedRows& rows);
  /// Rounds silu of the rows of a tile.
  void (*round_silu)(const FixedInput& input, FixedRows& rows);
  /// out [kTile, matrix.stride] = base + rows matrix.
  void (*multiply)(const FixedRows& rows, const FixedMatrix& matrix, const FixedBase& base,
                   float* out);
};

/// \throws Error{kUsage} when has_fixed_isa(isa) is false
FixedFunctions fixed_functions(FixedIsa isa);

/// For any processor; like the other three, called by fixed_functions() alone.
FixedFunctions fixed_functions_portable();
FixedFunctions fixed_functions_avx2();  ///< only where has_fixed_isa(FixedIsa::kAvx2)
FixedFunctions fixed_functions_vnni();  ///< only where has_fixed_isa(FixedIsa::kVnni)
FixedFunctions fixed_functions_amx();   ///< only where has_fixed_isa(FixedIsa::kAmx)

}  // namespace semblance::kernels
