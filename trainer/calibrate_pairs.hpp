/// Mends the pairs of columns of what a network draws.
///
/// A hard rule that few rows tell of (who died is not readmitted) is learned softly: beside the
/// noise of all other columns its gradient is small, and weight decay holds it back. So after
/// training, rows are drawn, and where a pair of tokens is surely commoner or rarer among them than
/// in the table, the later column's logit is moved for rows that have the earlier token.
#pragma once

#include <cstdint>
#include <vector>

#include "base/communicator.hpp"
#include "kernels/contingency.hpp"
#include "trainer/network_file.hpp"
#include "trainer/step.hpp"

namespace semblance::trainer {

/// Which columns of a network are looked at in pairs: those of fewest tokens (at most 256), as long
/// as all their pairs together have 16 million cells at most.
class PairedColumns {
 public:
  /// \param shape  cardinalities in the order of generation
  explicit PairedColumns(const NetworkShape& shape);
  /// Numbers in the order of generation, ascending; at least two, or none.
  const std::vector<int>& columns() const { return columns_; }
  bool empty() const { return columns_.empty(); }  ///< nothing to look at
  /// Rows of a table, a part on each rank, counted over all ranks.
  kernels::PairCounts count(const TokenRows& rows, int threads,
                            base::Communicator& communicator) const;
  /// Drawn rows, a part on each rank. \param tokens  [C, n] by output column
  kernels::PairCounts count(const std::vector<std::uint16_t>& tokens, std::int64_t n,
                            const StoredNetwork& network, int threads,
                            base::Communicator& communicator) const;

 private:
  kernels::PairCounts zeros() const;
  std::vector<int> columns_, cardinalities_;
};

/// A pair of tokens that comes too often or too seldom among drawn rows.
struct PairMisfit {
  int given = 0, column = 0;  ///< in PairedColumns::columns(); given < column
  int a = 0, b = 0;           ///< tokens of these
  std::int64_t real = 0;      ///< rows of the table that have both
  std::int64_t drawn = 0;     ///< drawn rows that have both
  double deviance = 0;        ///< see pair_deviance()
};

/// What is wrong with pairs of tokens.
struct PairMisfits {
  std::vector<PairMisfit> strongest;  ///< by column, then by deviance: at most 1,024 of a column
  std::int64_t pairs = 0;             ///< all of them
  double deviance = 0;                ///< their sum
};

/// How far two counts are from one law: -2 log of the likelihood ratio of two Poisson counts, about
/// the square of so many standard deviations. Unlike that it also holds for small counts.
/// \param ratio  rows of the table / drawn rows
double pair_deviance(std::int64_t real, std::int64_t drawn, double ratio);

/// Pairs whose counts differ by a deviance of more than 25 (five standard deviations).
/// \param least_rows  a pair of fewer real rows is never said to come too seldom: that would teach
///                    the network rows of single people
PairMisfits find_pair_misfits(const kernels::PairCounts& real, std::int64_t real_rows,
                              const kernels::PairCounts& drawn, std::int64_t drawn_rows,
                              std::int64_t least_rows);

/// Moves the logits of such pairs by margin_correction() over `round`. What several columns tell of
/// one token is not added up: of pairs that have rows in common, the strongest counts, and the
/// others wait for the next round. A column gets tables of at most 16 others. \param drawn  counts
/// of `columns` \param drifted  [C] columns whose own frequencies are off: their pairs are left
/// alone \param least_rows  fewer real rows than this count as half of it, so that the correction
/// does not tell how few they are \param round  1, 2 ...
void mend_pairs(StoredNetwork& network, const PairedColumns& columns, const PairMisfits& misfits,
                const kernels::PairCounts& drawn, double ratio, const std::vector<char>& drifted,
                std::int64_t least_rows, int round);

}  // namespace semblance::trainer
