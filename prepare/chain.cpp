#include "prepare/chain.hpp"

#include "base/error.hpp"

namespace semblance::prepare {

using base::ErrorKind;

void Chain::begin(const SourceSpec& spec, const std::string& directory) {
  source_ = open_source(spec, directory, budget_);
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

void Chain::pack() { close_stage(); }

}  // namespace semblance::prepare
