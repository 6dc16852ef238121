/// The guard against emitting a real row.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "table/column.hpp"

namespace semblance::generator {

/// Rows that must not be emitted: those of a real table, held in memory.
class CopyGuard {
 public:
  /// \param table   path of the real table; it must have the columns of `schema`
  CopyGuard(const std::string& table, const table::Schema& schema);
  ~CopyGuard();
  /// For each of the given rows, whether it equals a real row in every column but identifiers.
  std::vector<char> copies(const table::Table& rows, const std::vector<std::int64_t>& which) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace semblance::generator
