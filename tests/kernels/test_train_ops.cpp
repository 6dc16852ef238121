#include "kernels/train_ops.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>
#include <span>
#include <stdexcept>
#include <vector>

#include "base/philox.hpp"
#include "kernels/train_noise.hpp"
#include "tests/kernels/device_cases.hpp"
#ifdef SEMBLANCE_WITH_CUDA
#include <cuda_runtime_api.h>
#endif

namespace semblance::kernels {
namespace {

/// Memory that both the host and the device read: pinned memory of the host on CUDA.
template <class T>
class Shared {
 public:
  Shared(const std::vector<T>& values, bool on_cuda) : size_(values.size()), on_cuda_(on_cuda) {
    if (!on_cuda) {
      data_ = new T[size_];
    } else {
#ifdef SEMBLANCE_WITH_CUDA
      void* memory = nullptr;
      const cudaError_t code = cudaMallocHost(&memory, size_ * sizeof(T));
      if (code != cudaSuccess) throw std::runtime_error(cudaGetErrorString(code));
      data_ = static_cast<T*>(memory);
#endif
    }
    std::copy(values.begin(), values.end(), data_);
  }
  ~Shared() {
    if (!on_cuda_) delete[] data_;
#ifdef SEMBLANCE_WITH_CUDA
    if (on_cuda_) cudaFreeHost(data_);
#endif
  }
  Shared(const Shared&) = delete;
  Shared& operator=(const Shared&) = delete;

  T* operator*() { return data_; }
  /// Waits for the device.
  std::span<const T> read() const {
#ifdef SEMBLANCE_WITH_CUDA
    if (on_cuda_) {
      EXPECT_EQ(cudaDeviceSynchronize(), cudaSuccess);
    }
#endif
    return {data_, size_};
  }

 private:
  T* data_ = nullptr;
  std::size_t size_;
  bool on_cuda_;
};

constexpr int kColumns = 3, kRows = 8, kOwn = 6, kWidth = 5, kTokens = 3 + 40 + 2;

/// Three columns of 3, 40 and 2 tokens, a batch of six rows padded to eight; the second batch of a
/// plan, so that an entry that is not read shows.
class TrainOperations : public OnDevice {
 protected:
  bool cuda() const { return GetParam() != "cpu"; }

  void SetUp() override {
    OnDevice::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    ops_ = make_train_ops(GetParam(), nullptr);
    base::PhiloxStream random(3, base::Purpose::kEvaluate, 1);
    std::vector<std::uint16_t> tokens;
    for (int r = 0; r < 20; ++r) {
      for (const int size : {3, 40, 2})
        tokens.push_back(static_cast<std::uint16_t>(random.below(static_cast<unsigned>(size))));
    }
    table_ = tokens;
    order_ = {1, 2, 19, 0, 7, 7, 3, 11};
    tokens_ = make(tokens), rows_ = make(order_);
    plan_ = make(std::vector<BatchPlan>{{.first = 0, .rows = 2, .scale = 9, .rate = 9},
                                        {.first = 2,
                                         .rows = kOwn,
                                         .epoch = 4,
                                         .scale = 0.25f,
                                         .rate = 0.1f,
                                         .keep = 0.9f,
                                         .unbias2 = 2,
                                         .share = 0.3f}});
    step_ = make(std::vector<std::int64_t>{1});
    source_ = {**tokens_, **rows_, **plan_, **step_, 100};
    gathered_ = make(std::vector<std::uint16_t>(kColumns * kRows, 77));
    numbers_ = make(std::vector<std::int64_t>(kRows));
    scale_ = make(std::vector<float>(kRows));
    batch_ = {kRows, **gathered_, **numbers_, **scale_};
    offset_ = make(std::vector<std::int64_t>{0, 3, 43});
    size_ = make(std::vector<std::int32_t>{3, 40, 2});
    std::vector<std::int32_t> of(kTokens, 1);
    std::fill_n(of.begin(), 3, 0), std::fill_n(of.end() - 2, 2, 2);
    of_ = make(of);
    padded_ = make(std::vector<std::int32_t>{4, 40, 4});
    logits_at_ = make(std::vector<std::int64_t>{0, 4 * kRows, 44 * kRows});
    columns_ = {kColumns, kTokens, **offset_, **size_, **of_, **logits_at_, **padded_};
    ops_->gather(source_, kColumns, batch_);
  }

