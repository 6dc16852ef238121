#include "kernels/encode.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "base/error.hpp"
#include "base/philox.hpp"
#include "tests/kernels/device_cases.hpp"

namespace semblance::kernels {
namespace {

using testing::ElementsAre;
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// The interval by its definition: the last edge that is not above the value.
std::int32_t by_definition(double value, const std::vector<double>& edges) {
  if (std::isnan(value) || edges.empty()) return static_cast<std::int32_t>(edges.size());
  const auto above = std::upper_bound(edges.begin(), edges.end(), value);
  return std::max(0, static_cast<std::int32_t>(above - edges.begin()) - 1);
}

std::vector<std::uint16_t> identity(std::size_t n) {
  std::vector<std::uint16_t> tokens(n);
  for (std::size_t i = 0; i < n; ++i) tokens[i] = static_cast<std::uint16_t>(i);
  return tokens;
}

TEST(FindInterval, FirstReachesDownAndLastReachesUp) {
  const std::vector<double> edges = {0, 1, 5};
  EXPECT_EQ(find_interval(-kInfinity, edges.data(), 3), 0);
  EXPECT_EQ(find_interval(-1, edges.data(), 3), 0);
  EXPECT_EQ(find_interval(0.999, edges.data(), 3), 0);
  EXPECT_EQ(find_interval(1, edges.data(), 3), 1);
  EXPECT_EQ(find_interval(5, edges.data(), 3), 2);
  EXPECT_EQ(find_interval(kInfinity, edges.data(), 3), 2);
  EXPECT_EQ(find_interval(kNan, edges.data(), 3), 3);
}

TEST(FindInterval, WithoutIntervalsEverythingIsMissing) {
  EXPECT_EQ(find_interval(1, nullptr, 0), 0);
  EXPECT_EQ(find_interval(kNan, nullptr, 0), 0);
}

TEST(FindInterval, ASpikeIsTheIntervalUpToTheNextDouble) {
  const std::vector<double> edges = {0, 2.5, std::nextafter(2.5, 3.0)};
  EXPECT_EQ(find_interval(std::nextafter(2.5, 0.0), edges.data(), 3), 0);
  EXPECT_EQ(find_interval(2.5, edges.data(), 3), 1);
  EXPECT_EQ(find_interval(std::nextafter(2.5, 3.0), edges.data(), 3), 2);
}

class Encode : public OnDevice {};

TEST_P(Encode, GivesTokensOfIntervalsAndOfMissing) {
  const std::vector<double> edges = {0, 10, 20};
  const std::vector<std::uint16_t> first = {7, 3, 5, 9};
  const std::vector<double> values = {-4, 0, 9.99, 10, 20, kNan, 19, 1e300, 5};
  std::vector<std::uint16_t> tokens(values.size());
  encode_numbers(values, {edges, first, {}}, tokens, {}, {.device = GetParam()});
  EXPECT_THAT(tokens, ElementsAre(7, 7, 7, 3, 5, 9, 3, 5, 7));
}

TEST_P(Encode, GivesTwoDigits) {
  const std::vector<double> edges = {0, 1, 2, 3};
  const std::vector<std::uint16_t> first = {0, 0, 1, 1, 2}, second = {0, 1, 0, 1, 0};
  const std::vector<double> values = {3.5, 2.5, 1.5, 0.5, kNan};
  std::vector<std::uint16_t> a(5), b(5);
  encode_numbers(values, {edges, first, second}, a, b, {.device = GetParam()});
  EXPECT_THAT(a, ElementsAre(1, 1, 0, 0, 2));
  EXPECT_THAT(b, ElementsAre(1, 0, 1, 0, 0));
}

TEST_P(Encode, ReadsWholeNumbersWithTheSmallestAsMissing) {
  const std::vector<double> edges = {0, 10};
  const std::vector<std::uint16_t> first = {0, 1, 2};
  const std::vector<std::int64_t> values = {-1, 10, std::numeric_limits<std::int64_t>::min(), 9};
  std::vector<std::uint16_t> tokens(4);
  encode_integers(values, {edges, first, {}}, tokens, {}, {.device = GetParam()});
  EXPECT_THAT(tokens, ElementsAre(0, 1, 2, 0));
}

TEST_P(Encode, AgreesWithItsDefinitionOnAnyEdges) {
  base::PhiloxStream random(11, base::Purpose::kEvaluate, 0);
  for (const std::size_t n_edges : {0, 1, 2, 3, 7, 128, 255, 1000}) {
    std::vector<double> edges;
    for (std::size_t i = 0; i < n_edges; ++i)
      edges.push_back(std::floor(random.uniform() * 500) / 4);
    std::sort(edges.begin(), edges.end());
    edges.erase(std::unique(edges.begin(), edges.end()), edges.end());
    std::vector<double> values = {kNan, kInfinity, -kInfinity, 0.0, -0.0};
    for (int i = 0; i < 500; ++i) values.push_back(std::floor(random.uniform() * 1100) / 8 - 5);
    const std::vector<std::uint16_t> first = identity(edges.size() + 1);
    std::vector<std::uint16_t> tokens(values.size());
    encode_numbers(values, {edges, first, {}}, tokens, {}, {.device = GetParam()});
    for (std::size_t i = 0; i < values.size(); ++i) {
      ASSERT_EQ(tokens[i], by_definition(values[i], edges))
          << values[i] << " among " << edges.size() << " edges";
    }
  }
}

TEST_P(Encode, TakesNoRows) {
  const std::vector<std::uint16_t> first = {0};
  encode_numbers({}, {{}, first, {}}, {}, {}, {.device = GetParam()});
  encode_codes({}, first, {}, {.device = GetParam()});
}

TEST_P(Encode, MapsLevelCodesWithTheMissingOneFirst) {
  const std::vector<std::uint16_t> map = {4, 0, 1, 2};
  const std::vector<std::int32_t> codes = {2, -1, 0, 1};
  std::vector<std::uint16_t> tokens(4);
  encode_codes(codes, map, tokens, {.device = GetParam()});
  EXPECT_THAT(tokens, ElementsAre(2, 4, 0, 1));
}

TEST_P(Encode, RefusesACodeOutOfRange) {
  const std::vector<std::uint16_t> map = {1, 0};
  const std::vector<std::int32_t> codes = {0, 1};
  std::vector<std::uint16_t> tokens(2);
  EXPECT_THROW(encode_codes(codes, map, tokens, {.device = GetParam()}), base::Error);
}

INSTANTIATE_TEST_SUITE_P(Device, Encode, testing::Values("cpu", "cuda:0"), device_case_name);

TEST(EncodeThreads, GiveTheSameTokensForAnyNumber) {
  std::vector<double> values(200'001), edges;
  base::PhiloxStream random(5, base::Purpose::kEvaluate, 1);
  for (double& value : values) value = random.uniform();
  for (int i = 0; i < 100; ++i) edges.push_back(i / 100.0);
  const std::vector<std::uint16_t> first = identity(101);
  std::vector<std::uint16_t> one(values.size()), three(values.size());
  encode_numbers(values, {edges, first, {}}, one, {}, {.threads = 1});
  encode_numbers(values, {edges, first, {}}, three, {}, {.threads = 3});
  EXPECT_EQ(one, three);
}

TEST(EncodeSizes, AreChecked) {
  const std::vector<double> edges = {0, 1}, values = {0.5, 0.6};
  const std::vector<std::uint16_t> first = {0, 1, 2}, short_first = {0, 1};
  std::vector<std::uint16_t> tokens(2), one(1);
  EXPECT_THROW(encode_numbers(values, {edges, first, {}}, one, {}), base::Error);
  EXPECT_THROW(encode_numbers(values, {edges, short_first, {}}, tokens, {}), base::Error);
  EXPECT_THROW(encode_numbers(values, {edges, first, {}}, tokens, tokens), base::Error);
  EXPECT_THROW(encode_numbers(values, {edges, first, {}}, tokens, {}, {.device = "tpu"}),
               base::Error);
}

}  // namespace
}  // namespace semblance::kernels
