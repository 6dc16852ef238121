#include "trainer/device_engine.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <mutex>
#include <numeric>

#include "base/error.hpp"
#include "base/philox.hpp"
#include "tests/trainer/on_tensors.hpp"
#include "trainer/fit.hpp"
#include "trainer/host_engine.hpp"

namespace semblance::trainer {
namespace {

/// A made-up table in the manner of Adult: columns of 2 to 70 tokens that hang together by a class.
constexpr int kSizes[] = {70, 7, 2, 16, 40, 5, 9, 3};

TokenRows made_up(std::int64_t first, std::int64_t n) {
  TokenRows rows;
  rows.n_rows = n;
  rows.n_columns = static_cast<int>(std::size(kSizes));
  rows.first_row = first;
  for (std::int64_t r = first; r < first + n; ++r) {
    base::PhiloxStream random(5, base::Purpose::kMockHospital, static_cast<std::uint64_t>(r));
    const std::uint64_t kind = random.below(6);
    for (const int size : kSizes) {
      base::PhiloxStream usual(kind, base::Purpose::kMockHospital,
                               static_cast<std::uint64_t>(size));
      const bool as_usual = random.uniform() < 0.7;
      rows.tokens.push_back(
          static_cast<std::uint16_t>(as_usual ? usual.below(size) : random.below(size)));
    }
  }
  return rows;
}

struct Case {
  const char* name;
  bool autoregressive = true;
  int latent = 4, blocks = 0;
  bool ordered = false;
  double shrinkage = 0, dropout = 0;
};

NetworkShape shape_of(const Case& c) {
  NetworkShape shape;
  shape.autoregressive = c.autoregressive;
  shape.cardinalities.assign(std::begin(kSizes), std::end(kSizes));
  shape.latent = c.latent;
  shape.hidden = 24;
  shape.blocks = c.blocks;
  shape.block_width = c.blocks > 0 ? 20 : 0;
  shape.encoder = 12;
  return shape;
}

FitSettings settings_of(const Case& c, int epochs = 3) {
  FitSettings settings;
  settings.epochs = epochs;
  settings.batch_size = 61;
  settings.learning_rate = 5e-3;
  settings.shrinkage = c.shrinkage;
  settings.dropout = c.dropout;
  settings.tf32 = false;
  settings.validation = 0.15;
  if (c.ordered) settings.ordered = {68, 0, 0, 0, 40, 4, 9, 0};
  return settings;
}

class DeviceEngines : public OnTensors {};
INSTANTIATE_TEST_SUITE_P(Device, DeviceEngines, testing::Values("cpu:0", "cuda:0"),
                         tensor_case_name);

const Case kCases[] = {
    {.name = "plain", .latent = 0},
    {.name = "latent"},
    {.name = "blocks", .latent = 0, .blocks = 2},
    {.name = "ordered", .blocks = 1, .ordered = true},
    {.name = "shrinkage", .ordered = true, .shrinkage = 20},
    {.name = "dropout", .blocks = 1, .dropout = 0.25},
    {.name = "independent", .autoregressive = false, .blocks = 1},
};

void expect_near(const FitResult& a, const FitResult& b, double most) {
  ASSERT_EQ(a.log.size(), b.log.size());
  for (std::size_t e = 0; e < a.log.size(); ++e) {
    EXPECT_NEAR(a.log[e].training, b.log[e].training, most) << "epoch " << e + 1;
    EXPECT_NEAR(a.log[e].validation, b.log[e].validation, most) << "epoch " << e + 1;
    EXPECT_NEAR(a.log[e].kl, b.log[e].kl, most) << "epoch " << e + 1;
  }
  EXPECT_EQ(a.best_epoch, b.best_epoch);
  EXPECT_NEAR(a.validation_loss, b.validation_loss, most);
  for (std::size_t c = 0; c < a.column_loss.size(); ++c)
    EXPECT_NEAR(a.column_loss[c], b.column_loss[c], most) << "column " << c;
}

// 800 rows in batches of 56 and 57: losses of some 15 nats stay together to a few times 1e-5; a
// term that is missing from the gradient moves them by tenths.
TEST_P(DeviceEngines, FollowTheLossesOfTheHost) {
  const auto alone = base::self_communicator();
  const TokenRows data = made_up(300, 800);
  for (const Case& c : kCases) {
    SCOPED_TRACE(c.name);
    FitSettings settings = settings_of(c);
    const FitResult host = fit_network(data, shape_of(c), settings, *alone);
    settings.device = GetParam();
    expect_near(host, fit_network(data, shape_of(c), settings, *alone), 1e-3);
  }
}

TEST_P(DeviceEngines, HaveTheGradientOfLibTorchsOwnDifferentiation) {
  const auto alone = base::self_communicator();
  const TokenRows data = made_up(0, 40);
  std::vector<std::int64_t> rows(37);
  std::iota(rows.begin(), rows.end(), 2);
  for (const Case& c : kCases) {
    SCOPED_TRACE(c.name);
    const NetworkShape shape = shape_of(c);
    const NetworkLayout layout(shape);
    FitSettings settings = settings_of(c);
    settings.ordered.clear();
    settings.device = GetParam();
    FitState state;
    state.weights.resize(static_cast<std::size_t>(layout.size));
    base::PhiloxStream random(2, base::Purpose::kInitialise, 9);
    for (float& w : state.weights) w = static_cast<float>(0.4 * random.normal());
    state.average = state.weights;
    DeviceEngine engine({data, shape, layout, settings, *alone});
    engine.load(state);
    EXPECT_LT(engine.gradient_error(rows).value(), 1e-5);
  }
}

TEST_P(DeviceEngines, CoolDownAsTheHostDoes) {
  const auto alone = base::self_communicator();
  const TokenRows data = made_up(0, 150);
  const Case c{.name = "cooldown", .blocks = 1};
  FitSettings settings = settings_of(c, 40);
  settings.patience = 2;
  settings.weight_decay = 0;
  settings.learning_rate = 0.01;
  const FitResult host = fit_network(data, shape_of(c), settings, *alone);
  ASSERT_LT(host.log.size(), 40u);
  settings.device = GetParam();
  const FitResult device = fit_network(data, shape_of(c), settings, *alone);
  expect_near(host, device, 5e-3);
}

TEST_P(DeviceEngines, GoOnFromASavedStateToTheSameEnd) {
  const auto alone = base::self_communicator();
  const TokenRows data = made_up(0, 800);
  const Case c{.name = "restart", .blocks = 1, .ordered = true};
  FitSettings settings = settings_of(c);
  settings.device = GetParam();
  const FitResult whole = fit_network(data, shape_of(c), settings, *alone);
  int steps = 0;
  FitState saved;
  FitHooks hooks;
  hooks.stop_requested = [&] { return ++steps == 17; };
  hooks.save = [&](const FitState& state) { saved = state; };
  EXPECT_THROW(fit_network(data, shape_of(c), settings, *alone, hooks), base::Error);
  EXPECT_GT(saved.rows, 0);
  const FitResult resumed = fit_network(data, shape_of(c), settings, *alone, {}, &saved);
  EXPECT_EQ(resumed.weights, whole.weights);
  ASSERT_EQ(resumed.log.size(), whole.log.size());
  for (std::size_t e = 0; e < whole.log.size(); ++e)
    EXPECT_NEAR(resumed.log[e].training, whole.log[e].training, 1e-9);
}

TEST_P(DeviceEngines, OfSeveralRanksFollowTheLossOfOne) {
  const Case c{.name = "ranks", .blocks = 1, .ordered = true, .shrinkage = 5, .dropout = 0.1};
  FitSettings settings = settings_of(c);
  settings.device = GetParam();
  const auto alone = base::self_communicator();
  const FitResult one = fit_network(made_up(0, 800), shape_of(c), settings, *alone);
  for (const int ranks : {2, 3}) {
    std::mutex mutex;
    base::run_ranks_as_threads(ranks, [&](base::Communicator& communicator) {
      // With three ranks the last one holds nothing.
      const int rank = communicator.rank();
      const TokenRows data = made_up(rank == 0 ? 0 : 350, rank == 0 ? 350 : rank == 1 ? 450 : 0);
      const FitResult result = fit_network(data, shape_of(c), settings, communicator);
      const std::lock_guard lock(mutex);
      expect_near(one, result, 1e-3);
    });
  }
}

TEST_P(DeviceEngines, SayThatALossIsNoNumber) {
  const Case c{.name = "not a number", .blocks = 1};
  FitSettings settings = settings_of(c, 20);
  settings.learning_rate = 1e30;
  settings.device = GetParam();
  const auto alone = base::self_communicator();
  EXPECT_THAT([&] { fit_network(made_up(0, 500), shape_of(c), settings, *alone); },
              testing::Throws<base::Error>(testing::AllOf(
                  testing::Property(&base::Error::kind, base::ErrorKind::kData),
                  testing::Property(&base::Error::what, testing::HasSubstr("learning_rate")))));
}

TEST_P(DeviceEngines, TellEveryRowOnce) {
  const auto alone = base::self_communicator();
  const Case c{.name = "rows"};
  FitSettings settings = settings_of(c, 2);
  settings.batch_size = 9;  // more than 32 steps an epoch
  settings.validation = 0;
  settings.device = GetParam();
  std::int64_t told = 0;
  FitHooks hooks;
  hooks.batch_done = [&](std::int64_t rows, double loss) {
    told += rows;
    EXPECT_GT(loss, 1);
  };
  fit_network(made_up(0, 403), shape_of(c), settings, *alone, hooks);
  EXPECT_EQ(told, 2 * 403);
}

/// Trains for two epochs of seven steps. \return the weights, and the mean loss of the last epoch
std::pair<std::vector<float>, double> after_two_epochs(StepEngine& engine,
                                                       const EngineParts& parts) {
  FitState state;
  state.weights = initial_weights(
      parts.shape, parts.layout,
      std::vector<double>(static_cast<std::size_t>(parts.shape.total_tokens()), 1), 1);
  state.average = state.weights;
  engine.load(state);
  const RowSplit split = split_rows(0, parts.data.n_rows, 0, 1, parts.communicator);
  StepLoss sum;
  for (std::uint32_t epoch = 0; epoch < 2; ++epoch) {
    constexpr std::int64_t kBatches = 7;
    const EpochPlan plan{EpochBatches(split, kBatches, 1, epoch),
                         {1, epoch, 0},
                         std::vector<StepNumbers>(kBatches, {3e-3, 0.2}),
                         0,
                         epoch * kBatches};
    engine.begin_epoch(plan);
    StepSignals signals;
    sum = {};
    const auto add = [&](const StepLoss& loss) {
      sum.nll += loss.nll, sum.kl += loss.kl, sum.rows += loss.rows;
    };
    for (std::int64_t b = 0; b < kBatches; ++b) add(engine.step(b, signals));
    add(engine.settle());
  }
  engine.store(state);
  EXPECT_EQ(sum.rows, parts.data.n_rows);
  return {state.weights, sum.total() / static_cast<double>(sum.rows)};
}

// The graph runs the same kernels on the same memory, and none of them adds in a changing order.
TEST_P(DeviceEngines, ReplayTheBitsOfStepsRunPieceByPiece) {
  const auto alone = base::self_communicator();
  const Case c{.name = "replay", .blocks = 1};
  FitSettings settings = settings_of(c);
  settings.ordered.clear();
  settings.device = GetParam();
  const TokenRows data = made_up(0, 300);
  const NetworkShape shape = shape_of(c);
  const NetworkLayout layout(shape);
  const EngineParts parts{data, shape, layout, settings, *alone};
  DeviceEngine recorded(parts), plain(parts, false);
  EXPECT_EQ(after_two_epochs(recorded, parts), after_two_epochs(plain, parts));
  EXPECT_EQ(recorded.recorded(), GetParam() != "cpu:0");
  EXPECT_FALSE(plain.recorded());
  // What takes the place of a device's own step that is not trusted: the host's, with gradients by
  // LibTorch's differentiation.
  HostEngine host(parts);
  EXPECT_NEAR(after_two_epochs(plain, parts).second, after_two_epochs(host, parts).second, 1e-3);
}

/// What an engine on `device` is made of.
struct Parts {
  explicit Parts(const std::string& device) { settings.device = device; }

