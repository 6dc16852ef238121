#include "trainer/codec_combination.hpp"

#include <string>
#include <unordered_map>

#include "base/error.hpp"

namespace semblance::trainer {
namespace {

constexpr char kSeparator = '\x1f';  // ASCII unit separator: not in any level of a text file
constexpr const char* kMissingPart = "\x1e";  // stands for a missing cell

/// The parts of a joined level.
std::vector<std::string> parts_of(const std::string& level) {
  std::vector<std::string> parts = {""};
  for (const char c : level) {
    if (c == kSeparator) {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  return parts;
}

}  // namespace

table::Column joined_columns(const std::vector<const table::Column*>& columns) {
  table::Column joined;
  for (const table::Column* column : columns)
    joined.spec.name += (joined.spec.name.empty() ? "" : "+") + column->spec.name;
  joined.spec.kind = table::Kind::kCategory;
  std::unordered_map<std::string, std::int32_t> index;
  const std::int64_t n = columns.front()->size();
  for (std::int64_t row = 0; row < n; ++row) {
    std::string level;
    for (std::size_t c = 0; c < columns.size(); ++c) {
      const std::int32_t code = columns[c]->codes[static_cast<std::size_t>(row)];
      if (c > 0) level += kSeparator;
      level += code < 0 ? kMissingPart : columns[c]->levels[static_cast<std::size_t>(code)];
    }
    const auto [place, added] = index.emplace(level, static_cast<std::int32_t>(index.size()));
    if (added) joined.levels.push_back(level);
    joined.codes.push_back(place->second);
  }
  return joined;
}

void split_column(const table::Column& joined, const std::vector<table::Column*>& columns) {
  std::vector<std::vector<std::int32_t>> code_of(columns.size());  // [columns][levels of joined]
  for (std::size_t c = 0; c < columns.size(); ++c) {
    std::unordered_map<std::string, std::int32_t> index;
    columns[c]->levels.clear(), columns[c]->codes.clear();
    for (const std::string& level : joined.levels) {
      const std::vector<std::string> parts = parts_of(level);
      SEMBLANCE_EXPECT(parts.size() == columns.size(), kData,
                       "the model's codec is damaged: a combination of {} columns has {} parts",
                       columns.size(), parts.size());
      if (parts[c] == kMissingPart) {
        code_of[c].push_back(table::kMissingCode);
        continue;
      }
      const auto [place, added] = index.emplace(parts[c], static_cast<std::int32_t>(index.size()));
      if (added) columns[c]->levels.push_back(parts[c]);
      code_of[c].push_back(place->second);
    }
    for (const std::int32_t code : joined.codes) {
      columns[c]->codes.push_back(code < 0 ? table::kMissingCode
                                           : code_of[c][static_cast<std::size_t>(code)]);
    }
  }
}

std::optional<std::string> combination_part(const std::string& level, std::size_t i) {
  const std::vector<std::string> parts = parts_of(level);
  SEMBLANCE_ASSERT(i < parts.size());
  if (parts[i] == kMissingPart) return std::nullopt;
  return parts[i];
}

}  // namespace semblance::trainer
