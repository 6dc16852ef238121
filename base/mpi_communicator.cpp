#include <cstdlib>
#include <cstring>
#include <initializer_list>

#include "base/communicator.hpp"
#include "base/error.hpp"

#ifdef SEMBLANCE_WITH_MPI
#include <mpi.h>
#endif

namespace semblance::base {
namespace {

/// Ranks that the launcher says it started; 1 without a launcher.
int launched_ranks() {
  for (const char* name :
       {"OMPI_COMM_WORLD_SIZE", "PMIX_SIZE", "PMI_SIZE", "MV2_COMM_WORLD_SIZE"}) {
    if (const char* value = std::getenv(name)) return std::atoi(value);
  }
  // srun sets these for every step, with or without an MPI plugin; pmix sets PMIX_RANK beside them.
  const char* tasks = std::getenv("SLURM_STEP_NUM_TASKS");
  const bool speaks_pmix = std::getenv("PMIX_RANK") != nullptr;
  return tasks != nullptr && speaks_pmix ? std::atoi(tasks) : 1;
}

}  // namespace

#ifdef SEMBLANCE_WITH_MPI
namespace {

void check_mpi(int code, const char* what) {
  if (code == MPI_SUCCESS) return;
  char text[MPI_MAX_ERROR_STRING];
  int length = 0;
  MPI_Error_string(code, text, &length);
  fail(ErrorKind::kComm, "{} failed: {}", what,
       std::string_view(text, static_cast<std::size_t>(length)));
}

/// MPI counts are int: long buffers go in pieces of this many elements.
constexpr std::size_t kPiece = std::size_t{1} << 28;

class MpiCommunicator final : public Communicator {
 public:
  MpiCommunicator() {
    int ready = 0;
    MPI_Initialized(&ready);
    if (ready == 0) {
      int granted = 0;
      check_mpi(MPI_Init_thread(nullptr, nullptr, MPI_THREAD_FUNNELED, &granted),
                "MPI_Init_thread");
      std::atexit([] {
        int over = 0;
        MPI_Finalized(&over);
        if (over == 0) MPI_Finalize();
      });
    }
    MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank_);
    MPI_Comm_size(MPI_COMM_WORLD, &size_);
  }
  int rank() const override { return rank_; }
  int size() const override { return size_; }
  void all_reduce_sum(std::span<float> v) override { reduce(v, MPI_FLOAT, MPI_SUM); }
  void all_reduce_sum(std::span<double> v) override { reduce(v, MPI_DOUBLE, MPI_SUM); }
  void all_reduce_sum(std::span<std::int64_t> v) override { reduce(v, MPI_INT64_T, MPI_SUM); }
  void all_reduce_min(std::span<double> v) override { reduce(v, MPI_DOUBLE, MPI_MIN); }
  void all_reduce_max(std::span<double> v) override { reduce(v, MPI_DOUBLE, MPI_MAX); }
  void broadcast(std::span<std::byte> bytes, int root) override {
    for (std::size_t at = 0; at < bytes.size(); at += kPiece) {
      const int n = static_cast<int>(std::min(kPiece, bytes.size() - at));
      check_mpi(MPI_Bcast(bytes.data() + at, n, MPI_BYTE, root, MPI_COMM_WORLD), "MPI_Bcast");
    }
  }
  std::vector<std::vector<std::byte>> all_gather(std::span<const std::byte> bytes) override {
    std::vector<std::int64_t> lengths(static_cast<std::size_t>(size_), 0);
    lengths[static_cast<std::size_t>(rank_)] = static_cast<std::int64_t>(bytes.size());
    all_reduce_sum(std::span(lengths));
    std::vector<std::vector<std::byte>> all(lengths.size());
    for (int r = 0; r < size_; ++r) {
      auto& piece = all[static_cast<std::size_t>(r)];
      piece.resize(static_cast<std::size_t>(lengths[static_cast<std::size_t>(r)]));
      if (r == rank_) std::copy(bytes.begin(), bytes.end(), piece.begin());
      broadcast(std::span(piece), r);
    }
    return all;
  }
  std::vector<std::vector<std::byte>> gather(std::span<const std::byte> bytes, int root) override {
    if (rank_ != root) {
      send(bytes, root);
      return {};
    }
    std::vector<std::vector<std::byte>> all(static_cast<std::size_t>(size_));
    for (int r = 0; r < size_; ++r) {
      if (r == rank_) {
        all[static_cast<std::size_t>(r)].assign(bytes.begin(), bytes.end());
      } else {
        receive(all[static_cast<std::size_t>(r)], r);
      }
    }
    return all;
  }
  void barrier() override { check_mpi(MPI_Barrier(MPI_COMM_WORLD), "MPI_Barrier"); }
  void abort(int exit_code) override {
    MPI_Abort(MPI_COMM_WORLD, exit_code);
    std::_Exit(exit_code);
  }

 private:
  static constexpr int kTag = 1;
  void send(std::span<const std::byte> bytes, int to) {
    auto length = static_cast<std::int64_t>(bytes.size());
    check_mpi(MPI_Send(&length, 1, MPI_INT64_T, to, kTag, MPI_COMM_WORLD), "MPI_Send");
    for (std::size_t at = 0; at < bytes.size(); at += kPiece) {
      const int n = static_cast<int>(std::min(kPiece, bytes.size() - at));
      check_mpi(MPI_Send(bytes.data() + at, n, MPI_BYTE, to, kTag, MPI_COMM_WORLD), "MPI_Send");
    }
  }
  void receive(std::vector<std::byte>& bytes, int from) {
    std::int64_t length = 0;
    check_mpi(MPI_Recv(&length, 1, MPI_INT64_T, from, kTag, MPI_COMM_WORLD, MPI_STATUS_IGNORE),
              "MPI_Recv");
    bytes.resize(static_cast<std::size_t>(length));
    for (std::size_t at = 0; at < bytes.size(); at += kPiece) {
      const int n = static_cast<int>(std::min(kPiece, bytes.size() - at));
      check_mpi(
          MPI_Recv(bytes.data() + at, n, MPI_BYTE, from, kTag, MPI_COMM_WORLD, MPI_STATUS_IGNORE),
          "MPI_Recv");
    }
  }

  template <class T>
  void reduce(std::span<T> values, MPI_Datatype type, MPI_Op op) {
    for (std::size_t at = 0; at < values.size(); at += kPiece) {
      const int n = static_cast<int>(std::min(kPiece, values.size() - at));
      check_mpi(MPI_Allreduce(MPI_IN_PLACE, values.data() + at, n, type, op, MPI_COMM_WORLD),
                "MPI_Allreduce");
    }
  }

  int rank_ = 0, size_ = 1;
};

}  // namespace

std::unique_ptr<Communicator> world_communicator() {
  if (launched_ranks() <= 1) return self_communicator();
  return std::make_unique<MpiCommunicator>();
}

bool built_with_mpi() { return true; }

#else

std::unique_ptr<Communicator> world_communicator() {
  const int ranks = launched_ranks();
  SEMBLANCE_EXPECT(ranks <= 1, kUsage,
                   "started as one of {} ranks, but this program was built without MPI "
                   "(SEMBLANCE_MPI=OFF); start it without a launcher",
                   ranks);
  return self_communicator();
}

bool built_with_mpi() { return false; }

#endif

}  // namespace semblance::base
