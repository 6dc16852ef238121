#include "table/schema.hpp"

#include "base/error.hpp"

namespace semblance::table {
namespace {

const std::vector<std::string>& kind_names() {
  static const std::vector<std::string> names = {"integer", "float",    "boolean", "category",
                                                 "date",    "datetime", "id"};
  return names;
}

}  // namespace

std::string_view kind_name(Kind kind) { return kind_names()[static_cast<std::size_t>(kind)]; }

Kind kind_from_name(std::string_view name) {
  for (std::size_t i = 0; i < kind_names().size(); ++i) {
    if (kind_names()[i] == name) return static_cast<Kind>(i);
  }
  base::fail(base::ErrorKind::kData, "there is no kind '{}'{}; kinds are {}", name,
             base::did_you_mean(name, kind_names()), fmt::join(kind_names(), ", "));
}

int Schema::find(std::string_view name) const {
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (columns[i].name == name) return static_cast<int>(i);
  }
  return -1;
}

std::vector<std::string> Schema::names() const {
  std::vector<std::string> out;
  for (const ColumnSpec& column : columns) out.push_back(column.name);
  return out;
}

const std::vector<std::string>& default_missing_markers() {
  static const std::vector<std::string> markers = {"?",   "NA",  "N/A", "n/a",  "#N/A", "<NA>",
                                                   "NaN", "nan", "NaT", "NULL", "null", "None"};
  return markers;
}

}  // namespace semblance::table
