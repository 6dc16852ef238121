#include "trainer/device_engine.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <vector>

#include "base/error.hpp"
#include "trainer/device_network.hpp"
#include "trainer/device_optimizer.hpp"
#include "trainer/optimizer.hpp"
#include "trainer/tensor_step.hpp"

namespace semblance::trainer {
namespace {

using kernels::BatchPlan;

/// Copies an array to the device. \param room  its memory there; made anew when it is too small
template <class T>
bool upload(std::span<const T> values, const at::Device& device, at::Tensor& room) {
  const auto bytes = static_cast<std::int64_t>(values.size_bytes());
  const bool small = !room.defined() || room.numel() < bytes;
  if (small)
    room =
        at::empty({std::max<std::int64_t>(bytes, 1)}, at::TensorOptions(device).dtype(at::kByte));
  if (bytes > 0) {
    room.narrow(0, 0, bytes)
        .copy_(at::from_blob(const_cast<T*>(values.data()), {bytes}, at::kByte));
  }
  return small;
}

/// Runs a part of the training. \throws Error{kDevice} in the place of LibTorch's own errors
template <class Body>
auto on(const std::string& device, const Body& body) {
  try {
    return body();
  } catch (const c10::Error& error) {
    base::fail(base::ErrorKind::kDevice, "training on {}: {}", device,
               error.what_without_backtrace());
  }
}

template <class T>
T* memory(const at::Tensor& room) {
  return reinterpret_cast<T*>(room.data_ptr<std::uint8_t>());
}

}  // namespace

struct DeviceEngine::State {
  EngineParts parts;
  DeviceQueue queue;
  at::Device device;
  std::optional<DeviceQueue::Scope> making;  // what follows is made on the queue
  DeviceNetwork network;
  DeviceOptimizer optimizer;
  at::Tensor tokens, order, plan, step;
  at::Tensor sums;  // [C + 1] double, of the steps that are not told yet
  std::vector<float> exchanged;
  const EpochPlan* epoch = nullptr;
  std::int64_t untold_steps = 0, untold_rows = 0;  // rows of this rank
  DeviceGraph whole, before, after;

  State(const EngineParts& p, bool record)
      : parts(p),
        queue(p.settings.device),
        device(queue.device_name()),
        making(std::in_place, queue),
        network(p.shape, queue, p.settings.seed, p.settings.dropout),
        optimizer(p.shape, p.layout, p.settings, queue),
        whole(queue, record),
        before(queue, record),
        after(queue, record) {
    if (queue.is_cuda()) at::globalContext().setAllowTF32CuBLAS(p.settings.tf32);
    upload(std::span<const std::uint16_t>(p.data.tokens), device, tokens);
    step = at::zeros({1}, at::TensorOptions(device).dtype(at::kLong));
    sums = at::zeros({p.shape.columns() + 1}, at::TensorOptions(device).dtype(at::kDouble));
    making.reset();
  }

  kernels::BatchSource source(const at::Tensor& rows, const at::Tensor& batches,
                              const at::Tensor& now) const {
    return {memory<std::uint16_t>(tokens), memory<std::int64_t>(rows), memory<BatchPlan>(batches),
            now.data_ptr<std::int64_t>(), parts.data.first_row};
  }

  void forget_graphs() { whole.reset(), before.reset(), after.reset(); }
  void resize(std::int64_t rows) {
    try {
      if (network.resize(rows)) forget_graphs();
    } catch (const c10::OutOfMemoryError&) {
      base::fail(base::ErrorKind::kDevice,
                 "{} has not enough memory for batches of {} rows: lower batch_size",
                 parts.settings.device, rows);
    }
  }

  void compute_gradient() {
    network.gradient(source(order, plan, step), optimizer.weights(), optimizer.gradient(),
                     sums.data_ptr<double>());
  }
  void update() {
    optimizer.update(memory<BatchPlan>(plan), step.data_ptr<std::int64_t>());
    step.add_(1);
  }

  void run_step(StepSignals& signals) {
    const DeviceQueue::Scope scope(queue);
    if (parts.communicator.size() == 1) {
      whole.run([&] {
        compute_gradient();
        update();
      });
    } else {
      before.run([&] { compute_gradient(); });
      exchange(signals);
      after.run([&] { update(); });
    }
  }

  /// Sums the gradient over ranks, and the signals with it.
  void exchange(StepSignals& signals) {
    const std::int64_t size = parts.layout.size;
    exchanged.resize(static_cast<std::size_t>(size) + 2);
    at::Tensor on_device = at::from_blob(
        optimizer.gradient(), {size}, [](void*) {}, at::TensorOptions(device).dtype(at::kFloat),
        device);
    at::Tensor on_host = at::from_blob(exchanged.data(), {size});
    on_host.copy_(on_device);
    exchanged[static_cast<std::size_t>(size)] = signals.stop;
    exchanged[static_cast<std::size_t>(size) + 1] = signals.save;
    parts.communicator.all_reduce_sum(std::span(exchanged));
    signals = {exchanged[static_cast<std::size_t>(size)],
               exchanged[static_cast<std::size_t>(size) + 1]};
    on_device.copy_(on_host);
  }

