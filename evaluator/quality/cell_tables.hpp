/// Counts of cells of two- and three-way tables, and how far two such tables are apart.
#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace semblance::evaluator {

/// Row counts of one occupied cell in two tables.
struct CellPair {
  std::int64_t a = 0, b = 0;  ///< of the first and second table; one of them may be 0
};

/// Occupied cells of the cross table of some columns in two tables, in a fixed order. Counting is
/// dense where the number of possible cells allows it and by sorting otherwise.
/// \param codes_a, codes_b  [columns] code vectors of equal length within a table, 0 <= code <
/// n_codes
std::vector<CellPair> cross_table(std::span<const std::span<const std::int32_t>> codes_a,
                                  std::span<const std::span<const std::int32_t>> codes_b,
                                  std::span<const int> n_codes);

/// ½ Σ |a/n_a - b/n_b|; NaN when a table is empty.
double cell_distance(std::span<const CellPair> cells);

/// Expected cell_distance of two samples of n_a and n_b rows of one population with the cell shares
/// of a: ½ Σ √(2/π · p(1-p)(1/n_a + 1/n_b)). The "ceiling" of accuracy is 1 minus it
/// (mostlyai-qa, _accuracy.py).
double expected_cell_distance(std::span<const CellPair> cells, std::int64_t n_a, std::int64_t n_b);

/// Voas-Williamson statistic and its ratio to the degrees of freedom (Raab, Nowok, Dibben 2021,
/// "Assessing, visualizing and improving the utility of synthetic data"; synthpop's utility.tab):
/// with N = n_a + n_b, c = n_b / N, e = (a + b) c, VW = Σ (b - a c / (1-c))² / e over occupied
/// cells.
struct VoasWilliamson {
  double statistic = 0;  ///< VW of the formula above
  int degrees = 0;       ///< occupied cells - 1
  double ratio = 0;      ///< S_VW: 1 when b is drawn from a's own shares, 1 / (1-c) when both are
                         ///< samples of one population
};
/// Statistic and ratio are NaN when a table is empty or there is a single cell.
VoasWilliamson voas_williamson(std::span<const CellPair> cells);

}  // namespace semblance::evaluator
