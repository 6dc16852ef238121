#include "prepare/row_sinks.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <unordered_map>

#include "base/error.hpp"
#include "base/philox.hpp"

namespace semblance::prepare {
namespace {

using base::ErrorKind;

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

/// Base of the sinks that keep rows and pass some on at the end.
class KeepingSink : public RowSink {
 public:
  KeepingSink(const RowShape& shape, std::string name, MemoryBudget& budget, RowSink& next)
      : kept_(shape, std::move(name), budget), next_(next) {}

 protected:
  void pass(std::int64_t number) {
    row_.resize(kept_.shape().columns.size());
    kept_.read(number, row_.data());
    next_.add(row_.data());
  }
  /// The number of the row's key.
  std::int64_t key_of(const Value* row, const std::vector<int>& per) {
    make_key(key_, row, per);
    return keys_.add(key_);
  }
  StoredRows kept_;
  RowSink& next_;
  KeyIndex keys_;

 private:
  std::vector<Value> row_;
  std::string key_;
};

class HeadSink : public KeepingSink {
 public:
  HeadSink(HeadPlan plan, const RowShape& shape, MemoryBudget& budget, RowSink& next)
      : KeepingSink(shape, "head", budget, next), plan_(std::move(plan)) {
    for (const HeadShare& share : plan_.shares) most_ = std::max(most_, share.rows);
  }
  void add(const Value* row) override {
    const auto key = static_cast<std::size_t>(key_of(row, plan_.per));
    if (key == counts_.size()) counts_.push_back(0);
    if (counts_[key] == most_) return;
    const std::int64_t place = counts_[key]++;
    if (plan_.shares.size() == 1 && !plan_.wait) {
      next_.add(row);
      return;
    }
    kept_.add(row);
    places_.push_back({static_cast<std::uint32_t>(key), static_cast<std::int32_t>(place)});
  }
  void finish() override {
    const double n_keys = static_cast<double>(counts_.size());
    for (std::size_t i = 0; i < places_.size(); ++i) {
      const HeadShare* share = &plan_.shares.back();
      for (const HeadShare& candidate : plan_.shares) {
        if (places_[i].key < std::nearbyint(candidate.up_to * n_keys)) {
          share = &candidate;
          break;
        }
      }
      if (places_[i].place < share->rows) pass(static_cast<std::int64_t>(i));
    }
    next_.finish();
  }

 private:
  struct Place {
    std::uint32_t key;
    std::int32_t place;
  };
  HeadPlan plan_;
  std::int64_t most_ = 0;
  std::vector<std::int64_t> counts_;
  std::vector<Place> places_;
};

class PickSink : public KeepingSink {
 public:
  PickSink(PickPlan plan, const RowShape& shape, MemoryBudget& budget, RowSink& next)
      : KeepingSink(shape, "first", budget, next), plan_(std::move(plan)) {}
  void add(const Value* row) override {
    const std::int64_t key = key_of(row, plan_.per);
    if (key == kept_.size()) {
      kept_.add(row);
      return;
    }
    const Value best = kept_.value(key, plan_.by), value = row[plan_.by];
    if (value.missing()) return;
    if (best.missing() || (plan_.greatest ? compare(value, best) > 0 : compare(value, best) < 0))
      kept_.replace(key, row);
  }
  void finish() override {
    for (std::int64_t i = 0; i < kept_.size(); ++i) pass(i);
    next_.finish();
  }

 private:
  PickPlan plan_;
};

class SampleSink : public KeepingSink {
 public:
  SampleSink(SamplePlan plan, const RowShape& shape, MemoryBudget& budget, RowSink& next)
      : KeepingSink(shape, "sample", budget, next), plan_(std::move(plan)) {}
  /// Reservoir sampling (Vitter's algorithm R) with the random numbers of (seed, key, place).
  void add(const Value* row) override {
    const auto key = static_cast<std::size_t>(key_of(row, plan_.per));
    if (key == groups_.size()) groups_.emplace_back();
    Group& group = groups_[key];
    const std::int64_t place = group.seen++;
    ++arrived_;
    if (place < plan_.rows) {
      group.rows.push_back(kept_.add(row));
      arrival_.push_back(arrived_);
      return;
    }
    base::PhiloxStream stream(plan_.seed, base::Purpose::kPrepare,
                              (std::uint64_t{key} << 32) ^ static_cast<std::uint64_t>(place));
    const auto drawn =
        static_cast<std::int64_t>(stream.below(static_cast<std::uint64_t>(place) + 1));
    if (drawn >= plan_.rows) return;
    const std::int64_t number = group.rows[static_cast<std::size_t>(drawn)];
    kept_.replace(number, row);
    arrival_[static_cast<std::size_t>(number)] = arrived_;
  }
  void finish() override {
    std::vector<std::int64_t> order(arrival_.size());
    std::iota(order.begin(), order.end(), std::int64_t{0});
    std::sort(order.begin(), order.end(), [&](std::int64_t a, std::int64_t b) {
      return arrival_[static_cast<std::size_t>(a)] < arrival_[static_cast<std::size_t>(b)];
    });
    for (const std::int64_t number : order) pass(number);
    next_.finish();
  }

