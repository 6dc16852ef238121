/// Dates and times as texts: ISO 8601 by itself, everything else by a format that the recipe names.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "table/civil_date.hpp"

namespace semblance::prepare {

/// Reads dates of one column. Without a format only ISO 8601 is taken: 2101-03-09, with an optional
/// time 17:05, 17:05:00 or 17:05:00.25 after a blank or T, and an optional zone Z or +01:00 (the
/// time is then taken to UTC). Formats are those of table/civil_date.hpp: %d/%m/%Y %H:%M and so on.
class DateReader {
 public:
  DateReader() = default;
  /// \throws Error{kData} for a format that is none
  explicit DateReader(const std::string& format);

  /// Microseconds since 1970-01-01 00:00; nothing when the text is no such date (30 February is
  /// none).
  std::optional<std::int64_t> read(std::string_view text) const;
  /// What is wrong with a text that read() refused, and what would be right.
  std::string complaint(std::string_view text) const;

 private:
  std::optional<table::DatePattern> pattern_;
};

}  // namespace semblance::prepare
