#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>

#include "base/error.hpp"
#include "base/file.hpp"
#include "table/civil_date.hpp"
#include "table/detail/number_text.hpp"
#include "table/schema.hpp"

namespace semblance::table {
namespace {

/// Reads one YAML document into a Metadata; keeps the file's name for messages with lines.
class MetadataReader {
 public:
  explicit MetadataReader(const std::string& path) { metadata_.path = path; }

  Metadata read(const std::string& text) {
    YAML::Node root;
    try {
      root = YAML::Load(text);
    } catch (const YAML::Exception& e) {
      base::fail(base::ErrorKind::kData, "{}:{}: not valid YAML: {}", metadata_.path,
                 e.mark.line + 1, e.msg);
    }
    if (!root.IsMap()) fail(root, "a metadata file is a map with 'columns:'");
    each_key(
        root, "the file",
        {{"columns", [this](const YAML::Node& node) { read_columns(node); }},
         {"constraints", [this](const YAML::Node& node) { metadata_.constraints = texts(node); }},
         {"missing_markers",
          [this](const YAML::Node& node) { metadata_.missing_markers = texts(node); }},
         {"order", [this](const YAML::Node& node) { metadata_.order = texts(node); }},
         {"entity", [this](const YAML::Node& node) { read_entity(node); }}});
    check_names(root);
    return std::move(metadata_);
  }

 private:
  using Handlers = std::map<std::string, std::function<void(const YAML::Node&)>>;

  template <class... Args>
  [[noreturn]] void fail(const YAML::Node& node, fmt::format_string<Args...> format,
                         Args&&... args) const {
    base::fail(base::ErrorKind::kData, "{}:{}: {}", metadata_.path, node.Mark().line + 1,
               fmt::format(format, std::forward<Args>(args)...));
  }

  void each_key(const YAML::Node& map, const std::string& where, const Handlers& handlers) const {
    std::vector<std::string> valid;
    for (const auto& [name, handler] : handlers) valid.push_back(name);
    for (const auto& entry : map) {
      const std::string key = scalar(entry.first);
      const auto found = handlers.find(key);
      if (found == handlers.end()) {
        fail(entry.first, "'{}' is not a key of {}{}; keys are {}", key, where,
             base::did_you_mean(key, valid), fmt::join(valid, ", "));
      }
      if (!entry.second.IsNull()) found->second(entry.second);
    }
  }

  std::string scalar(const YAML::Node& node) const {
    if (!node.IsScalar()) fail(node, "one value is needed here, not a list or a map");
    return node.Scalar();
  }
  std::vector<std::string> texts(const YAML::Node& node) const {
    if (!node.IsSequence()) fail(node, "a list is needed here");
    std::vector<std::string> out;
    for (const YAML::Node& item : node) out.push_back(scalar(item));
    return out;
  }
  bool truth(const YAML::Node& node) const {
    bool value = false;
    if (!YAML::convert<bool>::decode(node, value))
      fail(node, "'{}' must be true or false", scalar(node));
    return value;
  }
  double number(const YAML::Node& node) const {
    const detail::NumberText value = detail::parse_number(scalar(node));
    if (!value.is_number) fail(node, "'{}' is not a number", scalar(node));
    return value.value;
  }
  int digits(const YAML::Node& node) const {
    const double value = number(node);
    if (value != std::floor(value) || value < 0 || value > 15)
      fail(node, "'{}' must be a whole number from 0 to 15", scalar(node));
    return static_cast<int>(value);
  }

  void read_columns(const YAML::Node& node) {
    if (!node.IsMap()) fail(node, "'columns' must be a map from column names to their settings");
    for (const auto& entry : node) {
      Metadata::Wish wish;
      wish.spec.name = scalar(entry.first);
      for (const Metadata::Wish& other : metadata_.columns) {
        if (other.spec.name == wish.spec.name)
          fail(entry.first, "column '{}' is described twice", wish.spec.name);
      }
      read_column(wish, entry.second);
      metadata_.columns.push_back(wish);
    }
  }

