#include "trainer/train.hpp"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <iterator>

#include "base/device.hpp"
#include "base/error.hpp"
#include "base/file.hpp"
#include "base/log.hpp"
#include "base/philox.hpp"
#include "base/progress.hpp"
#include "table/read_table.hpp"
#include "trainer/checkpoint.hpp"
#include "trainer/choose.hpp"
#include "trainer/codec_impute.hpp"
#include "trainer/generation_order.hpp"
#include "trainer/model_file.hpp"
#include "trainer/panel.hpp"
#include "trainer/search.hpp"

namespace semblance::trainer {

void add_settings(base::SettingList& list, TrainOptions& options) {
  list.add(
      "decoder", &options.decoder,
      "autoregressive (columns one after the other), or independent (columns independent given z)");
  list.add(
      "order", &options.order,
      "columns that the decoder makes first, so that conditions on them are exact (default: the "
      "metadata's)");
  list.add("entity_rows", &options.entity_rows,
           "together (rows of one entity, as the metadata say, are learned as one person's), or "
           "apart");
  list.add("latent", &options.latent, "dimensions of z; 0 for none");
  list.add("hidden", &options.hidden, "width of the decoder; 0: chosen from the table");
  list.add("blocks", &options.blocks, "residual blocks of the decoder; -1: chosen from the table");
  list.add("epochs", &options.epochs, "passes over the table; 0: chosen from the table");
  list.add("batch_size", &options.batch_size, "rows a rank and step, at most");
  list.add("learning_rate", &options.learning_rate, "largest learning rate of the schedule");
  list.add("weight_decay", &options.weight_decay, "AdamW's weight decay");
  list.add("validation", &options.validation, "share of rows kept to stop early by");
  list.add("patience", &options.patience,
           "epochs without a better validation loss before stopping; 0: chosen");
  list.add("checkpoint_dir", &options.checkpoint_dir,
           "where a stopped training is kept; empty: beside the output");
  list.add("checkpoint_seconds", &options.checkpoint_seconds, "seconds between checkpoints");
  add_settings(list, options.codec);
}

namespace {

using Clock = std::chrono::steady_clock;

/// Tokens by row, columns in the order of generation.
TokenRows by_rows(const TokenMatrix& matrix, const std::vector<int>& order,
                  std::int64_t first_row) {
  TokenRows rows;
  rows.n_rows = matrix.n_rows;
  rows.n_columns = matrix.n_columns;
  rows.first_row = first_row;
  rows.tokens.resize(matrix.tokens.size());
  for (int s = 0; s < rows.n_columns; ++s) {
    const std::uint16_t* column = matrix.column(order[s]);
    for (std::int64_t r = 0; r < rows.n_rows; ++r) {
      rows.tokens[r * rows.n_columns + s] = column[r];
    }
  }
  return rows;
}

/// A number that changes when any token of any rank changes; the same for any number of ranks.
std::int64_t data_hash(const TokenRows& rows, base::Communicator& communicator) {
  std::uint64_t sum = 0;
  for (std::int64_t r = 0; r < rows.n_rows; ++r) {
    std::uint64_t hash = static_cast<std::uint64_t>(rows.first_row + r) + 0x9E3779B97F4A7C15ull;
    for (int s = 0; s < rows.n_columns; ++s) {
      hash = (hash ^ rows.tokens[r * rows.n_columns + s]) * 0xFF51AFD7ED558CCDull;
      hash ^= hash >> 29;
    }
    sum += hash;
  }
  std::vector<std::int64_t> total = {static_cast<std::int64_t>(sum)};
  communicator.all_reduce_sum(std::span(total));
  return total[0];
}

std::vector<std::pair<std::string, std::string>> settings_texts(TrainOptions options,
                                                                const Choice& choice) {
  base::SettingList list;
  add_settings(list, options);
  std::vector<std::pair<std::string, std::string>> texts;
  for (const base::Setting& setting : list.all()) {
    if (setting.name.starts_with("checkpoint_")) continue;
    texts.emplace_back(setting.name, setting.text());
  }
  const NetworkShape& shape = choice.shape;
  const FitSettings& fit = choice.fit;
  texts.emplace_back("chosen_hidden", fmt::format("{}", shape.hidden));
  texts.emplace_back("chosen_blocks", fmt::format("{} x {}", shape.blocks, shape.block_width));
  texts.emplace_back("chosen_epochs", fmt::format("{}", fit.epochs));
  texts.emplace_back("chosen_batch", fmt::format("{}", fit.batch_size));
  texts.emplace_back("chosen_shrinkage", fmt::format("{}", fit.shrinkage));
  texts.emplace_back("chosen_dropout", fmt::format("{}", fit.dropout));
  texts.emplace_back("chosen_validation", fmt::format("{}", fit.validation));
  texts.emplace_back("chosen_patience", fmt::format("{}", fit.patience));
  return texts;
}

std::string fingerprint(const std::vector<std::pair<std::string, std::string>>& settings,
                        std::uint64_t seed, std::int64_t data) {
  base::Sha256 hash;
  for (const auto& [name, text] : settings) hash.update(name + "=" + text + "\n");
  hash.update(fmt::format("seed={}\ndata={}\n", seed, data));
  return hash.hex();
}

/// Trains one network after another with checkpoints, messages and signals.
class StageTrainer {
 public:
  StageTrainer(const TokenRows& rows, const TrainOptions& options, std::int64_t total_rows,
               base::Communicator& communicator)
      : rows_(rows),
        options_(options),
        total_rows_(total_rows),
        data_(data_hash(rows, communicator)),
        communicator_(communicator) {}

