#include "generator/generate.hpp"

#include <algorithm>
#include <memory>
#include <optional>

#include "base/device.hpp"
#include "base/error.hpp"
#include "base/file.hpp"
#include "base/log.hpp"
#include "generator/entity_maker.hpp"
#include "generator/row_maker.hpp"
#include "generator/write_output.hpp"
#include "table/write_table.hpp"
#include "trainer/model.hpp"

namespace semblance::generator {
namespace {

/// The counts of all ranks.
RetryCounts summed(RetryCounts counts, const TableMaker& maker, base::Communicator& communicator) {
  ConditionFigures& figures = counts.conditions;
  counts.broken.resize(maker.constraints().size(), 0);
  figures.broken.resize(maker.conditions() == nullptr ? 0 : maker.conditions()->where().size(), 0);
  for (std::vector<std::int64_t>* part : {&counts.broken, &figures.broken})
    communicator.all_reduce_sum(std::span(*part));
  std::vector<std::int64_t> whole = {counts.rows,  counts.draws, counts.copies,
                                     figures.rows, figures.few,  figures.out_of_order};
  communicator.all_reduce_sum(std::span(whole));
  std::vector<double> real = {figures.effective, figures.mass};
  communicator.all_reduce_sum(std::span(real));
  counts.rows = whole[0], counts.draws = whole[1], counts.copies = whole[2];
  figures.rows = whole[3], figures.few = whole[4], figures.out_of_order = whole[5];
  figures.effective = real[0], figures.mass = real[1];
  return counts;
}

/// How rows under conditions could be drawn, and whether their law is to be trusted.
void report_conditions(const ConditionFigures& figures, const RowConditions& conditions) {
  const auto n = static_cast<double>(std::max<std::int64_t>(figures.rows, 1));
  const double effective = figures.effective / n, few = static_cast<double>(figures.few) / n;
  base::log_event("generate_conditions",
                  {{"rows", static_cast<long long>(figures.rows)},
                   {"particles", static_cast<long long>(conditions.particles())},
                   {"effective", effective},
                   {"few", few},
                   {"mass", figures.mass / n}});
  if (conditions.drawn().size() < conditions.where().size())
    base::log_info(
        "conditions on columns that are derived from several others are checked on whole rows, "
        "which "
        "are drawn until one meets them");
  if (conditions.drawn().empty() && conditions.given() == nullptr) return;
  if (conditions.given() == nullptr)
    base::log_info("about {:.2g} % of the model's rows meet the {}conditions",
                   100 * figures.mass / n,
                   conditions.drawn().size() < conditions.where().size() ? "other " : "");
  base::log_info("{} candidates a row, of which {:.1f} counted on average", conditions.particles(),
                 effective);
  constexpr double kManyRows = 0.05;
  if (few > kManyRows) {
    base::log_warning(
        "in {:.0f} % of the rows fewer than {} candidates counted, so that they follow the "
        "conditions only roughly: raise particles, or train with these columns first (order: [A, "
        "B])",
        100 * few, static_cast<int>(RowConditions::kFewCandidates));
  }
}

void report(const RetryCounts& counts, const TableMaker& maker) {
  base::log_event("generate_retries", {{"rows", static_cast<long long>(counts.rows)},
                                       {"draws", static_cast<long long>(counts.draws)},
                                       {"copies", static_cast<long long>(counts.copies)}});
  if (maker.conditions() != nullptr) report_conditions(counts.conditions, *maker.conditions());
  if (counts.rows == 0) return;
  base::log_info("{} rows were drawn again ({} draws)", counts.rows, counts.draws);
  for (std::size_t i = 0; i < counts.broken.size(); ++i) {
    if (counts.broken[i] > 0)
      base::log_info("  {} draws broke '{}'", counts.broken[i], maker.constraints()[i].text);
  }
  if (maker.conditions() != nullptr) {
    const ConditionFigures& figures = counts.conditions;
    for (std::size_t i = 0; i < figures.broken.size(); ++i) {
      if (figures.broken[i] > 0)
        base::log_info("  {} draws broke '{}'", figures.broken[i],
                       maker.conditions()->where()[i].text);
    }
    if (figures.out_of_order > 0)
      base::log_info("  {} draws put a date before the given one that it follows",
                     figures.out_of_order);
  }
  if (counts.copies > 0) base::log_info("  {} draws equalled a real row", counts.copies);
}

}  // namespace

void add_settings(base::SettingList& list, GenerateOptions& options) {
  list.add("rows_per_part", &options.rows_per_part, "rows in each part of a shard directory");
  list.add("reject_copies_of", &options.reject_copies_of,
           "table whose rows must not appear among the synthetic ones");
  list.add("where", &options.where,
           "condition that every row meets, such as 'AGE >= 65' or 'SEX IN (F, M)'; may be given "
           "several times");
  list.add("like", &options.like,
           "table whose rows are completed: its columns stay, the model's other columns are made");
  list.add("impute", &options.impute, "with like: fill the missing cells of its columns too");
  list.add(
      "entities", &options.entities,
      "of a model of entities (such as patients with several rows): how many to make, with all "
      "their rows; 0: rows decides");
  list.add(
      "particles", &options.particles,
      "candidates for a row under conditions: 1, 2, 4, 8 ... 4096; more are slower and closer");
}

namespace {

/// The settings that decide the rows, as text.
std::string settings_text(const GenerateOptions& options) {
  std::string text;
  const auto add = [&](const std::string& part) { text += (text.empty() ? "" : "; ") + part; };
  if (!options.reject_copies_of.empty())
    add("reject_copies_of sha256:" + base::sha256_of_path(options.reject_copies_of));
  for (const std::string& condition : options.where) add("where " + condition);
  if (!options.like.empty()) {
    add("like sha256:" + base::sha256_of_path(options.like));
    if (options.impute) add("impute");
  }
  if (!options.where.empty() || !options.like.empty())
    add("particles " + std::to_string(options.particles));
  return text;
}

void check_options(const GenerateOptions& options) {
  SEMBLANCE_EXPECT(options.entities >= 0, kUsage, "entities is {}; it must be 1 or more",
                   options.entities);
  SEMBLANCE_EXPECT(
      options.rows >= 1 || (options.rows == 0 && (!options.like.empty() || options.entities > 0)),
      kUsage, "rows is {}; it must be 1 or more", options.rows);
  SEMBLANCE_EXPECT(options.rows == 0 || options.entities == 0, kUsage,
                   "rows and entities cannot both decide how much is made: give one of them");
  SEMBLANCE_EXPECT(options.like.empty() || options.entities == 0, kUsage,
                   "entities cannot decide how much is made where the table of like is completed: "
                   "leave out one of them");
  SEMBLANCE_EXPECT(options.rows_per_part >= 1, kUsage, "rows_per_part is {}; it must be 1 or more",
                   options.rows_per_part);
  SEMBLANCE_EXPECT(!options.impute || !options.like.empty(), kUsage,
                   "impute fills the gaps of a table: name it with like");
  SEMBLANCE_EXPECT(options.like.empty() || options.reject_copies_of.empty(), kUsage,
                   "rows that are completed cannot be kept from being copies: leave out like or "
                   "reject_copies_of");
}

std::int64_t rows_like(const GenerateOptions& options, const GivenTable& given) {
  SEMBLANCE_EXPECT(options.rows % given.n_rows() == 0, kUsage,
                   "rows is {}, but {} has {} rows; leave it out, or take a multiple of that",
                   options.rows, options.like, given.n_rows());
  return options.rows == 0 ? given.n_rows() : options.rows;
}

/// What makes the rows. \param rows  set to how many there will be
std::unique_ptr<TableMaker> make_maker(const trainer::Model& model, const GenerateOptions& options,
                                       const CopyGuard* guard, const RowConditions* conditions,
                                       bool tells, std::int64_t& rows) {
  if (!model.panel.exists()) {
    SEMBLANCE_EXPECT(options.entities == 0, kUsage,
                     "this model knows no entities: say how many rows to make");
    return std::make_unique<RowMaker>(model.codec, *model.sampler, options.seed, guard, conditions);
  }
  auto maker = std::make_unique<EntityMaker>(model, options.seed, rows, options.entities,
                                             options.threads, guard, conditions);
  rows = maker->rows();
  if (tells)
    base::log_info(
        "{} rows of {} different '{}'{}", rows, maker->entities(), model.codec.schema().entity,
        options.entities == 0 && options.like.empty() ? "; the last one may be cut short" : "");
  return maker;
}

/// A level that is misspelt beside others goes unnoticed else.
void report_unknown_levels(const RowConditions& conditions, const trainer::Codec& codec) {
  for (const table::AllowedValues& allowed : conditions.where()) {
    std::vector<std::string> named = allowed.levels;
    named.insert(named.end(), allowed.excluded.begin(), allowed.excluded.end());
    for (const std::string& level : named) {
      if (!codec.knows_level(allowed.column, level))
        base::log_warning("condition '{}': the model makes no '{}'", allowed.text, level);
    }
  }
}

void report_given(const GivenTable& given, const GenerateOptions& options,
                  const table::Schema& schema) {
  if (options.impute)
    base::log_info("{}: {} missing cells are filled", options.like, given.filled_cells());
  for (std::size_t c = 0; c < given.unknown().size(); ++c) {
    if (given.unknown()[c] == 0) continue;
    base::log_warning(
        "{}: column '{}': {} cells have levels that the model does not know; they stay, but tell "
        "the model nothing",
        options.like, schema.columns[c].name, given.unknown()[c]);
  }
  for (std::size_t c = 0; c < given.unheeded().size(); ++c) {
    if (given.unheeded()[c] == 0) continue;
    base::log_warning(
        "{}: column '{}': {} cells stay, but more than one column of '{}' is not given, or cannot "
        "be "
        "computed back: these are made without regard to it; give all but one of them, or train "
        "with "
        "derive: false",
        options.like, schema.columns[c].name, given.unheeded()[c], schema.columns[c].derived);
  }
}

}  // namespace

void generate(const GenerateOptions& options, base::Communicator& communicator) {
  check_options(options);
  const table::TableFormat format = table::table_format(options.output);
  base::expect_no_input_replaced(options.output,
                                 {options.model, options.like, options.reject_copies_of});
  const base::Device device = base::resolve_device(options.device);
  const trainer::Model model = trainer::load_model(options.model, device.name());
  std::optional<CopyGuard> guard;
  std::optional<GivenTable> given;
  std::optional<RowConditions> conditions;
  if (!options.reject_copies_of.empty())
    guard.emplace(options.reject_copies_of,
                  model.panel.exists() ? EntityMaker::output_schema(model) : model.codec.schema());
  if (!options.like.empty()) {
    given.emplace(options.like, options.impute, model.codec, options.threads, options.seed);
    if (communicator.rank() == 0) report_given(*given, options, model.codec.schema());
  }
  if (!options.where.empty() || given) {
    conditions.emplace(model.codec, options.where, given ? &*given : nullptr, options.particles);
    if (communicator.rank() == 0) report_unknown_levels(*conditions, model.codec);
    if (device.is_cuda() && communicator.rank() == 0)
      base::log_info("rows under conditions are drawn on the CPU");
  }
  std::int64_t rows = given ? rows_like(options, *given) : options.rows;
  const std::unique_ptr<TableMaker> made =
      make_maker(model, options, guard ? &*guard : nullptr, conditions ? &*conditions : nullptr,
                 communicator.rank() == 0, rows);
  const OutputPlan plan{options.output, rows,         options.rows_per_part, options.threads,
                        options.seed,   model.sha256, settings_text(options)};
  const TableMaker& maker = *made;

  RetryCounts counts;
  try {
    if (format == table::TableFormat::kShards) {
      write_shard_directory(plan, maker, communicator, counts);
    } else {
      write_single_file(plan, maker, communicator, counts);
    }
  } catch (const base::Error& error) {
    const std::string message = error.what();
    if (error.kind() != base::ErrorKind::kIo || message.find(options.output) != std::string::npos)
      throw;
    base::fail(error.kind(), "{}: {}", options.output, message);
  }
  const RetryCounts all = summed(counts, maker, communicator);
  if (communicator.rank() == 0) report(all, maker);
}

}  // namespace semblance::generator
