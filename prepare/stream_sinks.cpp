/// Sinks that keep nothing, or all.
#include <algorithm>

#include "prepare/row_sinks.hpp"

namespace semblance::prepare {
namespace {

class ProgramSink : public RowSink, RowEmitter {
 public:
  ProgramSink(std::shared_ptr<const RowProgram> program, int n_slots, int n_inputs,
              std::vector<int> pack, RowSink& next)
      : program_(std::move(program)),
        pack_(std::move(pack)),
        next_(next),
        packed_(pack_.size()),
        n_inputs_(static_cast<std::size_t>(n_inputs)) {
    state_.slots.resize(static_cast<std::size_t>(n_slots));
    state_.context.texts = &state_.texts;
  }
  void add(const Value* row) override {
    std::copy_n(row, n_inputs_, state_.slots.begin());
    program_->run(state_, *this);
    ++state_.row;
    if (state_.texts.bytes() > (std::size_t{1} << 20)) state_.texts.clear();
  }
  void finish() override { next_.finish(); }

 private:
  void emit(RowState& state) override {
    for (std::size_t i = 0; i < pack_.size(); ++i)
      packed_[i] = state.slots[static_cast<std::size_t>(pack_[i])];
    next_.add(packed_.data());
  }
  std::shared_ptr<const RowProgram> program_;
  std::vector<int> pack_;
  RowSink& next_;
  std::vector<Value> packed_;
  std::size_t n_inputs_;
  RowState state_;
};

class StoreSink : public RowSink {
 public:
  explicit StoreSink(StoredRows& rows) : rows_(rows) {}
  void add(const Value* row) override { rows_.add(row); }
  void finish() override {}

 private:
  StoredRows& rows_;
};

}  // namespace

std::unique_ptr<RowSink> program_sink(std::shared_ptr<const RowProgram> program, int n_slots,
                                      int n_inputs, std::vector<int> pack, RowSink& next) {
  return std::make_unique<ProgramSink>(std::move(program), n_slots, n_inputs, std::move(pack),
                                       next);
}

std::unique_ptr<RowSink> store_sink(StoredRows& rows) { return std::make_unique<StoreSink>(rows); }

}  // namespace semblance::prepare
