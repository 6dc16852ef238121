#include <algorithm>

#include "base/error.hpp"
#include "trainer/codec.hpp"
#include "trainer/codec_combination.hpp"
#include "trainer/codec_state.hpp"

namespace semblance::trainer {
namespace {

/// The place of a column within its unit.
std::size_t place_in(const CodecUnit& unit, int column) {
  return static_cast<std::size_t>(std::find(unit.columns.begin(), unit.columns.end(), column) -
                                  unit.columns.begin());
}

/// Conditions on one column of a combination as a list of its combinations.
table::AllowedValues of_combination(const table::AllowedValues& allowed, std::size_t place,
                                    const std::vector<std::string>& joined) {
  table::AllowedValues out;
  out.column = allowed.column;
  out.text = allowed.text;
  out.missing = false;
  out.listed = true;
  for (const std::string& level : joined) {
    const std::optional<std::string> part = combination_part(level, place);
    if (part ? allowed.allows_level(*part) : allowed.missing) out.levels.push_back(level);
  }
  return out;
}

/// The levels of one column of a combination, or of a category.
std::vector<std::string> levels_of(const CodecUnit& unit, int column) {
  std::vector<std::string> all = *unit.coder->levels();
  if (!unit.is_combination()) return all;
  std::vector<std::string> parts;
  for (const std::string& level : all) {
    const std::optional<std::string> part = combination_part(level, place_in(unit, column));
    if (part && std::find(parts.begin(), parts.end(), *part) == parts.end()) parts.push_back(*part);
  }
  return parts;
}

[[noreturn]] void refuse(const CodecUnit& unit, const table::AllowedValues& allowed,
                         const table::ColumnSpec& spec) {
  std::string hint;
  if (unit.coder->levels() != nullptr) {
    for (const std::string& level : allowed.levels)
      hint += base::did_you_mean(level, levels_of(unit, allowed.column));
  }
  std::string choices = unit.coder->choices(spec.kind);
  if (unit.is_combination()) {
    choices = "levels";
    for (const std::string& level : levels_of(unit, allowed.column)) choices += " '" + level + "'";
  }
  base::fail(base::ErrorKind::kData,
             "condition '{}': the model makes no such value{}; column '{}' has {}", allowed.text,
             hint, spec.name, choices);
}

}  // namespace

const CodecUnit& Codec::unit_of(int column) const {
  const auto found = std::find_if(
      state_->units.begin(), state_->units.end(),
      [&](const CodecUnit& unit) { return place_in(unit, column) < unit.columns.size(); });
  SEMBLANCE_ASSERT(found != state_->units.end());
  return *found;
}

std::pair<int, int> Codec::tokens_of(int column) const {
  const CodecUnit& unit = unit_of(column);
  const int n = unit.coder ? unit.coder->n_tokens() : 0;
  return {unit.first_token, unit.first_token + n};
}

std::vector<std::pair<int, int>> Codec::withheld_tokens() const {
  std::vector<std::pair<int, int>> out;
  for (const CodecUnit& unit : state_->units) {
    const int token = unit.coder ? unit.coder->withheld_token() : -1;
    if (token >= 0) out.emplace_back(unit.first_token, token);
  }
  return out;
}

int Codec::base_of(int column) const { return unit_of(column).base; }

bool Codec::knows_level(int column, const std::string& level) const {
  const CodecUnit& unit = unit_of(column);
  if (!unit.coder || unit.coder->levels() == nullptr) return true;  // derived: as it comes
  const std::vector<std::string>& levels = *unit.coder->levels();
  if (!unit.is_combination())
    return std::find(levels.begin(), levels.end(), level) != levels.end() ||
           unit.coder->knows_number(level);
  const std::vector<std::string> parts = levels_of(unit, column);
  return std::find(parts.begin(), parts.end(), level) != parts.end();
}

std::vector<kernels::TokenMask> Codec::restrict(const table::AllowedValues& allowed) const {
  const CodecUnit& unit = unit_of(allowed.column);
  const table::ColumnSpec& spec = state_->schema.columns[static_cast<std::size_t>(allowed.column)];
  if (unit.is_derived()) return {};
  SEMBLANCE_ASSERT(unit.coder != nullptr);
  const bool joined = unit.is_combination();
  std::vector<kernels::TokenMask> masks;
  for (PartMask& mask : unit.coder->restrict(
           joined ? of_combination(allowed, place_in(unit, allowed.column), *unit.coder->levels())
                  : allowed,
           spec.kind)) {
    const bool none = std::all_of(mask.weights.begin(), mask.weights.end(),
                                  [](float weight) { return weight <= 0; });
    if (none) refuse(unit, allowed, spec);
    masks.push_back({unit.first_token + mask.part,
                     mask.given < 0 ? -1 : unit.first_token + mask.given,
                     std::move(mask.weights),
                     {}});
  }
  return masks;
}

std::vector<kernels::TokenMask> Codec::entity_time_masks(bool first_row) const {
  std::vector<kernels::TokenMask> masks;
  for (const CodecUnit& unit : state_->units) {
    if (!unit.coder || !state_->is_entity_time(unit)) continue;
    if (first_row && unit.base >= 0) continue;  // its base may be missing
    for (PartMask& mask : unit.coder->presence(!first_row))
      masks.push_back({unit.first_token + mask.part, -1, std::move(mask.weights), {}});
  }
  return masks;
}

void Codec::narrow(const table::AllowedValues& allowed, const TokenMatrix& tokens,
                   std::int64_t first_row, std::uint64_t seed, table::Table& rows) const {
  const CodecUnit& unit = unit_of(allowed.column);
  if (unit.is_combination() || unit.is_derived()) return;
  DecodeSource source{
      {}, tokens.n_rows, first_row, seed, static_cast<std::uint32_t>(unit.first_token)};
  for (int t = 0; t < unit.coder->n_tokens(); ++t)
    source.tokens.push_back(tokens.column(unit.first_token + t));
  unit.coder->narrow(allowed, source, rows.columns[unit.column()]);
}

}  // namespace semblance::trainer
