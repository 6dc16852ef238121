#include "prepare/row_program.hpp"

#include <algorithm>
#include <atomic>
#include <utility>

#include "base/error.hpp"
#include "base/philox.hpp"
#include "prepare/calendar.hpp"

namespace semblance::prepare {
namespace {

using base::ErrorKind;

std::string place_of(const RowState& state) {
  return state.block != nullptr ? state.block->place(state.row)
                                : fmt::format("row {}", state.row + 1);
}

Value evaluate(const Expression& expression, RowState& state, const Origin& origin) {
  try {
    return expression.evaluate(state.slots.data(), state.context);
  } catch (const base::Error& error) {
    base::fail(error.kind(), "{}: {}: {}: {}", origin.place, origin.what, place_of(state),
               error.what());
  }
}

struct Load : RowStep {
  bool apply(RowState& state, const RestOfProgram&) const override {
    state.slots[slot] = state.block->load(state.row, column);
    return true;
  }
  int column = 0;
  std::size_t slot = 0;
};

struct Filter : RowStep {
  bool apply(RowState& state, const RestOfProgram&) const override {
    const Value value = evaluate(*condition, state, origin);
    return !value.missing() && value.integer != 0;
  }
  std::shared_ptr<Expression> condition;
  Origin origin;
};

struct Derive : RowStep {
  bool apply(RowState& state, const RestOfProgram&) const override {
    state.context.random = random.get();
    state.context.runs = runs.get();
    state.slots[slot] = evaluate(*value, state, origin);
    return true;
  }
  std::shared_ptr<Expression> value;
  std::size_t slot = 0;
  Origin origin;
  std::shared_ptr<PythonRandom> random;
  std::shared_ptr<const NumberRuns> runs;
};

struct Cast : RowStep {
  bool apply(RowState& state, const RestOfProgram&) const override {
    const Value& value = state.slots[from];
    if (value.missing() || value.kind == reader.kind()) {
      state.slots[to] = value;
      return true;
    }
    std::string text;
    append_text(text, value);
    try {
      state.slots[to] = reader.read(state.texts.keep(text));
    } catch (const base::Error& error) {
      base::fail(error.kind(), "{}: {}: {}: {}", origin.place, origin.what, place_of(state),
                 error.what());
    }
    return true;
  }
  std::size_t from = 0, to = 0;
  CellReader reader;
  Origin origin;
};

struct Join : RowStep {
  bool apply(RowState& state, const RestOfProgram& rest) const override {
    const bool whole = make_key(state.key, state.slots.data(), plan.key_slots);
    const auto matches = whole ? plan.table->find(state.key) : std::span<const std::int64_t>();
    check(static_cast<std::int64_t>(matches.size()), state);
    if (matches.empty()) {
      for (const auto& [column, slot] : plan.take) state.slots[static_cast<std::size_t>(slot)] = {};
      return plan.keep_unmatched;
    }
    for (const std::int64_t number : matches) {
      for (const auto& [column, slot] : plan.take) {
        state.slots[static_cast<std::size_t>(slot)] = plan.table->rows().value(number, column);
      }
      if (matches.size() == 1) return true;
      rest();
    }
    return false;
  }
  /// Refuses a row with too many matches, and a join that makes too many rows of each on average.
  void check(std::int64_t matches, const RowState& state) const {
    if (matches > plan.at_most) explode(fmt::format("has {} matches", matches), state);
    const std::int64_t in = rows_in.fetch_add(1, std::memory_order_relaxed) + 1;
    const std::int64_t out = rows_out.fetch_add(matches, std::memory_order_relaxed) + matches;
    if (out < kManyRows || out / in <= std::max(kMostFactor, plan.at_most / 10)) return;
    explode(fmt::format("is one of {} that became {} rows, {} each; it has {} matches", in, out,
                        out / in, matches),
            state);
  }
  [[noreturn]] void explode(const std::string& what, const RowState& state) const {
    base::fail(ErrorKind::kData,
               "{}: {} explodes: the row with {} ({}) {}; join on more keys, promise 'one' row a "
               "key, or set at_most higher",
               plan.origin.place, plan.origin.what,
               key_text(state.slots.data(), plan.key_slots, plan.key_names), place_of(state), what);
  }
  static constexpr std::int64_t kManyRows = 1'000'000, kMostFactor = 100;
  JoinPlan plan;
  mutable std::atomic<std::int64_t> rows_in{0}, rows_out{0};
};

struct Shift : RowStep {
  bool apply(RowState& state, const RestOfProgram&) const override {
    const Value anchor = state.slots[static_cast<std::size_t>(plan.anchor)];
    if (anchor.missing()) {
      base::fail(ErrorKind::kData, "{}: {}: {} has no date to shift from", plan.origin.place,
                 plan.origin.what, place_of(state));
    }
    make_key(state.key, state.slots.data(), plan.key_slots);
    const std::int64_t days = shift_days(state.key, anchor.days());
    for (const ShiftPlan::Date& date : plan.dates) {
      Value value = state.slots[static_cast<std::size_t>(date.from)];
      if (!value.missing()) {
        value.integer += date.kind == CellKind::kDate ? days : days * kMicrosecondsPerDay;
      }
      state.slots[static_cast<std::size_t>(date.to)] = value;
    }
    return true;
  }
  /// Whole weeks that bring a day into a drawn year, near the same day of the year.
  std::int64_t shift_days(std::string_view key, std::int64_t anchor) const {
    std::uint64_t hash = 14695981039346656037u;  // FNV-1a: the same on every machine
    for (const char c : key) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211u;
    base::PhiloxStream stream(plan.seed, base::Purpose::kPrepare, hash);
    const auto span = static_cast<std::uint64_t>(plan.last_year - plan.first_year + 1);
    const std::int64_t year = plan.first_year + static_cast<std::int64_t>(stream.below(span));
    const std::int64_t wanted = add_years(anchor, year - civil_from_days(anchor).year) - anchor;
    return floor_div(wanted + 3, 7) * 7;
  }
  ShiftPlan plan;
};

}  // namespace

void RestOfProgram::operator()() const { program_.run(state_, emitter_, first_); }

void RowProgram::run(RowState& state, RowEmitter& emitter, std::size_t first) const {
  for (std::size_t i = first; i < steps_.size(); ++i) {
    if (!steps_[i]->apply(state, RestOfProgram(*this, i + 1, state, emitter))) return;
  }
  emitter.emit(state);
}

std::unique_ptr<RowStep> load_step(int source_column, int slot) {
  auto step = std::make_unique<Load>();
  step->column = source_column;
  step->slot = static_cast<std::size_t>(slot);
  return step;
}

std::unique_ptr<RowStep> filter_step(std::shared_ptr<Expression> condition, Origin origin) {
  auto step = std::make_unique<Filter>();
  step->condition = std::move(condition);
  step->origin = std::move(origin);
  return step;
}

std::unique_ptr<RowStep> derive_step(std::shared_ptr<Expression> value, int slot, Origin origin,
                                     std::shared_ptr<PythonRandom> random,
                                     std::shared_ptr<const NumberRuns> runs) {
  auto step = std::make_unique<Derive>();
  step->value = std::move(value);
  step->slot = static_cast<std::size_t>(slot);
  step->origin = std::move(origin);
  step->random = std::move(random);
  step->runs = std::move(runs);
  return step;
}

std::unique_ptr<RowStep> cast_step(int from, CellReader reader, int to, Origin origin) {
  auto step = std::make_unique<Cast>();
  step->from = static_cast<std::size_t>(from);
  step->to = static_cast<std::size_t>(to);
  step->reader = std::move(reader);
  step->origin = std::move(origin);
  return step;
}

std::unique_ptr<RowStep> join_step(JoinPlan plan) {
  auto step = std::make_unique<Join>();
  step->plan = std::move(plan);
  return step;
}

std::unique_ptr<RowStep> shift_step(ShiftPlan plan) {
  auto step = std::make_unique<Shift>();
  step->plan = std::move(plan);
  return step;
}

JoinTable::JoinTable(std::shared_ptr<const StoredRows> rows, std::vector<int> keys, bool one,
                     const Origin& origin, MemoryBudget& budget)
    : rows_(std::move(rows)), held_(budget) {
  const std::int64_t n = rows_->size();
  const std::int64_t numbers = 3 * n * static_cast<std::int64_t>(sizeof(std::int64_t));
  const std::string what = fmt::format("the keys of {} ({} rows)", origin.what, n);
  held_.set(numbers, what);
  std::vector<std::int64_t> key_of(static_cast<std::size_t>(n), -1);
  std::vector<Value> row(rows_->shape().columns.size());
  std::vector<std::string> names;
  for (const int key : keys)
    names.push_back(rows_->shape().columns[static_cast<std::size_t>(key)].name);
  std::string key;
  for (std::int64_t i = 0; i < n; ++i) {
    for (const int column : keys) row[static_cast<std::size_t>(column)] = rows_->value(i, column);
    if (!make_key(key, row.data(), keys)) continue;  // a missing key joins with nothing
    const std::int64_t number = index_.add(key);
    if (i % 4096 == 0) held_.set(numbers + index_.bytes(), what);
    key_of[static_cast<std::size_t>(i)] = number;
    if (static_cast<std::size_t>(number) == first_.size()) first_.push_back(0);
    if (++first_[static_cast<std::size_t>(number)] > 1 && one) {
      base::fail(ErrorKind::kData, "{}: {} promises one row a key, but {} comes more than once",
                 origin.place, origin.what, key_text(row.data(), keys, names));
    }
  }
  first_.push_back(0);
  std::int64_t total = 0;
  for (std::int64_t& count : first_) total += std::exchange(count, total);
  numbers_.resize(static_cast<std::size_t>(total));
  std::vector<std::int64_t> next(first_.begin(), first_.end());
  for (std::int64_t i = 0; i < n; ++i) {
    const std::int64_t number = key_of[static_cast<std::size_t>(i)];
    if (number >= 0)
      numbers_[static_cast<std::size_t>(next[static_cast<std::size_t>(number)]++)] = i;
  }
}

std::span<const std::int64_t> JoinTable::find(std::string_view key) const {
  const std::int64_t number = index_.find(key);
  if (number < 0) return {};
  const auto at = static_cast<std::size_t>(number);
  return std::span(numbers_).subspan(static_cast<std::size_t>(first_[at]),
                                     static_cast<std::size_t>(first_[at + 1] - first_[at]));
}

}  // namespace semblance::prepare
