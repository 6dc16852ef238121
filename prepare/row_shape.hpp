/// The columns of the rows at one point of a recipe, found by name.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "prepare/value.hpp"

namespace semblance::prepare {

/// The columns of the rows at one point of a recipe, and where their values stand in a row.
struct RowShape {
  /// A column as steps name it.
  struct Column {
    std::string name;                 ///< as first written; compared whatever the case
    CellKind kind = CellKind::kText;  ///< of every present value
    int slot = 0;                     ///< position in the row
  };
  std::vector<Column> columns;  ///< in the order in which they would be written
  int n_slots = 0;              ///< length of a row; slots of dropped columns stay

  int find(std::string_view name) const;   ///< position, whatever the case; -1 when there is none
  std::vector<std::string> names() const;  ///< in column order
  /// Adds a column, or gives an existing one a new slot; returns the slot.
  int set(std::string_view name, CellKind kind);
};

bool same_name(std::string_view a, std::string_view b);  ///< whatever the case of ASCII letters
/// " (did you mean 'x'?)" whatever the case, or "" when no valid name is near.
std::string did_you_mean(std::string_view name, const std::vector<std::string>& valid);

}  // namespace semblance::prepare