 private:
  struct Group {
    std::int64_t seen = 0;
    std::vector<std::int64_t> rows;
  };
  SamplePlan plan_;
  std::vector<Group> groups_;
  std::int64_t arrived_ = 0;
  std::vector<std::int64_t> arrival_;
};

class GatherSink : public KeepingSink {
 public:
  GatherSink(std::vector<int> per, const RowShape& shape, MemoryBudget& budget, RowSink& next)
      : KeepingSink(shape, "gather", budget, next), per_(std::move(per)) {}
  void add(const Value* row) override {
    group_.push_back(key_of(row, per_));
    kept_.add(row);
  }
  void finish() override {
    std::vector<std::int64_t> order(group_.size());
    std::iota(order.begin(), order.end(), std::int64_t{0});
    std::stable_sort(order.begin(), order.end(), [&](std::int64_t a, std::int64_t b) {
      return group_[static_cast<std::size_t>(a)] < group_[static_cast<std::size_t>(b)];
    });
    for (const std::int64_t number : order) pass(number);
    next_.finish();
  }

 private:
  std::vector<int> per_;
  std::vector<std::int64_t> group_;
};

class SortSink : public KeepingSink {
 public:
  SortSink(std::vector<std::pair<int, bool>> by, const RowShape& shape, MemoryBudget& budget,
           RowSink& next)
      : KeepingSink(shape, "sort", budget, next), by_(std::move(by)) {}
  void add(const Value* row) override { kept_.add(row); }
  void finish() override {
    std::vector<std::int64_t> order(static_cast<std::size_t>(kept_.size()));
    std::iota(order.begin(), order.end(), std::int64_t{0});
    std::stable_sort(order.begin(), order.end(),
                     [&](std::int64_t a, std::int64_t b) { return before(a, b); });
    for (const std::int64_t number : order) pass(number);
    next_.finish();
  }

 private:
  bool before(std::int64_t a, std::int64_t b) const {
    for (const auto& [slot, descending] : by_) {
      const Value x = kept_.value(a, slot), y = kept_.value(b, slot);
      if (x.missing() || y.missing()) {
        if (x.missing() != y.missing()) return y.missing();
        continue;
      }
      const int order = compare(x, y);
      if (order != 0) return descending ? order > 0 : order < 0;
    }
    return false;
  }
  std::vector<std::pair<int, bool>> by_;
};

class UniqueSink : public RowSink {
 public:
  UniqueSink(std::vector<int> per, std::vector<std::string> names, Origin origin,
             MemoryBudget& budget, RowSink& next)
      : per_(std::move(per)),
        names_(std::move(names)),
        origin_(std::move(origin)),
        budget_(budget),
        next_(next) {}
  ~UniqueSink() override { budget_.give_back(counted_); }
  void add(const Value* row) override {
    make_key(key_, row, per_);
    const std::int64_t known = keys_.size();
    if (keys_.add(key_) < known) {
      base::fail(ErrorKind::kData, "{}: {}: {} comes more than once", origin_.place, origin_.what,
                 key_text(row, per_, names_));
    }
    if (known % 4096 == 0) {
      const std::int64_t more = keys_.bytes() - counted_;
      counted_ += more;
      budget_.take(more, "the keys of 'unique'");
    }
    next_.add(row);
  }
  void finish() override { next_.finish(); }

