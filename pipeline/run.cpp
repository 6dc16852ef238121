#include "pipeline/run.hpp"

#include <filesystem>

#include "base/log.hpp"
#include "pipeline/make_stages.hpp"

namespace semblance::pipeline {
namespace fs = std::filesystem;

std::vector<StageOutcome> run(const RunRequest& request, base::Communicator& communicator) {
  std::vector<ConfigEntry> sets;
  for (const std::string& text : request.sets) sets.push_back(entry_from_set(text));
  const auto config = read_config(request.config, sets);
  if (!request.output.empty())
    config->output = fs::absolute(request.output).lexically_normal().string();

  const std::vector<Stage> stages = make_stages(*config);
  RunOptions options;
  options.folder = config->output;
  options.from = request.from;
  options.to = request.to;
  options.force = request.force;
  options.program = request.program;
  options.config = fs::absolute(request.config).lexically_normal();
  base::log_info("run {}: {} stages, {} {}, in {}", request.config, stages.size(),
                 communicator.size(), communicator.size() == 1 ? "rank" : "ranks", config->output);

  std::vector<StageOutcome> outcomes = run_stages(stages, options, communicator);
  double seconds = 0;
  for (const StageOutcome& outcome : outcomes) seconds += outcome.seconds;
  base::log_info("run: done in {:.1f} s", seconds);
  if (outcomes.back().state != StageOutcome::State::kLeftOut) {
    base::log_info("report: {}", (fs::path(config->output) / "report" / "report.html").string());
  }
  return outcomes;
}

}  // namespace semblance::pipeline
