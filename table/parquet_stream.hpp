/// A Parquet file in bounded memory: some of its columns, some rows at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "table/column.hpp"

namespace semblance::table {

/// Gives out the rows of a Parquet file in order. Kinds are those of the file's types; texts stay
/// texts (a category), and only nulls are missing. One thread at a time.
class ParquetStream {
 public:
  /// \throws Error{kIo} when the file cannot be opened, Error{kData} when it is no Parquet file
  explicit ParquetStream(const std::string& path);
  ~ParquetStream();
  ParquetStream(const ParquetStream&) = delete;
  ParquetStream& operator=(const ParquetStream&) = delete;

  const std::vector<std::string>& names() const;  ///< of all columns
  /// Says which columns next() shall give; call once, before it.
  void choose(const std::vector<int>& columns);
  /// The chosen columns of up to 65,536 more rows; false at the end.
  /// \throws Error{kData} for a damaged file, or a type that a table cannot hold
  bool next(Table& rows);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace semblance::table
