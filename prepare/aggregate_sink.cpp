#include <cmath>

#include "prepare/keeping_sink.hpp"

namespace semblance::prepare {
namespace {

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
  std::int64_t more_bytes() const override {
    std::int64_t bytes = 0;
    for (const auto& states : states_) bytes += bytes_of(states);
    return bytes;
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

}  // namespace

std::unique_ptr<RowSink> aggregate_sink(std::vector<int> per, std::vector<SummaryPlan> values,
                                        const RowShape& shape, MemoryBudget& budget,
                                        RowSink& next) {
  return std::make_unique<AggregateSink>(std::move(per), std::move(values), shape, budget, next);
}

}  // namespace semblance::prepare
