#include "prepare/run_recipe.hpp"

#include <algorithm>
#include <functional>
#include <map>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/log.hpp"
#include "base/progress.hpp"
#include "prepare/turns.hpp"
#include "table/write_table.hpp"

namespace semblance::prepare {
namespace {

using base::ErrorKind;

/// Rows of a recipe on their way: the source, the program that its blocks run through in parallel,
/// and the sinks after it. Built forwards, step by step; run() joins the sinks backwards.
class Chain {
 public:
  /// \param runner  gives the tables that joins need
  using TableGetter = std::function<std::shared_ptr<const StoredRows>(const Written& name)>;
  Chain(TableGetter tables, MemoryBudget& budget) : tables_(std::move(tables)), budget_(budget) {}

  void begin(const SourceSpec& spec, const std::string& directory);
  void begin(std::shared_ptr<const StoredRows> rows);
  void use_random(std::shared_ptr<PythonRandom> random) { random_ = std::move(random); }
  void add(const RecipeStep& step);
  void select(const std::vector<Written>& names);
  const RowShape& shape() const { return shape_; }
  /// Ends the chain: rows then have the columns of shape(), in slots 0, 1, 2, ...
  void pack();
  /// Streams all rows into `last`.
  void run(RowSink& last, int threads, const std::string& label);

 private:
  struct Stage {
    std::shared_ptr<RowProgram> program = std::make_shared<RowProgram>();
    int n_inputs = 0, n_slots = 0;
    std::vector<int> pack;
  };
  using SinkMaker = std::function<std::unique_ptr<RowSink>(RowSink& next)>;

  void add(const FilterStep& step, const RecipeStep& all);
  void add(const DeriveStep& step, const RecipeStep& all);
  void add(const SelectStep& step, const RecipeStep& all);
  void add(const RenameStep& step, const RecipeStep& all);
  void add(const CastStep& step, const RecipeStep& all);
  void add(const JoinStep& step, const RecipeStep& all);
  void add(const HeadStep& step, const RecipeStep& all);
  void add(const PickStep& step, const RecipeStep& all);
  void add(const SampleStep& step, const RecipeStep& all);
  void add(const GatherStep& step, const RecipeStep& all);
  void add(const SortStep& step, const RecipeStep& all);
  void add(const UniqueStep& step, const RecipeStep& all);
  void add(const AggregateStep& step, const RecipeStep& all);
  void add(const ShiftStep& step, const RecipeStep& all);

  std::shared_ptr<Expression> compile(const Written& text);
  int position(const Written& name) const;
  int slot(const Written& name);  ///< loads the column where that has not been done
  std::vector<int> positions(const std::vector<Written>& names) const;
  void load(int position);
  void close_stage();  ///< ends the row program; shape_ is packed after it
  void add_sink(SinkMaker maker);
  void open_serial_stage();
  void run_source(RowSink& first, int threads, const std::string& label);

