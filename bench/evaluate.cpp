/// CPU seconds of the checks that peers have too, on tables in memory, one thread.
///   evaluate REAL SYNTHETIC HOLDOUT ATTACKS SECRET[,SECRET...]
/// Prints one JSON object a line: what, cpu_s, value.
#include <fmt/format.h>

#include <algorithm>
#include <ctime>
#include <functional>
#include <sstream>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "evaluator/comparison.hpp"
#include "evaluator/context.hpp"
#include "evaluator/means.hpp"
#include "evaluator/privacy/anonymeter_attacks.hpp"
#include "evaluator/quality/column_shape.hpp"
#include "evaluator/quality/pair_trend.hpp"
#include "evaluator/quality/sections.hpp"
#include "table/read_table.hpp"

namespace {

using namespace semblance;

double cpu_s() {
  std::timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

evaluator::Comparison read(const std::string& real, const std::string& synthetic,
                           const std::string& holdout) {
  table::Schema schema;
  table::Table rows = table::read_table(real, {.threads = 1}, &schema);
  const table::ReadOptions as_real{.schema = &schema, .threads = 1};
  std::optional<table::Table> held;
  if (!holdout.empty()) held = table::read_table(holdout, as_real);
  return evaluator::compare_tables(std::move(rows), table::read_table(synthetic, as_real),
                                   std::move(held));
}

/// The median of three timings, and the values of the last call as a JSON object.
void measure(const std::string& what, const std::function<std::string()>& work) {
  std::vector<double> seconds;
  std::string values;
  for (int k = 0; k < 3; ++k) {
    const double start = cpu_s();
    values = work();
    seconds.push_back(cpu_s() - start);
  }
  std::sort(seconds.begin(), seconds.end());
  fmt::print("{{\"what\": \"{}\", \"cpu_s\": {:.6f}, \"values\": {}}}\n", what, seconds[1], values);
}

/// Column Shapes of SDMetrics as an error: KS of numbers, total variation of categories.
double shape_error(const evaluator::Comparison& data) {
  std::vector<double> errors;
  for (std::size_t j = 0; j < data.columns.size(); ++j) {
    const evaluator::Feature &real = data.real.features[j], &made = data.synthetic.features[j];
    const int levels = data.columns[j].n_levels();
    errors.push_back(data.columns[j].numeric
                         ? evaluator::ks_distance(evaluator::sorted_present(real.numbers),
                                                  evaluator::sorted_present(made.numbers))
                         : evaluator::total_variation(evaluator::code_counts(real.codes, levels),
                                                      evaluator::code_counts(made.codes, levels)));
  }
  return evaluator::mean_present(errors);
}

std::string value_of(const evaluator::Section& section) {
  return fmt::format("{:.9f}", section.checks.at(0).value.value());
}

std::string counts(const evaluator::AttackCount& c) {
  return fmt::format("[{}, {}, {}, {}]", c.attacks, c.successes, c.control_attacks,
                     c.control_successes);
}

void run(int argc, char** argv) {
  SEMBLANCE_EXPECT(argc == 6, kUsage, "usage: evaluate REAL SYNTHETIC HOLDOUT ATTACKS SECRETS");
  evaluator::EvaluateOptions options;
  options.threads = 1;
  {
    const evaluator::Comparison data = read(argv[1], argv[2], "");
    evaluator::Distances distances(data, "cpu", 1, options.seed);
    const evaluator::Context context{data, options, distances};
    measure("quality", [&] {
      return fmt::format("[{:.9f}, {:.9f}]", shape_error(data),
                         evaluator::mean_present(evaluator::pair_trend_errors(data, 1).synthetic));
    });
    measure("quality, whole sections with intervals", [&] {
      return fmt::format("[{}, {}]", value_of(evaluator::column_shape_section(context)),
                         value_of(evaluator::pair_trend_section(context)));
    });
  }
  const evaluator::Comparison data = read(argv[1], argv[2], argv[3]);
  const evaluator::AttackOptions attack{.attacks = std::stoi(argv[4]), .distance = {.threads = 1}};
  measure("singling out, one value", [&] { return counts(singling_out(data, false, attack)); });
  measure("singling out, three values", [&] { return counts(singling_out(data, true, attack)); });
  measure("linkability", [&] { return counts(linkability(data, attack)); });
  std::istringstream secrets(argv[5]);
  for (std::string name; std::getline(secrets, name, ',');) {
    const int column = data.find(name);
    SEMBLANCE_EXPECT(column >= 0, kUsage, "there is no column '{}'", name);
    measure("inference of " + name, [&] { return counts(inference(data, column, attack)); });
  }
}

}  // namespace

int main(int argc, char** argv) {
  try {
    run(argc, argv);
    return 0;
  } catch (const base::Error& error) {
    fmt::print(stderr, "error: {}\n", error.what());
    return base::exit_code(error.kind());
  }
}
