/// Rows kept in memory, packed by column, and an index over keys; both count what they take.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "prepare/expression.hpp"
#include "prepare/memory_budget.hpp"
#include "prepare/text_arena.hpp"
#include "prepare/value.hpp"

namespace semblance::prepare {

/// Dense numbers 0, 1, 2, ... for distinct byte strings, in order of their first appearance.
class KeyIndex {
 public:
  KeyIndex();
  /// The number of a key, given now if it is new.
  std::int64_t add(std::string_view key);
  std::int64_t find(std::string_view key) const;  ///< -1 when it was never added
  /// Different keys.
  std::int64_t size() const { return static_cast<std::int64_t>(keys_.size()); }
  /// The key of a number; valid as long as the index.
  std::string_view key(std::int64_t number) const {
    return keys_[static_cast<std::size_t>(number)];
  }
  std::int64_t bytes() const;  ///< memory in use

 private:
  std::size_t place_of(std::string_view key, std::uint64_t hash) const;
  void grow();
  struct Place {
    std::uint32_t tag = 0;     ///< high bits of the hash
    std::uint32_t number = 0;  ///< number + 1; 0 is free
  };
  std::vector<Place> places_;
  std::vector<std::string_view> keys_;
  TextArena arena_;
};

/// Appends one value of a key. False when it is missing.
bool append_key(std::string& key, const Value& value);
/// The key made of some slots of a row; false when one of them is missing.
bool make_key(std::string& key, const Value* row, const std::vector<int>& slots);
/// A key as people read it: "SUBJECT_ID = 10006, HADM_ID = 142345".
std::string key_text(const Value* row, const std::vector<int>& slots,
                     const std::vector<std::string>& names);

/// Rows of one table: 8 bytes a number, 4 a text, each different text once. Not thread-safe while
/// rows are added.
class StoredRows {
 public:
  /// \param shape   columns; their slots are 0, 1, 2, ...
  /// \param name    for messages
  StoredRows(RowShape shape, std::string name, MemoryBudget& budget);
  ~StoredRows() = default;
  StoredRows(const StoredRows&) = delete;
  StoredRows& operator=(const StoredRows&) = delete;

  const RowShape& shape() const { return shape_; }  ///< slot c is column c
  std::int64_t size() const { return n_rows_; }     ///< rows
  std::int64_t add(const Value* row);               ///< returns the row's number
  /// Puts another row in the place of one that is there.
  void replace(std::int64_t number, const Value* row);
  void read(std::int64_t number, Value* row) const;    ///< fills shape().columns.size() values
  Value value(std::int64_t number, int column) const;  ///< texts live as long as this object

 private:
  struct Cells {
    std::vector<std::int64_t> numbers;
    std::vector<std::uint32_t> texts;  ///< number in `pool` + 1; 0 is missing
  };
  void write(std::size_t row, const Value* values);
  void count_memory();

  RowShape shape_;
  std::string name_;
  BudgetShare held_;
  std::int64_t n_rows_ = 0;
  std::vector<Cells> cells_;
  KeyIndex pool_;
};

}  // namespace semblance::prepare
