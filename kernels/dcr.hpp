/// Distance to the closest record (DCR): exact nearest and second-nearest rows by mixed-type Gower
/// distance, in memory O(queries + references), never N x M.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace semblance::kernels {

/// Rows in column-major spans that are owned elsewhere.
struct GowerRows {
  std::int64_t n_rows = 0;                      ///< of every span
  std::vector<std::span<const float>> numeric;  ///< each [n_rows], rescaled to (x - min) / range
                                                ///< of the real column; NaN is missing
  std::vector<std::span<const std::int32_t>>
      categorical;  ///< each [n_rows], codes >= 0; negative is missing
};

/// A row's two nearest reference rows. With a single reference row, `second` is infinity.
struct Nearest {
  float first = 0;   ///< Gower distance in [0, 1] to the nearest reference row
  float second = 0;  ///< to the second-nearest (another row, perhaps at the same distance)
  std::int64_t first_row = -1;  ///< ties go to the smallest row number
};

/// Where, with which weights and in what sense the nearest rows are sought.
struct DcrOptions {
  std::string device = "cpu";  ///< as base::Device::name()
  int threads = 0;             ///< CPU: 0 for all
  /// Per-column weights, numeric columns first, then categorical; empty: all 1. Finite, >= 0, not
  /// all 0. Whole numbers up to 2^20 are used as they are, others as multiples of 2^-20 of the
  /// largest.
  std::vector<float> weights;
  /// Query row i is reference row i (same table; of several tables, the first): leave it out of its
  /// own answer. With a single row both distances are infinity and first_row is -1.
  bool leave_one_out = false;
  /// With leave_one_out: query row i is reference row first_row + i (the queries are a part of the
  /// table).
  std::int64_t first_row = 0;
};

/// Gower distance (Gower 1971, Biometrics 27(4)): weighted mean over columns of min(|a - b|, 1) for
/// numeric and 0/1 for categorical columns; missing-missing 0, missing-present 1. The definition to
/// the last bit is kernels/gower_row.hpp: differences below 2^-30 of a column's range count as
/// 2^-30, so a distance of 0 means that all cells are equal (as float32), and the order of two rows
/// is that of their exact sums, even where both round to the same float.
/// \param queries     N rows; N = 0 gives an empty result
/// \param references  1 to 2^31 - 2 rows with the same columns
/// \return N results, in query order
/// \throws Error{kUsage} when the columns differ, the number of references or the weights are
///         wrong; Error{kDevice} when CUDA is asked for and absent
/// \note   the same bits for any number of threads, tile size, instruction set and device
std::vector<Nearest> nearest_rows(const GowerRows& queries, const GowerRows& references,
                                  const DcrOptions& options = {});

/// The same against each of several tables, say training and holdout rows, in one pass: queries are
/// made ready and read once.
/// \param references  tables of 1 to 2^31 - 2 rows each, with the columns of the queries
/// \return [tables][N]; each table's results are those of nearest_rows() against it
/// \throws Error as nearest_rows()
std::vector<std::vector<Nearest>> nearest_rows_of_each(const GowerRows& queries,
                                                       std::span<const GowerRows> references,
                                                       const DcrOptions& options = {});

/// The checks of nearest_rows_of_each() alone, for callers that share its work among ranks.
/// \throws Error as nearest_rows_of_each()
void check_nearest_rows(const GowerRows& queries, std::span<const GowerRows> references,
                        const DcrOptions& options);

}  // namespace semblance::kernels
