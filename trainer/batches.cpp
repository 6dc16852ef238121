#include "trainer/batches.hpp"

#include <bit>

#include "base/error.hpp"
#include "base/philox.hpp"

namespace semblance::trainer {

RowSplit split_rows(std::int64_t first_row, std::int64_t n_rows, double share, std::uint64_t seed,
                    base::Communicator& communicator, std::span<const std::int64_t> entity) {
  RowSplit split;
  for (std::int64_t r = 0; r < n_rows; ++r) {
    const std::int64_t number = entity.empty() ? first_row + r : entity[r];
    const bool kept = base::uniform(seed, base::Purpose::kSplit, number, 0) < share;
    (kept ? split.validation : split.training).push_back(r);
  }
  std::vector<std::int64_t> counts(static_cast<std::size_t>(communicator.size()) + 1);
  counts[communicator.rank()] = static_cast<std::int64_t>(split.training.size());
  counts.back() = static_cast<std::int64_t>(split.validation.size());
  communicator.all_reduce_sum(std::span(counts));
  for (int r = 0; r < communicator.size(); ++r) {
    if (r < communicator.rank()) split.first_training += counts[r];
    split.total_training += counts[r];
  }
  split.total_validation = counts.back();
  return split;
}

std::int64_t permuted(std::int64_t index, std::int64_t n, std::uint64_t seed, std::uint32_t epoch) {
  const int half = (std::bit_width(static_cast<std::uint64_t>(n > 1 ? n - 1 : 1)) + 1) / 2;
  const std::uint64_t mask = (std::uint64_t{1} << half) - 1;
  std::uint64_t value = static_cast<std::uint64_t>(index);
  do {
    std::uint64_t left = value >> half, right = value & mask;
    for (std::uint32_t round = 0; round < 4; ++round) {
      const std::uint32_t mixed =
          base::philox(seed, base::Purpose::kShuffle, right, 4 * epoch + round).word[0];
      const std::uint64_t next = left ^ (mixed & mask);
      left = right;
      right = next;
    }
    value = left << half | right;
  } while (value >= static_cast<std::uint64_t>(n));
  return static_cast<std::int64_t>(value);
}

namespace {

/// The batch of a position among `total`: equal shares, sizes differ by at most one.
std::int64_t batch_of(std::int64_t position, std::int64_t total, std::int64_t n_batches) {
  return static_cast<std::int64_t>(static_cast<__int128>(position) * n_batches / total);
}

}  // namespace

EpochBatches::EpochBatches(const RowSplit& split, std::int64_t n_batches, std::uint64_t seed,
                           std::uint32_t epoch)
    : total_(split.total_training), n_batches_(n_batches) {
  SEMBLANCE_ASSERT(n_batches >= 1 && n_batches <= total_);
  const std::int64_t many = static_cast<std::int64_t>(split.training.size());
  std::vector<std::int64_t> batch(split.training.size());
  offsets_.assign(static_cast<std::size_t>(n_batches) + 1, 0);
  for (std::int64_t i = 0; i < many; ++i) {
    const std::int64_t position = permuted(split.first_training + i, total_, seed, epoch);
    batch[i] = batch_of(position, total_, n_batches);
    ++offsets_[batch[i] + 1];
  }
  for (std::int64_t b = 0; b < n_batches; ++b) offsets_[b + 1] += offsets_[b];
  rows_.resize(split.training.size());
  std::vector<std::int64_t> next(offsets_.begin(), offsets_.end() - 1);
  for (std::int64_t i = 0; i < many; ++i) rows_[next[batch[i]]++] = split.training[i];
}

EpochBatches BatchMaker::make(std::uint32_t epoch, bool last) {
  const auto order = [this](std::uint32_t e) { return EpochBatches(split_, n_batches_, seed_, e); };
  EpochBatches batches = next_.valid() && next_epoch_ == epoch ? next_.get() : order(epoch);
  if (ahead_ && !last) {
    next_epoch_ = epoch + 1;
    next_ = std::async(std::launch::async, order, next_epoch_);
  }
  return batches;
}

std::int64_t EpochBatches::global_size(std::int64_t b) const {
  // The first position p with floor(p * n_batches / total) >= b is ceil(b * total / n_batches).
  const auto first = [&](std::int64_t k) {
    return static_cast<std::int64_t>((static_cast<__int128>(k) * total_ + n_batches_ - 1) /
                                     n_batches_);
  };
  return first(b + 1) - first(b);
}

}  // namespace semblance::trainer