  void read_column(Metadata::Wish& wish, const YAML::Node& node) {
    if (node.IsNull()) return;
    if (node.IsScalar() && node.Scalar() == "drop") {
      wish.spec.dropped = true;
      return;
    }
    if (!node.IsMap())
      fail(node, "column '{}': a map of settings or the word drop is needed", wish.spec.name);
    ColumnSpec& spec = wish.spec;
    bool categorical = false;
    each_key(node, "a column",
             {{"kind",
               [&](const YAML::Node& n) {
                 set_kind(wish, n, [&] { return kind_from_name(scalar(n)); });
               }},
              {"dtype", [&](const YAML::Node& n) { read_dtype(wish, n); }},
              {"categorical", [&](const YAML::Node& n) { categorical = truth(n); }},
              {"decimals", [&](const YAML::Node& n) { spec.decimals = digits(n); }},
              {"min_decimals", [&](const YAML::Node& n) { spec.min_decimals = digits(n); }},
              {"rounding", [&](const YAML::Node& n) { set_rounding(spec, n); }},
              {"format", [&](const YAML::Node& n) { set_format(spec, n); }},
              {"unit", [&](const YAML::Node& n) { set_unit(spec, n); }},
              {"relative_to", [&](const YAML::Node& n) { spec.relative_to = scalar(n); }},
              {"derived", [&](const YAML::Node& n) { spec.derived = scalar(n); }},
              {"id_pattern", [&](const YAML::Node& n) { spec.id_pattern = scalar(n); }},
              {"missing_text", [&](const YAML::Node& n) { spec.missing_text = scalar(n); }},
              {"missingness", [&](const YAML::Node& n) { set_missingness(spec, n); }},
              {"levels", [&](const YAML::Node& n) { set_levels(spec, n); }},
              {"transformer",
               [](const YAML::Node&) {}},  // NHSSynth's choice of encoding: ours is learned
              {"drop", [&](const YAML::Node& n) { spec.dropped = truth(n); }}});
    if (categorical)
      wish.kind_given = true,
      spec.kind = spec.kind == Kind::kBoolean ? Kind::kBoolean : Kind::kCategory;
  }

  void set_kind(Metadata::Wish& wish, const YAML::Node& node,
                const std::function<Kind()>& kind) const {
    try {
      wish.spec.kind = kind();
    } catch (const base::Error& e) {
      fail(node, "column '{}': {}", wish.spec.name, e.what());
    }
    wish.kind_given = true;
  }

  void set_rounding(ColumnSpec& spec, const YAML::Node& node) const {
    spec.rounding = number(node);
    if (!(spec.rounding > 0)) fail(node, "column '{}': rounding must be more than 0", spec.name);
  }

  void set_format(ColumnSpec& spec, const YAML::Node& node) const {
    spec.format = scalar(node);
    try {
      DatePattern{spec.format};
    } catch (const base::Error& e) {
      fail(node, "column '{}': {}", spec.name, e.what());
    }
  }

  void set_unit(ColumnSpec& spec, const YAML::Node& node) const {
    static const std::vector<std::string> units = {"day", "hour", "minute", "second",
                                                   "microsecond"};
    spec.unit = scalar(node);
    if (std::find(units.begin(), units.end(), spec.unit) == units.end()) {
      fail(node, "column '{}': unit '{}' must be one of {}", spec.name, spec.unit,
           fmt::join(units, ", "));
    }
  }

  void set_levels(ColumnSpec& spec, const YAML::Node& node) const {
    const std::string text = scalar(node);
    if (text != "public" && text != "protected") {
      fail(node, "column '{}': levels '{}' must be public or protected{}", spec.name, text,
           base::did_you_mean(text, {"public", "protected"}));
    }
    spec.levels = text == "public" ? text : "";
  }

  void set_missingness(ColumnSpec& spec, const YAML::Node& node) const {
    if (node.IsScalar()) {
      spec.missingness = scalar(node);
      const bool known = spec.missingness == "augment" || spec.missingness == "drop" ||
                         spec.missingness.starts_with("impute:");
      if (!known) {
        fail(node,
             "column '{}': missingness '{}' must be augment, drop or {{impute: "
             "mean|median|mode|VALUE}}{}",
             spec.name, spec.missingness,
             base::did_you_mean(spec.missingness, {"augment", "drop", "impute"}));
      }
      return;
    }
    if (!node.IsMap())
      fail(node, "column '{}': missingness must be augment, drop or {{impute: VALUE}}", spec.name);
    each_key(node, "missingness",
             {{"impute", [&](const YAML::Node& n) { spec.missingness = "impute:" + scalar(n); }}});
  }