 private:
  std::vector<int> per_;
  std::vector<std::string> names_;
  Origin origin_;
  MemoryBudget& budget_;
  RowSink& next_;
  KeyIndex keys_;
  std::string key_;
  std::int64_t counted_ = 0;
};

/// One summary of one key so far.
struct SummaryState {
  std::int64_t n = 0;
  double mean = 0, squares = 0;  ///< Welford's running mean and sum of squared deviations
  double sum = 0, lost = 0;      ///< Kahan's sum and what it lost
  std::int64_t row = -1;         ///< of the kept value
};

class AggregateSink : public KeepingSink {
 public:
  AggregateSink(std::vector<int> per, std::vector<SummaryPlan> values, const RowShape& shape,
                MemoryBudget& budget, RowSink& next)
      : KeepingSink(key_shape(per, shape), "aggregate", budget, next),
        per_(std::move(per)),
        values_(std::move(values)) {
    for (const SummaryPlan& plan : values_) {
      RowShape pair;
      pair.set("value", plan.of < 0 ? CellKind::kInteger
                                    : shape.columns[static_cast<std::size_t>(plan.of)].kind);
      pair.set("by", plan.by < 0 ? CellKind::kInteger
                                 : shape.columns[static_cast<std::size_t>(plan.by)].kind);
      chosen_.push_back(std::make_unique<StoredRows>(std::move(pair), "aggregate", budget));
    }
    states_.resize(values_.size());
    context_.texts = &texts_;
  }
  void add(const Value* row) override {
    const auto key = static_cast<std::size_t>(key_of(row, per_));
    if (static_cast<std::int64_t>(key) == kept_.size()) {
      std::vector<Value> values;
      for (const int slot : per_) values.push_back(row[slot]);
      kept_.add(values.data());
      for (auto& states : states_) states.emplace_back();
    }
    for (std::size_t v = 0; v < values_.size(); ++v) {
      if (counts(values_[v], row)) update(v, states_[v][key], row);
    }
  }
  void finish() override {
    std::vector<Value> row(per_.size() + values_.size());
    for (std::int64_t key = 0; key < kept_.size(); ++key) {
      kept_.read(key, row.data());
      for (std::size_t v = 0; v < values_.size(); ++v)
        row[per_.size() + v] = result(v, states_[v][static_cast<std::size_t>(key)]);
      next_.add(row.data());
    }
    next_.finish();
  }

 private:
  static RowShape key_shape(const std::vector<int>& per, const RowShape& shape) {
    RowShape result;
    for (const int slot : per) {
      const auto& column = shape.columns[static_cast<std::size_t>(slot)];
      result.set(column.name, column.kind);
    }
    return result;
  }
  bool counts(const SummaryPlan& plan, const Value* row) {
    if (plan.of >= 0 && row[plan.of].missing()) return false;
    if (!plan.where) return true;
    const Value holds = plan.where->evaluate(row, context_);
    return !holds.missing() && holds.integer != 0;
  }
  void update(std::size_t v, SummaryState& state, const Value* row) {
    const SummaryPlan& plan = values_[v];
    ++state.n;
    switch (plan.what) {
      case Summary::kCount:
        break;
      case Summary::kSum:
      case Summary::kMean:
      case Summary::kStd:
        update_numbers(state, row[plan.of].number());
        break;
      default:
        choose(v, state, row);
    }
  }
  static void update_numbers(SummaryState& state, double value) {
    const double add = value - state.lost, sum = state.sum + add;
    state.lost = (sum - state.sum) - add;
    state.sum = sum;
    const double delta = value - state.mean;
    state.mean += delta / static_cast<double>(state.n);
    state.squares += delta * (value - state.mean);
  }
  /// Keeps the value of this row where it beats the one so far.
  void choose(std::size_t v, SummaryState& state, const Value* row) {
    const SummaryPlan& plan = values_[v];
    const Value pair[2] = {row[plan.of], plan.by < 0 ? Value{} : row[plan.by]};
    if (state.row < 0) {
      state.row = chosen_[v]->add(pair);
      return;
    }
    const bool by_value = plan.what == Summary::kMin || plan.what == Summary::kMax;
    const Value now = by_value ? pair[0] : pair[1];
    const Value best = chosen_[v]->value(state.row, by_value ? 0 : 1);
    bool better = false;
    if (!by_value && plan.by < 0) {
      better = plan.what == Summary::kLast;
    } else if (!now.missing()) {
      const int order = best.missing() ? -1 : compare(now, best);
      const bool smallest = plan.what == Summary::kMin || plan.what == Summary::kFirst;
      better = best.missing() || (smallest                      ? order < 0
                                  : plan.what == Summary::kLast ? order >= 0
                                                                : order > 0);
    }
    if (better) chosen_[v]->replace(state.row, pair);
  }
  Value result(std::size_t v, const SummaryState& state) const {
    switch (values_[v].what) {
      case Summary::kCount:
        return Value::of_integer(state.n);
      case Summary::kSum:
        return state.n == 0 ? Value{} : Value::of_real(state.sum);
      case Summary::kMean:
        return state.n == 0 ? Value{} : Value::of_real(state.sum / static_cast<double>(state.n));
      case Summary::kStd:
        return state.n < 2
                   ? Value{}
                   : Value::of_real(std::sqrt(state.squares / static_cast<double>(state.n - 1)));
      default:
        return state.row < 0 ? Value{} : chosen_[v]->value(state.row, 0);
    }
  }

