#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cfloat>
#include <cmath>
#include <map>

#include "base/error.hpp"
#include "evaluator/blocks.hpp"
#include "evaluator/build_report.hpp"
#include "evaluator/context.hpp"
#include "evaluator/gates.hpp"
#include "evaluator/means.hpp"
#include "evaluator/report/render.hpp"
#include "tests/evaluator/small_tables.hpp"

namespace semblance::evaluator {
namespace {

using testing::compare;
using ::testing::HasSubstr;
using testing::kGone;
using ::testing::Not;
using testing::numbers;
using testing::population;
using testing::texts;

EvaluateOptions quick() { return {.device = "cpu", .threads = 1, .sample = 400, .attacks = 20}; }

const Check* find(const Report& report, const std::string& id) {
  for (const Group& group : report.groups) {
    for (const Section& section : group.sections) {
      for (const Check& check : section.checks) {
        if (check.id == id) return &check;
      }
    }
  }
  return nullptr;
}

TEST(Report, EverySectionAnswersForATableWithAHoldout) {
  EvaluateOptions options = quick();
  options.target = "group";
  const Report report =
      build_report(compare(population(400, 1), population(300, 2), population(200, 3)), options);
  ASSERT_EQ(report.groups.size(), 3u);
  for (const Group& group : report.groups) {
    for (const Section& section : group.sections)
      EXPECT_FALSE(section.checks.empty()) << section.id;
  }
  const Check* shape = find(report, "quality.shape_error");
  ASSERT_NE(shape, nullptr);
  EXPECT_TRUE(shape->value && shape->reference);
}

TEST(Report, TheSeedAndNotTheThreadsDecideTheNumbers) {
  EvaluateOptions options = quick();
  const auto run = [&] {
    return to_json(build_report(compare(population(200, 1), population(200, 2), population(100, 3)),
                                options))["groups"]
        .dump();
  };
  const std::string one = run();
  options.threads = 3;
  EXPECT_EQ(run(), one);
}

/// Every check of the catalogue is in the report once, and says why where it has no value or no
/// interval.
void expect_complete(const Comparison& data, const EvaluateOptions& options) {
  const Json json = to_json(build_report(data, options));
  std::map<std::string, int> seen;
  for (const Json& group : json["groups"]) {
    for (const Json& section : group["sections"]) {
      for (const Json& check : section["checks"]) {
        const std::string id = check["id"];
        ++seen[id];
        if (check["value"].is_null()) {
          EXPECT_FALSE(check["why_not_computed"].get<std::string>().empty()) << id;
        } else if (check["interval"].is_null()) {
          EXPECT_FALSE(check.value("why_no_interval", "").empty()) << id;
        } else {
          const double low = check["interval"]["low"], high = check["interval"]["high"];
          EXPECT_LE(low, check["value"].get<double>() + 1e-9) << id;
          EXPECT_GE(high, check["value"].get<double>() - 1e-9) << id;
        }
      }
    }
  }
  for (const std::string& id : all_check_ids()) EXPECT_EQ(seen[id], 1) << id;
  EXPECT_EQ(seen.size(), all_check_ids().size());
}

TEST(Report, NoCheckVanishesForAFullComparison) {
  EvaluateOptions options = quick();
  options.target = "group";
  options.protected_column = "ward";
  options.quasi_identifiers = {"z", "ward"};
  expect_complete(compare(population(300, 1), population(250, 2), population(200, 3)), options);
}

TEST(Report, NoCheckVanishesWithoutHoldoutTargetOrKeys) {
  expect_complete(compare(population(60, 1), population(50, 2)), quick());
}

TEST(Report, NoCheckVanishesForSmallConstantAndEmptyTables) {
  const std::vector<std::vector<table::Column>> tables = {
      {numbers("x", {1})},
      {texts("c", {"a", "a", "a"})},
      {numbers("x", {kGone, kGone}), texts("c", {"", ""})},
      {numbers("x", {5, 5, 5}), numbers("y", {1, 2, 3}), texts("c", {"a", "", "b"})}};
  for (const auto& real : tables) {
    for (const bool holdout : {false, true}) {
      EvaluateOptions options = quick();
      options.target = real[0].spec.name;
      const Comparison data = holdout ? compare(real, real, real) : compare(real, real);
      expect_complete(data, options);
      EXPECT_NO_THROW(render_html(to_json(build_report(data, options))));
    }
  }
}

TEST(Report, NoCheckVanishesWhenTheOtherTableHasNoValues) {
  const auto real = [](std::int64_t n) {
    std::vector<table::Column> columns = population(n, 1);
    return columns;
  };
  std::vector<table::Column> empty = population(80, 2);
  for (table::Column& column : empty) {
    for (double& v : column.reals) v = kGone;
    for (std::int32_t& code : column.codes) code = table::kMissingCode;
  }
  EvaluateOptions options = quick();
  options.target = "x";
  expect_complete(compare(real(100), empty, population(60, 3)), options);
  expect_complete(compare(empty, real(100), population(60, 3)), options);
}

TEST(Report, UnknownColumnsInTheOptionsAreRefused) {
  EvaluateOptions options = quick();
  options.target = "gruop";
  try {
    build_report(compare(population(50, 1), population(50, 2)), options);
    FAIL();
  } catch (const base::Error& error) {
    EXPECT_EQ(error.kind(), base::ErrorKind::kData);
    EXPECT_THAT(error.what(), HasSubstr("group"));
  }
}

TEST(Report, CopiedRowsFailAGate) {
  std::vector<table::Column> mock = population(300, 2);
  const std::vector<table::Column> real = population(300, 1);
  for (std::size_t j = 0; j < mock.size(); ++j) {
    for (std::size_t i = 0; i < 15; ++i) {  // 5 % copied rows
      if (!mock[j].reals.empty()) mock[j].reals[i] = real[j].reals[i];
      if (!mock[j].codes.empty()) {
        const std::int32_t code = real[j].codes[i];
        const auto& levels = mock[j].levels;
        mock[j].codes[i] = code < 0
                               ? -1
                               : static_cast<std::int32_t>(
                                     std::find(levels.begin(), levels.end(),
                                               real[j].levels[static_cast<std::size_t>(code)]) -
                                     levels.begin());
      }
    }
  }
  const Report report = build_report(compare(real, mock, population(300, 3)), quick());
  EXPECT_THAT(failed_gates(report), ::testing::Contains("privacy.exact_copies"));
  EXPECT_NEAR(*find(report, "privacy.exact_copies")->value, 0.05, 0.02);
}

TEST(Report, RealAgainstRealFailsNoGate) {
  const Report report =
      build_report(compare(population(400, 1), population(400, 2), population(400, 3)), quick());
  EXPECT_THAT(failed_gates(report), ::testing::IsEmpty());
}

TEST(Report, NoCheckVanishesWhenOneTableDoesNotSayWhoseRowItIs) {
  Comparison data = compare(population(60, 1), population(50, 2), population(40, 3));
  for (std::int64_t i = 0; i < 60; ++i) data.real.entity.push_back(i / 3);
  EvaluateOptions options = quick();
  expect_complete(data, options);
  EXPECT_THAT(find(build_report(data, options), "quality.entity_rows_ks")->why_not,
              HasSubstr("the synthetic table has no column"));
}

TEST(Report, NoCheckVanishesForTheLargestNumbers) {
  const auto with_extremes = [](std::uint64_t stream) {
    std::vector<table::Column> columns = population(120, stream);
    columns[0].reals[3] = DBL_MAX;
    columns[0].reals[5] = -DBL_MAX;
    columns[2].reals[7] = 1e39;
    return columns;
  };
  for (const char* target : {"x", "group"}) {
    EvaluateOptions options = quick();
    options.target = target;
    expect_complete(compare(with_extremes(1), with_extremes(2), with_extremes(3)), options);
    expect_complete(compare(population(100, 1), with_extremes(2), population(80, 3)), options);
  }
}

/// The real relation of x and y, and a synthetic table that lost y.
Report of_a_lost_column(double lost) {
  std::vector<table::Column> mock = population(300, 2);
  for (double& v : mock[1].reals) v = lost;
  return build_report(compare(population(300, 1), mock), quick());
}

TEST(Report, ALostColumnIsAnErrorOfItsPairs) {
  // 0.1 does not sum to a mean of 0.1: constants must be seen as such all the same.
  const Report report = of_a_lost_column(0.1);
  const Comparison real = compare(population(300, 1), population(300, 2));
  const double rho =
      pearson(real.real.features[0].numbers, real.real.features[1].numbers);  // about 0.8
  ASSERT_GT(rho, 0.7);
  // Three pairs of numbers: the lost one's two count with all of their correlation.
  EXPECT_GT(*find(report, "quality.pearson_error")->value, rho / 3);
  EXPECT_GT(*find(report, "quality.spearman_error")->value, 0.7 / 3);
  const Check* trend = find(report, "quality.trend_error");
  EXPECT_THAT(trend->note, HasSubstr("2 of 10 pairs are left out"));
}

TEST(Report, ALostColumnIsAnErrorOfItsMutualInformation) {
  // Two columns that say the same, one of them lost: |1 - 0|.
  const std::vector<std::string> both = {"a", "a", "b", "b"}, one = {"a", "a", "a", "a"};
  const Report report = build_report(
      compare({texts("c", both), texts("d", both)}, {texts("c", both), texts("d", one)}), quick());
  ASSERT_TRUE(find(report, "quality.mutual_information_error")->value);
  EXPECT_DOUBLE_EQ(*find(report, "quality.mutual_information_error")->value, 1);
}

TEST(Report, ALostColumnIsAnErrorFromRowToRow) {
  // 20 people of two rows; c stays in half of them, the synthetic c is always "a".
  std::vector<std::string> c, lost(40, "a");
  std::vector<std::int64_t> entity;
  for (std::int64_t i = 0; i < 20; ++i) {
    const bool first = i % 2 == 0, stays = i % 10 != 0 && i % 10 != 1;
    c.push_back(first ? "a" : "b");
    c.push_back(first == stays ? "a" : "b");
    entity.insert(entity.end(), {i, i});
  }
  Comparison data = compare({texts("c", c), texts("d", c)}, {texts("c", lost), texts("d", c)});
  data.real.entity = data.synthetic.entity = entity;
  // Real V of both columns: pairs (a,a) 8, (b,b) 8, (a,b) 2, (b,a) 2: 0.6. One is kept, one lost.
  EXPECT_NEAR(*find(build_report(data, quick()), "quality.entity_lag_error")->value, 0.3, 1e-12);
}

TEST(Report, PairsWithoutAVoasWilliamsonRatioAreLeftOutInAnyOrder) {
  // Three columns, two of them constant: their pair has one cell and no ratio.
  const auto table = [](std::vector<int> order, std::uint64_t stream) {
    const std::vector<table::Column> from = population(200, stream);
    const std::vector<std::string> same(200, "k");
    const std::vector<table::Column> columns = {from[3], texts("k", same), texts("l", same)};
    std::vector<table::Column> out;
    for (const int j : order) out.push_back(columns[static_cast<std::size_t>(j)]);
    return out;
  };
  const auto svw = [&](const std::vector<int>& order) {
    const Report report = build_report(compare(table(order, 1), table(order, 2)), quick());
    return *find(report, "quality.svw_pairs")->value;
  };
  const double first = svw({0, 1, 2});
  EXPECT_NEAR(svw({1, 2, 0}), first, 1e-12 * first);
  EXPECT_NEAR(svw({1, 0, 2}), first, 1e-12 * first);
}

TEST(Blocks, WholeNumbersKeepEveryDigit) {
  EXPECT_EQ(rounded(1234502.0), Json(1234502));
  EXPECT_EQ(rounded(-8999999999999999.0), Json(-8999999999999999));
  EXPECT_EQ(rounded(1.23456789), Json(1.23457));
  EXPECT_EQ(rounded(1234567.8), Json(1234570));
}

TEST(Blocks, EdgesOfHistogramsKeepEveryDigit) {
  const double low = 1'700'000'000'000'000;  // microseconds
  const Json block = histogram_block("", "", bin_edges(low, low + 2, 4), {});
  EXPECT_EQ(block["edges"][0], Json(1'700'000'000'000'000));
  EXPECT_EQ(block["edges"][1].get<double>(), low + 0.5);
  EXPECT_EQ(block["edges"][4].get<double>(), low + 2);
}

TEST(Render, DataCannotLeaveItsScriptElement) {
  const Json data = {{"title", "</title><script>alert(1)</script>"},
                     {"x", "</script><!--<script>\xE2\x80\xA8&"}};
  const std::string page = render_html(data);
  EXPECT_THAT(page, Not(HasSubstr("alert(1)</script>")));
  EXPECT_THAT(page, HasSubstr("&lt;script&gt;alert(1)"));
  const std::string text = script_safe(data);
  for (const char* forbidden : {"<", ">", "&", "\xE2\x80\xA8"})
    EXPECT_EQ(text.find(forbidden), std::string::npos);
  EXPECT_EQ(Json::parse(text), data);
}

TEST(Render, SlotsInDataAreNotFilled) {
  const std::string page = render_html({{"title", "t"}, {"x", "<!--slot:plotly-->"}});
  EXPECT_THAT(page, Not(HasSubstr("<!--slot:")));
}

TEST(Render, NotANumberBecomesNull) {
  const Check check{.id = "a", .value = std::nan("")};
  const Report report{.groups = {{.id = "quality", .sections = {{.id = "s", .checks = {check}}}}}};
  const Json json = to_json(report)["groups"][0]["sections"][0]["checks"][0];
  EXPECT_TRUE(json["value"].is_null());
  EXPECT_FALSE(json["why_not_computed"].get<std::string>().empty());
}

TEST(Report, AWrongDeviceEndsTheRun) {
  EvaluateOptions options = quick();
  options.device = "tpu";
  EXPECT_THROW(build_report(compare(population(50, 1), population(50, 2)), options), base::Error);
}

}  // namespace
}  // namespace semblance::evaluator
