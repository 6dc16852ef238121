/// Texts of one column turned into typed values, block by block, with evidence for its spec.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "table/column.hpp"
#include "table/detail/evidence.hpp"
#include "table/detail/text_dictionary.hpp"

namespace semblance::table::detail {

/// Texts that mean missing.
class MissingMarkers {
 public:
  explicit MissingMarkers(const std::vector<std::string>& markers);
  /// 0: empty; 1 + i: markers()[i]; -1: not missing.
  int find(std::string_view text) const {
    if (text.empty()) return 0;
    if (text.size() > longest_ || !first_[static_cast<unsigned char>(text[0])]) return -1;
    return search(text);
  }
  const std::vector<std::string>& markers() const { return markers_; }

 private:
  int search(std::string_view text) const;
  std::vector<std::string> markers_;
  std::size_t longest_ = 0;
  bool first_[256] = {};
};

/// How one column is to be read.
struct ColumnPlan {
  ColumnSpec spec;
  bool kind_fixed = false;      ///< by metadata or schema: a value that does not fit is an error
  bool format_guessed = false;  ///< the date pattern is from the first rows only
  std::optional<DatePattern> pattern;  ///< kDate, kDatetime
};

/// The values of one column in one block.
struct ColumnPiece {
  std::vector<double> reals;
  std::vector<std::int64_t> ints;
  std::vector<std::int32_t> codes;  ///< into `texts`
  TextDictionary texts;
  NumberEvidence numbers;
  DateEvidence dates;
  std::vector<std::int64_t> missing_counts;  ///< by MissingMarkers::find
  std::int64_t failed_row = -1;  ///< first row of the block whose text does not fit the plan
  std::string failed_text;

  void reserve(Kind kind, std::size_t rows);
  /// Appends one value. After the first failure the piece is of no use and takes nothing more.
  void add(std::string_view text, const ColumnPlan& plan, const MissingMarkers& markers);

 private:
  bool add_number(std::string_view text, bool whole);
  bool add_date(std::string_view text, const ColumnPlan& plan);
  void add_missing(Kind kind);
  std::int64_t rows_ = 0;
  std::string last_date_;
  std::int64_t last_value_ = 0;
};

/// Turns a category column into `spec.kind` by way of its levels; false when a level does not fit
/// (`bad_level` is then its index). The spec is taken from the plan.
bool retype_levels(Column& column, const ColumnPlan& plan, std::size_t& bad_level);

/// Puts the levels of a column into order (numbers by value, else by bytes) and renumbers the
/// codes.
void sort_levels(Column& column);

}  // namespace semblance::table::detail