  TableGetter tables_;
  MemoryBudget& budget_;
  std::shared_ptr<RowSource> source_;
  std::shared_ptr<const StoredRows> rows_;
  RowShape shape_;
  std::vector<int> unloaded_;      ///< slot -> column of the source + 1; 0: loaded
  std::vector<SinkMaker> makers_;  ///< what comes after the first stage, in order
  std::shared_ptr<PythonRandom> random_;
  bool serial_ = false, whole_source_read_ = false;
  Stage first_;  ///< runs in parallel where rows come from a file
  Stage later_;  ///< the serial stage that is being built
  Stage* now_ = &first_;
};

void Chain::begin(const SourceSpec& spec, const std::string& directory) {
  source_ = open_source(spec, directory);
  for (const SourceColumn& column : spec.columns) {
    if (shape_.find(column.name) >= 0)
      base::fail(ErrorKind::kData, "{}: column '{}' is listed twice", column.place, column.name);
    shape_.set(column.name, column.kind);
  }
  if (!spec.row_number.empty()) shape_.set(spec.row_number, CellKind::kInteger);
  for (int i = 0; i < shape_.n_slots; ++i) unloaded_.push_back(i + 1);
}

void Chain::begin(std::shared_ptr<const StoredRows> rows) {
  rows_ = std::move(rows);
  shape_ = rows_->shape();
  unloaded_.assign(static_cast<std::size_t>(shape_.n_slots), 0);
  serial_ = whole_source_read_ = true;
  first_.n_inputs = shape_.n_slots;
}

int Chain::position(const Written& name) const {
  const int found = shape_.find(name.text);
  if (found < 0) {
    base::fail(ErrorKind::kData, "{}: there is no column '{}' here{}", name.place, name.text,
               did_you_mean(name.text, shape_.names()));
  }
  return found;
}

void Chain::load(int position) {
  const auto slot =
      static_cast<std::size_t>(shape_.columns[static_cast<std::size_t>(position)].slot);
  if (slot >= unloaded_.size() || unloaded_[slot] == 0) return;
  now_->program->add(load_step(unloaded_[slot] - 1, static_cast<int>(slot)));
  unloaded_[slot] = 0;
}

int Chain::slot(const Written& name) {
  const int found = position(name);
  load(found);
  return shape_.columns[static_cast<std::size_t>(found)].slot;
}

std::vector<int> Chain::positions(const std::vector<Written>& names) const {
  std::vector<int> list;
  for (const Written& name : names) list.push_back(position(name));
  return list;
}

std::shared_ptr<Expression> Chain::compile(const Written& text) {
  try {
    auto expression = std::make_shared<Expression>(text.text, shape_);
    for (const int used : expression->columns()) load(used);
    return expression;
  } catch (const base::Error& error) {
    base::fail(error.kind(), "{}: in '{}': {}", text.place, text.text, error.what());
  }
}

/// After this the columns of shape_ stand in slots 0, 1, 2, ... of the rows that leave the stage.
void Chain::close_stage() {
  now_->pack.clear();
  RowShape packed;
  for (std::size_t i = 0; i < shape_.columns.size(); ++i) {
    load(static_cast<int>(i));
    now_->pack.push_back(shape_.columns[i].slot);
    packed.set(shape_.columns[i].name, shape_.columns[i].kind);
  }
  now_->n_slots = shape_.n_slots;
  shape_ = std::move(packed);
  unloaded_.assign(static_cast<std::size_t>(shape_.n_slots), 0);
  if (now_ != &first_) {
    makers_.push_back([stage = *now_](RowSink& next) {
      return program_sink(stage.program, stage.n_slots, stage.n_inputs, stage.pack, next);
    });
  }
}

void Chain::open_serial_stage() {
  later_ = Stage();
  now_ = &later_;
  now_->n_inputs = shape_.n_slots;
  serial_ = true;
}

void Chain::add_sink(SinkMaker maker) {
  makers_.push_back(std::move(maker));
  open_serial_stage();
  whole_source_read_ = true;
}

void Chain::add(const RecipeStep& step) {
  std::visit([&](const auto& what) { add(what, step); }, step.what);
}

void Chain::add(const FilterStep& step, const RecipeStep&) {
  std::shared_ptr<Expression> condition = compile(step.condition);
  if (condition->kind() != CellKind::kBoolean) {
    base::fail(ErrorKind::kData, "{}: 'filter' needs a condition, but '{}' is a {}",
               step.condition.place, step.condition.text, cell_kind_name(condition->kind()));
  }
  if (condition->draws())
    base::fail(ErrorKind::kData, "{}: 'filter' cannot draw random numbers: derive a column first",
               step.condition.place);
  now_->program->add(filter_step(condition, {step.condition.place, "filter"}));
}

void Chain::add(const DeriveStep& step, const RecipeStep&) {
  for (const auto& [name, text] : step.values) {
    std::shared_ptr<Expression> value = compile(text);
    if (value->draws() && random_ == nullptr) {
      base::fail(ErrorKind::kData,
                 "{}: randrange() needs 'random: {{generator: python, seed: ...}}' in this table",
                 text.place);
    }
    if (value->draws() && !serial_) {  // draws are made in the order of the rows
      close_stage();
      open_serial_stage();
      value = compile(text);
    }
    if (value->reads_runs() && !whole_source_read_) {
      base::fail(ErrorKind::kData,
                 "{}: as_read_in_runs() can be used only after a step that sees all rows (head, "
                 "first, aggregate, ...)",
                 text.place);
    }
    if (value->kind() == CellKind::kMissing)
      base::fail(ErrorKind::kData, "{}: '{}' is always missing", text.place, text.text);
    const int slot = shape_.set(name.text, value->kind());
    unloaded_.resize(static_cast<std::size_t>(shape_.n_slots), 0);
    now_->program->add(derive_step(value, slot, {text.place, name.text},
                                   value->draws() ? random_ : nullptr,
                                   source_ ? source_->runs() : nullptr));
  }
}

void Chain::select(const std::vector<Written>& names) {
  RowShape kept;
  kept.n_slots = shape_.n_slots;
  for (const Written& name : names) {
    const auto& column = shape_.columns[static_cast<std::size_t>(position(name))];
    if (kept.find(column.name) >= 0)
      base::fail(ErrorKind::kData, "{}: column '{}' is named twice", name.place, name.text);
    kept.columns.push_back(column);
  }
  shape_ = std::move(kept);
}

void Chain::add(const SelectStep& step, const RecipeStep&) {
  if (!step.drop) return select(step.names);
  for (const Written& name : step.names)
    shape_.columns.erase(shape_.columns.begin() + position(name));
}

void Chain::add(const RenameStep& step, const RecipeStep&) {
  for (const auto& [old_name, new_name] : step.names) {
    const int at = position(old_name);
    if (const int other = shape_.find(new_name.text); other >= 0 && other != at) {
      base::fail(ErrorKind::kData, "{}: there is a column '{}' already", new_name.place,
                 new_name.text);
    }
    shape_.columns[static_cast<std::size_t>(at)].name = new_name.text;
  }
}

void Chain::add(const CastStep& step, const RecipeStep&) {
  for (const SourceColumn& column : step.columns) {
    const int from = slot({column.name, column.place});
    const int to = shape_.set(column.name, column.kind);
    unloaded_.resize(static_cast<std::size_t>(shape_.n_slots), 0);
    now_->program->add(cast_step(from, CellReader(column.kind, column.date_format, {}), to,
                                 {column.place, "cast of " + column.name}));
  }
}

void Chain::add(const JoinStep& step, const RecipeStep& all) {
  const std::shared_ptr<const StoredRows> other = tables_(step.with);
  const RowShape& there = other->shape();
  JoinPlan plan;
  plan.keep_unmatched = step.left;
  plan.at_most = step.at_most;
  plan.origin = {all.place, fmt::format("the join with '{}'", step.with.text)};
  std::vector<int> keys;
  for (const auto& [mine, theirs] : step.on) {
    plan.key_slots.push_back(slot(mine));
    plan.key_names.push_back(mine.text);
    keys.push_back(there.find(theirs.text));
    if (keys.back() < 0) {
      base::fail(ErrorKind::kData, "{}: table '{}' has no column '{}'{}", theirs.place,
                 step.with.text, theirs.text, did_you_mean(theirs.text, there.names()));
    }
    const CellKind a = shape_.columns[static_cast<std::size_t>(position(mine))].kind,
                   b = there.columns[static_cast<std::size_t>(keys.back())].kind;
    if (a != b) {
      base::fail(ErrorKind::kData, "{}: '{}' is {} here and {} in '{}': cast one of them",
                 mine.place, mine.text, cell_kind_name(a), cell_kind_name(b), step.with.text);
    }
  }
  std::vector<int> take;
  for (const Written& name : step.columns) {
    take.push_back(there.find(name.text));
    if (take.back() < 0) {
      base::fail(ErrorKind::kData, "{}: table '{}' has no column '{}'{}", name.place,
                 step.with.text, name.text, did_you_mean(name.text, there.names()));
    }
  }
  if (step.columns.empty()) {
    for (int i = 0; i < static_cast<int>(there.columns.size()); ++i) {
      if (std::find(keys.begin(), keys.end(), i) == keys.end()) take.push_back(i);
    }
  }
  for (const int column : take) {
    const auto& theirs = there.columns[static_cast<std::size_t>(column)];
    if (shape_.find(theirs.name) >= 0) {
      base::fail(
          ErrorKind::kData,
          "{}: both sides of the join have a column '{}': take fewer 'columns', or rename one",
          all.place, theirs.name);
    }
    plan.take.emplace_back(column, shape_.set(theirs.name, theirs.kind));
  }
  unloaded_.resize(static_cast<std::size_t>(shape_.n_slots), 0);
  plan.table = std::make_shared<JoinTable>(other, keys, step.one, plan.origin);
  now_->program->add(join_step(std::move(plan)));
}

void Chain::add(const HeadStep& step, const RecipeStep&) {
  const bool runs = source_ != nullptr && source_->runs() != nullptr && !whole_source_read_;
  const HeadPlan plan{positions(step.per), step.shares, runs};
  const bool all_read = whole_source_read_ || runs || step.shares.size() > 1;
  close_stage();
  add_sink([plan, shape = shape_, this](RowSink& next) {
    return head_sink(plan, shape, budget_, next);
  });
  whole_source_read_ = all_read;  // otherwise rows are passed on as they come
}

void Chain::add(const PickStep& step, const RecipeStep&) {
  PickPlan plan{positions(step.per), position(step.by), step.greatest};
  close_stage();
  add_sink([plan, shape = shape_, this](RowSink& next) {
    return pick_sink(plan, shape, budget_, next);
  });
}

void Chain::add(const SampleStep& step, const RecipeStep&) {
  SamplePlan plan{positions(step.per), step.rows, step.seed};
  close_stage();
  add_sink([plan, shape = shape_, this](RowSink& next) {
    return sample_sink(plan, shape, budget_, next);
  });
}

void Chain::add(const GatherStep& step, const RecipeStep&) {
  const std::vector<int> per = positions(step.per);
  close_stage();
  add_sink([per, shape = shape_, this](RowSink& next) {
    return gather_sink(per, shape, budget_, next);
  });
}

void Chain::add(const SortStep& step, const RecipeStep&) {
  std::vector<std::pair<int, bool>> by;
  for (const auto& [name, descending] : step.by) by.emplace_back(position(name), descending);
  close_stage();
  add_sink(
      [by, shape = shape_, this](RowSink& next) { return sort_sink(by, shape, budget_, next); });
}

void Chain::add(const UniqueStep& step, const RecipeStep& all) {
  const std::vector<int> per = positions(step.per);
  std::vector<std::string> names;
  for (const Written& name : step.per) names.push_back(name.text);
  close_stage();
  const bool read = whole_source_read_;
  add_sink([per, names, origin = Origin{all.place, "unique"}, this](RowSink& next) {
    return unique_sink(per, names, origin, budget_, next);
  });
  whole_source_read_ = read;  // 'unique' passes rows on at once
}

void Chain::add(const AggregateStep& step, const RecipeStep&) {
  const std::vector<int> per = positions(step.per);
  // Only what the summaries need goes through.
  std::vector<Written> needed = step.per;
  const auto need = [&](const std::string& name, const std::string& place) {
    const Written column{shape_.columns[static_cast<std::size_t>(position({name, place}))].name,
                         place};
    const bool known = std::any_of(needed.begin(), needed.end(), [&](const Written& other) {
      return same_name(other.text, column.text);
    });
    if (!known) needed.push_back(column);
  };
  for (const AggregateStep::Value& value : step.values) {
    if (!value.of.text.empty()) need(value.of.text, value.of.place);
    if (!value.by.text.empty()) need(value.by.text, value.by.place);
    if (value.where.text.empty()) continue;
    const std::shared_ptr<Expression> where = compile(value.where);
    for (const int used : where->columns())
      need(shape_.columns[static_cast<std::size_t>(used)].name, value.where.place);
  }
  select(needed);
  close_stage();

  std::vector<SummaryPlan> plans;
  RowShape result;
  for (const Written& name : step.per) {
    const auto& column = shape_.columns[static_cast<std::size_t>(position(name))];
    result.set(column.name, column.kind);
  }
  for (const AggregateStep::Value& value : step.values) {
    SummaryPlan plan;
    plan.what = value.what;
    plan.of = value.of.text.empty() ? -1 : position(value.of);
    plan.by = value.by.text.empty() ? -1 : position(value.by);
    if (!value.where.text.empty()) plan.where = compile(value.where);
    const CellKind of =
        plan.of < 0 ? CellKind::kInteger : shape_.columns[static_cast<std::size_t>(plan.of)].kind;
    const bool numeric =
        value.what == Summary::kSum || value.what == Summary::kMean || value.what == Summary::kStd;
    if (numeric && of != CellKind::kInteger && of != CellKind::kReal) {
      base::fail(ErrorKind::kData,
                 "{}: '{}' is {}: a number is needed here; declare it in 'columns' or cast it",
                 value.of.place, value.of.text, cell_kind_name(of));
    }
    plan.kind = value.what == Summary::kCount ? CellKind::kInteger : numeric ? CellKind::kReal : of;
    if (result.find(value.name.text) >= 0)
      base::fail(ErrorKind::kData, "{}: there is a column '{}' already", value.name.place,
                 value.name.text);
    result.set(value.name.text, plan.kind);
    plans.push_back(std::move(plan));
  }
  std::vector<int> keys(step.per.size());
  for (std::size_t i = 0; i < keys.size(); ++i) keys[i] = static_cast<int>(i);
  const RowShape before = shape_;
  shape_ = std::move(result);
  add_sink([keys, plans, before, this](RowSink& next) {
    return aggregate_sink(keys, plans, before, budget_, next);
  });
  unloaded_.assign(static_cast<std::size_t>(shape_.n_slots), 0);
}

void Chain::add(const ShiftStep& step, const RecipeStep& all) {
  ShiftPlan plan;
  plan.first_year = step.first_year;
  plan.last_year = step.last_year;
  plan.seed = step.seed;
  plan.origin = {all.place, "shift_dates"};
  for (const Written& name : step.per) plan.key_slots.push_back(slot(name));
  const auto is_date = [&](const Written& name) {
    const CellKind kind = shape_.columns[static_cast<std::size_t>(position(name))].kind;
    if (kind != CellKind::kDate && kind != CellKind::kDatetime) {
      base::fail(ErrorKind::kData, "{}: '{}' is {}, not a date: declare it in 'columns' or cast it",
                 name.place, name.text, cell_kind_name(kind));
    }
    return kind;
  };
  is_date(step.anchor);
  plan.anchor = slot(step.anchor);
  for (const Written& name : step.columns) {
    const CellKind kind = is_date(name);
    const int from = slot(name);
    plan.dates.push_back({from, shape_.set(name.text, kind), kind});
  }
  unloaded_.resize(static_cast<std::size_t>(shape_.n_slots), 0);
  now_->program->add(shift_step(std::move(plan)));
}

void Chain::pack() { close_stage(); }

void Chain::run(RowSink& last, int threads, const std::string& label) {
  std::vector<std::unique_ptr<RowSink>> sinks;
  RowSink* next = &last;
  for (auto maker = makers_.rbegin(); maker != makers_.rend(); ++maker) {
    sinks.push_back((*maker)(*next));
    next = sinks.back().get();
  }
  if (source_ != nullptr) {
    run_source(*next, threads, label);
  } else {
    const auto first =
        program_sink(first_.program, first_.n_slots, first_.n_inputs, first_.pack, *next);
    std::vector<Value> row(static_cast<std::size_t>(first_.n_inputs));
    for (std::int64_t i = 0; i < rows_->size(); ++i) {
      rows_->read(i, row.data());
      first->add(row.data());
    }
  }
  next->finish();
}

/// Collects the rows that leave the parallel stage of one block.
class BlockRowsOut : public RowEmitter {
 public:
  explicit BlockRowsOut(const std::vector<int>& pack) : pack_(pack) {}
  void emit(RowState& state) override {
    for (const int slot : pack_) values_.push_back(state.slots[static_cast<std::size_t>(slot)]);
    ++n_rows_;
  }
  void give(RowSink& next) const {
    for (std::int64_t i = 0; i < n_rows_; ++i)
      next.add(values_.data() + static_cast<std::size_t>(i) * pack_.size());
  }

