#include "table/detail/parquet_column.hpp"

#include <arrow/api.h>

#include <cmath>

#include "base/error.hpp"
#include "table/civil_date.hpp"
#include "table/detail/column_builder.hpp"

namespace semblance::table::detail {
namespace {

template <class Array>
void add_integers(const arrow::Array& array, Column& column) {
  const auto& values = static_cast<const Array&>(array);
  for (std::int64_t i = 0; i < values.length(); ++i) {
    column.ints.push_back(values.IsNull(i) ? kMissingInt
                                           : static_cast<std::int64_t>(values.Value(i)));
  }
}

/// Dates in units of `multiply` / `divide` microseconds, as days or microseconds.
template <class Array>
void add_dates(const arrow::Array& array, std::int64_t multiply, std::int64_t divide,
               Column& column) {
  const auto& values = static_cast<const Array&>(array);
  for (std::int64_t i = 0; i < values.length(); ++i) {
    if (values.IsNull(i)) {
      column.ints.push_back(kMissingInt);
      continue;
    }
    const auto value = static_cast<std::int64_t>(values.Value(i));
    std::int64_t scaled = 0;
    bool possible = !__builtin_mul_overflow(value, multiply, &scaled);
    scaled = scaled / divide - (scaled % divide < 0);
    possible = possible && is_possible_moment(scaled);
    SEMBLANCE_EXPECT(possible, kData, "column '{}': the date {} is out of range", column.spec.name,
                     value);
    column.ints.push_back(column.spec.kind == Kind::kDate ? day_of_micros(scaled) : scaled);
  }
}

template <class Array>
void add_reals(const arrow::Array& array, Column& column) {
  const auto& values = static_cast<const Array&>(array);
  for (std::int64_t i = 0; i < values.length(); ++i) {
    column.reals.push_back(values.IsNull(i) ? std::nan("") : static_cast<double>(values.Value(i)));
  }
}

/// Reads one Arrow column, chunk by chunk.
class ParquetColumn {
 public:
  ParquetColumn(const std::vector<std::string>& markers, Column& column)
      : markers_(markers), column_(column) {}

  /// False when the type is none that a table can hold.
  bool read(const arrow::ChunkedArray& chunks) {
    for (const auto& chunk : chunks.chunks()) {
      if (!add(*chunk)) return false;
    }
    if (chunks.num_chunks() == 0 && !set_kind(*chunks.type())) return false;
    if (column_.spec.kind == Kind::kCategory || column_.spec.kind == Kind::kBoolean)
      column_.levels = texts_.texts();
    return true;
  }

 private:
  bool set_kind(const arrow::DataType& type) {
    using arrow::Type;
    Kind& kind = column_.spec.kind;
    switch (type.id()) {
      case Type::INT8:
      case Type::INT16:
      case Type::INT32:
      case Type::INT64:
      case Type::UINT8:
      case Type::UINT16:
      case Type::UINT32:
        kind = Kind::kInteger;
        return true;
      case Type::FLOAT:
      case Type::DOUBLE:
        kind = Kind::kFloat;
        return true;
      case Type::DATE32:
      case Type::DATE64:
        kind = Kind::kDate;
        return true;
      case Type::TIMESTAMP:
        kind = Kind::kDatetime;
        return true;
      case Type::BOOL:
        kind = Kind::kBoolean;
        return true;
      case Type::STRING:
      case Type::LARGE_STRING:
      case Type::DICTIONARY:
      case Type::NA:
        kind = Kind::kCategory;
        return true;
      default:
        return false;
    }
  }

