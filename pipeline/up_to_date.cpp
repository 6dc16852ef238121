#include "pipeline/up_to_date.hpp"

#include <fmt/format.h>

#include "base/error.hpp"
#include "base/file.hpp"

namespace semblance::pipeline {
namespace fs = std::filesystem;

StageRecord describe_stage(const Stage& stage, const fs::path& folder, const std::string& program,
                           const RunRecord& record) {
  StageRecord now;
  now.program = program;
  now.settings = stage.settings;
  base::Sha256 hash;
  hash.update(fmt::format("{}\n{}\n", program, stage.name));
  for (const auto& [name, value] : stage.settings) hash.update(fmt::format("{}={}\n", name, value));
  for (const Stage::Item& input : stage.inputs) {
    SEMBLANCE_EXPECT(fs::exists(input.path), kIo, "stage '{}' needs {} ({}), which does not exist",
                     stage.name, input.path.string(), input.role);
    const ContentRecord content = content_of(input.path, folder, record);
    hash.update(fmt::format("{} {}\n", input.role, content.sha256));
    now.inputs[input.role] = content;
  }
  now.fingerprint = hash.hex();
  return now;
}

namespace {

std::string changed_setting(const StageRecord& now, const StageRecord& earlier) {
  for (const auto& [name, value] : now.settings) {
    bool known = false;
    for (const auto& [old_name, old_value] : earlier.settings) {
      if (old_name != name) continue;
      known = true;
      if (old_value != value) {
        return fmt::format("setting '{}' changed from '{}' to '{}'", name, old_value, value);
      }
    }
    if (!known) return fmt::format("setting '{}' is new", name);
  }
  return "";
}

std::string changed_input(const StageRecord& now, const StageRecord& earlier) {
  for (const auto& [role, content] : now.inputs) {
    const auto old = earlier.inputs.find(role);
    if (old == earlier.inputs.end()) return fmt::format("{} is a new input", content.path);
    if (old->second.sha256 != content.sha256) return fmt::format("{} changed", content.path);
  }
  return "";
}

std::string changed_output(const Stage& stage, const fs::path& folder, const StageRecord& earlier,
                           const RunRecord& record) {
  for (const Stage::Item& output : stage.outputs) {
    if (!fs::exists(output.path)) return fmt::format("{} is gone", output.path.string());
    const auto old = earlier.outputs.find(output.role);
    if (old == earlier.outputs.end())
      return fmt::format("{} is a new output", output.path.string());
    if (content_of(output.path, folder, record).sha256 != old->second.sha256) {
      return fmt::format("{} is not what the stage left there", old->second.path);
    }
  }
  return "";
}

}  // namespace

std::string reason_to_run(const Stage& stage, const fs::path& folder, const StageRecord& now,
                          const RunRecord& record) {
  const auto found = record.stages.find(stage.name);
  if (found == record.stages.end()) return "not run before";
  const StageRecord& earlier = found->second;
  if (now.fingerprint != earlier.fingerprint) {
    if (now.program != earlier.program) {
      return fmt::format("last run by {}, this is {}", earlier.program, now.program);
    }
    std::string why = changed_setting(now, earlier);
    if (why.empty()) why = changed_input(now, earlier);
    return why.empty() ? "settings or inputs changed" : why;
  }
  if (!earlier.done) return "the last attempt did not end; going on from what it left";
  return changed_output(stage, folder, earlier, record);
}

}  // namespace semblance::pipeline