  /// The sums, which begin anew. Waits for the steps.
  std::vector<double> take_sums() {
    const DeviceQueue::Scope scope(queue);
    const at::Tensor host = sums.to(at::kCPU);
    std::vector<double> taken(host.data_ptr<double>(), host.data_ptr<double>() + host.numel());
    sums.zero_();
    return taken;
  }

  // As those of the engine, with LibTorch's own errors.
  void begin_epoch(const EpochPlan& next);
  StepLoss measure(std::span<const float> weights, std::span<const std::int64_t> rows,
                   const StepNoise& noise, std::span<double> column_nll);
  double gradient_error(std::span<const std::int64_t> rows);
};

DeviceEngine::DeviceEngine(const EngineParts& parts, bool record)
    : state_(on(parts.settings.device, [&] { return std::make_unique<State>(parts, record); })) {}
DeviceEngine::~DeviceEngine() = default;

bool DeviceEngine::recorded() const {
  return state_->whole.recorded() || (state_->before.recorded() && state_->after.recorded());
}

void DeviceEngine::load(const FitState& state) {
  on(state_->parts.settings.device, [&] {
    const DeviceQueue::Scope scope(state_->queue);
    state_->optimizer.load(state);
  });
}

void DeviceEngine::store(FitState& state) {
  on(state_->parts.settings.device, [&] {
    const DeviceQueue::Scope scope(state_->queue);
    state_->optimizer.store(state);
  });
}

namespace {

/// What the device needs to know of each batch.
std::vector<BatchPlan> plans_of(const EpochPlan& epoch, const FitSettings& settings,
                                std::int64_t steps_before) {
  const AdamSettings adam;
  std::vector<BatchPlan> plans(epoch.numbers.size());
  for (std::size_t b = 0; b < plans.size(); ++b) {
    const auto batch = static_cast<std::int64_t>(b);
    const std::span<const std::int64_t> rows = epoch.batches.batch(batch);
    const double t = static_cast<double>(steps_before + batch - epoch.first + 1);
    const double rate = epoch.numbers[b].rate;
    plans[b].first = rows.data() - epoch.batches.rows().data();
    plans[b].rows = static_cast<std::int32_t>(rows.size());
    plans[b].epoch = epoch.noise.epoch;
    plans[b].scale = 1.0f / static_cast<float>(epoch.batches.global_size(batch));
    plans[b].rate = static_cast<float>(rate / (1 - std::pow(adam.beta1, t)));
    plans[b].keep = static_cast<float>(1 - rate * settings.weight_decay);
    plans[b].unbias2 = static_cast<float>(1 / (1 - std::pow(adam.beta2, t)));
    plans[b].share = static_cast<float>(epoch.numbers[b].share);
  }
  return plans;
}

}  // namespace

void DeviceEngine::State::begin_epoch(const EpochPlan& next) {
  const DeviceQueue::Scope scope(queue);
  const std::vector<BatchPlan> plans = plans_of(next, parts.settings, next.steps_before);
  std::int64_t most = 1;
  for (const BatchPlan& p : plans) most = std::max<std::int64_t>(most, p.rows);
  // Sizes differ by one, which is padded to what tensor cores like. The share of one rank among
  // several varies more: the wider step keeps it the same for most epochs.
  const std::int64_t multiple = parts.communicator.size() == 1 ? 8 : 64;
  resize((most + multiple - 1) / multiple * multiple);
  bool moved = upload(std::span<const BatchPlan>(plans), device, plan);
  moved = upload(next.batches.rows(), device, order) || moved;
  if (moved) forget_graphs();
  step.fill_(next.first);
  epoch = &next;
}

void DeviceEngine::begin_epoch(const EpochPlan& plan) {
  on(state_->parts.settings.device, [&] { state_->begin_epoch(plan); });
}

StepLoss DeviceEngine::step(std::int64_t b, StepSignals& signals) {
  State& s = *state_;
  on(s.parts.settings.device, [&] { s.run_step(signals); });
  s.untold_rows += static_cast<std::int64_t>(s.epoch->batches.batch(b).size());
  return ++s.untold_steps < kStepsBetween ? StepLoss{} : settle();
}

StepLoss DeviceEngine::settle() {
  State& s = *state_;
  if (s.untold_steps == 0) return {};
  const std::vector<double> sums = on(s.parts.settings.device, [&] { return s.take_sums(); });
  std::vector<double> told = {0, sums.back(), static_cast<double>(s.untold_rows)};
  for (std::size_t c = 0; c + 1 < sums.size(); ++c) told[0] += sums[c];
  s.untold_steps = s.untold_rows = 0;
  if (s.parts.communicator.size() > 1) s.parts.communicator.all_reduce_sum(std::span(told));
  SEMBLANCE_EXPECT(std::isfinite(told[0]) && std::isfinite(told[1]), kData,
                   "the loss is not a number in epoch {}: lower learning_rate (now {})",
                   s.epoch->noise.epoch + 1, s.parts.settings.learning_rate);
  return {told[0], told[1], static_cast<std::int64_t>(told[2])};
}

StepLoss DeviceEngine::State::measure(std::span<const float> weights,
                                      std::span<const std::int64_t> rows, const StepNoise& noise,
                                      std::span<double> column_nll) {
  constexpr std::int64_t kRows = 256;
  const DeviceQueue::Scope scope(queue);
  if (network.capacity() == 0) resize(kRows);
  at::Tensor of_rows, of_plans, given;
  const auto n = static_cast<std::int64_t>(rows.size()), each = network.capacity();
  std::vector<BatchPlan> plans;
  for (std::int64_t at = 0; at < n; at += each) {
    plans.push_back({.first = at,
                     .rows = static_cast<std::int32_t>(std::min(each, n - at)),
                     .epoch = noise.epoch,
                     .scale = 1});
  }
  upload(rows, device, of_rows);
  upload(std::span<const BatchPlan>(plans), device, of_plans);
  const float* measured = optimizer.average();
  if (!weights.empty()) {
    upload(weights, device, given);
    measured = memory<float>(given);
  }
  at::Tensor found_sums = at::zeros_like(sums), now = at::zeros_like(step);
  for (std::size_t p = 0; p < plans.size(); ++p) {
    network.loss(source(of_rows, of_plans, now), measured, found_sums.data_ptr<double>());
    now.add_(1);
  }
  const at::Tensor host = found_sums.to(at::kCPU);
  const std::span<const double> found(host.data_ptr<double>(),
                                      static_cast<std::size_t>(host.numel()));
  StepLoss loss{0, found.back(), n};
  for (std::size_t c = 0; c + 1 < found.size(); ++c) {
    loss.nll += found[c];
    if (!column_nll.empty()) column_nll[c] += found[c];
  }
  return loss;
}

StepLoss DeviceEngine::measure(std::span<const float> weights, std::span<const std::int64_t> rows,
                               const StepNoise& noise, std::span<double> column_nll) {
  return on(state_->parts.settings.device,
            [&] { return state_->measure(weights, rows, noise, column_nll); });
}

double DeviceEngine::State::gradient_error(std::span<const std::int64_t> rows) {
  const DeviceQueue::Scope scope(queue);
  const StepNoise noise{parts.settings.seed, 0, parts.settings.dropout};
  const auto n = static_cast<std::int64_t>(rows.size());
  if (network.resize(n)) forget_graphs();
  at::Tensor of_rows, of_plan;
  const BatchPlan only{.rows = static_cast<std::int32_t>(n), .scale = 1.0f / static_cast<float>(n)};
  upload(rows, device, of_rows);
  upload(std::span<const BatchPlan>(&only, 1), device, of_plan);
  at::Tensor found_sums = at::zeros_like(sums), now = at::zeros_like(step);
  network.gradient(source(of_rows, of_plan, now), optimizer.weights(), optimizer.gradient(),
                   found_sums.data_ptr<double>());
  const auto to_host = [&](const float* from) {
    std::vector<float> out(static_cast<std::size_t>(parts.layout.size));
    at::from_blob(out.data(), {parts.layout.size})
        .copy_(at::from_blob(
            const_cast<float*>(from), {parts.layout.size}, [](void*) {},
            at::TensorOptions(device).dtype(at::kFloat), device));
    return out;
  };
  const std::vector<float> weights = to_host(optimizer.weights());
  std::vector<float> gradient = to_host(optimizer.gradient()), expected(gradient.size());
  TensorStep(parts.shape, queue.device_name())
      .gradient(weights.data(), parts.data, rows, noise, only.scale, expected);
  for (std::size_t i = 0; i < gradient.size(); ++i) gradient[i] -= expected[i];
  return norm(gradient) / norm(expected);
}

std::optional<double> DeviceEngine::gradient_error(std::span<const std::int64_t> rows) {
  if (rows.empty()) return 0;
  return on(state_->parts.settings.device, [&]() -> std::optional<double> {
    try {
      return state_->gradient_error(rows);
    } catch (const c10::OutOfMemoryError&) {
      return std::nullopt;
    }
  });
}

}  // namespace semblance::trainer
