/// Which rows are trained on, and in which batch of an epoch: both depend on the global row alone,
/// so that the union of the ranks' batches is the batch that one rank alone would take.
#pragma once

#include <cstdint>
#include <future>
#include <span>
#include <vector>

#include "base/communicator.hpp"

namespace semblance::trainer {

/// The rows of this rank, by local number, cut into training and validation rows.
struct RowSplit {
  std::vector<std::int64_t> training;    ///< ascending; one rank may have none
  std::vector<std::int64_t> validation;  ///< ascending; never trained on
  std::int64_t first_training = 0;       ///< number of training rows on the ranks before this one
  std::int64_t total_training = 0;       ///< over all ranks
  std::int64_t total_validation = 0;     ///< over all ranks
};

/// \param first_row  global number of this rank's first row
/// \param n_rows     rows of this rank; may be 0
/// \param share      probability that a row is kept for validation
/// \param entity     [n_rows] rows of one number are on one side; empty: every row by itself
RowSplit split_rows(std::int64_t first_row, std::int64_t n_rows, double share, std::uint64_t seed,
                    base::Communicator& communicator, std::span<const std::int64_t> entity = {});

/// A permutation of [0, n), addressed by (seed, epoch): a four-round Feistel network over the next
/// power of four, walked until it falls inside (Black and Rogaway, CT-RSA 2002). Needs no memory.
std::int64_t permuted(std::int64_t index, std::int64_t n, std::uint64_t seed, std::uint32_t epoch);

/// The local training rows of an epoch, batch by batch.
class EpochBatches {
 public:
  /// Orders the rows anew for each epoch; every rank passes the same n_batches. O(rows of this
  /// rank).
  EpochBatches(const RowSplit& split, std::int64_t n_batches, std::uint64_t seed,
               std::uint32_t epoch);
  /// Local rows of batch b; may be empty.
  std::span<const std::int64_t> batch(std::int64_t b) const {
    return std::span(rows_).subspan(offsets_[b], offsets_[b + 1] - offsets_[b]);
  }
  std::span<const std::int64_t> rows() const { return rows_; }  ///< of all batches, in order
  /// Rows of batch b over all ranks, at least 1.
  std::int64_t global_size(std::int64_t b) const;

 private:
  std::int64_t total_, n_batches_;
  std::vector<std::int64_t> offsets_, rows_;
};

/// The batches of one epoch after the other. Ordering rows takes the host a good part of the time
/// in which a device trains on them, so there the next epoch's are made meanwhile.
class BatchMaker {
 public:
  /// \param split  must outlive it \param ahead  whether to make the next epoch's on a thread
  BatchMaker(const RowSplit& split, std::int64_t n_batches, std::uint64_t seed, bool ahead)
      : split_(split), n_batches_(n_batches), seed_(seed), ahead_(ahead) {}
  /// The batches of an epoch, which are those of EpochBatches. \param last  none comes after it
  EpochBatches make(std::uint32_t epoch, bool last);

 private:
  const RowSplit& split_;
  std::int64_t n_batches_;
  std::uint64_t seed_;
  bool ahead_;
  std::uint32_t next_epoch_ = 0;
  std::future<EpochBatches> next_;
};

}  // namespace semblance::trainer