  bool add(const arrow::Array& array) {
    using arrow::Type;
    if (!set_kind(*array.type())) return false;
    switch (array.type_id()) {
      case Type::INT8:
        add_integers<arrow::Int8Array>(array, column_);
        break;
      case Type::INT16:
        add_integers<arrow::Int16Array>(array, column_);
        break;
      case Type::INT32:
        add_integers<arrow::Int32Array>(array, column_);
        break;
      case Type::INT64:
        add_integers<arrow::Int64Array>(array, column_);
        break;
      case Type::UINT8:
        add_integers<arrow::UInt8Array>(array, column_);
        break;
      case Type::UINT16:
        add_integers<arrow::UInt16Array>(array, column_);
        break;
      case Type::UINT32:
        add_integers<arrow::UInt32Array>(array, column_);
        break;
      case Type::FLOAT:
        add_reals<arrow::FloatArray>(array, column_);
        break;
      case Type::DOUBLE:
        add_reals<arrow::DoubleArray>(array, column_);
        break;
      case Type::DATE32:
        add_dates<arrow::Date32Array>(array, kMicrosPerDay, 1, column_);
        break;
      case Type::DATE64:
        add_dates<arrow::Date64Array>(array, 1000, 1, column_);
        break;
      case Type::TIMESTAMP:
        add_timestamps(array);
        break;
      case Type::BOOL:
        add_truths(static_cast<const arrow::BooleanArray&>(array));
        break;
      case Type::STRING:
        add_texts(static_cast<const arrow::StringArray&>(array));
        break;
      case Type::LARGE_STRING:
        add_texts(static_cast<const arrow::LargeStringArray&>(array));
        break;
      case Type::DICTIONARY:
        return add_dictionary(static_cast<const arrow::DictionaryArray&>(array));
      default:
        column_.codes.insert(column_.codes.end(), static_cast<std::size_t>(array.length()),
                             kMissingCode);
    }
    return true;
  }

  void add_timestamps(const arrow::Array& array) {
    switch (static_cast<const arrow::TimestampType&>(*array.type()).unit()) {
      case arrow::TimeUnit::SECOND:
        return add_dates<arrow::TimestampArray>(array, kMicrosPerSecond, 1, column_);
      case arrow::TimeUnit::MILLI:
        return add_dates<arrow::TimestampArray>(array, 1000, 1, column_);
      case arrow::TimeUnit::MICRO:
        return add_dates<arrow::TimestampArray>(array, 1, 1, column_);
      default:
        return add_dates<arrow::TimestampArray>(array, 1, 1000, column_);
    }
  }

  void add_text(std::string_view text) {
    column_.codes.push_back(markers_.find(text) >= 0 ? kMissingCode : texts_.code(text));
  }

  void add_truths(const arrow::BooleanArray& array) {
    texts_.code("false"), texts_.code("true");
    for (std::int64_t i = 0; i < array.length(); ++i) {
      column_.codes.push_back(array.IsNull(i) ? kMissingCode
                                              : static_cast<std::int32_t>(array.Value(i)));
    }
  }

  template <class Array>
  void add_texts(const Array& array) {
    for (std::int64_t i = 0; i < array.length(); ++i) {
      if (array.IsNull(i)) {
        column_.codes.push_back(kMissingCode);
      } else {
        add_text(array.GetView(i));
      }
    }
  }

  bool add_dictionary(const arrow::DictionaryArray& array) {
    if (array.dictionary()->type_id() != arrow::Type::STRING) return false;
    const auto& dictionary = static_cast<const arrow::StringArray&>(*array.dictionary());
    for (std::int64_t i = 0; i < array.length(); ++i) {
      if (array.IsNull(i) || dictionary.IsNull(array.GetValueIndex(i))) {
        column_.codes.push_back(kMissingCode);
      } else {
        add_text(dictionary.GetView(array.GetValueIndex(i)));
      }
    }
    return true;
  }

  MissingMarkers markers_;
  Column& column_;
  TextDictionary texts_;
};

}  // namespace

bool read_arrow_column(const arrow::ChunkedArray& chunks, const std::vector<std::string>& markers,
                       Column& column) {
  return ParquetColumn(markers, column).read(chunks);
}

}  // namespace semblance::table::detail
