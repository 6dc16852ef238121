#include "trainer/device_optimizer.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <vector>

#include "base/error.hpp"
#include "trainer/optimizer.hpp"
#include "trainer/smooth_basis.hpp"

namespace semblance::trainer {
namespace {

template <class T>
at::Tensor to_device(const std::vector<T>& values, const at::Device& device) {
  return at::tensor(at::ArrayRef<T>(values)).to(device);
}

void copy_in(const std::vector<float>& from, at::Tensor to) {
  SEMBLANCE_ASSERT(static_cast<std::int64_t>(from.size()) == to.numel());
  to.copy_(at::from_blob(const_cast<float*>(from.data()), {to.numel()}));
}

void copy_out(const at::Tensor& from, std::vector<float>& to) {
  to.resize(static_cast<std::size_t>(from.numel()));
  at::from_blob(to.data(), {from.numel()}).copy_(from);
}

/// kernels::SparseRows with its memory.
struct SparseOnDevice {
  at::Tensor at, width, begin, from, share;
  kernels::SparseRows rows;

  /// \param to_weights  weights from coefficients, else coefficients from weights
  SparseOnDevice(std::vector<SmoothBasis::Entry> entries, bool to_weights,
                 const at::Device& device) {
    const auto key = [to_weights](const SmoothBasis::Entry& e) {
      return to_weights ? e.weights : e.coefficients;
    };
    std::stable_sort(entries.begin(), entries.end(),
                     [&](const auto& a, const auto& b) { return key(a) < key(b); });
    std::vector<std::int64_t> ats, begins, froms;
    std::vector<std::int32_t> widths;
    std::vector<float> shares;
    for (const SmoothBasis::Entry& e : entries) {
      if (ats.empty() || ats.back() != key(e)) {
        ats.push_back(key(e));
        widths.push_back(static_cast<std::int32_t>(e.width));
        begins.push_back(static_cast<std::int64_t>(froms.size()));
      }
      froms.push_back(to_weights ? e.coefficients : e.weights);
      shares.push_back(e.share);
    }
    begins.push_back(static_cast<std::int64_t>(froms.size()));
    rows.rows = static_cast<std::int64_t>(ats.size());
    rows.most_width = widths.empty() ? 0 : *std::max_element(widths.begin(), widths.end());
    at = to_device(ats, device), width = to_device(widths, device);
    begin = to_device(begins, device), from = to_device(froms, device);
    share = to_device(shares, device);
    rows.at = at.data_ptr<std::int64_t>();
    rows.width = width.data_ptr<std::int32_t>();
    rows.begin = begin.data_ptr<std::int64_t>();
    rows.from = from.data_ptr<std::int64_t>();
    rows.share = share.data_ptr<float>();
  }
};

}  // namespace

struct DeviceOptimizer::State {
  NetworkLayout layout;
  kernels::TrainOps& ops;
  at::Device device;
  SmoothBasis basis;
  SparseOnDevice to_weights, to_coefficients;
  at::Tensor trained, first, second, weights, average, gradient, norm;
  at::Tensor group, decays, second_sum, floor;
  std::vector<Parameter> shrunk;  // parameter i has group kOwn + i
  kernels::AdamArrays arrays;

  /// Groups: neither, decays; then those whose squares get a floor.
  static constexpr int kDecays = 1, kOwn = 2;

