#include "trainer/stage_trainer.hpp"

#include <filesystem>

#include "base/file.hpp"
#include "base/log.hpp"

namespace semblance::trainer {
namespace {

using Clock = std::chrono::steady_clock;

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

std::string fingerprint(const std::vector<std::pair<std::string, std::string>>& settings,
                        std::uint64_t seed, std::int64_t data) {
  base::Sha256 hash;
  for (const auto& [name, text] : settings) hash.update(name + "=" + text + "\n");
  hash.update(fmt::format("seed={}\ndata={}\n", seed, data));
  return hash.hex();
}

}  // namespace

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
  texts.emplace_back("chosen_decay", fmt::format("{}", fit.weight_decay));
  texts.emplace_back("chosen_tolerance", fmt::format("{}", fit.tolerance));
  texts.emplace_back("chosen_shrinkage", fmt::format("{}", fit.shrinkage));
  texts.emplace_back("chosen_dropout", fmt::format("{}", fit.dropout));
  texts.emplace_back("chosen_validation", fmt::format("{}", fit.validation));
  texts.emplace_back("chosen_patience", fmt::format("{}", fit.patience));
  texts.emplace_back("chosen_slopes", choice.slopes ? "restored" : "left");
  return texts;
}

StageTrainer::StageTrainer(const TokenRows& rows, const TrainOptions& options,
                           std::int64_t total_rows, base::Communicator& communicator)
    : rows_(rows),
      options_(options),
      total_rows_(total_rows),
      data_(data_hash(rows, communicator)),
      communicator_(communicator) {}

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

}  // namespace semblance::trainer
