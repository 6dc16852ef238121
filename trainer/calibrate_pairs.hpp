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

/// Moves the logits of pairs of tokens whose counts differ by more than 4.5 standard deviations: by
/// margin_correction() over `round`. \param real, drawn  counts of `columns` \param drifted  [C]
/// columns whose own frequencies are off: their pairs are left alone \param round  1, 2 ...
/// \return pairs of tokens that were moved
std::int64_t mend_pairs(StoredNetwork& network, const PairedColumns& columns,
                        const kernels::PairCounts& real, std::int64_t real_rows,
                        const kernels::PairCounts& drawn, std::int64_t drawn_rows,
                        const std::vector<char>& drifted, int round);

}  // namespace semblance::trainer
