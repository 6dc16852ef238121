#include "table/column.hpp"

#include <algorithm>
#include <cmath>

#include "base/error.hpp"
#include "table/format_value.hpp"

namespace semblance::table {
namespace {

enum class Storage { kReals, kInts, kCodes };

Storage storage_of(Kind kind) {
  switch (kind) {
    case Kind::kFloat:
      return Storage::kReals;
    case Kind::kInteger:
    case Kind::kDate:
    case Kind::kDatetime:
      return Storage::kInts;
    default:
      return Storage::kCodes;
  }
}

template <class T>
std::vector<T> taken(const std::vector<T>& values, const std::vector<std::int64_t>& rows) {
  std::vector<T> out;
  if (values.empty()) return out;
  out.reserve(rows.size());
  for (const std::int64_t row : rows) out.push_back(values[static_cast<std::size_t>(row)]);
  return out;
}

template <class T>
std::vector<T> sliced(const std::vector<T>& values, std::int64_t first, std::int64_t last) {
  if (values.empty()) return {};
  return {values.begin() + first, values.begin() + last};
}

}  // namespace

std::int64_t Column::size() const {
  switch (storage_of(spec.kind)) {
    case Storage::kReals:
      return static_cast<std::int64_t>(reals.size());
    case Storage::kInts:
      return static_cast<std::int64_t>(ints.size());
    case Storage::kCodes:
      break;
  }
  return static_cast<std::int64_t>(codes.size());
}

bool Column::is_missing(std::int64_t row) const {
  const auto i = static_cast<std::size_t>(row);
  switch (storage_of(spec.kind)) {
    case Storage::kReals:
      return std::isnan(reals[i]);
    case Storage::kInts:
      return ints[i] == kMissingInt;
    case Storage::kCodes:
      break;
  }
  return codes[i] < 0;
}

double Column::as_double(std::int64_t row) const {
  if (is_missing(row)) return std::nan("");
  const auto i = static_cast<std::size_t>(row);
  switch (storage_of(spec.kind)) {
    case Storage::kReals:
      return reals[i];
    case Storage::kInts:
      return static_cast<double>(ints[i]);
    case Storage::kCodes:
      break;
  }
  return codes[i];
}

std::string Column::as_text(std::int64_t row) const {
  std::string text;
  append_value(text, *this, row);
  return text;
}

std::int64_t Column::missing_count() const {
  switch (storage_of(spec.kind)) {
    case Storage::kReals:
      return std::count_if(reals.begin(), reals.end(), [](double v) { return std::isnan(v); });
    case Storage::kInts:
      return std::count(ints.begin(), ints.end(), kMissingInt);
    case Storage::kCodes:
      break;
  }
  return std::count_if(codes.begin(), codes.end(), [](std::int32_t code) { return code < 0; });
}

Schema Table::schema() const {
  Schema out;
  for (const Column& column : columns) out.columns.push_back(column.spec);
  return out;
}

int Table::find(const std::string& name) const {
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (columns[i].spec.name == name) return static_cast<int>(i);
  }
  return -1;
}

const Column& Table::column(const std::string& name) const {
  const int index = find(name);
  SEMBLANCE_EXPECT(index >= 0, kData, "there is no column '{}'{}", name,
                   base::did_you_mean(name, schema().names()));
  return columns[static_cast<std::size_t>(index)];
}

Table empty_table(const Schema& schema) {
  Table table;
  for (const ColumnSpec& spec : schema.columns) table.columns.push_back({.spec = spec});
  return table;
}

Table take_rows(const Table& table, const std::vector<std::int64_t>& rows) {
  Table out;
  for (const Column& c : table.columns) {
    out.columns.push_back(
        {c.spec, taken(c.reals, rows), taken(c.ints, rows), taken(c.codes, rows), c.levels});
  }
  return out;
}

Table slice_rows(const Table& table, std::int64_t first, std::int64_t last) {
  Table out;
  for (const Column& c : table.columns) {
    out.columns.push_back({c.spec, sliced(c.reals, first, last), sliced(c.ints, first, last),
                           sliced(c.codes, first, last), c.levels});
  }
  return out;
}

}  // namespace semblance::table
