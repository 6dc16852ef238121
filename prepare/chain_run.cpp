/// How rows stream through a chain: on one rank, or shared out over several.
#include <algorithm>

#include "base/carried_error.hpp"
#include "base/error.hpp"
#include "base/progress.hpp"
#include "base/turns.hpp"
#include "prepare/agreement.hpp"
#include "prepare/chain.hpp"
#include "prepare/packed_rows.hpp"

namespace semblance::prepare {
namespace {

/// Takes the rows of one block while it runs; texts made by the rows live until pass_on().
class BlockOut : public RowEmitter {
 public:
  virtual void pass_on() = 0;
};

/// Runs the program of the parallel stage over the rows of one block.
/// \param state  holds the texts that the rows in `out` point to
void run_block(const RowProgram& program, const RowBlock& block, int n_slots, RowState& state,
               BlockOut& out) {
  constexpr std::size_t kMostTextBytes = std::size_t{4} << 20;
  state.slots.resize(static_cast<std::size_t>(n_slots));
  state.context.texts = &state.texts;
  state.block = &block;
  for (state.row = 0; state.row < block.n_rows(); ++state.row) {
    program.run(state, out);
    if (state.texts.bytes() < kMostTextBytes) continue;
    out.pass_on();
    state.texts.clear();
  }
}

/// Collects the rows that leave the parallel stage, and passes them on when it is the block's turn.
/// When they become many (a join may make them) it waits for the turn there and then.
class RowsInTurn : public BlockOut {
 public:
  RowsInTurn(const std::vector<int>& pack, base::Turns& turns, std::int64_t number, RowSink& next)
      : pack_(pack), turns_(turns), number_(number), next_(next) {}
  void emit(RowState& state) override {
    for (const int slot : pack_) values_.push_back(state.slots[static_cast<std::size_t>(slot)]);
    ++n_rows_;
    if (values_.size() > kMostValues) pass_on();
  }
  void pass_on() override {
    turns_.wait(number_);
    give();
  }
  void finish() {
    turns_.take(number_, [&] { give(); });
  }

 private:
  static constexpr std::size_t kMostValues = std::size_t{1} << 18;
  void give() {
    for (std::int64_t i = 0; i < n_rows_; ++i)
      next_.add(values_.data() + static_cast<std::size_t>(i) * pack_.size());
    values_.clear();
    n_rows_ = 0;
  }
  const std::vector<int>& pack_;
  base::Turns& turns_;
  std::int64_t number_;
  RowSink& next_;
  std::vector<Value> values_;
  std::int64_t n_rows_ = 0;
};

/// Packs the rows that leave the parallel stage, for another rank.
class RowsToSend : public BlockOut {
 public:
  RowsToSend(const std::vector<int>& pack, std::size_t most_bytes)
      : pack_(pack), row_(pack.size()), most_bytes_(most_bytes) {}
  void emit(RowState& state) override {
    for (std::size_t i = 0; i < pack_.size(); ++i)
      row_[i] = state.slots[static_cast<std::size_t>(pack_[i])];
    pack_row(bytes_, row_);
    SEMBLANCE_EXPECT(bytes_.size() <= most_bytes_, kData,
                     "{}: the rows that a step makes of one block take more than {} MiB: does a "
                     "join explode? Raise --memory-mib, or filter earlier in the recipe",
                     state.block->place(state.row), most_bytes_ >> 20);
  }
  void pass_on() override {}
  const std::vector<std::byte>& bytes() const { return bytes_; }

 private:
  const std::vector<int>& pack_;
  std::vector<Value> row_;
  std::vector<std::byte> bytes_;
  std::size_t most_bytes_;
};

/// What a rank sends of one share: its rows, or why there are none.
struct ShareRows {
  std::vector<std::byte> bytes;  ///< first byte 0: rows follow; else an error (base::carry)

  void begin() { bytes.assign(1, std::byte{0}); }
  void set_failure(const base::Error& error) {
    const std::string text = base::carry(error);
    const auto* const first = reinterpret_cast<const std::byte*>(text.data());
    bytes.assign(first, first + text.size());
  }
  static void check(const std::vector<std::byte>& bytes) {
    if (bytes.at(0) == std::byte{0}) return;
    base::throw_carried({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  }
};

}  // namespace

void Chain::run(RowSink* last, int threads, const std::string& label) {
  std::vector<std::unique_ptr<RowSink>> sinks;
  RowSink* next = last;
  if (last != nullptr) {
    for (auto maker = makers_.rbegin(); maker != makers_.rend(); ++maker) {
      sinks.push_back((*maker)(*next));
      next = sinks.back().get();
    }
  }
  if (source_ != nullptr && communicator_.size() > 1 && source_->can_share()) {
    run_shares(next, threads, label);
  }
  on_rank_0(communicator_, [&] {
    if (source_ == nullptr) run_kept_rows(*next);
    if (source_ != nullptr && !(communicator_.size() > 1 && source_->can_share()))
      run_source(*next, threads, label);
    next->finish();
  });
}

void Chain::run_kept_rows(RowSink& next) {
  const auto first =
      program_sink(first_.program, first_.n_slots, first_.n_inputs, first_.pack, next);
  std::vector<Value> row(static_cast<std::size_t>(first_.n_inputs));
  for (std::int64_t i = 0; i < rows_->size(); ++i) {
    rows_->read(i, row.data());
    first->add(row.data());
  }
}

void Chain::run_source(RowSink& first, int threads, const std::string& label) {
  base::Progress progress(label, 0, "rows");
  base::Turns turns;
  source_->read(threads, [&](const RowBlock& block, std::int64_t number) {
    try {
      RowState state;
      RowsInTurn out(first_.pack, turns, number, first);
      run_block(*first_.program, block, first_.n_slots, state, out);
      out.finish();
      progress.advance(block.n_rows());
    } catch (...) {
      turns.fail(number);
      throw;
    }
  });
}

/// Every rank runs the parallel stage over its share of each round; rank 0 takes the rows of all
/// shares in their order.
void Chain::run_shares(RowSink* first, int threads, const std::string& label) {
  constexpr std::int64_t kMostShare = std::int64_t{16} << 20, kLeastShare = std::int64_t{1} << 20;
  const std::int64_t each = budget_.limit_bytes() / communicator_.size();
  const auto most_bytes = static_cast<std::size_t>(std::max(each / 2, kMostShare));
  source_->begin_shares(communicator_, std::clamp(each / 16, kLeastShare, kMostShare));
  base::Progress progress(label, 0, "rows");
  while (source_->next_share(threads)) {
    ShareRows mine;
    mine.begin();
    try {
      base::Turns turns;
      source_->read_share(threads, [&](const RowBlock& block, std::int64_t number) {
        try {
          RowState state;
          RowsToSend out(first_.pack, most_bytes);
          run_block(*first_.program, block, first_.n_slots, state, out);
          turns.take(number, [&] {
            mine.bytes.insert(mine.bytes.end(), out.bytes().begin(), out.bytes().end());
          });
          progress.advance(block.n_rows());
        } catch (...) {
          turns.fail(number);
          throw;
        }
      });
    } catch (const base::Error& error) {
      mine.set_failure(error);
    }
    const auto all = communicator_.gather(mine.bytes, 0);
    on_rank_0(communicator_, [&] {
      for (const auto& bytes : all) {
        ShareRows::check(bytes);
        unpack_rows(std::span(bytes).subspan(1), first_.pack.size(),
                    [&](const Value* row) { first->add(row); });
      }
    });
  }
  source_->end_shares();
}

}  // namespace semblance::prepare