  std::vector<int> per_;
  std::vector<SummaryPlan> values_;
  std::vector<std::vector<SummaryState>> states_;
  std::vector<std::unique_ptr<StoredRows>> chosen_;
  TextArena texts_;
  EvaluationContext context_;
};

class WriteSink : public RowSink {
 public:
  WriteSink(table::TableWriter& writer, const table::Schema& schema, MemoryBudget& budget,
            std::int64_t& n_rows)
      : writer_(writer),
        batch_(table::empty_table(schema)),
        levels_(schema.columns.size()),
        budget_(budget),
        n_rows_(n_rows) {}
  ~WriteSink() override { budget_.give_back(counted_); }
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
    const std::int64_t more = bytes - counted_;
    counted_ = bytes;
    budget_.take(more, "the different texts of the output");
  }
  table::TableWriter& writer_;
  table::Table batch_;
  std::vector<KeyIndex> levels_;
  MemoryBudget& budget_;
  std::int64_t& n_rows_;
  std::int64_t counted_ = 0;
  std::string text_;
};

}  // namespace

std::unique_ptr<RowSink> program_sink(std::shared_ptr<const RowProgram> program, int n_slots,
                                      int n_inputs, std::vector<int> pack, RowSink& next) {
  return std::make_unique<ProgramSink>(std::move(program), n_slots, n_inputs, std::move(pack),
                                       next);
}
std::unique_ptr<RowSink> store_sink(StoredRows& rows) { return std::make_unique<StoreSink>(rows); }
std::unique_ptr<RowSink> head_sink(HeadPlan plan, const RowShape& shape, MemoryBudget& budget,
                                   RowSink& next) {
  return std::make_unique<HeadSink>(std::move(plan), shape, budget, next);
}
std::unique_ptr<RowSink> pick_sink(PickPlan plan, const RowShape& shape, MemoryBudget& budget,
                                   RowSink& next) {
  return std::make_unique<PickSink>(std::move(plan), shape, budget, next);
}
std::unique_ptr<RowSink> sample_sink(SamplePlan plan, const RowShape& shape, MemoryBudget& budget,
                                     RowSink& next) {
  return std::make_unique<SampleSink>(std::move(plan), shape, budget, next);
}
std::unique_ptr<RowSink> gather_sink(std::vector<int> per, const RowShape& shape,
                                     MemoryBudget& budget, RowSink& next) {
  return std::make_unique<GatherSink>(std::move(per), shape, budget, next);
}
std::unique_ptr<RowSink> sort_sink(std::vector<std::pair<int, bool>> by_descending,
                                   const RowShape& shape, MemoryBudget& budget, RowSink& next) {
  return std::make_unique<SortSink>(std::move(by_descending), shape, budget, next);
}
std::unique_ptr<RowSink> unique_sink(std::vector<int> per, std::vector<std::string> names,
                                     Origin origin, MemoryBudget& budget, RowSink& next) {
  return std::make_unique<UniqueSink>(std::move(per), std::move(names), std::move(origin), budget,
                                      next);
}
std::unique_ptr<RowSink> aggregate_sink(std::vector<int> per, std::vector<SummaryPlan> values,
                                        const RowShape& shape, MemoryBudget& budget,
                                        RowSink& next) {
  return std::make_unique<AggregateSink>(std::move(per), std::move(values), shape, budget, next);
}
std::unique_ptr<RowSink> write_sink(table::TableWriter& writer, const table::Schema& schema,
                                    MemoryBudget& budget, std::int64_t& n_rows) {
  return std::make_unique<WriteSink>(writer, schema, budget, n_rows);
}

}  // namespace semblance::prepare
