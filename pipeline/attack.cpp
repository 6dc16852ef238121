#include "pipeline/attack.hpp"

#include <cmath>
#include <cstring>
#include <exception>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "base/carried_error.hpp"
#include "base/error.hpp"
#include "base/file.hpp"
#include "base/hushed_log.hpp"
#include "base/log.hpp"
#include "base/progress.hpp"
#include "evaluator/comparison.hpp"
#include "evaluator/distances.hpp"
#include "evaluator/privacy/shadow_attack.hpp"
#include "generator/generate.hpp"
#include "pipeline/attack_pool.hpp"
#include "table/read_table.hpp"
#include "trainer/score_rows.hpp"

namespace semblance::pipeline {
namespace fs = std::filesystem;

void add_settings(base::SettingList& list, AttackOptions& options) {
  list.add("person", &options.person,
           "column that tells whose row it is: a person is in or out with all rows (default: the "
           "metadata's entity)");
  list.add("models", &options.models, "models to train, each attacked with the others as shadows");
  list.add("rows", &options.rows, "most rows of training and holdout table together");
  list.add("delta", &options.delta, "of the lower bound on epsilon from one training");
}

namespace {

/// What one model tells of every row of the pool.
struct ModelScores {
  std::vector<float> likelihood, nearness;
};

/// Trains models and asks them about the pool, in a folder of its own.
class Shadows {
 public:
  Shadows(const AttackOptions& options, const AttackPool& pool, const fs::path& folder)
      : options_(options),
        pool_(pool),
        settings_(trainer::training_options(options.model)),
        table_(folder / "rows.h5"),
        model_(folder / "model.h5"),
        made_(folder / "made.h5") {}

  ModelScores train_and_ask(int m) const {
    const std::int64_t n = pool_.write(pool_.coins(m, options_.seed), table_.string());
    trainer::TrainOptions training = settings_;
    training.table = table_.string();
    training.metadata = options_.metadata;
    training.output = model_.string();
    training.device = options_.device;
    training.threads = options_.threads;
    training.seed = seed_of(m);
    trainer::train(training, *alone_);
    return ask(model_.string(), n, seed_of(m));
  }

  ModelScores ask_released() const {
    return ask(options_.model, pool_.n_rows() / 2, seed_of(options_.models));
  }

 private:
  std::uint64_t seed_of(int m) const {
    return options_.seed * 1'000'003 + static_cast<std::uint64_t>(m) + 1;
  }

  ModelScores ask(const std::string& model, std::int64_t n_rows, std::uint64_t seed) const {
    ModelScores scores;
    for (const table::Table* part : {&pool_.real, &pool_.holdout}) {
      const std::vector<float> some = trainer::score_rows(model, *part, options_.threads);
      scores.likelihood.insert(scores.likelihood.end(), some.begin(), some.end());
    }
    generator::GenerateOptions making;
    making.model = model;
    making.output = made_.string();
    making.rows = n_rows;
    making.seed = seed;
    making.device = options_.device;
    making.threads = options_.threads;
    generator::generate(making, *alone_);
    scores.nearness = nearness();
    return scores;
  }

  /// -log of the Gower distance to the nearest synthetic row, rows of the pool in order.
  std::vector<float> nearness() const {
    constexpr double kLeast = 1e-3;
    const evaluator::Comparison data =
        evaluator::compare_tables(pool_.real, table::read_table(made_.string()), pool_.holdout);
    const kernels::DcrOptions distance{.device = "cpu", .threads = options_.threads};
    std::vector<float> out;
    for (const evaluator::Rows* part : {&data.real, &data.holdout}) {
      for (const kernels::Nearest& n : evaluator::nearest(data, *part, data.synthetic, distance))
        out.push_back(static_cast<float>(-std::log(n.first + kLeast)));
    }
    return out;
  }

