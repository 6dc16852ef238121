#include "trainer/history.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "kernels/sample_given.hpp"
#include "kernels/transition.hpp"
#include "tests/trainer/step_cases.hpp"
#include "trainer/network_file.hpp"

namespace semblance::trainer {
namespace {

NetworkShape panel_of(std::vector<int> cardinalities) {
  NetworkShape shape = shape_of(true, 0, 1);
  shape.cardinalities = std::move(cardinalities);
  shape.panel = true;
  shape.shared = 1;
  return shape;
}

/// An entity of `many` rows whose tokens are 0 but for those that a test sets.
TokenRows entity_of(const NetworkShape& shape, int many) {
  TokenRows data{.n_rows = many, .n_columns = shape.columns()};
  data.tokens.resize(static_cast<std::size_t>(many * shape.columns()));
  for (int i = 0; i < many; ++i) {
    data.entity.push_back(0);
    data.index.push_back(i);
    data.size.push_back(many);
  }
  return data;
}

/// What the training believes of the next row's last column, token by token.
std::vector<double> believed(const NetworkShape& shape, const std::vector<float>& weights,
                             TokenRows data) {
  const std::int64_t last = data.n_rows - 1;
  const std::vector<std::int64_t> rows = {last};
  TrainingStep step(shape, 1);
  std::vector<double> out;
  for (int token = 0; token < shape.cardinalities.back(); ++token) {
    data.tokens.back() = static_cast<std::uint16_t>(token);
    std::vector<double> columns(static_cast<std::size_t>(shape.columns()));
    step.loss(weights.data(), data, rows, {}, columns.data());
    out.push_back(std::exp(-columns.back()));
  }
  return out;
}

/// The same as the sampler draws it: shares of many draws that differ in their address alone.
std::vector<double> drawn(const NetworkShape& shape, const std::vector<float>& weights,
                          const TokenRows& data, std::int64_t many) {
  std::vector<int> order;
  for (int s = 0; s < shape.columns(); ++s) order.push_back(s);
  const StoredNetwork network{shape, order, weights};
  const auto sampler = kernels::make_given_sampler(decoder_weights(network));
  const auto row = static_cast<std::size_t>(data.n_rows - 1);
  const auto columns = static_cast<std::size_t>(shape.columns());
  std::vector<std::uint64_t> address, entity;
  std::vector<std::uint16_t> previous, fixed;
  for (std::size_t back = 1; back <= kernels::kLookBack; ++back) {
    for (std::size_t s = 0; s < columns; ++s)
      previous.insert(previous.end(), static_cast<std::size_t>(many),
                      back <= row ? data.tokens[(row - back) * columns + s] : 0);
  }
  for (std::size_t s = 0; s < columns; ++s) {
    fixed.insert(fixed.end(), static_cast<std::size_t>(many),
                 s + 1 < columns ? data.tokens[row * columns + s] : kernels::kFreeToken);
  }
  for (std::int64_t i = 0; i < many; ++i) {
    address.push_back(static_cast<std::uint64_t>(i));
    entity.push_back(0);
  }
  const std::vector<std::int32_t> index(static_cast<std::size_t>(many), data.index[row]);
  const std::vector<std::int32_t> size(static_cast<std::size_t>(many), data.size[row]);
  const kernels::GivenRows::History history{address, entity, previous, index, size};
  kernels::GivenRows rows{.n_rows = many, .seed = 5, .fixed = fixed};
  rows.particles = 1;
  rows.history = &history;
  const kernels::GivenTokens tokens = sampler->sample(rows, 1);
  std::vector<double> out(static_cast<std::size_t>(shape.cardinalities.back()));
  for (std::int64_t i = 0; i < many; ++i)
    out[tokens.tokens[(columns - 1) * static_cast<std::size_t>(many) +
                      static_cast<std::size_t>(i)]] += 1.0 / static_cast<double>(many);
  return out;
}

TEST(History, TheNextRowIsDrawnAsItWasLearned) {
  for (const auto& [k, many] : {std::pair{5, 3}, {40, 2}, {300, 7}}) {
    const NetworkShape shape = panel_of({3, 4, k});
    const NetworkLayout layout(shape);
    const std::vector<float> weights = random_weights(layout, 0.7);
    TokenRows data = entity_of(shape, many);
    for (std::size_t i = 0; i < data.tokens.size(); ++i)
      data.tokens[i] = static_cast<std::uint16_t>(i * i % 3);
    const std::vector<double> p = believed(shape, weights, data);
    constexpr std::int64_t kMany = 40'000;
    const std::vector<double> q = drawn(shape, weights, data, kMany);
    double sum = 0;
    for (std::size_t t = 0; t < p.size(); ++t) {
      sum += p[t];
      EXPECT_NEAR(q[t], p[t], 5 * std::sqrt(p[t] * (1 - p[t]) / kMany) + 1e-4)
          << "token " << t << " of " << k;
    }
    EXPECT_NEAR(sum, 1, 1e-4);
  }
}

TEST(History, TablesTellPairsDistancesOrStayingByTheNumberOfTokens) {
  using kernels::transition_at;
  using kernels::transition_size;
  EXPECT_EQ(transition_size(4), 16);
  EXPECT_EQ(transition_at(4, 2, 3), 11);
  EXPECT_EQ(transition_size(100), 100 + 67);
  EXPECT_EQ(transition_at(100, 7, 7), 7);
  EXPECT_EQ(transition_at(100, 7, 8), transition_at(100, 50, 51));
  EXPECT_NE(transition_at(100, 7, 8), transition_at(100, 8, 7));
  EXPECT_EQ(transition_at(100, 0, 40), transition_at(100, 0, 99));
  EXPECT_EQ(transition_at(100, 99, 0), 100);
  EXPECT_EQ(transition_at(100, 0, 99), 166);
  EXPECT_EQ(transition_size(400), 400);
  EXPECT_EQ(transition_at(400, 3, 3), 3);
  EXPECT_EQ(transition_at(400, 3, 4), -1);
}

TEST(History, RowsFurtherBackCountForLess) {
  const NetworkShape shape = panel_of({3, 4, 5});
  const NetworkLayout layout(shape);
  const std::vector<float> weights = random_weights(layout, 0.7);
  const TokenRows data = entity_of(shape, 8);
  const auto change = [&](std::int64_t back) {
    TokenRows other = data;
    other.tokens[static_cast<std::size_t>((data.n_rows - 1 - back) * 3 + 1)] = 2;
    const std::vector<double> p = believed(shape, weights, data),
                              q = believed(shape, weights, other);
    double distance = 0;
    for (std::size_t t = 0; t < p.size(); ++t) distance += std::abs(p[t] - q[t]);
    return distance;
  };
  EXPECT_GT(change(2), 1.2 * change(3));
  EXPECT_GT(change(3), 1.2 * change(4));
  EXPECT_GT(change(4), 1e-4);
  EXPECT_EQ(change(5), 0) << "kLookBack is 4";
}

/// People whose last column climbs by one with probability `climb`, and else stays.
TokenRows climbers(const NetworkShape& shape, double climb) {
  TokenRows data{.n_rows = 0, .n_columns = shape.columns()};
  base::PhiloxStream stream(3, base::Purpose::kSplit, 1);
  for (int entity = 0; entity < 200; ++entity) {
    int level = static_cast<int>(stream.below(shape.cardinalities.back() - 4));
    for (int i = 0; i < 4; ++i, ++data.n_rows) {
      data.tokens.insert(data.tokens.end(), {0, static_cast<std::uint16_t>(level)});
      data.entity.push_back(entity);
      data.index.push_back(i);
      data.size.push_back(4);
      level += stream.uniform() < climb;
    }
  }
  return data;
}

TEST(History, BeginsWithTheTransitionsThatWereCounted) {
  for (const int k : {8, 60}) {
    const NetworkShape shape = panel_of({1, k});
    const NetworkLayout layout(shape);
    const TokenRows data = climbers(shape, 0.3);
    std::vector<std::int64_t> rows(static_cast<std::size_t>(data.n_rows));
    std::vector<double> frequencies(static_cast<std::size_t>(shape.total_tokens()));
    for (std::size_t r = 0; r < rows.size(); ++r) {
      rows[r] = static_cast<std::int64_t>(r);
      ++frequencies[0], ++frequencies[1 + data.tokens[2 * r + 1]];
    }
    std::vector<float> weights = initial_weights(shape, layout, frequencies, 1);
    for (const int p : {layout.head, layout.stay_gate})  // what the context adds
      std::fill_n(weights.begin() + layout.offset(p), layout.parameters[p].size(), 0.0f);
    set_initial_transitions(shape, frequencies, count_transitions(shape, data, rows),
                            weights.data() + layout.offset(layout.transition));
    TokenRows pair = entity_of(shape, 2);
    pair.tokens = {0, 3, 0, 0};
    const std::vector<double> p = believed(shape, weights, pair);
    EXPECT_NEAR(p[3], 0.7, 0.1) << k;
    EXPECT_NEAR(p[4], 0.3, 0.1) << k;
    EXPECT_LT(p[0] + p[1] + p[2], 1e-4) << "nobody ever went down";
  }
}

TEST(History, BeginsWithHowOftenTheLastButOneComesBack) {
  const NetworkShape shape = panel_of({1, 3});
  TokenRows data = entity_of(shape, 6);
  data.tokens = {0, 0, 0, 1, 0, 0, 0, 2, 0, 2, 0, 1};  // 0 1 0 2 2 1
  const std::vector<std::int64_t> rows = {0, 1, 2, 3, 4, 5};
  const std::vector<double> frequencies = {6, 2, 2, 2};
  const std::vector<float> none(static_cast<std::size_t>(shape.transition_offsets().back()));
  // Pairs of unequal tokens before a row: 0 1 (then 0), 1 0 (then 2), 0 2 (then 2); 2 2 does not
  // count. Without transitions each token has a third.
  const std::vector<double> counts = count_recalls(shape, data, rows, frequencies, none.data());
  EXPECT_DOUBLE_EQ(counts[3], 3);
  EXPECT_DOUBLE_EQ(counts[4], 1);
  EXPECT_NEAR(counts[5], 1, 1e-9);
  std::vector<float> recall(6);
  set_initial_recall(shape, std::vector<double>{0, 0, 0, 1000, 800, 500}, recall.data());
  EXPECT_NEAR(recall[3], std::log(0.8 / 0.2), 0.05);
  EXPECT_EQ(recall[0] + recall[4] + recall[5], 0);
}

}  // namespace
}  // namespace semblance::trainer
