#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <optional>
#include <string>

#include "base/error.hpp"
#include "base/file.hpp"
#include "evaluator/build_section.hpp"
#include "evaluator/evaluate.hpp"
#include "evaluator/json.hpp"
#include "table/write_table.hpp"
#include "tests/base/temporary_directory.hpp"
#include "tests/evaluator/small_tables.hpp"

namespace semblance::evaluator {
namespace {

using testing::population;

TEST(SharedSections, TheReportIsTheSameForAnyNumberOfRanks) {
  const base::TemporaryDirectory folder;
  const auto write = [&](const char* name, std::int64_t rows, std::uint64_t stream) {
    const std::string path = (folder.path() / name).string();
    table::write_table(path, table::Table{population(rows, stream)});
    return path;
  };
  EvaluateOptions options{.real = write("real.csv", 300, 1),
                          .synthetic = write("made.csv", 250, 2)};
  options.holdout = write("holdout.csv", 200, 3);
  options.device = "cpu";
  options.threads = 1;
  options.attacks = 50;
  const auto report = [&](int ranks) {
    options.output = (folder.path() / std::to_string(ranks)).string();
    base::run_ranks_as_threads(ranks, [&](base::Communicator& c) { evaluate(options, c); });
    Json json =
        Json::parse(base::read_text_file(folder.path() / std::to_string(ranks) / "report.json"));
    json["subject"].erase("created");
    return json;
  };
  const Json alone = report(1);
  EXPECT_EQ(report(2), alone);
  EXPECT_EQ(report(5), alone);
}

TEST(Evaluate, WithoutItsPageTheReportDoesNotAppear) {
  const base::TemporaryDirectory folder;
  EvaluateOptions options{.real = folder.file("real.csv"), .synthetic = folder.file("made.csv")};
  table::write_table(options.real, table::Table{population(100, 1)});
  table::write_table(options.synthetic, table::Table{population(100, 2)});
  options.output = folder.file("out");
  options.device = "cpu";
  options.threads = 1;
  options.attacks = 50;
  // A directory stands where the page is to be put.
  std::filesystem::create_directories(folder.path() / "out" / "report.html" / "x");
  EXPECT_THROW(base::run_ranks_as_threads(1, [&](base::Communicator& c) { evaluate(options, c); }),
               base::Error);
  EXPECT_FALSE(std::filesystem::exists(folder.path() / "out" / "report.json"));
}

TEST(SharedSections, ADamagedThresholdsFileEndsItBeforeAnythingIsComputed) {
  const base::TemporaryDirectory folder;
  const std::string path = (folder.path() / "limits.yaml").string();
  base::write_text_file(path, "checks: 1\n");
  const Comparison data = compare_tables(table::Table{population(50, 1)},
                                         table::Table{population(50, 2)}, std::nullopt);
  EvaluateOptions options{.thresholds = path};
  std::atomic<int> refused = 0;
  base::run_ranks_as_threads(2, [&](base::Communicator& communicator) {
    try {
      shared_sections(data, options, communicator);
    } catch (const base::Error& error) {
      refused += std::string(error.what()).find("limits.yaml") != std::string::npos;
    }
  });
  EXPECT_EQ(refused, 2);
}

}  // namespace
}  // namespace semblance::evaluator
