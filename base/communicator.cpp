#include "base/communicator.hpp"

#include <algorithm>
#include <barrier>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <mutex>
#include <thread>

#include "base/error.hpp"

namespace semblance::base {

std::pair<std::int64_t, std::int64_t> Communicator::slice(std::int64_t n) const {
  const std::int64_t base = n / size(), extra = n % size();
  const std::int64_t first = rank() * base + std::min<std::int64_t>(rank(), extra);
  return {first, first + base + (rank() < extra ? 1 : 0)};
}

std::string Communicator::broadcast_text(std::string text, int root) {
  std::int64_t length = static_cast<std::int64_t>(text.size());
  broadcast(std::as_writable_bytes(std::span(&length, 1)), root);
  text.resize(static_cast<std::size_t>(length));
  broadcast(std::as_writable_bytes(std::span(text)), root);
  return text;
}

std::vector<std::vector<std::byte>> Communicator::gather(std::span<const std::byte> bytes,
                                                         int root) {
  auto all = all_gather(bytes);
  if (rank() != root) all.clear();
  return all;
}

namespace {

class SelfCommunicator final : public Communicator {
 public:
  int rank() const override { return 0; }
  int size() const override { return 1; }
  void all_reduce_sum(std::span<float>) override {}
  void all_reduce_sum(std::span<double>) override {}
  void all_reduce_sum(std::span<std::int64_t>) override {}
  void all_reduce_min(std::span<double>) override {}
  void all_reduce_max(std::span<double>) override {}
  void broadcast(std::span<std::byte>, int) override {}
  std::vector<std::vector<std::byte>> all_gather(std::span<const std::byte> bytes) override {
    return {std::vector<std::byte>(bytes.begin(), bytes.end())};
  }
  void barrier() override {}
  void abort(int exit_code) override { std::_Exit(exit_code); }
};

/// What the threads of one run_ranks_as_threads call share.
struct Meeting {
  explicit Meeting(int n) : size(n), gate(n), offered(n) {}
  int size;
  std::barrier<> gate;
  std::vector<std::span<const std::byte>> offered;
};

class ThreadCommunicator final : public Communicator {
 public:
  ThreadCommunicator(Meeting& meeting, int rank) : meeting_(meeting), rank_(rank) {}
  int rank() const override { return rank_; }
  int size() const override { return meeting_.size; }
  void all_reduce_sum(std::span<float> values) override { reduce(values, std::plus<>()); }
  void all_reduce_sum(std::span<double> values) override { reduce(values, std::plus<>()); }
  void all_reduce_sum(std::span<std::int64_t> values) override { reduce(values, std::plus<>()); }
  void all_reduce_min(std::span<double> values) override {
    reduce(values, [](double a, double b) { return std::min(a, b); });
  }
  void all_reduce_max(std::span<double> values) override {
    reduce(values, [](double a, double b) { return std::max(a, b); });
  }
  void broadcast(std::span<std::byte> bytes, int root) override {
    const auto all = all_gather(bytes);
    std::copy(all[root].begin(), all[root].end(), bytes.begin());
  }
  std::vector<std::vector<std::byte>> all_gather(std::span<const std::byte> bytes) override {
    meeting_.offered[rank_] = bytes;
    meeting_.gate.arrive_and_wait();
    std::vector<std::vector<std::byte>> all;
    for (const auto& piece : meeting_.offered) all.emplace_back(piece.begin(), piece.end());
    meeting_.gate.arrive_and_wait();
    return all;
  }
  void barrier() override { meeting_.gate.arrive_and_wait(); }
  void abort(int exit_code) override { std::_Exit(exit_code); }

 private:
  template <class T, class Combine>
  void reduce(std::span<T> values, Combine combine) {
    const auto all = all_gather(std::as_bytes(values));
    std::memcpy(values.data(), all[0].data(), values.size_bytes());
    std::vector<T> other(values.size());
    for (int r = 1; r < size(); ++r) {
      std::memcpy(other.data(), all[r].data(), values.size_bytes());
      for (std::size_t i = 0; i < values.size(); ++i) values[i] = combine(values[i], other[i]);
    }
  }

  Meeting& meeting_;
  int rank_;
};

}  // namespace

std::unique_ptr<Communicator> self_communicator() { return std::make_unique<SelfCommunicator>(); }

void run_ranks_as_threads(int n_ranks, const std::function<void(Communicator&)>& body) {
  Meeting meeting(n_ranks);
  std::exception_ptr first;
  std::mutex mutex;
  std::vector<std::thread> threads;
  for (int r = 0; r < n_ranks; ++r) {
    threads.emplace_back([&, r] {
      try {
        ThreadCommunicator communicator(meeting, r);
        body(communicator);
      } catch (...) {
        const std::lock_guard lock(mutex);
        if (!first) first = std::current_exception();
        meeting.gate.arrive_and_drop();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  if (first) std::rethrow_exception(first);
}

}  // namespace semblance::base