 private:
  const std::vector<int>& pack_;
  std::vector<Value> values_;
  std::int64_t n_rows_ = 0;
};

void Chain::run_source(RowSink& first, int threads, const std::string& label) {
  base::Progress progress(label, 0, "rows");
  Turns turns;
  source_->read(threads, [&](const RowBlock& block, std::int64_t number) {
    try {
      RowState state;
      state.slots.resize(static_cast<std::size_t>(first_.n_slots));
      state.context.texts = &state.texts;
      state.block = &block;
      BlockRowsOut out(first_.pack);
      for (state.row = 0; state.row < block.n_rows(); ++state.row) first_.program->run(state, out);
      turns.take(number, [&] { out.give(first); });
      progress.advance(block.n_rows());
    } catch (...) {
      turns.cancel();
      throw;
    }
  });
}

// ---------------------------------------------------------------------------------------------
/// Makes the tables of a recipe, each once.
class Runner {
 public:
  Runner(const Recipe& recipe, const RecipeRun& run)
      : recipe_(recipe), run_(run), budget_(run.memory_bytes) {}

  std::int64_t write(const std::string& output);

 private:
  std::shared_ptr<const StoredRows> table(const Written& name);
  /// A chain that ends with the rows of a source or table. Tables that only one other needs are not
  /// kept.
  std::unique_ptr<Chain> chain(const Written& name);
  int uses(const std::string& name) const;
  table::Schema schema(const RowShape& shape) const;