  const AttackOptions& options_;
  const AttackPool& pool_;
  trainer::TrainOptions settings_;
  fs::path table_, model_, made_;
  std::unique_ptr<base::Communicator> alone_ = base::self_communicator();
};

/// Removes the rows of people that an attack left beside its output when it was killed.
void remove_leftovers(const fs::path& output) {
  const std::string head = "." + output.filename().string() + ".";
  const fs::path folder = output.has_parent_path() ? output.parent_path() : fs::path(".");
  std::error_code code;
  std::vector<fs::path> left;
  for (const auto& entry : fs::directory_iterator(folder, code)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with(head) && name.ends_with(".part")) left.push_back(entry.path());
  }
  for (const fs::path& path : left) {
    fs::remove_all(path, code);
    SEMBLANCE_EXPECT(!code, kIo, "{}: cannot remove the rows that an earlier attack left: {}",
                     path.string(), code.message());
  }
}

/// Runs `body` on every rank. Where it fails on one, all throw its error, so that all clean up
/// before the job is aborted.
template <class Body>
void fail_together(base::Communicator& communicator, const Body& body) {
  std::exception_ptr own;
  std::string error;
  try {
    body();
  } catch (const base::Error& e) {
    own = std::current_exception();
    error = base::carry(e);
  } catch (const std::exception& e) {
    own = std::current_exception();
    error = base::carry(base::Error(base::ErrorKind::kInternal, e.what()));
  }
  const auto errors = communicator.all_gather(std::as_bytes(std::span(error)));
  if (own) std::rethrow_exception(own);
  for (const std::vector<std::byte>& other : errors) {
    if (!other.empty())
      base::throw_carried({reinterpret_cast<const char*>(other.data()), other.size()});
  }
}

/// The scores of this rank's models, one after another: likelihood, then nearness, of each.
std::vector<float> scores_of(const AttackOptions& options, const AttackPool& pool,
                             base::Communicator& communicator) {
  const std::int64_t n_models = options.models + 1;  // the last is the released one
  const std::pair<std::int64_t, std::int64_t> models = communicator.slice(n_models);
  const fs::path output = options.output;
  const base::PendingPath work(
      output.parent_path() / fmt::format("{}.{}", output.filename().string(), communicator.rank()));
  base::Progress progress("attack", models.second - models.first, "models");
  const base::HushedLog hushed;
  std::unique_ptr<Shadows> shadows;
  fail_together(communicator, [&] {
    fs::create_directories(work.temporary());
    shadows = std::make_unique<Shadows>(options, pool, work.temporary());
  });
  std::vector<float> out;
  const std::int64_t rounds = (n_models + communicator.size() - 1) / communicator.size();
  for (std::int64_t round = 0; round < rounds; ++round) {
    fail_together(communicator, [&] {
      const std::int64_t m = models.first + round;
      if (m >= models.second) return;
      const ModelScores scores = m < options.models ? shadows->train_and_ask(static_cast<int>(m))
                                                    : shadows->ask_released();
      out.insert(out.end(), scores.likelihood.begin(), scores.likelihood.end());
      out.insert(out.end(), scores.nearness.begin(), scores.nearness.end());
      progress.advance(1);
    });
  }
  return out;
}

/// Everybody's scores in the order of the models.
std::vector<float> gathered(const std::vector<float>& own, base::Communicator& communicator) {
  std::vector<float> all;
  for (const std::vector<std::byte>& bytes :
       communicator.all_gather(std::as_bytes(std::span(own)))) {
    const std::size_t at = all.size();
    all.resize(at + bytes.size() / sizeof(float));
    std::memcpy(all.data() + at, bytes.data(), bytes.size());
  }
  return all;
}

evaluator::ShadowAttack assemble(const AttackOptions& options, const AttackPool& pool,
                                 const std::vector<float>& scores) {
  const auto n = static_cast<std::size_t>(pool.n_rows());
  evaluator::ShadowAttack attack{.person = pool.person,
                                 .row_names = pool.names,
                                 .person_column = pool.person_column,
                                 .delta = options.delta,
                                 .seed = options.seed};
  attack.released_in.assign(n, 0);
  std::fill_n(attack.released_in.begin(), pool.real.n_rows(), 1);
  attack.statistics = {{.id = "model",
                        .name = "Likelihood under the model",
                        .definition = "Score: how likely the model, held in hand, finds a row "
                                      "(evidence lower bound of its tokens)."},
                       {.id = "rows",
                        .name = "Nearest synthetic row",
                        .definition = "Score: minus the log of the Gower distance to the nearest "
                                      "of as many synthetic rows as the "
                                      "model was trained on; the model stays hidden."}};
  for (std::size_t s = 0; s < attack.statistics.size(); ++s) {
    evaluator::ShadowStatistic& statistic = attack.statistics[s];
    statistic.shadows = {.models = options.models, .rows = pool.n_rows()};
    const auto part = [&](int m) {
      return scores.begin() +
             static_cast<std::ptrdiff_t>((2 * static_cast<std::size_t>(m) + s) * n);
    };
    for (int m = 0; m < options.models; ++m) {
      const std::vector<char> in = pool.coins(m, options.seed);
      statistic.shadows.in.insert(statistic.shadows.in.end(), in.begin(), in.end());
      statistic.shadows.score.insert(statistic.shadows.score.end(), part(m),
                                     part(m) + static_cast<std::ptrdiff_t>(n));
    }
    statistic.released.assign(part(options.models),
                              part(options.models) + static_cast<std::ptrdiff_t>(n));
  }
  return attack;
}

}  // namespace

void check_settings(const AttackOptions& options) {
  SEMBLANCE_EXPECT(options.models >= 4, kData, "models: {} is too few; give at least 4",
                   options.models);
  SEMBLANCE_EXPECT(options.rows >= kLeastPeople, kData,
                   "rows: {} is too few; give at least {}, one of each person", options.rows,
                   kLeastPeople);
  SEMBLANCE_EXPECT(options.delta >= 0 && options.delta < 1, kData,
                   "delta: {} must be from 0 to below 1", options.delta);
}

void attack(const AttackOptions& options, base::Communicator& communicator) {
  SEMBLANCE_EXPECT(!options.real.empty() && !options.holdout.empty() && !options.model.empty() &&
                       !options.output.empty(),
                   kUsage, "attack needs --real, --holdout, --model and --output");
  check_settings(options);
  base::expect_no_input_replaced(options.output, {options.real, options.holdout, options.model});
  if (communicator.rank() == 0) {
    base::expect_writable_file(options.output);
    remove_leftovers(options.output);
  }
  const AttackPool pool = read_attack_pool(options);
  if (communicator.rank() == 0) {
    base::log_info("attack: {} models, each on a random half of {} rows of {} people",
                   options.models, pool.n_rows(), pool.people);
  }
  communicator.barrier();  // nobody's folder is made before leftovers are gone
  const std::vector<float> own = scores_of(options, pool, communicator);
  const std::vector<float> all = gathered(own, communicator);
  if (communicator.rank() == 0) {
    const std::string text = evaluator::attack_text(assemble(options, pool, all));
    base::write_text_file(options.output, text);
    const auto json = nlohmann::json::parse(text);
    for (const auto& one : json["attacks"]) {
      base::log_info("attack: {}: AUC {:.3f}, epsilon at least {:.2f}",
                     one["name"].get<std::string>(), one["rows"]["auc"].get<double>(),
                     one["one_run"]["epsilon"].get<double>());
    }
    base::log_info("attack: {}", options.output);
  }
  communicator.barrier();
}

}  // namespace semblance::pipeline