  template <class T>
  std::unique_ptr<Shared<T>> make(const std::vector<T>& values) const {
    return std::make_unique<Shared<T>>(values, cuda());
  }
  std::unique_ptr<Shared<float>> normals(std::size_t n, std::uint64_t row) const {
    std::vector<float> values(n);
    base::PhiloxStream random(8, base::Purpose::kEvaluate, row);
    for (float& v : values) v = static_cast<float>(random.normal());
    return make(values);
  }
  std::unique_ptr<Shared<float>> room(std::size_t n) const {
    return make(std::vector<float>(n, 7e7f));
  }
  int token(int r, int c) const {
    return table_[static_cast<std::size_t>(order_[static_cast<std::size_t>(2 + r)] * kColumns + c)];
  }

  std::unique_ptr<TrainOps> ops_;
  std::vector<std::uint16_t> table_;
  std::vector<std::int64_t> order_;
  std::unique_ptr<Shared<std::uint16_t>> tokens_, gathered_;
  std::unique_ptr<Shared<std::int64_t>> rows_, step_, numbers_, offset_, logits_at_;
  std::unique_ptr<Shared<BatchPlan>> plan_;
  std::unique_ptr<Shared<float>> scale_;
  std::unique_ptr<Shared<std::int32_t>> size_, of_, padded_;
  BatchSource source_;
  BatchRows batch_;
  TokenColumns columns_;
};

INSTANTIATE_TEST_SUITE_P(Device, TrainOperations, testing::Values("cpu", "cuda:0"),
                         device_case_name);

TEST_P(TrainOperations, GatherTheBatchOfTheStepAndPadIt) {
  const auto tokens = gathered_->read();
  for (int r = 0; r < kRows; ++r) {
    for (int c = 0; c < kColumns; ++c)
      EXPECT_EQ(tokens[static_cast<std::size_t>(c * kRows + r)], r < kOwn ? token(r, c) : 0);
    const auto at = static_cast<std::size_t>(r);
    EXPECT_EQ(scale_->read()[at], r < kOwn ? 0.25f : 0.0f);
    EXPECT_EQ(numbers_->read()[at], r < kOwn ? 100 + order_[at + 2] : -1);
  }
}

TEST_P(TrainOperations, SumAColumnsContextOfTheColumnsBeforeIt) {
  const auto start = normals(kRows * kWidth, 1), bias = normals(kColumns * kWidth, 2),
             embedding = normals(kTokens * kWidth, 3);
  auto context = room(kColumns * kRows * kWidth);
  ops_->prefix_sums(columns_, batch_, **start, **bias, **embedding, kColumns, kWidth, **context);
  const std::vector<int> offsets = {0, 3, 43};
  for (int s = 0; s < kColumns; ++s) {
    for (int r = 0; r < kOwn; ++r) {
      for (int h = 0; h < kWidth; ++h) {
        double expected = (**start)[r * kWidth + h] + (**bias)[s * kWidth + h];
        for (int c = 0; c < s; ++c)
          expected +=
              (**embedding)[(offsets[static_cast<std::size_t>(c)] + token(r, c)) * kWidth + h];
        EXPECT_NEAR(context->read()[static_cast<std::size_t>((s * kRows + r) * kWidth + h)],
                    expected, 1e-5);
      }
    }
  }
}

// <gradient of the tokens, any table> = <gradient of the contexts, contexts made of that table>.
TEST_P(TrainOperations, TheGradientOfThePrefixSumsIsTheirAdjoint) {
  const auto embedding = normals(kTokens * kWidth, 3);
  const auto zero = make(std::vector<float>(kColumns * kWidth));
  auto grad = normals(kColumns * kRows * kWidth, 4);
  auto context = room(kColumns * kRows * kWidth), tokens = room(kTokens * kWidth);
  ops_->prefix_sums(columns_, batch_, nullptr, **zero, **embedding, kColumns, kWidth, **context);
  double expected = 0, found = 0;
  for (std::size_t i = 0; i < context->read().size(); ++i)
    expected += double{context->read()[i]} * grad->read()[i];
  ops_->suffix_sums(kColumns, kRows, kWidth, **grad);
  ops_->token_gradient(columns_, batch_, **grad + kRows * kWidth, true, kColumns - 1, kWidth,
                       **tokens);
  for (std::size_t i = 0; i < tokens->read().size(); ++i)
    found += double{tokens->read()[i]} * embedding->read()[i];
  EXPECT_NEAR(found, expected, 1e-4);
  for (std::size_t i = 43 * kWidth; i < kTokens * kWidth; ++i) EXPECT_EQ(tokens->read()[i], 0);
}

TEST_P(TrainOperations, SumTheEmbeddingsOfARow) {
  const auto table = normals(kTokens * kWidth, 5), bias = normals(kWidth, 6);
  auto value = room(kRows * kWidth), slope = room(kRows * kWidth);
  ops_->sum_embeddings(columns_, batch_, **table, **bias, kWidth, **value, **slope);
  for (int r = 0; r < kOwn; ++r) {
    for (int h = 0; h < kWidth; ++h) {
      const double x = (**bias)[h] + (**table)[token(r, 0) * kWidth + h] +
                       (**table)[(3 + token(r, 1)) * kWidth + h] +
                       (**table)[(43 + token(r, 2)) * kWidth + h];
      const double s = 1 / (1 + std::exp(-x));
      const auto i = static_cast<std::size_t>(r * kWidth + h);
      EXPECT_NEAR(value->read()[i], x * s, 1e-5);
      EXPECT_NEAR(slope->read()[i], s + x * s * (1 - s), 1e-5);
    }
  }
}

TEST_P(TrainOperations, TurnLogitsIntoTheGradientAndTheLoss) {
  auto logits = normals(48 * kRows, 7), nll = room(kColumns * kRows);
  const auto bias = normals(kTokens, 8);
  const std::vector<float> before(logits->read().begin(), logits->read().end());
  ops_->softmax_gradient(columns_, batch_, **bias, **logits, **nll);
  const std::vector<int> sizes = {3, 40, 2}, padded = {4, 40, 4}, offsets = {0, 3, 43},
                         first = {0, 4 * kRows, 44 * kRows};
  for (std::size_t c = 0; c < kColumns; ++c) {
    for (int r = 0; r < kRows; ++r) {
      const auto at = static_cast<std::size_t>(first[c] + r * padded[c]);
      double sum = 0;
      for (std::size_t t = 0; t < static_cast<std::size_t>(sizes[c]); ++t)
        sum +=
            std::exp(double{before[at + t]} + (**bias)[static_cast<std::size_t>(offsets[c]) + t]);
      const int target = r < kOwn ? token(r, static_cast<int>(c)) : 0;
      const double scale = r < kOwn ? 0.25 : 0;
      for (std::size_t t = 0; t < static_cast<std::size_t>(padded[c]); ++t) {
        const bool real = t < static_cast<std::size_t>(sizes[c]);
        const double p = real ? std::exp(double{before[at + t]} +
                                         (**bias)[static_cast<std::size_t>(offsets[c]) + t]) /
                                    sum
                              : 0;
        const double expected = scale * (p - (real && static_cast<int>(t) == target ? 1 : 0));
        EXPECT_NEAR(logits->read()[at + t], expected, 1e-6);
        if (static_cast<int>(t) == target) {
          EXPECT_NEAR(nll->read()[c * kRows + static_cast<std::size_t>(r)],
                      r < kOwn ? -std::log(p) : 0, 1e-5);
        }
      }
    }
  }
}

TEST_P(TrainOperations, DrawLatentsByTheRowsNumbersAndHoldTheVariance) {
  constexpr int kLatent = 3;
  auto statistics = normals(kRows * 2 * kLatent, 9);
  auto bias = make(std::vector<float>{0, 0, 0, 0, 0, 50});  // the last is held
  auto z = room(kRows * kLatent), kl = room(kRows * kLatent);
  const std::vector<float> given(statistics->read().begin(), statistics->read().end());
  ops_->draw_latent(source_, batch_, 5, **bias, kLatent, -12, 6, **statistics, **z, **kl);
  const auto z_gradient = normals(kRows * kLatent, 10);
  auto gradient = room(kRows * 2 * kLatent);
  ops_->latent_gradient(batch_, **statistics, **z, **z_gradient, kLatent, -12, 6, **gradient);
  for (int r = 0; r < kRows; ++r) {
    for (int l = 0; l < kLatent; ++l) {
      const auto i = static_cast<std::size_t>(r * kLatent + l),
                 m = static_cast<std::size_t>(r * 2 * kLatent + l), v = m + kLatent;
      const double mean = given[m], s = l == 2 ? 6 : given[v];
      const std::int64_t row = numbers_->read()[static_cast<std::size_t>(r)];
      const double noise =
          r < kOwn ? training_normal_of(5, static_cast<std::uint64_t>(row), 4, kLatent, l) : 0;
      const double scale = r < kOwn ? 0.25 : 0, dz = z_gradient->read()[i];
      EXPECT_NEAR(z->read()[i], mean + std::exp(s / 2) * noise, 1e-4);
      EXPECT_NEAR(kl->read()[i], r < kOwn ? 0.5 * (mean * mean + std::exp(s) - s - 1) : 0, 1e-3);
      EXPECT_NEAR(gradient->read()[m], dz + scale * mean, 1e-5);
      const double slope = 0.5 * (dz * std::exp(s / 2) * noise + scale * (std::exp(s) - 1));
      EXPECT_NEAR(gradient->read()[v], l == 2 ? 0 : slope, 1e-4);
    }
  }
}

TEST_P(TrainOperations, PutContextsInTheirPlacesAndTakeGradientsFromThere) {
  const auto in = normals(kColumns * kRows * kWidth, 11), bias = normals(kColumns * kWidth, 12);
  const auto place = make(std::vector<std::int32_t>{2, 0, 1});
  auto value = room(kColumns * kRows * kWidth), slope = room(kColumns * kRows * kWidth);
  ops_->silu(**in, **bias, **place, kColumns, kRows, kWidth, **value, **slope);
  auto back = room(kColumns * kRows * kWidth);
  ops_->multiply_slope(**value, **slope, **place, kColumns, kRows, kWidth, **back);
  constexpr std::size_t kEach = kRows * kWidth;
  for (std::size_t i = 0; i < kColumns * kEach; ++i) {
    const std::size_t s = i / kEach, at = (s == 0 ? 2 : s - 1) * kEach + i % kEach;
    const double x = double{(**in)[i]} + (**bias)[s * kWidth + i % kWidth];
    const double sigmoid = 1 / (1 + std::exp(-x));
    EXPECT_NEAR(value->read()[at], x * sigmoid, 1e-5);
    EXPECT_NEAR(back->read()[i], x * sigmoid * (sigmoid + x * sigmoid * (1 - sigmoid)), 1e-4);
  }
}

TEST_P(TrainOperations, LeaveAboutTheShareOfUnitsOut) {
  constexpr int kWide = 400;
  auto value = make(std::vector<float>(kColumns * kRows * kWide, 1));
  auto slope = make(std::vector<float>(kColumns * kRows * kWide, 2));
  ops_->drop({.threshold = 64, .seed = 3, .blocks = 2, .block = 1}, source_, batch_, kColumns,
             kWide, **value, **slope);
  int dropped = 0;
  for (int c = 0; c < kColumns; ++c) {
    for (int r = 0; r < kOwn; ++r) {
      for (int h = 0; h < kWide; ++h) {
        const auto i = static_cast<std::size_t>((c * kRows + r) * kWide + h);
        const float kept = value->read()[i];
        EXPECT_EQ(slope->read()[i], 2 * kept);
        EXPECT_EQ(kept,
                  dropout_factor(
                      3, static_cast<std::uint64_t>(100 + order_[static_cast<std::size_t>(r) + 2]),
                      (4 * 3 + static_cast<std::uint32_t>(c)) * 2 + 1, 64, kWide, h));
        dropped += kept == 0;
      }
    }
  }
  EXPECT_NEAR(dropped, 0.25 * kColumns * kOwn * kWide, 150);  // 4 standard deviations
}

TEST_P(TrainOperations, AddSharesOfRows) {
  const auto at = make(std::vector<std::int64_t>{4, 0}),
             begin = make(std::vector<std::int64_t>{0, 2, 3}),
             from = make(std::vector<std::int64_t>{0, 3, 1});
  const auto width = make(std::vector<std::int32_t>{3, 2});
  const auto share = make(std::vector<float>{0.5f, 2, -1});
  const SparseRows sparse{2, 3, **at, **width, **begin, **from, **share};
  const auto given = make(std::vector<float>{1, 2, 3, 10, 20, 30});
  auto to = make(std::vector<float>(7, 100));
  ops_->add_rows(sparse, false, **given, **to);
  const std::vector<float> made = {-2, -3, 100, 100, 20.5f, 41, 61.5f};
  EXPECT_EQ(std::vector<float>(to->read().begin(), to->read().end()), made);
  ops_->add_rows(sparse, true, **given, **to);
  EXPECT_EQ(to->read()[4], 41);
}

TEST_P(TrainOperations, StepByAdamWithClippingDecayAndFloor) {
  const auto gradient = make(std::vector<float>{3, 4, -1}), norm = make(std::vector<float>{10});
  const auto group = make(std::vector<std::uint8_t>{0, 1, 2}),
             decays = make(std::vector<std::uint8_t>{0, 1, 0});
  const auto sum = make(std::vector<float>{0, 0, 8}), floor = make(std::vector<float>{0, 0, 0.5f});
  auto first = make(std::vector<float>{0, 1, 0}), second = make(std::vector<float>{0, 2, 0});
  auto trained = make(std::vector<float>{1, 1, 1}), weights = room(2),
       average = make(std::vector<float>{0, 0});
  AdamArrays a{.size = 3,
               .weights_size = 2,
               .gradient = **gradient,
               .norm = **norm,
               .most_norm = 5,
               .group = **group,
               .decays = **decays,
               .second_sum = **sum,
               .floor = **floor,
               .first = **first,
               .second = **second,
               .trained = **trained,
               .weights = **weights};
  ops_->adam(**plan_, **step_, a);
  ops_->blend(**plan_, **step_, 2, **weights, **average);
  const double g[] = {1.5, 2, -0.5}, m0[] = {0, 1, 0}, v0[] = {0, 2, 0}, keep[] = {1, 0.9, 1},
               most[] = {0, 0, 0.5 * 2 * 8};
  for (std::size_t i = 0; i < 3; ++i) {
    const double m = 0.9 * m0[i] + 0.1 * g[i], v = 0.999 * v0[i] + 0.001 * g[i] * g[i];
    const double w = keep[i] - 0.1 * m / (std::sqrt(2 * v + most[i]) + 1e-8);
    EXPECT_NEAR(first->read()[i], m, 1e-6);
    EXPECT_NEAR(second->read()[i], v, 1e-6);
    EXPECT_NEAR(trained->read()[i], w, 1e-4);
    if (i >= 2) continue;
    EXPECT_EQ(weights->read()[i], trained->read()[i]);
    EXPECT_NEAR(average->read()[i], 0.3 * w, 1e-4);
  }
}

}  // namespace
}  // namespace semblance::kernels
