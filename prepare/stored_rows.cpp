#include "prepare/stored_rows.hpp"

#include <bit>
#include <cstring>
#include <functional>
#include <limits>

#include "base/error.hpp"

namespace semblance::prepare {
namespace {

constexpr std::int64_t kMissingNumber = std::numeric_limits<std::int64_t>::min();

std::uint64_t hash_of(std::string_view key) {
  std::uint64_t hash = std::hash<std::string_view>{}(key);
  hash ^= hash >> 32;
  return hash * 0x9E3779B97F4A7C15u;
}

}  // namespace

void MemoryBudget::take(std::int64_t bytes, std::string_view what) {
  used_ += bytes;
  SEMBLANCE_EXPECT(used_ <= limit_, kData,
                   "{} does not fit in the memory bound of {} MiB: filter or select earlier in the "
                   "recipe, or raise "
                   "--memory-mib",
                   what, limit_ >> 20);
}

KeyIndex::KeyIndex() : places_(1024) {}

std::size_t KeyIndex::place_of(std::string_view key, std::uint64_t hash) const {
  const std::size_t mask = places_.size() - 1;
  const auto tag = static_cast<std::uint32_t>(hash >> 32);
  for (std::size_t at = hash & mask;; at = (at + 1) & mask) {
    const Place& place = places_[at];
    if (place.number == 0 || (place.tag == tag && keys_[place.number - 1] == key)) return at;
  }
}

std::int64_t KeyIndex::add(std::string_view key) {
  const std::uint64_t hash = hash_of(key);
  std::size_t at = place_of(key, hash);
  if (places_[at].number != 0) return places_[at].number - 1;
  if ((keys_.size() + 1) * 2 > places_.size()) {
    grow();
    at = place_of(key, hash);
  }
  keys_.push_back(arena_.keep(key));
  places_[at] = {static_cast<std::uint32_t>(hash >> 32), static_cast<std::uint32_t>(keys_.size())};
  return static_cast<std::int64_t>(keys_.size()) - 1;
}

std::int64_t KeyIndex::find(std::string_view key) const {
  return static_cast<std::int64_t>(places_[place_of(key, hash_of(key))].number) - 1;
}

void KeyIndex::grow() {
  SEMBLANCE_EXPECT(keys_.size() < (std::size_t{1} << 31), kData,
                   "more than 2^31 different keys or texts in one table");
  places_.assign(places_.size() * 4, {});
  for (std::size_t i = 0; i < keys_.size(); ++i) {
    const std::uint64_t hash = hash_of(keys_[i]);
    places_[place_of(keys_[i], hash)] = {static_cast<std::uint32_t>(hash >> 32),
                                         static_cast<std::uint32_t>(i + 1)};
  }
}

std::int64_t KeyIndex::bytes() const {
  return static_cast<std::int64_t>(places_.capacity() * sizeof(Place) +
                                   keys_.capacity() * sizeof(std::string_view) + arena_.bytes());
}

bool append_key(std::string& key, const Value& value) {
  if (value.missing()) {
    key.push_back('\0');
    return false;
  }
  if (value.kind == CellKind::kText) {
    const auto size = static_cast<std::uint32_t>(value.text.size());
    key.push_back('t');
    key.append(reinterpret_cast<const char*>(&size), sizeof size).append(value.text);
  } else {
    // -0.0 and 0.0 are one key.
    const std::int64_t bits = value.kind == CellKind::kReal
                                  ? std::bit_cast<std::int64_t>(value.real + 0.0)
                                  : value.integer;
    key.push_back('n');
    key.append(reinterpret_cast<const char*>(&bits), sizeof bits);
  }
  return true;
}

bool make_key(std::string& key, const Value* row, const std::vector<int>& slots) {
  key.clear();
  bool whole = true;
  for (const int slot : slots) whole &= append_key(key, row[slot]);
  return whole;
}

std::string key_text(const Value* row, const std::vector<int>& slots,
                     const std::vector<std::string>& names) {
  std::string text;
  for (std::size_t i = 0; i < slots.size(); ++i) {
    text += (i == 0 ? "" : ", ") + names[i] + " = ";
    if (row[slots[i]].missing()) text += "(missing)";
    append_text(text, row[slots[i]]);
  }
  return text;
}

StoredRows::StoredRows(RowShape shape, std::string name, MemoryBudget& budget)
    : shape_(std::move(shape)),
      name_(std::move(name)),
      held_(budget),
      cells_(shape_.columns.size()) {}

void StoredRows::write(std::size_t row, const Value* values) {
  for (std::size_t c = 0; c < cells_.size(); ++c) {
    const Value& value = values[c];
    if (shape_.columns[c].kind == CellKind::kText) {
      cells_[c].texts[row] =
          value.missing() ? 0 : static_cast<std::uint32_t>(pool_.add(value.text)) + 1;
    } else if (shape_.columns[c].kind == CellKind::kReal) {
      // -0.0 becomes 0.0: its bits are those of kMissingNumber.
      cells_[c].numbers[row] =
          value.missing() ? kMissingNumber : std::bit_cast<std::int64_t>(value.number() + 0.0);
    } else {
      cells_[c].numbers[row] = value.missing() ? kMissingNumber : value.integer;
    }
  }
}

std::int64_t StoredRows::add(const Value* row) {
  for (std::size_t c = 0; c < cells_.size(); ++c) {
    if (shape_.columns[c].kind == CellKind::kText) {
      cells_[c].texts.push_back(0);
    } else {
      cells_[c].numbers.push_back(0);
    }
  }
  write(static_cast<std::size_t>(n_rows_), row);
  if (++n_rows_ % 4096 == 0) count_memory();
  return n_rows_ - 1;
}

void StoredRows::count_memory() {
  std::int64_t bytes = pool_.bytes();
  for (const Cells& cells : cells_) {
    bytes += static_cast<std::int64_t>(cells.numbers.capacity() * sizeof(std::int64_t) +
                                       cells.texts.capacity() * sizeof(std::uint32_t));
  }
  held_.set(bytes, fmt::format("table '{}' ({} rows so far)", name_, n_rows_));
}

void StoredRows::replace(std::int64_t number, const Value* row) {
  write(static_cast<std::size_t>(number), row);
}

Value StoredRows::value(std::int64_t number, int column) const {
  const auto row = static_cast<std::size_t>(number);
  const Cells& cells = cells_[static_cast<std::size_t>(column)];
  const CellKind kind = shape_.columns[static_cast<std::size_t>(column)].kind;
  if (kind == CellKind::kText) {
    return cells.texts[row] == 0 ? Value{} : Value::of_text(pool_.key(cells.texts[row] - 1));
  }
  if (cells.numbers[row] == kMissingNumber) return {};
  if (kind == CellKind::kReal) return Value::of_real(std::bit_cast<double>(cells.numbers[row]));
  return Value::of_integer(cells.numbers[row], kind);
}

void StoredRows::read(std::int64_t number, Value* row) const {
  for (std::size_t c = 0; c < cells_.size(); ++c) row[c] = value(number, static_cast<int>(c));
}

}  // namespace semblance::prepare
