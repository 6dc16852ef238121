/// bench_train_device [ROWS [BATCH [DEVICE]]]: training steps of the default network on a made-up
/// table in Adult's shape, by a device with and without its CUDA graph, and by the host with all
/// its threads. Prints one line for each: name, rows a second and loss, rows a second, separated by
/// tabs.
#include <fmt/format.h>

#include <chrono>
#include <cmath>
#include <cstdlib>
#include <memory>
#include <vector>

#include "base/error.hpp"
#include "base/philox.hpp"
#include "trainer/cuda_library.hpp"
#include "trainer/device_engine.hpp"
#include "trainer/host_engine.hpp"
#include "trainer/optimizer.hpp"

namespace {

using namespace semblance;
using namespace semblance::trainer;

/// Tokens of Adult's columns.
constexpr int kTokens[] = {74, 9, 129, 16, 16, 7, 15, 6, 5, 2, 38, 28, 76, 42, 2};
constexpr int kClasses = 40;  ///< latent classes that tie columns together

TokenRows made_up(std::int64_t n) {
  TokenRows rows;
  rows.n_rows = n;
  rows.n_columns = static_cast<int>(std::size(kTokens));
  base::PhiloxStream random(4, base::Purpose::kEvaluate, 0);
  std::vector<std::uint64_t> usual(kClasses * std::size(kTokens));
  for (std::size_t i = 0; i < usual.size(); ++i)
    usual[i] = random.below(static_cast<unsigned>(kTokens[i % std::size(kTokens)]));
  for (std::int64_t r = 0; r < n; ++r) {
    const std::uint64_t kind = random.below(kClasses);
    for (std::size_t c = 0; c < std::size(kTokens); ++c) {
      const bool as_usual = random.uniform() < 0.6;
      rows.tokens.push_back(
          static_cast<std::uint16_t>(as_usual ? usual[kind * std::size(kTokens) + c]
                                              : random.below(static_cast<unsigned>(kTokens[c]))));
    }
  }
  return rows;
}

NetworkShape default_shape() {
  NetworkShape shape;
  shape.cardinalities.assign(std::begin(kTokens), std::end(kTokens));
  shape.blocks = 1;
  shape.block_width = shape.hidden;
  return shape;
}

struct Outcome {
  double rows_per_s = 0;  ///< of the epochs after the first, their orders included
  double loss = 0;        ///< nats a row, of the last epoch
};

/// \param epochs  timed, after one that is not
Outcome run(StepEngine& engine, const EngineParts& parts, int epochs) {
  using Clock = std::chrono::steady_clock;
  FitState state;
  state.weights = initial_weights(
      parts.shape, parts.layout,
      std::vector<double>(static_cast<std::size_t>(parts.shape.total_tokens()), 1), 1);
  state.average = state.weights;
  engine.load(state);
  const RowSplit split = split_rows(0, parts.data.n_rows, 0, 1, parts.communicator);
  const std::int64_t batches =
      std::max<std::int64_t>(1, parts.data.n_rows / parts.settings.batch_size);
  BatchMaker maker(split, batches, 1, parts.settings.device != "cpu");
  Clock::time_point start;
  StepLoss loss;
  for (int e = 0; e <= epochs; ++e) {
    if (e == 1) start = Clock::now();
    const auto epoch = static_cast<std::uint32_t>(e);
    const EpochPlan plan{maker.make(epoch, e == epochs),
                         {1, epoch, 0},
                         std::vector<StepNumbers>(static_cast<std::size_t>(batches), {2e-3, 0.1}),
                         0,
                         e * batches};
    engine.begin_epoch(plan);
    loss = {};
    StepSignals signals;
    const auto add = [&](const StepLoss& part) {
      loss.nll += part.nll, loss.kl += part.kl, loss.rows += part.rows;
    };
    for (std::int64_t b = 0; b < batches; ++b) add(engine.step(b, signals));
    add(engine.settle());
  }
  const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
  return {static_cast<double>(parts.data.n_rows * epochs) / seconds,
          loss.total() / static_cast<double>(loss.rows)};
}

bool compare(std::int64_t n, std::int64_t batch, const std::string& device) {
  constexpr double kAlike = 0.02;  // nats of some 40: TensorFloat-32 goes its own way
  if (device.starts_with("cuda")) load_torch_cuda();  // before LibTorch does anything
  const auto alone = base::self_communicator();
  const TokenRows data = made_up(n);
  const NetworkShape shape = default_shape();
  const NetworkLayout layout(shape);
  FitSettings settings;
  settings.batch_size = batch;
  settings.threads = 0;
  const EngineParts host_parts{data, shape, layout, settings, *alone};
  HostEngine host(host_parts);
  const Outcome expected = run(host, host_parts, 1);
  const auto print = [](const std::string& name, const Outcome& o) {
    fmt::print("{}\t{:.4g} M rows/s, loss {:.3f}\t{:.6g}\n", name, o.rows_per_s / 1e6, o.loss,
               o.rows_per_s);
  };
  print(fmt::format("training on the host, batch {}", batch), expected);
  bool alike = true;
  for (const bool tf32 : {true, false}) {
    FitSettings on = settings;
    on.device = device;
    on.tf32 = tf32;
    const EngineParts parts{data, shape, layout, on, *alone};
    for (const bool record : {true, false}) {
      DeviceEngine engine(parts, record);
      const Outcome found = run(engine, parts, 1);
      print(fmt::format("training on {}, {}{}", device,
                        engine.recorded() ? "graph" : "piece by piece", tf32 ? ", TF32" : ""),
            found);
      alike = alike && std::abs(found.loss - expected.loss) < kAlike;
    }
  }
  fmt::print("  against the host\tlosses {}\t\n", alike ? "agree" : "DIFFER");
  return alike;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const std::int64_t rows = argc > 1 ? std::atoll(argv[1]) : 500'000;
    const std::int64_t batch = argc > 2 ? std::atoll(argv[2]) : 512;
    return compare(rows, batch, argc > 3 ? argv[3] : "cuda:0") ? 0 : 1;
  } catch (const base::Error& error) {
    fmt::print(stderr, "{}\n", error.what());
    return base::exit_code(error.kind());
  }
}