  const Recipe& recipe_;
  const RecipeRun& run_;
  MemoryBudget budget_;
  std::map<std::string, std::shared_ptr<const StoredRows>> kept_;
};

int Runner::uses(const std::string& name) const {
  int n = recipe_.output_from.text == name;
  for (const TableSpec& spec : recipe_.tables) {
    n += spec.from.text == name;
    for (const RecipeStep& step : spec.steps) {
      const auto* join = std::get_if<JoinStep>(&step.what);
      n += join != nullptr && join->with.text == name;
    }
  }
  return n;
}

std::unique_ptr<Chain> Runner::chain(const Written& name) {
  const TableSpec* spec = recipe_.find_table(name.text);
  if (spec == nullptr) {
    auto made =
        std::make_unique<Chain>([this](const Written& other) { return table(other); }, budget_);
    made->begin(*recipe_.find_source(name.text), run_.input);
    return made;
  }
  std::unique_ptr<Chain> made;
  if (recipe_.find_table(spec->from.text) != nullptr && uses(spec->from.text) > 1) {
    made = std::make_unique<Chain>([this](const Written& other) { return table(other); }, budget_);
    made->begin(table(spec->from));
  } else {
    made = chain(spec->from);
  }
  made->use_random(spec->python_seed ? std::make_shared<PythonRandom>(*spec->python_seed)
                                     : nullptr);
  for (const RecipeStep& step : spec->steps) made->add(step);
  return made;
}

std::shared_ptr<const StoredRows> Runner::table(const Written& name) {
  if (const auto found = kept_.find(name.text); found != kept_.end()) return found->second;
  const std::unique_ptr<Chain> made = chain(name);
  made->pack();
  auto rows = std::make_shared<StoredRows>(made->shape(), name.text, budget_);
  const auto sink = store_sink(*rows);
  made->run(*sink, run_.threads, name.text);
  kept_[name.text] = rows;
  return rows;
}

table::Schema Runner::schema(const RowShape& shape) const {
  table::Schema result;
  result.entity = recipe_.entity;
  for (std::size_t i = 0; i < shape.columns.size(); ++i) {
    table::ColumnSpec spec;
    spec.name = shape.columns[i].name;
    spec.kind = table_kind(shape.columns[i].kind);
    if (!recipe_.output.empty()) {
      const OutputColumn& wish = recipe_.output[i];
      spec.name = wish.name.text;
      spec.min_decimals = wish.min_decimals;
      spec.relative_to = wish.relative_to;
      if (wish.kind) {
        const bool from_text =
            *wish.kind == table::Kind::kCategory || *wish.kind == table::Kind::kId;
        const bool dates = spec.kind == table::Kind::kDatetime && *wish.kind == table::Kind::kDate;
        if (*wish.kind != spec.kind && !from_text && !dates) {
          base::fail(ErrorKind::kData, "{}: '{}' is {}; derive or cast it to {} first",
                     wish.name.place, wish.from.text, cell_kind_name(shape.columns[i].kind),
                     table::kind_name(*wish.kind));
        }
        spec.kind = *wish.kind;
      }
    }
    if (spec.kind == table::Kind::kDate) spec.format = "%Y-%m-%d", spec.unit = "day";
    if (spec.kind == table::Kind::kDatetime)
      spec.format = "%Y-%m-%d %H:%M:%S", spec.unit = "second";
    result.columns.push_back(std::move(spec));
  }
  return result;
}

/// What the recipe decides of the columns. Units and decimals are left open: the values tell them.
std::string recipe_metadata(table::Schema schema) {
  for (table::ColumnSpec& column : schema.columns) column.unit.clear();
  return table::metadata_yaml(schema);
}

std::int64_t Runner::write(const std::string& output) {
  const std::unique_ptr<Chain> made = chain(recipe_.output_from);
  if (!recipe_.output.empty()) {
    std::vector<Written> names;
    for (const OutputColumn& column : recipe_.output) names.push_back(column.from);
    made->select(names);
  }
  made->pack();
  const table::Schema wanted = schema(made->shape());
  SEMBLANCE_EXPECT(table::table_format(output) != table::TableFormat::kShards, kUsage,
                   "--output {}: write one .csv, .csv.gz, .parquet or .h5 file", output);
  const auto writer = table::open_table_writer(output, wanted);
  std::int64_t n_rows = 0;
  const auto sink = write_sink(*writer, wanted, budget_, n_rows);
  made->run(*sink, run_.threads, "prepare");
  if (!run_.metadata.empty()) base::write_text_file(run_.metadata, recipe_metadata(wanted));
  return n_rows;
}

}  // namespace

std::int64_t run_recipe(const Recipe& recipe, const RecipeRun& run, const std::string& output) {
  return Runner(recipe, run).write(output);
}

}  // namespace semblance::prepare
