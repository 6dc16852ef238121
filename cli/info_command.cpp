/// semblance info: what is in a model, a table or a shard directory.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "cli/command.hpp"
#include "table/file_summary.hpp"

namespace semblance::cli {
namespace {

std::string as_text(const table::FileSummary::Value& value) {
  constexpr std::size_t kMost = 100;
  if (const auto* text = std::get_if<std::string>(&value)) {
    const std::string line = text->substr(0, text->find('\n'));
    return line.size() > kMost || line.size() < text->size() ? line.substr(0, kMost) + "..." : line;
  }
  if (const auto* real = std::get_if<double>(&value)) return fmt::format("{:g}", *real);
  if (const auto* count = std::get_if<std::uint64_t>(&value)) return fmt::to_string(*count);
  return fmt::to_string(std::get<std::int64_t>(value));
}

std::string size_text(std::int64_t bytes) {
  if (bytes < 1'000'000) return fmt::format("{} bytes", bytes);
  return bytes < 1'000'000'000 ? fmt::format("{:.1f} MB", static_cast<double>(bytes) / 1e6)
                               : fmt::format("{:.1f} GB", static_cast<double>(bytes) / 1e9);
}

void print_for_people(const std::string& path, const table::FileSummary& summary) {
  fmt::print("{}: {} ({}, {})\n", path, summary.what, summary.format,
             size_text(summary.size_bytes));
  if (summary.n_rows >= 0)
    fmt::print("{} rows, {} columns\n", summary.n_rows, summary.schema.columns.size());
  if (!summary.parts.empty()) fmt::print("{} parts\n", summary.parts.size());
  for (const auto& [name, value] : summary.facts) fmt::print("  {}: {}\n", name, as_text(value));
  if (summary.schema.columns.empty()) return;
  fmt::print("columns:\n");
  for (const table::ColumnSpec& spec : summary.schema.columns) {
    fmt::print("  {:<30} {}{}{}{}\n", spec.name, table::kind_name(spec.kind),
               spec.format.empty() ? "" : " " + spec.format,
               spec.relative_to.empty() ? "" : ", not before " + spec.relative_to,
               spec.derived.empty() ? "" : " = " + spec.derived);
  }
}

nlohmann::ordered_json as_json(const std::string& path, const table::FileSummary& summary) {
  nlohmann::ordered_json json;
  json["path"] = path;
  json["what"] = summary.what;
  json["format"] = summary.format;
  json["size_bytes"] = summary.size_bytes;
  if (summary.n_rows >= 0) json["rows"] = summary.n_rows;
  if (!summary.schema.columns.empty()) {
    json["columns"] = nlohmann::ordered_json::array();
    for (const table::ColumnSpec& spec : summary.schema.columns) {
      json["columns"].push_back(
          {{"name", spec.name}, {"kind", table::kind_name(spec.kind)}, {"format", spec.format}});
      if (!spec.derived.empty()) json["columns"].back()["derived"] = spec.derived;
    }
  }
  for (const table::ShardPart& part : summary.parts) {
    json["parts"].push_back({{"file", part.file}, {"rows", part.rows}, {"sha256", part.sha256}});
  }
  json["facts"] = nlohmann::ordered_json::object();
  for (const auto& [name, value] : summary.facts) {
    std::visit([&, key = name](const auto& v) { json["facts"][key] = v; }, value);
  }
  return json;
}

class InfoCommand : public Command {
 public:
  const char* name() const override { return "info"; }
  const char* summary() const override {
    return "show what is in a model, a table or a shard directory";
  }
  void add_flags(CLI::App& app) override {
    app.add_option("FILE", path_, "model, table or shard directory")->required();
    app.add_flag("--json", json_, "for machines: one JSON object");
  }
  void run(const CommonFlags& flags, base::Communicator& communicator) override {
    if (communicator.rank() != 0) return;
    const table::FileSummary summary = table::summarise_file(path_, flags.threads);
    if (json_) {
      fmt::print("{}\n", as_json(path_, summary).dump(2));
    } else {
      print_for_people(path_, summary);
    }
  }

 private:
  std::string path_;
  bool json_ = false;
};

}  // namespace

std::unique_ptr<Command> info_command() { return std::make_unique<InfoCommand>(); }

}  // namespace semblance::cli
