/// Nearest rows with the queries split over the ranks of a job. Rank 0 alone holds the tables; the
/// others are sent the references and their part of the queries as bytes.
#pragma once

#include <span>
#include <vector>

#include "base/communicator.hpp"
#include "kernels/dcr.hpp"

namespace semblance::evaluator {

/// One on each rank. The results do not depend on the number of ranks.
class SharedNearest {
 public:
  /// \param communicator  must outlive this
  explicit SharedNearest(base::Communicator& communicator) : communicator_(communicator) {}

  /// Rank 0: as kernels::nearest_rows_of_each, computed by all ranks while they help().
  /// \param options  without weights; first_row 0. A device without a number is each rank's own
  std::vector<std::vector<kernels::Nearest>> of_each(const kernels::GowerRows& queries,
                                                     std::span<const kernels::GowerRows> references,
                                                     const kernels::DcrOptions& options);
  /// Rank 0: lets the others return from help().
  void finish();
  /// Ranks other than 0: computes parts of what rank 0 asks for until it calls finish().
  void help();

 private:
  base::Communicator& communicator_;
};

}  // namespace semblance::evaluator
