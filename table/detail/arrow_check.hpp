/// Arrow's statuses as our errors. Include from .cpp files that talk to Arrow only.
#pragma once

#include <arrow/result.h>
#include <arrow/status.h>

#include <string>
#include <utility>

#include "base/error.hpp"

namespace semblance::table::detail {

/// Key of the Parquet file metadata that holds our schema.
inline constexpr const char* kParquetMetadataKey = "semblance.metadata";

inline void check_arrow(const arrow::Status& status, const std::string& what) {
  if (status.ok()) return;
  const bool is_io = status.IsIOError() || status.IsOutOfMemory();
  base::fail(is_io ? base::ErrorKind::kIo : base::ErrorKind::kData, "{}: {}", what,
             status.message());
}

/// The same where only the content of a file can be at fault.
template <class T>
T arrow_content(arrow::Result<T> result, const std::string& path) {
  SEMBLANCE_EXPECT(result.ok(), kData, "{}: damaged Parquet file: {}", path,
                   result.status().message());
  return std::move(result).ValueUnsafe();
}

template <class T>
T arrow_value(arrow::Result<T> result, const std::string& what) {
  check_arrow(result.status(), what);
  return std::move(result).ValueUnsafe();
}

}  // namespace semblance::table::detail
