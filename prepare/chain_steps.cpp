/// What each step of a recipe adds to its chain.
#include <algorithm>

#include "base/error.hpp"
#include "prepare/chain.hpp"

namespace semblance::prepare {

using base::ErrorKind;

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
  plan.table = std::make_shared<JoinTable>(other, keys, step.one, plan.origin, budget_);
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

}  // namespace semblance::prepare
