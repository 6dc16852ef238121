#include "prepare/run_recipe.hpp"

#include <algorithm>
#include <map>

#include "base/error.hpp"
#include "base/file.hpp"
#include "prepare/agreement.hpp"
#include "prepare/chain.hpp"
#include "prepare/packed_rows.hpp"
#include "table/write_table.hpp"

namespace semblance::prepare {
namespace {

using base::ErrorKind;

/// The metadata are for the output: what they name has to be in it, under its new name.
void expect_output_column(const table::Schema& schema, const Written& name, const char* key) {
  if (name.text.empty() || schema.find(name.text) >= 0) return;
  base::fail(ErrorKind::kData, "{}: {} names '{}', which is no column of the output{}", name.place,
             key, name.text, did_you_mean(name.text, schema.names()));
}

/// Makes the tables of a recipe, each once.
class Runner {
 public:
  Runner(const Recipe& recipe, const RecipeRun& run, base::Communicator& communicator)
      : recipe_(recipe), run_(run), communicator_(communicator), budget_(run.memory_bytes) {}

  std::int64_t write(const std::string& output);

 private:
  std::shared_ptr<const StoredRows> table(const Written& name);
  /// A chain that ends with the rows of a source or table. Tables that only one other needs are not
  /// kept.
  std::unique_ptr<Chain> chain(const Written& name);
  std::unique_ptr<Chain> new_chain();
  int uses(const std::string& name) const;
  void send_rows(StoredRows& rows);
  table::Schema schema(const RowShape& shape) const;

  const Recipe& recipe_;
  const RecipeRun& run_;
  base::Communicator& communicator_;
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

std::unique_ptr<Chain> Runner::new_chain() {
  return std::make_unique<Chain>([this](const Written& other) { return table(other); }, budget_,
                                 communicator_);
}

std::unique_ptr<Chain> Runner::chain(const Written& name) {
  const TableSpec* spec = recipe_.find_table(name.text);
  if (spec == nullptr) {
    std::unique_ptr<Chain> made = new_chain();
    made->begin(*recipe_.find_source(name.text), run_.input);
    return made;
  }
  std::unique_ptr<Chain> made;
  if (recipe_.find_table(spec->from.text) != nullptr && uses(spec->from.text) > 1) {
    made = new_chain();
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
  made->run(communicator_.rank() == 0 ? sink.get() : nullptr, run_.threads, name.text);
  send_rows(*rows);
  kept_[name.text] = rows;
  return rows;
}

/// From rank 0 to all others: joins look rows up on every rank.
void Runner::send_rows(StoredRows& rows) {
  if (communicator_.size() == 1) return;
  constexpr std::int64_t kRowsAtOnce = 1 << 16;
  std::vector<Value> row(rows.shape().columns.size());
  std::vector<std::byte> packed;
  std::int64_t n = rows.size();
  communicator_.broadcast(std::as_writable_bytes(std::span(&n, 1)), 0);
  for (std::int64_t first = 0; first < n; first += kRowsAtOnce) {
    packed.clear();
    if (communicator_.rank() == 0) {
      for (std::int64_t i = first; i < std::min(n, first + kRowsAtOnce); ++i) {
        rows.read(i, row.data());
        pack_row(packed, row);
      }
    }
    auto size = static_cast<std::int64_t>(packed.size());
    communicator_.broadcast(std::as_writable_bytes(std::span(&size, 1)), 0);
    packed.resize(static_cast<std::size_t>(size));
    communicator_.broadcast(packed, 0);
    if (communicator_.rank() > 0)
      unpack_rows(packed, row.size(), [&](const Value* values) { rows.add(values); });
  }
}

table::Schema Runner::schema(const RowShape& shape) const {
  table::Schema result;
  result.entity = recipe_.entity.text;
  for (std::size_t i = 0; i < shape.columns.size(); ++i) {
    table::ColumnSpec spec;
    spec.name = shape.columns[i].name;
    spec.kind = table_kind(shape.columns[i].kind);
    if (!recipe_.output.empty()) {
      const OutputColumn& wish = recipe_.output[i];
      spec.name = wish.name.text;
      spec.min_decimals = wish.min_decimals;
      spec.relative_to = wish.relative_to.text;
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
  expect_output_column(result, recipe_.entity, "entity");
  for (const OutputColumn& column : recipe_.output)
    expect_output_column(result, column.relative_to, "relative_to");
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
  std::unique_ptr<table::TableWriter> writer;
  std::unique_ptr<RowSink> sink;
  std::int64_t n_rows = 0;
  on_rank_0(communicator_, [&] {
    writer = table::open_table_writer(output, wanted);
    sink = write_sink(*writer, wanted, budget_, n_rows);
  });
  made->run(sink.get(), run_.threads, "prepare");
  on_rank_0(communicator_, [&] {
    if (!run_.metadata.empty()) base::write_text_file(run_.metadata, recipe_metadata(wanted));
  });
  return n_rows;
}

}  // namespace

std::int64_t run_recipe(const Recipe& recipe, const RecipeRun& run, const std::string& output,
                        base::Communicator& communicator) {
  return Runner(recipe, run, communicator).write(output);
}

}  // namespace semblance::prepare
