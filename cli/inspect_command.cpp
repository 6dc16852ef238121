/// semblance inspect: what is in a table, as a page for people and as metadata to edit.
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <cctype>
#include <cstdio>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/log.hpp"
#include "cli/command.hpp"
#include "table/read_table.hpp"

namespace semblance::cli {
namespace {

/// Number of characters, where a byte that continues a character counts nothing.
std::size_t width_of(const std::string& text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
  }));
}

/// One line of printable text, cut to `most` characters.
std::string shortened(const std::string& text, std::size_t most) {
  std::string out;
  std::size_t characters = 0;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    characters += (byte & 0xc0) != 0x80;
    if (characters > most) return out + "...";
    out += byte < 0x20 || byte == 0x7f ? ' ' : c;
  }
  return out;
}

void print_row(const std::vector<std::string>& cells, const std::vector<std::size_t>& widths) {
  std::string line;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    const std::string blanks(widths[i] - std::min(widths[i], width_of(cells[i])), ' ');
    const bool is_number = i == 2 || i == 3;
    line += i + 1 == cells.size() ? cells[i]
            : is_number           ? blanks + cells[i] + "  "
                                  : cells[i] + blanks + "  ";
  }
  fmt::print("{}\n", line);
}

void print_columns(const table::Inspection& found) {
  std::vector<std::vector<std::string>> rows = {
      {"column", "kind", "missing", "distinct", "values"}};
  for (std::size_t c = 0; c < found.schema.columns.size(); ++c) {
    const table::ColumnSpec& spec = found.schema.columns[c];
    const double share = found.n_rows == 0 ? 0
                                           : 100.0 * static_cast<double>(found.missing[c]) /
                                                 static_cast<double>(found.n_rows);
    rows.push_back({shortened(spec.name, 40),
                    std::string(table::kind_name(spec.kind)) + (spec.dropped ? " (drop)" : ""),
                    fmt::format("{:.1f}%", share), fmt::to_string(found.distinct[c]),
                    shortened(found.notes[c], 70)});
  }
  std::vector<std::size_t> widths(rows[0].size(), 0);
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], width_of(row[i]));
  }
  for (const auto& row : rows) print_row(row, widths);
}

/// A name as the constraint grammar takes it.
std::string quoted(const std::string& name) {
  const bool plain = std::all_of(name.begin(), name.end(), [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '.';
  });
  return plain ? name : "\"" + name + "\"";
}

/// A text as YAML takes it, on one line.
std::string yaml_quoted(const std::string& text) {
  YAML::Emitter out;
  out << YAML::DoubleQuoted << text;
  return out.c_str();
}

/// What a user may want to take into the metadata, as comments.
std::string proposals(const table::Inspection& found) {
  std::string text;
  if (!found.orders.empty()) {
    text +=
        "# In every row these dates come in order. To keep that, move a line up to its column:\n";
  }
  for (const auto& [early, late] : found.orders) {
    text += fmt::format("#   {}: {{relative_to: {}}}\n", yaml_quoted(late), yaml_quoted(early));
  }
  if (!found.derived.empty()) {
    text +=
        "# In every row these columns follow from others. To compute them instead of learning "
        "them, "
        "move the setting up to the column:\n";
  }
  for (const auto& [column, formula] : found.derived)
    text += fmt::format("#   {}: {{derived: {}}}\n", yaml_quoted(column), yaml_quoted(formula));
  if (!found.dependences.empty()) {
    text +=
        "# Each value of the first goes with one value of the second. To keep that, list under "
        "constraints:\n";
  }
  for (const auto& [from, to] : found.dependences) {
    text += fmt::format("#   - {}\n",
                        yaml_quoted(fmt::format("fixcombo {} {}", quoted(from), quoted(to))));
  }
  return text;
}

std::string metadata_text(const std::string& path, const table::Inspection& found) {
  std::string text =
      fmt::format("# What 'semblance inspect' found in {}. Edit it and give it to --metadata.\n",
                  shortened(path, 1000));
  for (const std::string& warning : found.warnings) text += "# " + shortened(warning, 1000) + "\n";
  return text + table::metadata_yaml(found.schema) + proposals(found);
}

class InspectCommand : public Command {
 public:
  const char* name() const override { return "inspect"; }
  const char* summary() const override {
    return "find types, dates, identifiers and missing values of a table";
  }
  void add_flags(CLI::App& app) override {
    app.add_option("TABLE", path_, ".csv, .csv.gz, .parquet, .h5 or a shard directory")->required();
    app.add_option("--output", output_, "write the metadata, ready to edit, to this YAML file");
    app.add_option("--metadata", metadata_, "metadata that are already known (ours or NHSSynth's)");
  }
  void run(const CommonFlags& flags, base::Communicator& communicator) override {
    if (communicator.rank() != 0) return;
    base::expect_no_input_replaced(output_, {path_});
    table::Metadata metadata;
    table::ReadOptions options{.threads = flags.threads};
    if (!metadata_.empty()) {
      metadata = table::read_metadata(metadata_);
      options.metadata = &metadata;
    }
    const table::Inspection found = table::inspect_table(path_, options);
    fmt::print("{}: {} rows, {} columns\n\n", path_, found.n_rows, found.schema.columns.size());
    print_columns(found);
    if (!found.warnings.empty()) fmt::print("\n");
    for (const std::string& warning : found.warnings)
      fmt::print("warning: {}\n", shortened(warning, 1000));
    for (const auto& [early, late] : found.orders)
      fmt::print("proposal: '{}' is never before '{}': relative_to keeps that\n", late, early);
    for (const auto& [column, formula] : found.derived)
      fmt::print("proposal: '{}' is '{}' in every row: derived computes it\n", column, formula);
    for (const auto& [from, to] : found.dependences) {
      fmt::print("proposal: each value of '{}' goes with one of '{}': fixcombo keeps that\n", from,
                 to);
    }
    if (output_.empty()) return;
    base::write_text_file(output_, metadata_text(path_, found));
    base::log_info("wrote {}", output_);
  }

 private:
  std::string path_, output_, metadata_;
};

}  // namespace

std::unique_ptr<Command> inspect_command() { return std::make_unique<InspectCommand>(); }

}  // namespace semblance::cli