  FitResult run(const std::string& stage, const Choice& choice, const std::vector<float>* initial);
  /// When the model stands, its checkpoints are not needed any more.
  void remove_checkpoints() const;

 private:
  std::string path(const std::string& stage) const;
  FitHooks hooks(const std::string& stage, const std::string& print, base::Progress& progress);
  std::optional<FitState> resumed(const std::string& stage, const std::string& print) const;

  const TokenRows& rows_;
  const TrainOptions& options_;
  std::int64_t total_rows_;
  std::int64_t data_;
  base::Communicator& communicator_;
  SignalRequests signals_;
  Clock::time_point saved_ = Clock::now();
  std::string note_;
  std::vector<std::string> stages_;
};

std::string StageTrainer::path(const std::string& stage) const {
  namespace fs = std::filesystem;
  const fs::path output(options_.output);
  const std::string name = fmt::format("{}.{}.checkpoint", output.filename().string(), stage);
  if (options_.checkpoint_dir.empty()) return (output.parent_path() / name).string();
  std::error_code code;
  fs::create_directories(options_.checkpoint_dir, code);
  return (fs::path(options_.checkpoint_dir) / name).string();
}

FitHooks StageTrainer::hooks(const std::string& stage, const std::string& print,
                             base::Progress& progress) {
  const auto since_save = [this] {
    return std::chrono::duration<double>(Clock::now() - saved_).count();
  };
  FitHooks hooks;
  hooks.stop_requested = [this] { return signals_.stop_requested(); };
  hooks.save_due = [this, since_save] {
    return signals_.take_save_request() || since_save() >= options_.checkpoint_seconds;
  };
  hooks.save = [this, stage, print](const FitState& state) {
    saved_ = Clock::now();
    if (communicator_.rank() == 0) save_checkpoint(path(stage), print, state);
    communicator_.barrier();
  };
  // A stage that took long need not be done again when a later one is stopped.
  hooks.training_done = [this, stage, print, since_save](const FitState& state) {
    constexpr double kLongSeconds = 20;
    if (communicator_.rank() == 0 && since_save() > kLongSeconds) {
      save_checkpoint(path(stage), print, state);
    }
  };
  hooks.batch_done = [this, &progress](std::int64_t many, double loss) {
    if (communicator_.rank() != 0) return;
    progress.advance(many, fmt::format("loss {:.3f}{}", loss, note_));
  };
  hooks.epoch_done = [this, stage](const EpochLog& line) {
    if (communicator_.rank() != 0) return;
    note_ = fmt::format(", epoch {}: validation {:.3f}", line.epoch, line.validation);
    base::log_event("epoch", {{"stage", stage},
                              {"epoch", static_cast<long long>(line.epoch)},
                              {"loss", line.training},
                              {"validation", line.validation},
                              {"kl", line.kl},
                              {"rows_per_s", line.rows_per_s}});
  };
  return hooks;
}

/// The state to go on from: only when every rank can read it.
std::optional<FitState> StageTrainer::resumed(const std::string& stage,
                                              const std::string& print) const {
  std::optional<FitState> state = load_checkpoint(path(stage), print);
  std::vector<std::int64_t> have = {state ? 1 : 0};
  communicator_.all_reduce_sum(std::span(have));
  if (have[0] < communicator_.size()) state.reset();
  if (state) base::log_info("going on from {} (epoch {})", path(stage), state->epoch + 1);
  return state;
}

FitResult StageTrainer::run(const std::string& stage, const Choice& choice,
                            const std::vector<float>* initial) {
  stages_.push_back(stage);
  note_.clear();
  const std::string print = fingerprint(settings_texts(options_, choice), options_.seed, data_);
  const std::optional<FitState> state = resumed(stage, print);
  base::Progress progress(
      stage == "probe" ? "probe" : "train",
      choice.fit.epochs *
          static_cast<std::int64_t>(static_cast<double>(total_rows_) * (1 - choice.fit.validation)),
      "rows");
  return fit_network(rows_, choice.shape, choice.fit, communicator_, hooks(stage, print, progress),
                     state ? &*state : nullptr, initial);
}

void StageTrainer::remove_checkpoints() const {
  if (communicator_.rank() != 0) return;
  for (const std::string& stage : stages_) std::filesystem::remove(path(stage));
}

TrainingRecord record_of(const TrainOptions& options, const Codec& codec, const FitResult& result,
                         const std::vector<int>& order, std::int64_t rows) {
  TrainingRecord record;
  record.rows = rows;
  record.seed = options.seed;
  record.validation_loss = result.validation_loss;
  record.column_loss.resize(order.size());
  for (const TokenColumn& column : codec.token_columns())
    record.column_names.push_back(column.name);
  for (std::size_t s = 0; s < order.size(); ++s)
    record.column_loss[order[s]] = result.column_loss[s];
  for (const EpochLog& line : result.log) {
    record.log.insert(record.log.end(),
                      {double(line.epoch), line.training, line.validation, line.kl});
  }
  return record;
}

/// A rank's part of the table.
struct Slice {
  table::Table rows;
  table::Table entities;  ///< of a panel: the first row of each entity
  std::int64_t first = 0, total = 0;
  bool panel = false;
  std::int64_t ids_after = 0;
  std::vector<std::int64_t> entity;
  std::vector<std::int32_t> index, size;
};

/// Whole entities for each rank.
Slice slice_panel(Panel panel, base::Communicator& communicator) {
  const std::int64_t total = panel.rows.n_rows();
  const auto begin_of = [&](std::int64_t row) {
    return *std::lower_bound(panel.begin.begin(), panel.begin.end(), row);
  };
  auto [first, last] = communicator.slice(total);
  first = begin_of(first), last = begin_of(last);
  Slice slice;
  slice.panel = true;
  slice.first = first, slice.total = total;
  slice.ids_after = panel.ids_after;
  slice.entities = first_rows(panel, first, last);
  slice.entity = panel.entity_of(first, last);
  panel.places(first, last, slice.index, slice.size);
  slice.rows =
      communicator.size() == 1 ? std::move(panel.rows) : table::slice_rows(panel.rows, first, last);
  return slice;
}

/// The rows of this rank, and the schema of them all.
Slice read_slice(const TrainOptions& options, base::Communicator& communicator,
                 table::Schema& schema) {
  table::Metadata metadata;
  table::ReadOptions read;
  read.threads = options.threads;
  if (!options.metadata.empty()) {
    metadata = table::read_metadata(options.metadata);
    read.metadata = &metadata;
  }
  table::Table rows = table::read_table(options.table, read, &schema);
  rows = rows_to_learn(std::move(rows), schema);
  if (options.entity_rows == "together" && options.decoder == "autoregressive" &&
      has_panel(rows, schema))
    return slice_panel(prepare_panel(std::move(rows), schema), communicator);
  // Whose row it is says nothing where rows stand alone.
  schema.entity_time.clear(), schema.entity_constants.clear();
  Slice slice;
  slice.total = rows.n_rows();
  const auto [begin, end] = communicator.slice(slice.total);
  slice.first = begin;
  slice.rows = communicator.size() == 1 ? std::move(rows) : table::slice_rows(rows, begin, end);
  return slice;
}

/// Columns that the decoder makes first: those of the entity before all others, and of these the
/// date that its rows are in order of.
std::vector<std::string> first_columns(const TrainOptions& options, const table::Schema& schema,
                                       const Slice& slice) {
  const std::vector<std::string>& asked = options.order.empty() ? schema.order : options.order;
  if (!slice.panel) return asked;
  const auto is_constant = [&](const std::string& name) {
    return std::find(schema.entity_constants.begin(), schema.entity_constants.end(), name) !=
           schema.entity_constants.end();
  };
  std::vector<std::string> names = {kEntityRows};
  std::copy_if(asked.begin(), asked.end(), std::back_inserter(names), is_constant);
  names.insert(names.end(), schema.entity_constants.begin(), schema.entity_constants.end());
  std::copy_if(asked.begin(), asked.end(), std::back_inserter(names),
               [&](const std::string& name) { return !is_constant(name); });
  if (!schema.entity_time.empty()) names.push_back(schema.entity_time);
  return names;
}

/// Token columns of the entity.
int count_shared(const Codec& codec, const table::Schema& schema) {
  int shared = 0;
  const auto count = [&](const std::string& name) {
    const auto [from, to] = codec.tokens_of(codec.schema().find(name));
    shared += to - from;
  };
  count(kEntityRows);
  std::vector<std::pair<int, int>> seen;
  for (const std::string& name : schema.entity_constants) {
    const std::pair<int, int> range = codec.tokens_of(codec.schema().find(name));
    if (std::find(seen.begin(), seen.end(), range) == seen.end()) count(name);
    seen.push_back(range);  // the columns of a combination share their tokens
  }
  return shared;
}

void log_panel(const table::Schema& schema) {
  base::log_info("rows of one '{}' are learned together: {} constant columns{}, in order of {}",
                 schema.entity, schema.entity_constants.size(),
                 schema.entity_constants.empty()
                     ? ""
                     : fmt::format(" ({})", fmt::join(schema.entity_constants, ", ")),
                 schema.entity_time.empty() ? "the table" : "'" + schema.entity_time + "'");
}

}  // namespace

void train(const TrainOptions& given, base::Communicator& communicator) {
  TrainOptions options = given;
  const Clock::time_point start = Clock::now();
  base::resolve_device(options.device);  // one that is asked for and absent is an error
  if (communicator.rank() == 0) base::PendingPath(options.output);  // writable, before the work
  table::Schema schema;
  Slice slice = read_slice(options, communicator, schema);
  const std::int64_t total = slice.total;
  TokenMatrix tokens;
  Codec codec = [&] {
    SEMBLANCE_EXPECT(total >= 2, kData,
                     "{}: {} row; training needs at least 2 rows, and some hundreds to be of use",
                     options.table, total);
    Codec fitted = Codec::fit(slice.rows, schema, options.codec, communicator,
                              slice.panel ? &slice.entities : nullptr);
    tokens = fitted.encode(slice.rows);
    slice.rows = {}, slice.entities = {};
    return fitted;
  }();
  if (slice.panel) {
    options.shared_columns = count_shared(codec, schema);
    if (communicator.rank() == 0) log_panel(schema);
  }
  const std::vector<TokenColumn>& columns = codec.token_columns();
  SEMBLANCE_EXPECT(!columns.empty(), kData,
                   "{}: no column is left to learn (all are identifiers or dropped)",
                   options.table);
  const std::vector<int> order = generation_order(codec, first_columns(options, schema, slice));
  std::vector<int> cardinalities;
  for (const int c : order) cardinalities.push_back(columns[c].cardinality);
  TokenRows rows = by_rows(tokens, order, slice.first);
  rows.entity = std::move(slice.entity);
  rows.index = std::move(slice.index), rows.size = std::move(slice.size);
  tokens = {};

  std::vector<int> ordered;
  for (const int c : order) ordered.push_back(columns[c].ordered);

  base::log_info("training on {} rows, {} columns ({} token columns)", total, schema.columns.size(),
                 columns.size());
  StageTrainer stages(rows, options, total, communicator);
  const auto [choice, result] = search_network(
      options, cardinalities, ordered, total, communicator.size(),
      [&](const std::string& stage, const Choice& tried, const std::vector<float>* initial) {
        return stages.run(stage, tried, initial);
      });
  if (communicator.rank() == 0) {
    TrainingRecord record = record_of(options, codec, result, order, total);
    record.ids_after = slice.ids_after;
    record.settings = settings_texts(options, choice);
    save_model(options.output, codec, {choice.shape, order, result.weights}, record);
    base::log_info(
        "{}: width {}, {} blocks, validation loss {:.3f} nats a row (epoch {} of {}), {:.1f} s",
        options.output, choice.shape.hidden, choice.shape.blocks, result.validation_loss,
        result.best_epoch, result.log.size(),
        std::chrono::duration<double>(Clock::now() - start).count());
  }
  stages.remove_checkpoints();
  communicator.barrier();
}

}  // namespace semblance::trainer
