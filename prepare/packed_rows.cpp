#include "prepare/packed_rows.hpp"

#include <bit>
#include <cstring>

#include "base/error.hpp"

namespace semblance::prepare {
namespace {

void append(std::vector<std::byte>& out, const void* bytes, std::size_t size) {
  const std::size_t at = out.size();
  out.resize(at + size);
  if (size > 0) std::memcpy(out.data() + at, bytes, size);
}

std::span<const std::byte> take_bytes(std::span<const std::byte>& bytes, std::size_t size) {
  SEMBLANCE_EXPECT(bytes.size() >= size, kComm, "rows from another rank arrived cut short");
  const auto taken = bytes.first(size);
  bytes = bytes.subspan(size);
  return taken;
}

std::uint64_t take_number(std::span<const std::byte>& bytes) {
  std::uint64_t number = 0;
  std::memcpy(&number, take_bytes(bytes, sizeof number).data(), sizeof number);
  return number;
}

Value take_value(std::span<const std::byte>& bytes) {
  const auto kind = static_cast<CellKind>(take_bytes(bytes, 1)[0]);
  if (kind == CellKind::kMissing) return {};
  const std::uint64_t number = take_number(bytes);
  if (kind == CellKind::kText) {
    const auto text = take_bytes(bytes, number);
    return Value::of_text({reinterpret_cast<const char*>(text.data()), text.size()});
  }
  if (kind == CellKind::kReal) return Value::of_real(std::bit_cast<double>(number));
  return Value::of_integer(static_cast<std::int64_t>(number), kind);
}

}  // namespace

void pack_row(std::vector<std::byte>& out, std::span<const Value> row) {
  for (const Value& value : row) {
    out.push_back(static_cast<std::byte>(value.kind));
    if (value.missing()) continue;
    const std::uint64_t number = value.kind == CellKind::kText ? value.text.size()
                                 : value.kind == CellKind::kReal
                                     ? std::bit_cast<std::uint64_t>(value.real)
                                     : static_cast<std::uint64_t>(value.integer);
    append(out, &number, sizeof number);
    if (value.kind == CellKind::kText) append(out, value.text.data(), value.text.size());
  }
}

void unpack_rows(std::span<const std::byte> bytes, std::size_t n_values,
                 const std::function<void(const Value* row)>& take) {
  std::vector<Value> row(n_values);
  while (!bytes.empty()) {
    for (Value& value : row) value = take_value(bytes);
    take(row.data());
  }
}

}  // namespace semblance::prepare