  /// NHSSynth: a pandas dtype name, or a map with name, floor, format and rounding_scheme.
  void read_dtype(Metadata::Wish& wish, const YAML::Node& node) {
    ColumnSpec& spec = wish.spec;
    if (node.IsScalar()) return set_dtype(wish, node);
    if (!node.IsMap()) fail(node, "column '{}': dtype must be a name or a map", spec.name);
    if (node["name"]) set_dtype(wish, node["name"]);
    each_key(node, "dtype",
             {{"name", [](const YAML::Node&) {}},
              {"floor", [&](const YAML::Node& n) { set_floor(wish, n); }},
              {"format", [&](const YAML::Node& n) { set_format(spec, n); }},
              {"rounding_scheme", [&](const YAML::Node& n) { set_rounding(spec, n); }}});
  }

  void set_dtype(Metadata::Wish& wish, const YAML::Node& node) const {
    static const std::vector<std::pair<std::string, Kind>> prefixes = {
        {"int", Kind::kInteger},       {"uint", Kind::kInteger},       {"float", Kind::kFloat},
        {"datetime", Kind::kDatetime}, {"timestamp", Kind::kDatetime}, {"date", Kind::kDate},
        {"bool", Kind::kBoolean},      {"str", Kind::kCategory},       {"object", Kind::kCategory},
        {"category", Kind::kCategory}};
    std::string name = scalar(node);
    std::transform(name.begin(), name.end(), name.begin(),
                   [](unsigned char c) { return std::tolower(c); });
    set_kind(wish, node, [&] {
      for (const auto& [prefix, kind] : prefixes) {
        if (name.starts_with(prefix)) return kind;
      }
      std::vector<std::string> known;
      for (const auto& [prefix, kind] : prefixes) known.push_back(prefix);
      base::fail(base::ErrorKind::kData, "dtype '{}' is not known{}; known are {}", name,
                 base::did_you_mean(name, known), fmt::join(known, ", "));
    });
    wish.round_to_whole = wish.spec.kind == Kind::kInteger;
  }

  /// pandas' floor: the unit to which datetimes are cut.
  void set_floor(Metadata::Wish& wish, const YAML::Node& node) const {
    static const std::map<std::string, std::string> units = {
        {"D", "day"},          {"d", "day"},         {"h", "hour"},   {"H", "hour"},
        {"min", "minute"},     {"T", "minute"},      {"s", "second"}, {"S", "second"},
        {"us", "microsecond"}, {"ms", "microsecond"}};
    const auto found = units.find(scalar(node));
    if (found == units.end())
      fail(node, "column '{}': floor '{}' must be D, h, min, s or us", wish.spec.name,
           scalar(node));
    wish.spec.unit = found->second;
    if (found->second == "day" && wish.spec.kind == Kind::kDatetime) wish.spec.kind = Kind::kDate;
  }

  /// A column's name, or {column: NAME, time: NAME, constants: [NAMES]}.
  void read_entity(const YAML::Node& node) {
    if (!node.IsMap()) {
      metadata_.entity = scalar(node);
      return;
    }
    each_key(node, "'entity'",
             {{"column", [this](const YAML::Node& value) { metadata_.entity = scalar(value); }},
              {"time", [this](const YAML::Node& value) { metadata_.entity_time = scalar(value); }},
              {"constants",
               [this](const YAML::Node& value) { metadata_.entity_constants = texts(value); }}});
    if (metadata_.entity.empty()) fail(node, "'entity' needs 'column': whose row it is");
  }

  /// relative_to and entity must be columns that the file describes or leaves to the table.
  void check_names(const YAML::Node& root) const {
    for (const Metadata::Wish& wish : metadata_.columns) {
      if (wish.spec.relative_to == wish.spec.name && !wish.spec.name.empty()) {
        fail(root["columns"], "column '{}' cannot be relative to itself", wish.spec.name);
      }
    }
  }

