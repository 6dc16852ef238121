/// Ranks of a job behind one interface: one process alone, MPI, or threads in one process (tests).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace semblance::base {

/// The ranks of one job. Every call but rank(), size(), slice() and abort() is collective: all
/// ranks make the same calls in the same order, on one thread each.
/// \throws Error{kComm} when MPI reports a failure; the caller then ends the job with abort()
class Communicator {
 public:
  virtual ~Communicator() = default;
  virtual int rank() const = 0;  ///< this process, 0 to size() - 1
  virtual int size() const = 0;  ///< processes in the job, at least 1

  /// Element-wise sum over ranks, in place; every rank passes the same length and gets the same
  /// bits.
  virtual void all_reduce_sum(std::span<float> values) = 0;
  virtual void all_reduce_sum(std::span<double> values) = 0;
  virtual void all_reduce_sum(std::span<std::int64_t> values) = 0;
  /// Element-wise extremes over ranks, in place.
  virtual void all_reduce_min(std::span<double> values) = 0;
  virtual void all_reduce_max(std::span<double> values) = 0;  ///< see all_reduce_min
  /// Copies the bytes of `root` to every rank; the span has the same length everywhere.
  virtual void broadcast(std::span<std::byte> bytes, int root) = 0;
  /// Every rank's bytes, in rank order, on every rank; lengths may differ and may be 0.
  virtual std::vector<std::vector<std::byte>> all_gather(std::span<const std::byte> bytes) = 0;
  /// Every rank's bytes, in rank order, on `root` alone; empty on the others.
  virtual std::vector<std::vector<std::byte>> gather(std::span<const std::byte> bytes, int root);
  virtual void barrier() = 0;  ///< returns once every rank has come here
  /// Ends every rank of the job at once. Used when one rank fails while others may wait for it.
  [[noreturn]] virtual void abort(int exit_code) = 0;

  /// A text of any length from `root` to every rank.
  std::string broadcast_text(std::string text, int root);

  /// The half-open slice of [0, n) that this rank owns: contiguous, in rank order, sizes differ by
  /// at most one, empty where n < size.
  std::pair<std::int64_t, std::int64_t> slice(std::int64_t n) const;
};

/// One process alone.
std::unique_ptr<Communicator> self_communicator();

/// MPI_COMM_WORLD when the environment shows that a launcher (mpirun, srun) started this process,
/// otherwise self_communicator(). MPI is initialised on the first call and finalised at exit.
/// \throws Error{kUsage} when a launcher started several ranks but the program has no MPI in it
std::unique_ptr<Communicator> world_communicator();

/// True when this build has MPI in it.
bool built_with_mpi();

/// Runs `body` on `n_ranks` threads that talk to each other through a Communicator; for tests.
/// An exception on one rank is rethrown after all threads have ended.
void run_ranks_as_threads(int n_ranks, const std::function<void(Communicator&)>& body);

}  // namespace semblance::base
