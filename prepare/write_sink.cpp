#include <limits>

#include "prepare/row_sinks.hpp"

namespace semblance::prepare {
namespace {

/// Gathers rows to batches for the writer of a file.
class WriteSink : public RowSink {
 public:
  WriteSink(table::TableWriter& writer, const table::Schema& schema, MemoryBudget& budget,
            std::int64_t& n_rows)
      : writer_(writer),
        batch_(table::empty_table(schema)),
        levels_(schema.columns.size()),
        held_(budget),
        n_rows_(n_rows) {}
  void add(const Value* row) override {
    for (std::size_t c = 0; c < batch_.columns.size(); ++c) push(c, row[c]);
    ++n_rows_;
    if (batch_.n_rows() >= kBatchRows) flush();
  }
  void finish() override {
    flush();
    writer_.finish();
  }

 private:
  static constexpr std::int64_t kBatchRows = 65536;

  void push(std::size_t c, const Value& value) {
    table::Column& column = batch_.columns[c];
    switch (column.spec.kind) {
      case table::Kind::kFloat:
        column.reals.push_back(value.missing() ? std::numeric_limits<double>::quiet_NaN()
                                               : value.number());
        break;
      case table::Kind::kInteger:
        column.ints.push_back(value.missing() ? table::kMissingInt : value.integer);
        break;
      case table::Kind::kDate:
        column.ints.push_back(value.missing() ? table::kMissingInt : value.days());
        break;
      case table::Kind::kDatetime:
        column.ints.push_back(value.missing() ? table::kMissingInt : value.microseconds());
        break;
      default:
        column.codes.push_back(value.missing() ? table::kMissingCode : code(c, value));
    }
  }
  std::int32_t code(std::size_t c, const Value& value) {
    text_.clear();
    append_text(text_, value);
    const std::int64_t known = levels_[c].size();
    const std::int64_t number = levels_[c].add(text_);
    if (number == known) batch_.columns[c].levels.push_back(text_);
    return static_cast<std::int32_t>(number);
  }
  void flush() {
    writer_.append(batch_);
    for (table::Column& column : batch_.columns) {
      column.reals.clear();
      column.ints.clear();
      column.codes.clear();
    }
    std::int64_t bytes = 0;
    for (const KeyIndex& levels : levels_) bytes += 3 * levels.bytes();
    held_.set(bytes, "the different texts of the output");
  }
  table::TableWriter& writer_;
  table::Table batch_;
  std::vector<KeyIndex> levels_;
  BudgetShare held_;
  std::int64_t& n_rows_;
  std::string text_;
};

}  // namespace

std::unique_ptr<RowSink> write_sink(table::TableWriter& writer, const table::Schema& schema,
                                    MemoryBudget& budget, std::int64_t& n_rows) {
  return std::make_unique<WriteSink>(writer, schema, budget, n_rows);
}

}  // namespace semblance::prepare
