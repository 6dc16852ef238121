#include "pipeline/run_record.hpp"

#include <fmt/chrono.h>
#include <sys/stat.h>

#include <algorithm>
#include <ctime>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "base/file.hpp"

namespace semblance::pipeline {
namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

namespace {

constexpr const char* kFileName = "run.json";

Json to_json(const std::map<std::string, ContentRecord>& contents) {
  Json json = Json::object();
  for (const auto& [role, c] : contents) {
    json[role] = {{"path", c.path},
                  {"sha256", c.sha256},
                  {"bytes", c.bytes},
                  {"files", c.files},
                  {"modified_ns", c.modified_ns}};
  }
  return json;
}

std::map<std::string, ContentRecord> contents_from(const Json& json) {
  std::map<std::string, ContentRecord> contents;
  for (const auto& [role, c] : json.items()) {
    contents[role] = {c.at("path"), c.at("sha256"), c.at("bytes"), c.at("modified_ns"),
                      c.at("files")};
  }
  return contents;
}

Json to_json(const StageRecord& stage) {
  Json settings = Json::object();
  for (const auto& [name, value] : stage.settings) settings[name] = value;
  return {{"state", stage.done ? "done" : "unfinished"},
          {"started", stage.started},
          {"finished", stage.finished},
          {"seconds", stage.seconds},
          {"ranks", stage.ranks},
          {"host", stage.host},
          {"program", stage.program},
          {"fingerprint", stage.fingerprint},
          {"settings", settings},
          {"inputs", to_json(stage.inputs)},
          {"outputs", to_json(stage.outputs)}};
}

StageRecord stage_from(const Json& json) {
  StageRecord stage;
  stage.done = json.at("state") == "done";
  stage.started = json.at("started");
  stage.finished = json.at("finished");
  stage.seconds = json.at("seconds");
  stage.ranks = json.at("ranks");
  stage.host = json.at("host");
  stage.program = json.at("program");
  stage.fingerprint = json.at("fingerprint");
  for (const auto& [name, value] : json.at("settings").items())
    stage.settings.emplace_back(name, value);
  stage.inputs = contents_from(json.at("inputs"));
  stage.outputs = contents_from(json.at("outputs"));
  return stage;
}

}  // namespace

RunRecord RunRecord::load(const fs::path& folder) {
  RunRecord record;
  const fs::path file = folder / kFileName;
  if (!fs::exists(file)) return record;
  const std::string text = base::read_text_file(file);
  try {
    const Json json = Json::parse(text);
    record.config = json.at("config").at("path");
    record.config_sha256 = json.at("config").at("sha256");
    for (const auto& [name, stage] : json.at("stages").items())
      record.stages[name] = stage_from(stage);
  } catch (const Json::exception& e) {
    base::fail(base::ErrorKind::kData,
               "{}: is not a record of a run ({}); delete it, and every stage runs anew",
               file.string(), e.what());
  }
  return record;
}

void RunRecord::save(const fs::path& folder, const std::vector<std::string>& order) const {
  Json stage_list = Json::object();
  double seconds = 0;
  for (const std::string& name : order) {
    const auto found = stages.find(name);
    if (found == stages.end()) continue;
    stage_list[name] = to_json(found->second);
    seconds += found->second.seconds;
  }
  const Json json = {{"config", {{"path", config}, {"sha256", config_sha256}}},
                     {"saved", utc_now()},
                     {"seconds", seconds},
                     {"stages", stage_list}};
  base::write_text_file(folder / kFileName,
                        json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
}

namespace {

/// Size and newest modification of a file, or of all files below a directory.
void add_stat(const fs::path& path, ContentRecord& content) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) base::fail_errno("read", path.string());
  content.bytes += info.st_size;
  content.files += 1;
  content.modified_ns = std::max<std::int64_t>(
      content.modified_ns,
      std::int64_t{info.st_mtim.tv_sec} * 1'000'000'000 + info.st_mtim.tv_nsec);
}

}  // namespace

std::string RunRecord::known_sha256(const ContentRecord& content) const {
  for (const auto& [name, stage] : stages) {
    for (const auto* contents : {&stage.inputs, &stage.outputs}) {
      for (const auto& [role, old] : *contents) {
        if (old.path == content.path && old.bytes == content.bytes && old.files == content.files &&
            old.modified_ns == content.modified_ns) {
          return old.sha256;
        }
      }
    }
  }
  return "";
}

ContentRecord content_of(const fs::path& path, const fs::path& folder, const RunRecord& known) {
  ContentRecord content;
  content.files = 0;
  const fs::path inside = path.lexically_relative(folder);
  content.path = inside.empty() || *inside.begin() == ".." ? path.string() : inside.string();
  add_stat(path, content);
  if (fs::is_directory(path)) {
    for (const auto& entry : fs::recursive_directory_iterator(path))
      add_stat(entry.path(), content);
  }
  content.sha256 = known.known_sha256(content);
  if (content.sha256.empty()) content.sha256 = base::sha256_of_path(path);
  return content;
}

std::string utc_now() {
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::time(nullptr)));
}

}  // namespace semblance::pipeline
