/// From the text of a cell to its value.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "prepare/date_text.hpp"
#include "prepare/value.hpp"

namespace semblance::prepare {

/// Reads the texts of one column as values of a kind.
class CellReader {
 public:
  CellReader() = default;
  /// \param date_format  "" for ISO 8601
  /// \param missing      texts that mean missing, beside the empty one
  /// \throws Error{kData} for a format that is none
  CellReader(CellKind kind, const std::string& date_format, std::vector<std::string> missing);
  CellKind kind() const { return kind_; }        ///< of what read() gives
  bool is_missing(std::string_view text) const;  ///< compared letter by letter, without trimming
  /// \throws Error{kData} that says what the text is not
  Value read(std::string_view text) const;

 private:
  Value read_date(std::string_view text) const;
  CellKind kind_ = CellKind::kText;
  DateReader dates_;
  std::vector<std::string> missing_;
};

}  // namespace semblance::prepare