  Metadata metadata_;
};

void emit(YAML::Emitter& out, const char* key, const std::string& value) {
  if (!value.empty()) out << YAML::Key << key << YAML::Value << YAML::DoubleQuoted << value;
}

void emit_missingness(YAML::Emitter& out, const std::string& missingness) {
  if (missingness.empty()) return;
  out << YAML::Key << "missingness" << YAML::Value;
  constexpr std::string_view kImpute = "impute:";
  if (!missingness.starts_with(kImpute)) {
    out << missingness;
    return;
  }
  out << YAML::BeginMap << YAML::Key << "impute" << YAML::Value << YAML::DoubleQuoted
      << missingness.substr(kImpute.size()) << YAML::EndMap;
}

void emit_column(YAML::Emitter& out, const ColumnSpec& spec) {
  out << YAML::Key << YAML::DoubleQuoted << spec.name << YAML::Value << YAML::BeginMap;
  out << YAML::Key << "kind" << YAML::Value << std::string(kind_name(spec.kind));
  if (spec.decimals >= 0) out << YAML::Key << "decimals" << YAML::Value << spec.decimals;
  if (spec.min_decimals > 0) out << YAML::Key << "min_decimals" << YAML::Value << spec.min_decimals;
  if (spec.rounding > 0)
    out << YAML::Key << "rounding" << YAML::Value << fmt::format("{}", spec.rounding);
  emit(out, "format", spec.format);
  emit(out, "unit", spec.unit);
  emit(out, "relative_to", spec.relative_to);
  emit(out, "derived", spec.derived);
  emit(out, "id_pattern", spec.id_pattern);
  emit(out, "missing_text", spec.missing_text);
  emit_missingness(out, spec.missingness);
  emit(out, "levels", spec.levels);
  if (spec.dropped) out << YAML::Key << "drop" << YAML::Value << true;
  out << YAML::EndMap;
}

void emit_list(YAML::Emitter& out, const char* key, const std::vector<std::string>& texts) {
  if (texts.empty()) return;
  out << YAML::Key << key << YAML::Value << YAML::BeginSeq;
  for (const std::string& text : texts) out << YAML::DoubleQuoted << text;
  out << YAML::EndSeq;
}

void emit_entity(YAML::Emitter& out, const Schema& schema) {
  if (schema.entity_time.empty() && schema.entity_constants.empty())
    return emit(out, "entity", schema.entity);
  out << YAML::Key << "entity" << YAML::Value << YAML::BeginMap;
  emit(out, "column", schema.entity);
  emit(out, "time", schema.entity_time);
  emit_list(out, "constants", schema.entity_constants);
  out << YAML::EndMap;
}

}  // namespace

Metadata read_metadata(const std::string& path) {
  return parse_metadata(base::read_text_file(path), path);
}

Metadata parse_metadata(const std::string& text, const std::string& path) {
  return MetadataReader(path).read(text);
}

Schema schema_of(const Metadata& metadata) {
  Schema schema;
  for (const Metadata::Wish& wish : metadata.columns) schema.columns.push_back(wish.spec);
  schema.constraints = metadata.constraints;
  schema.missing_markers = metadata.missing_markers;
  schema.order = metadata.order;
  schema.entity = metadata.entity;
  schema.entity_time = metadata.entity_time;
  schema.entity_constants = metadata.entity_constants;
  return schema;
}

std::string metadata_yaml(const Schema& schema) {
  YAML::Emitter out;
  out << YAML::BeginMap << YAML::Key << "columns" << YAML::Value << YAML::BeginMap;
  for (const ColumnSpec& spec : schema.columns) emit_column(out, spec);
  out << YAML::EndMap;
  emit_list(out, "constraints", schema.constraints);
  emit_list(out, "missing_markers", schema.missing_markers);
  emit_list(out, "order", schema.order);
  emit_entity(out, schema);
  out << YAML::EndMap;
  return std::string(out.c_str()) + "\n";
}

}  // namespace semblance::table
