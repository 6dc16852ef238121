#include "trainer/train.hpp"

#include <chrono>
#include <filesystem>
#include <numeric>

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
#include "trainer/model_file.hpp"

namespace semblance::trainer {

void add_settings(base::SettingList& list, TrainOptions& options) {
  list.add(
      "decoder", &options.decoder,
      "autoregressive (columns one after the other), or independent (columns independent given z)");
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

std::string checkpoint_path(const TrainOptions& options) {
  namespace fs = std::filesystem;
  const std::string name = fs::path(options.output).filename().string() + ".checkpoint";
  if (options.checkpoint_dir.empty()) return options.output + ".checkpoint";
  std::error_code code;
  fs::create_directories(options.checkpoint_dir, code);
  return (fs::path(options.checkpoint_dir) / name).string();
}

/// The training loop with its checkpoints, messages and signals.
FitResult fit_with_checkpoints(const TokenRows& rows, const Choice& choice,
                               const TrainOptions& options, const std::string& print,
                               std::int64_t total_rows, base::Communicator& communicator) {
  const std::string path = checkpoint_path(options);
  SignalRequests signals;
  base::Progress progress("train", choice.fit.epochs * total_rows, "rows");
  Clock::time_point saved = Clock::now();
  FitHooks hooks;
  hooks.stop_requested = [&] { return signals.stop_requested(); };
  hooks.save_due = [&] {
    const double seconds = std::chrono::duration<double>(Clock::now() - saved).count();
    return signals.take_save_request() || seconds >= options.checkpoint_seconds;
  };
  hooks.save = [&](const FitState& state) {
    saved = Clock::now();
    if (communicator.rank() == 0) save_checkpoint(path, print, state);
    communicator.barrier();
  };
  std::string note;
  hooks.batch_done = [&](std::int64_t many, double loss) {
    if (communicator.rank() == 0) progress.advance(many, fmt::format("loss {:.3f}{}", loss, note));
  };
  hooks.epoch_done = [&](const EpochLog& line) {
    if (communicator.rank() != 0) return;
    note = fmt::format(", epoch {}: validation {:.3f}", line.epoch, line.validation);
    base::log_event("epoch", {{"epoch", static_cast<long long>(line.epoch)},
                              {"loss", line.training},
                              {"validation", line.validation},
                              {"kl", line.kl},
                              {"rows_per_s", line.rows_per_s}});
  };
  std::optional<FitState> resumed = load_checkpoint(path, print);
  std::vector<std::int64_t> have = {resumed ? 1 : 0};
  communicator.all_reduce_sum(std::span(have));
  if (have[0] < communicator.size()) resumed.reset();
  if (resumed) base::log_info("going on from {} (epoch {})", path, resumed->epoch + 1);
  FitResult result = fit_network(rows, choice.shape, choice.fit, communicator, hooks,
                                 resumed ? &*resumed : nullptr);
  progress.finish();
  if (communicator.rank() == 0) std::filesystem::remove(path);
  return result;
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

/// The rows of this rank, and the schema of them all.
table::Table read_slice(const TrainOptions& options, base::Communicator& communicator,
                        table::Schema& schema, std::int64_t& first, std::int64_t& total) {
  table::Metadata metadata;
  table::ReadOptions read;
  read.threads = options.threads;
  if (!options.metadata.empty()) {
    metadata = table::read_metadata(options.metadata);
    read.metadata = &metadata;
  }
  table::Table rows = table::read_table(options.table, read, &schema);
  rows = rows_to_learn(std::move(rows), schema);
  total = rows.n_rows();
  const auto [begin, end] = communicator.slice(total);
  first = begin;
  return communicator.size() == 1 ? std::move(rows) : table::slice_rows(rows, begin, end);
}

}  // namespace

void train(const TrainOptions& options, base::Communicator& communicator) {
  const Clock::time_point start = Clock::now();
  base::resolve_device(options.device);  // one that is asked for and absent is an error
  table::Schema schema;
  std::int64_t first_row = 0, total = 0;
  TokenMatrix tokens;
  Codec codec = [&] {
    const table::Table rows = read_slice(options, communicator, schema, first_row, total);
    SEMBLANCE_EXPECT(total >= 2, kData,
                     "{}: {} row; training needs at least 2 rows, and some hundreds to be of use",
                     options.table, total);
    Codec fitted = Codec::fit(rows, schema, options.codec, communicator);
    tokens = fitted.encode(rows);
    return fitted;
  }();
  const std::vector<TokenColumn>& columns = codec.token_columns();
  SEMBLANCE_EXPECT(!columns.empty(), kData,
                   "{}: no column is left to learn (all are identifiers or dropped)",
                   options.table);
  std::vector<int> order(columns.size());
  std::iota(order.begin(), order.end(), 0);
  std::vector<int> cardinalities;
  for (const int c : order) cardinalities.push_back(columns[c].cardinality);
  const TokenRows rows = by_rows(tokens, order, first_row);
  tokens = {};

  Choice choice = choose(options, cardinalities, total, communicator.size());
  for (const int c : order) choice.fit.ordered.push_back(columns[c].ordered);
  TrainOptions fingerprinted = options;
  const auto settings = settings_texts(fingerprinted, choice);
  const std::string print = fingerprint(settings, options.seed, data_hash(rows, communicator));
  base::log_info(
      "training on {} rows, {} columns ({} token columns), width {}, {} blocks, {} epochs at most",
      total, schema.columns.size(), columns.size(), choice.shape.hidden, choice.shape.blocks,
      choice.fit.epochs);
  const FitResult result = fit_with_checkpoints(rows, choice, options, print, total, communicator);
  if (communicator.rank() == 0) {
    TrainingRecord record = record_of(options, codec, result, order, total);
    record.settings = settings;
    save_model(options.output, codec, {choice.shape, order, result.weights}, record);
    base::log_info("{}: validation loss {:.3f} nats a row (epoch {} of {}), {:.1f} s",
                   options.output, result.validation_loss, result.best_epoch, result.log.size(),
                   std::chrono::duration<double>(Clock::now() - start).count());
  }
  communicator.barrier();
}

}  // namespace semblance::trainer
