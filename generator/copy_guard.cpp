#include "generator/copy_guard.hpp"

#include <unordered_map>

#include "base/error.hpp"
#include "kernels/row_hash.hpp"
#include "table/read_table.hpp"

namespace semblance::generator {
namespace {

using Levels = std::unordered_map<std::string, std::int32_t>;

/// The cells of a column as the index compares them. Level codes are those of the real table;
/// `recoded` owns them.
kernels::CellColumn cells_of(const table::Column& column, const Levels& levels,
                             std::vector<std::int32_t>& recoded) {
  if (!column.reals.empty()) return std::span<const double>(column.reals);
  if (!column.ints.empty()) return std::span<const std::int64_t>(column.ints);
  std::vector<std::int32_t> code_of;
  for (const std::string& text : column.levels) {
    const auto found = levels.find(text);
    // A level that the real table does not have equals none of its cells.
    code_of.push_back(found == levels.end() ? static_cast<std::int32_t>(levels.size())
                                            : found->second);
  }
  recoded.clear();
  for (const std::int32_t code : column.codes)
    recoded.push_back(code < 0 ? -1 : code_of[static_cast<std::size_t>(code)]);
  return std::span<const std::int32_t>(recoded);
}

}  // namespace

struct CopyGuard::State {
  table::Table real;
  std::vector<Levels> levels;                      ///< [columns]
  std::vector<std::vector<std::int32_t>> recoded;  ///< [columns] codes of the real table
  std::unique_ptr<kernels::CopyIndex> index;

  kernels::CellRows cells(const table::Table& rows,
                          std::vector<std::vector<std::int32_t>>& owner) const {
    owner.resize(rows.columns.size());
    kernels::CellRows out{rows.n_rows(), {}};
    for (std::size_t c = 0; c < rows.columns.size(); ++c) {
      if (rows.columns[c].spec.kind != table::Kind::kId)
        out.columns.push_back(cells_of(rows.columns[c], levels[c], owner[c]));
    }
    return out;
  }
};

CopyGuard::CopyGuard(const std::string& table, const table::Schema& schema)
    : state_(std::make_unique<State>()) {
  state_->real = table::read_table(table, {.schema = &schema});
  for (const table::Column& column : state_->real.columns) {
    Levels& levels = state_->levels.emplace_back();
    for (const std::string& text : column.levels)
      levels.emplace(text, static_cast<std::int32_t>(levels.size()));
  }
  const kernels::CellRows references = state_->cells(state_->real, state_->recoded);
  SEMBLANCE_EXPECT(!references.columns.empty(), kData,
                   "{}: there is no column but identifiers to compare rows by", table);
  state_->index = std::make_unique<kernels::CopyIndex>(references);
}

CopyGuard::~CopyGuard() = default;

std::vector<char> CopyGuard::copies(const table::Table& rows,
                                    const std::vector<std::int64_t>& which) const {
  const table::Table asked = table::take_rows(rows, which);
  std::vector<std::vector<std::int32_t>> owner;
  std::vector<char> out;
  for (const std::int64_t found : state_->index->find(state_->cells(asked, owner), 1))
    out.push_back(found >= 0);
  return out;
}

}  // namespace semblance::generator