  State(const NetworkShape& shape, const NetworkLayout& l, const FitSettings& settings,
        DeviceQueue& queue)
      : layout(l),
        ops(queue.ops()),
        device(queue.device_name()),
        basis(shape, layout, settings.ordered),
        to_weights(basis.entries(), true, device),
        to_coefficients(basis.entries(), false, device) {
    const std::int64_t size = layout.size + basis.size();
    const auto zeros = [&](std::int64_t n) {
      return at::zeros({n}, at::TensorOptions(device).dtype(at::kFloat));
    };
    trained = zeros(size), first = zeros(size), second = zeros(size), gradient = zeros(size);
    weights = zeros(layout.size), average = zeros(layout.size), norm = zeros(1);
    make_groups(settings.shrinkage);
    arrays.size = size;
    arrays.weights_size = layout.size;
    arrays.gradient = gradient.data_ptr<float>();
    arrays.norm = norm.data_ptr<float>();
    arrays.most_norm = static_cast<float>(settings.gradient_norm);
    const AdamSettings adam;
    arrays.beta1 = static_cast<float>(adam.beta1);
    arrays.beta2 = static_cast<float>(adam.beta2);
    arrays.epsilon = static_cast<float>(adam.epsilon);
    arrays.group = group.data_ptr<std::uint8_t>();
    arrays.decays = decays.data_ptr<std::uint8_t>();
    arrays.second_sum = second_sum.data_ptr<float>();
    arrays.floor = floor.data_ptr<float>();
    arrays.first = first.data_ptr<float>();
    arrays.second = second.data_ptr<float>();
    arrays.trained = trained.data_ptr<float>();
    arrays.weights = weights.data_ptr<float>();
  }

  void make_groups(double shrinkage) {
    std::vector<std::uint8_t> of(static_cast<std::size_t>(trained.numel())), decaying = {0, 1};
    std::vector<float> floors = {0, 0};
    for (const Parameter& p : layout.parameters) {
      std::uint8_t number = p.decays ? kDecays : 0;
      if (p.per_token && shrinkage > 0) {
        number = static_cast<std::uint8_t>(floors.size());
        floors.push_back(static_cast<float>(shrinkage / static_cast<double>(p.size())));
        decaying.push_back(p.decays ? 1 : 0);
        shrunk.push_back(p);
      }
      std::fill_n(of.begin() + p.offset, p.size(), number);
    }
    group = to_device(of, device), decays = to_device(decaying, device);
    floor = to_device(floors, device), second_sum = at::zeros_like(floor);
  }
};

DeviceOptimizer::DeviceOptimizer(const NetworkShape& shape, const NetworkLayout& layout,
                                 const FitSettings& settings, DeviceQueue& queue)
    : state_(std::make_unique<State>(shape, layout, settings, queue)) {}
DeviceOptimizer::~DeviceOptimizer() = default;

float* DeviceOptimizer::gradient() { return state_->gradient.data_ptr<float>(); }
const float* DeviceOptimizer::weights() const { return state_->weights.data_ptr<float>(); }
const float* DeviceOptimizer::average() const { return state_->average.data_ptr<float>(); }

void DeviceOptimizer::load(const FitState& state) {
  State& s = *state_;
  copy_in(state.weights, s.trained);
  copy_in(state.average, s.average);
  if (state.first.empty()) {
    s.first.zero_(), s.second.zero_();
  } else {
    copy_in(state.first, s.first);
    copy_in(state.second, s.second);
  }
  s.weights.copy_(s.trained.narrow(0, 0, s.layout.size));
  s.ops.add_rows(s.to_weights.rows, true, s.arrays.trained + s.layout.size, s.arrays.weights);
}

void DeviceOptimizer::store(FitState& state) const {
  copy_out(state_->trained, state.weights);
  copy_out(state_->average, state.average);
  copy_out(state_->first, state.first);
  copy_out(state_->second, state.second);
}

void DeviceOptimizer::update(const kernels::BatchPlan* plan, const std::int64_t* step) {
  State& s = *state_;
  float* const grad = s.gradient.data_ptr<float>();
  s.ops.add_rows(s.to_coefficients.rows, false, grad, grad + s.layout.size);
  s.norm.copy_(at::linalg_vector_norm(s.gradient.narrow(0, 0, s.layout.size)));
  for (std::size_t i = 0; i < s.shrunk.size(); ++i) {
    const Parameter& p = s.shrunk[i];
    at::Tensor sum = s.second_sum.narrow(0, State::kOwn + static_cast<std::int64_t>(i), 1);
    at::sum_out(sum, s.second.narrow(0, p.offset, p.size()), 0, /*keepdim=*/true);
  }
  s.ops.adam(plan, step, s.arrays);
  s.ops.add_rows(s.to_weights.rows, true, s.arrays.trained + s.layout.size, s.arrays.weights);
  s.ops.blend(plan, step, s.layout.size, s.arrays.weights, s.average.data_ptr<float>());
}

}  // namespace semblance::trainer
