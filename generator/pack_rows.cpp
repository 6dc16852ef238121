#include "generator/pack_rows.hpp"

#include <cstring>
#include <unordered_map>

#include "base/error.hpp"

namespace semblance::generator {
namespace {

class Packer {
 public:
  template <class T>
  void put(const std::vector<T>& values) {
    put_size(values.size());
    append(values.data(), values.size() * sizeof(T));
  }
  void put(const std::vector<std::string>& texts) {
    put_size(texts.size());
    for (const std::string& text : texts) {
      put_size(text.size());
      append(text.data(), text.size());
    }
  }
  std::vector<std::byte> bytes;

 private:
  void put_size(std::size_t size) { append(&size, sizeof size); }
  void append(const void* data, std::size_t size) {
    const auto* first = static_cast<const std::byte*>(data);
    bytes.insert(bytes.end(), first, first + size);
  }
};

class Unpacker {
 public:
  explicit Unpacker(std::span<const std::byte> bytes) : left_(bytes) {}
  template <class T>
  void get(std::vector<T>& values) {
    const std::size_t size = get_size();
    SEMBLANCE_ASSERT(size <= left_.size() / sizeof(T));
    values.resize(size);
    take(values.data(), size * sizeof(T));
  }
  void get(std::vector<std::string>& texts) {
    const std::size_t size = get_size();
    SEMBLANCE_ASSERT(size <= left_.size());
    texts.resize(size);
    for (std::string& text : texts) {
      const std::size_t length = get_size();
      SEMBLANCE_ASSERT(length <= left_.size());
      text.resize(length);
      take(text.data(), length);
    }
  }

 private:
  std::size_t get_size() {
    std::size_t size = 0;
    SEMBLANCE_ASSERT(left_.size() >= sizeof size);
    take(&size, sizeof size);
    return size;
  }
  void take(void* data, std::size_t size) {
    if (size > 0) std::memcpy(data, left_.data(), size);
    left_ = left_.subspan(size);
  }
  std::span<const std::byte> left_;
};

template <class T>
void append(std::vector<T>& values, const std::vector<T>& more) {
  values.insert(values.end(), more.begin(), more.end());
}

void append_codes(table::Column& column, const table::Column& more) {
  if (column.levels == more.levels) return append(column.codes, more.codes);
  std::unordered_map<std::string, std::int32_t> index;
  for (const std::string& text : column.levels)
    index.emplace(text, static_cast<std::int32_t>(index.size()));
  std::vector<std::int32_t> code_of;
  for (const std::string& text : more.levels) {
    const auto [place, added] =
        index.emplace(text, static_cast<std::int32_t>(column.levels.size()));
    if (added) column.levels.push_back(text);
    code_of.push_back(place->second);
  }
  for (const std::int32_t code : more.codes)
    column.codes.push_back(code < 0 ? code : code_of[static_cast<std::size_t>(code)]);
}

}  // namespace

std::vector<std::byte> pack_rows(const table::Table& rows) {
  Packer packer;
  for (const table::Column& column : rows.columns) {
    packer.put(column.reals);
    packer.put(column.ints);
    packer.put(column.codes);
    packer.put(column.levels);
  }
  return std::move(packer.bytes);
}

table::Table unpack_rows(std::span<const std::byte> bytes, const table::Schema& schema) {
  table::Table rows = table::empty_table(schema);
  Unpacker unpacker(bytes);
  for (table::Column& column : rows.columns) {
    unpacker.get(column.reals);
    unpacker.get(column.ints);
    unpacker.get(column.codes);
    unpacker.get(column.levels);
  }
  return rows;
}

void append_rows(table::Table& rows, const table::Table& more) {
  SEMBLANCE_ASSERT(rows.columns.size() == more.columns.size());
  for (std::size_t c = 0; c < rows.columns.size(); ++c) {
    append(rows.columns[c].reals, more.columns[c].reals);
    append(rows.columns[c].ints, more.columns[c].ints);
    append_codes(rows.columns[c], more.columns[c]);
  }
}

}  // namespace semblance::generator