  std::unique_ptr<base::Communicator> alone = base::self_communicator();
  Case shape_case{.name = "parts"};
  TokenRows data = made_up(0, 40);
  NetworkShape shape = shape_of(shape_case);
  NetworkLayout layout{shape};
  FitSettings settings = settings_of(shape_case);
  EngineParts parts{data, shape, layout, settings, *alone};
};

auto is_a_device_error(const std::string& part) {
  return testing::Throws<base::Error>(
      testing::AllOf(testing::Property(&base::Error::kind, base::ErrorKind::kDevice),
                     testing::Property(&base::Error::what, testing::HasSubstr(part))));
}

TEST(DeviceEngine, TurnsLibTorchsErrorsIntoDeviceErrors) {
  const Parts wrong("no-device");
  EXPECT_THAT([&] { DeviceEngine{wrong.parts}; }, is_a_device_error("training on no-device"));

  const Parts right("cpu:0");
  DeviceEngine engine(right.parts);
  // More than there is memory for: fails before any of it is read.
  const float weight = 0;
  const std::span<const float> many(&weight, std::size_t{1} << 50);
  EXPECT_THAT([&] { engine.measure(many, {}, {}, {}); }, is_a_device_error("training on cpu:0"));
  const std::int64_t row = 0;
  const std::span<const std::int64_t> rows(&row, std::size_t{1} << 50);
  EXPECT_THAT([&] { engine.gradient_error(rows); }, is_a_device_error("training on cpu:0"));
  // A pass that there was no memory for leaves the engine as it was.
  EXPECT_GT(engine.measure({}, std::vector<std::int64_t>{3, 4}, {}, {}).nll, 0);
}

}  // namespace
}  // namespace semblance::trainer
