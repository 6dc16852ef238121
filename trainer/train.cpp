#include "trainer/train.hpp"

#include <algorithm>
#include <chrono>

#include "base/device.hpp"
#include "base/error.hpp"
#include "base/file.hpp"
#include "base/log.hpp"
#include "trainer/calibrate.hpp"
#include "trainer/calibration_slope.hpp"
#include "trainer/generation_order.hpp"
#include "trainer/model_file.hpp"
#include "trainer/search.hpp"
#include "trainer/stage_trainer.hpp"
#include "trainer/training_device.hpp"
#include "trainer/training_slice.hpp"

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
  list.add("date_order", &options.date_order,
           "without metadata: a date that is never before another of its row stays so");
  list.add("derive", &options.derive,
           "without metadata: a column that follows exactly from others (a sum, days between two "
           "dates, a copy) is computed from them, not learned");
  list.add("latent", &options.latent, "dimensions of z; 0 for none");
  list.add("hidden", &options.hidden, "width of the decoder; 0: chosen from the table");
  list.add("blocks", &options.blocks, "residual blocks of the decoder; -1: chosen from the table");
  list.add("epochs", &options.epochs, "passes over the table; 0: chosen from the table");
  list.add("batch_size", &options.batch_size, "rows a rank and step, at most");
  list.add("learning_rate", &options.learning_rate, "largest learning rate of the schedule");
  list.add("weight_decay", &options.weight_decay, "AdamW's weight decay; -1: chosen");
  list.add("validation", &options.validation, "share of rows kept to stop early by");
  list.add("patience", &options.patience,
           "epochs without a better validation loss before stopping; 0: chosen");
  list.add("calibrate", &options.calibrate,
           "rounds in which rows are drawn to mend drifted frequencies, at most; 0: none");
  list.add(
      "slopes", &options.slopes,
      "1: columns hang together as strongly as in the table again, where training has held that "
      "back; 0: as trained; -1: chosen from the table");
  list.add("tf32", &options.tf32,
           "on a GPU: matrix products in TensorFloat-32, faster and right to three digits");
  list.add("checkpoint_dir", &options.checkpoint_dir,
           "where a stopped training is kept; empty: beside the output");
  list.add("checkpoint_seconds", &options.checkpoint_seconds, "seconds between checkpoints");
  add_settings(list, options.codec);
}

namespace {

using Clock = std::chrono::steady_clock;

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

void log_panel(const table::Schema& schema) {
  base::log_info("rows of one '{}' are learned together: {} constant columns{}, in order of {}",
                 schema.entity, schema.entity_constants.size(),
                 schema.entity_constants.empty()
                     ? ""
                     : fmt::format(" ({})", fmt::join(schema.entity_constants, ", ")),
                 schema.entity_time.empty() ? "the table" : "'" + schema.entity_time + "'");
}

/// Gives the heads back what training has held back.
/// \param total  rows over all ranks \param validation  share of them that was not trained on
void restore_network_slopes(StoredNetwork& network, const TokenRows& rows, std::int64_t total,
                            double validation, const TrainOptions& options,
                            base::Communicator& communicator) {
  const std::vector<double> slopes = restore_slopes(
      network, rows, total,
      {.validation = validation, .seed = options.seed, .threads = options.threads}, communicator);
  const auto [least, most] = std::minmax_element(slopes.begin(), slopes.end());
  base::log_info("calibration slopes restored: times {:.2f} to {:.2f}", *least, *most);
}

/// Mends the margins of a network whose rows stand alone.
/// \param total  rows of the table, over all ranks
void calibrate_network(StoredNetwork& network, const TokenRows& rows, std::int64_t total,
                       const TrainOptions& options, const std::string& device,
                       base::Communicator& communicator) {
  if (network.shape.panel || options.calibrate == 0) return;
  const CalibrationResult found =
      calibrate(network, rows,
                {.rounds = options.calibrate,
                 .rows = calibration_rows(total, network.shape.columns()),
                 .least_rows = options.codec.rare_min_count,
                 .seed = options.seed,
                 .threads = options.threads,
                 .device = device},
                communicator);
  if (found.columns > 0)
    base::log_info("the frequencies of {} of {} token columns had drifted: mended", found.columns,
                   network.shape.columns());
  if (found.pairs > 0)
    base::log_info("{} pairs of values came too often or too seldom: mended", found.pairs);
}

}  // namespace

void train(const TrainOptions& given, base::Communicator& communicator) {
  TrainOptions options = given;
  const Clock::time_point start = Clock::now();
  base::resolve_device(options.device);  // one that is asked for and absent is an error
  base::expect_no_input_replaced(options.output, {options.table, options.metadata});
  if (communicator.rank() == 0) base::expect_writable_file(options.output);  // before the work
  table::Schema schema;
  TrainingSlice slice = read_slice(options, communicator, schema);
  const std::int64_t total = slice.total;
  // Rows of entities are learned on the CPU anyway (choose()).
  if (!slice.panel) options.device = training_device(options.device, communicator);
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
                   "{}: no column is left to learn (all are identifiers, derived or dropped)",
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
  auto [choice, result] = search_network(
      options, cardinalities, ordered, total, communicator.size(),
      [&](const std::string& stage, const Choice& tried, const std::vector<float>* initial) {
        return stages.run(stage, tried, initial);
      });
  StoredNetwork network{choice.shape, order, std::move(result.weights)};
  if (choice.slopes)
    restore_network_slopes(network, rows, total, choice.fit.validation, options, communicator);
  calibrate_network(network, rows, total, options, choice.fit.device, communicator);
  if (communicator.rank() == 0) {
    TrainingRecord record = record_of(options, codec, result, order, total);
    record.ids_after = slice.ids_after;
    record.settings = settings_texts(options, choice);
    save_model(options.output, codec, network, record);
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
