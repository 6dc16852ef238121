#include "trainer/codec_schema.hpp"

#include <cmath>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "base/hdf5.hpp"

namespace semblance::trainer {
namespace {

/// The text members of a column, with their names in the file.
struct TextMember {
  const char* name;
  std::string table::ColumnSpec::*member;
  bool in_older_models = true;
};
constexpr TextMember kTextMembers[] = {
    {"names", &table::ColumnSpec::name},
    {"formats", &table::ColumnSpec::format},
    {"units", &table::ColumnSpec::unit},
    {"relative_to", &table::ColumnSpec::relative_to},
    {"derived", &table::ColumnSpec::derived, false},
    {"id_patterns", &table::ColumnSpec::id_pattern},
    {"missing_texts", &table::ColumnSpec::missing_text},
    {"missingness", &table::ColumnSpec::missingness},
    {"levels", &table::ColumnSpec::levels, false},
};

}  // namespace

void save_schema(hid_t group, const table::Schema& schema) {
  std::vector<std::string> kinds;
  std::vector<std::int32_t> decimals, min_decimals;
  std::vector<double> rounding;
  for (const table::ColumnSpec& spec : schema.columns) {
    kinds.emplace_back(table::kind_name(spec.kind));
    decimals.push_back(spec.decimals);
    min_decimals.push_back(spec.min_decimals);
    rounding.push_back(spec.rounding);
  }
  for (const TextMember& text : kTextMembers) {
    std::vector<std::string> texts;
    for (const table::ColumnSpec& spec : schema.columns) texts.push_back(spec.*text.member);
    base::h5_write_texts(group, text.name, texts);
  }
  base::h5_write_texts(group, "kinds", kinds);
  base::h5_write(group, "decimals", decimals);
  base::h5_write(group, "min_decimals", min_decimals);
  base::h5_write(group, "rounding", rounding);
  base::h5_write_texts(group, "constraints", schema.constraints);
  base::h5_write_texts(group, "missing_markers", schema.missing_markers);
  base::h5_write_attribute(group, "entity", schema.entity);
  base::h5_write_attribute(group, "entity_time", schema.entity_time);
  base::h5_write_texts(group, "entity_constants", schema.entity_constants);
}

table::Schema load_schema(hid_t group) {
  const auto kinds = base::h5_read_texts(group, "kinds");
  const auto decimals = base::h5_read<std::int32_t>(group, "decimals");
  const auto min_decimals = base::h5_read<std::int32_t>(group, "min_decimals");
  const auto rounding = base::h5_read<double>(group, "rounding");
  bool good = decimals.size() == kinds.size() && min_decimals.size() == kinds.size() &&
              rounding.size() == kinds.size();
  table::Schema schema;
  schema.columns.resize(kinds.size());
  for (const TextMember& text : kTextMembers) {
    if (!text.in_older_models && !base::h5_exists(group, text.name)) continue;
    const auto texts = base::h5_read_texts(group, text.name);
    good = good && texts.size() == kinds.size();
    for (std::size_t i = 0; good && i < texts.size(); ++i)
      schema.columns[i].*text.member = texts[i];
  }
  SEMBLANCE_EXPECT(good, kData,
                   "the model's codec is damaged: the parts of its schema differ in length");
  for (std::size_t i = 0; i < kinds.size(); ++i) {
    SEMBLANCE_EXPECT(std::isfinite(rounding[i]) && rounding[i] >= 0, kData,
                     "the model's codec is damaged: column '{}' is rounded to {}",
                     schema.columns[i].name, rounding[i]);
    schema.columns[i].kind = table::kind_from_name(kinds[i]);
    schema.columns[i].decimals = decimals[i];
    schema.columns[i].min_decimals = min_decimals[i];
    schema.columns[i].rounding = rounding[i];
  }
  schema.constraints = base::h5_read_texts(group, "constraints");
  schema.missing_markers = base::h5_read_texts(group, "missing_markers");
  schema.entity = base::h5_read_text_attribute(group, "entity");
  if (base::h5_has_attribute(group, "entity_time")) {  // not in older models
    schema.entity_time = base::h5_read_text_attribute(group, "entity_time");
    schema.entity_constants = base::h5_read_texts(group, "entity_constants");
  }
  return schema;
}

}  // namespace semblance::trainer
