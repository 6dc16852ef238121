#include "table/derive_columns.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <iterator>
#include <map>
#include <optional>
#include <set>
#include <unordered_map>

#include "base/error.hpp"
#include "table/civil_date.hpp"
#include "table/constraint.hpp"
#include "table/derivation.hpp"
#include "table/detail/column_sums.hpp"
#include "table/detail/derivation_search.hpp"

namespace semblance::table {
namespace {

constexpr std::int64_t kLeastRows = 50;    ///< present, of a derived column
constexpr std::int64_t kLeastVaried = 20;  ///< of them, not of the commonest value
constexpr std::int64_t kLeastOfPart = 5;   ///< the same, of the parts of a sum
constexpr int kLeastTimes = 5;             ///< different values of a time between dates
constexpr int kLeastConverted = 10;        ///< different values of a conversion
constexpr int kMostParts = 8;              ///< of a sum
constexpr Derivation::Rounding kRoundings[] = {
    Derivation::Rounding::kNearest, Derivation::Rounding::kEven, Derivation::Rounding::kFloor,
    Derivation::Rounding::kCeil, Derivation::Rounding::kTruncate};

bool is_date(const Column& column) {
  return column.spec.kind == Kind::kDate || column.spec.kind == Kind::kDatetime;
}
bool is_number(const Column& column) {
  return column.spec.kind == Kind::kInteger || column.spec.kind == Kind::kFloat;
}

/// What a column can bear witness to.
struct Witness {
  std::int64_t present = 0;
  std::int64_t varied = 0;  ///< present and not the commonest value; at least that many
  int distinct = 0;         ///< up to kLeastConverted
};

Witness witness_of(const Column& column) {
  Witness out;
  std::vector<double> seen;
  double candidate = 0;  // Boyer and Moore's majority vote
  std::int64_t votes = 0;
  for (std::int64_t row = 0; row < column.size(); ++row) {
    if (column.is_missing(row)) continue;
    const double value = column.as_double(row);
    ++out.present;
    if (votes == 0) candidate = value;
    votes += value == candidate ? 1 : -1;
    if (static_cast<int>(seen.size()) < kLeastConverted &&
        std::find(seen.begin(), seen.end(), value) == seen.end())
      seen.push_back(value);
  }
  out.distinct = static_cast<int>(seen.size());
  for (std::int64_t row = 0; row < column.size(); ++row)
    out.varied += !column.is_missing(row) && column.as_double(row) != candidate;
  return out;
}

/// A number for all that a column holds; dates by the day when `days`.
std::uint64_t content_of(const Column& column, bool days) {
  std::vector<std::uint64_t> levels;
  for (const std::string& level : column.levels) levels.push_back(std::hash<std::string>()(level));
  std::uint64_t hash = 0;
  for (std::int64_t row = 0; row < column.size(); ++row) {
    const auto i = static_cast<std::size_t>(row);
    std::uint64_t value = 0;
    if (column.is_missing(row)) {
      value = 1;
    } else if (!column.levels.empty()) {
      value = levels[static_cast<std::size_t>(column.codes[i])];
    } else if (!column.ints.empty()) {
      const bool cut = days && column.spec.kind == Kind::kDatetime;
      value = static_cast<std::uint64_t>(cut ? day_of_micros(column.ints[i]) : column.ints[i]);
    } else {
      value = std::hash<double>()(column.reals[i]);
    }
    hash = (hash ^ value) * 0x9E3779B97F4A7C15u;
    hash ^= hash >> 29;
  }
  return hash;
}

class Finder {
 public:
  Finder(const Table& table, Schema& schema, const std::vector<std::string>& kept)
      : table_(table), schema_(schema) {
    for (std::size_t c = 0; c < schema.columns.size(); ++c) {
      columns_.push_back(&table.column(schema.columns[c].name));
      witness_.push_back(witness_of(*columns_[c]));
      const ColumnSpec& spec = schema.columns[c];
      usable_.push_back(!spec.dropped && spec.kind != Kind::kId && spec.name != schema.entity &&
                        spec.name.find('"') == std::string::npos);
      free_.push_back(usable_[c] && spec.relative_to.empty() && spec.derived.empty() &&
                      spec.missingness.empty() && spec.name != schema.entity_time);
    }
    for (const std::string& name : kept) keep(schema.find(name));
    for (const std::string& name : schema.order) keep(schema.find(name));
    for (const Derivation& formula : parse_derivations(schema))
      formulas_[formula.column] = formula.operands();
    for (const Constraint& constraint : parse_constraints(schema)) {
      for (const int column : constraint.all_columns()) keep(column);
    }
    sample();
  }

  std::vector<std::pair<std::string, std::string>> find() {
    copies();
    times();
    sums();
    conversions();
    return std::move(found_);
  }

 private:
  static std::size_t at(int column) { return static_cast<std::size_t>(column); }
  int n_columns() const { return static_cast<int>(columns_.size()); }
  void keep(int column) {
    if (column >= 0) free_[at(column)] = 0;
  }

  /// Some rows over all of the table, and those with the extremes of each number.
  void sample() {
    constexpr std::int64_t kRows = 200;
    std::set<std::int64_t> rows;
    for (std::int64_t i = 0; i < kRows; ++i) rows.insert(i * table_.n_rows() / kRows);
    for (int c = 0; c < n_columns(); ++c) {
      const Column& column = *columns_[at(c)];
      if (!usable_[at(c)] || !is_number(column)) continue;
      std::int64_t least = -1, most = -1;
      for (std::int64_t row = 0; row < column.size(); ++row) {
        if (column.is_missing(row)) continue;
        const double value = column.as_double(row);
        if (least < 0 || value < column.as_double(least)) least = row;
        if (most < 0 || value > column.as_double(most)) most = row;
      }
      if (least >= 0) rows.insert(least), rows.insert(most);
    }
    sample_.assign(rows.begin(), rows.end());
    for (int c = 0; c < n_columns(); ++c) {
      std::vector<char>& gaps = gaps_.emplace_back();
      for (const std::int64_t row : sample_) gaps.push_back(columns_[at(c)]->is_missing(row));
    }
  }

  bool bears(int column) const {
    const Witness& witness = witness_[at(column)];
    return witness.present >= kLeastRows && witness.varied >= kLeastVaried;
  }
  bool may_follow(int column) const { return free_[at(column)] && bears(column); }

  /// Whether a column follows, over others, from another.
  bool follows_from(int column, int from) const {
    const auto formula = formulas_.find(column);
    if (formula == formulas_.end()) return false;
    return std::any_of(formula->second.begin(), formula->second.end(),
                       [&](int operand) { return operand == from || follows_from(operand, from); });
  }

  /// The same formula in letters that no column has for a name: a formula that is the name of a
  /// column is a copy of it.
  std::string told_apart(std::string text) const {
    if (formula_name(text) == text) return text;
    while (schema_.find(text) >= 0) {
      const bool copy = text.front() == '"' && text.find('"', 1) == text.size() - 1;
      const bool rounds = std::any_of(std::begin(kRoundings), std::end(kRoundings),
                                      [&](Derivation::Rounding rounding) {
                                        return text.starts_with(rounding_name(rounding) + "(");
                                      });
      text = copy || rounds || text.back() == ' ' ? text + " " : "round(" + text + ")";
    }
    return text;
  }

  /// The formula of the schema; nothing where names make it something else than was meant.
  std::optional<Derivation> parsed(int column) const {
    try {
      return parse_derivation(schema_, column);
    } catch (const base::Error&) {
      return std::nullopt;
    }
  }

  /// Takes the formula if it holds in all rows.
  bool take(int column, const std::string& text) {
    std::string& derived = schema_.columns[at(column)].derived;
    derived = told_apart(text);
    const std::optional<Derivation> formula = parsed(column);
    const std::vector<int> operands = formula ? formula->operands() : std::vector<int>{};
    bool holds = formula && std::none_of(operands.begin(), operands.end(), [&](int operand) {
                   return operand == column || follows_from(operand, column);
                 });
    for (std::int64_t row = 0; row < table_.n_rows() && holds; ++row)
      holds = formula->holds(table_, row);
    if (!holds) {
      derived.clear();
      return false;
    }
    if (formula->rounding == Derivation::Rounding::kNearest && goes_to_even(*formula))
      derived = told_apart(rounding_name(Derivation::Rounding::kEven) + "(" + text + ")");
    free_[at(column)] = 0;
    formulas_[column] = operands;
    if (formula->copy) copied_.insert(column);
    found_.emplace_back(schema_.columns[at(column)].name, derived);
    return true;
  }

  /// Whether more rows round ties to the even neighbour (as numpy and R do) than away from 0.
  bool goes_to_even(const Derivation& nearest) const {
    Derivation even = nearest;
    even.rounding = Derivation::Rounding::kEven;
    std::int64_t better = 0;
    for (std::int64_t row = 0; row < table_.n_rows(); ++row)
      better += even.holds_with_ties(table_, row) - nearest.holds_with_ties(table_, row);
    return better > 0;
  }

  void copies() {
    std::unordered_map<std::uint64_t, std::vector<int>> seen, days;
    for (int c = 0; c < n_columns(); ++c) {
      if (!usable_[at(c)] || !bears(c)) continue;
      const Column& column = *columns_[at(c)];
      std::vector<int>& like = seen[content_of(column, false)];
      for (const int other : like) {
        if (columns_[at(other)]->spec.kind != column.spec.kind) continue;
        if (may_follow(c) && take(c, formula_name(columns_[at(other)]->spec.name))) break;
        if (may_follow(other) && take(other, formula_name(column.spec.name))) break;
      }
      like.push_back(c);
      if (column.spec.kind == Kind::kDatetime) days[content_of(column, true)].push_back(c);
    }
    for (int c = 0; c < n_columns(); ++c) {
      if (!may_follow(c) || columns_[at(c)]->spec.kind != Kind::kDate) continue;
      for (const int other : days[content_of(*columns_[at(c)], false)]) {
        if (free_[at(c)]) take(c, formula_name(columns_[at(other)]->spec.name));
      }
    }
  }

  /// The first `most` rows of the sample in which a column is present; none when until there it is
  /// present, or missing, in another row than all of the others together.
  std::vector<std::int64_t> together(int column, const std::vector<int>& others,
                                     std::size_t most) const {
    std::vector<std::int64_t> rows;
    for (std::size_t i = 0; i < sample_.size(); ++i) {
      const bool gap = std::any_of(others.begin(), others.end(),
                                   [&](int other) { return gaps_[at(other)][i] != 0; });
      if (gap != (gaps_[at(column)][i] != 0)) return {};
      if (!gap) rows.push_back(sample_[i]);
      if (rows.size() == most) break;
    }
    return rows;
  }

  void times() {
    constexpr std::size_t kRows = 24;
    std::vector<int> dates;
    for (int c = 0; c < n_columns(); ++c) {
      if (usable_[at(c)] && is_date(*columns_[at(c)]) && !copied_.contains(c)) dates.push_back(c);
    }
    for (int c = 0; c < n_columns(); ++c) {
      if (!may_follow(c) || !is_number(*columns_[at(c)]) || witness_[at(c)].distinct < kLeastTimes)
        continue;
      for (const int from : dates) {
        for (const int to : dates) {
          if (from == to || !free_[at(c)]) continue;
          const std::vector<std::int64_t> rows = together(c, {from, to}, kRows);
          if (rows.empty()) continue;
          for (const std::string& formula : detail::time_formulas(
                   *columns_[at(c)], *columns_[at(from)], *columns_[at(to)], rows)) {
            if (take(c, formula)) break;
          }
        }
      }
    }
  }

  /// Numbers that are present wherever `column` is, and those rows of the sample.
  std::vector<int> present_with(int column, std::vector<std::int64_t>& rows) const {
    std::vector<int> out;
    const std::vector<char>& gaps = gaps_[at(column)];
    for (int c = 0; c < n_columns(); ++c) {
      if (!usable_[at(c)] || !is_number(*columns_[at(c)]) || copied_.contains(c) ||
          witness_[at(c)].varied < kLeastOfPart)
        continue;
      bool present = true;
      for (std::size_t i = 0; i < gaps.size() && present; ++i)
        present = gaps[i] != 0 || gaps_[at(c)][i] == 0;
      if (present) out.push_back(c);
    }
    for (std::size_t i = 0; i < gaps.size(); ++i) {
      if (gaps[i] == 0) rows.push_back(sample_[i]);
    }
    return out;
  }

  void sums() {
    constexpr std::size_t kMostPatterns = 12;  // of missing values, each an elimination
    std::set<std::vector<char>> done;
    for (int c = 0; c < n_columns() && done.size() < kMostPatterns; ++c) {
      if (!may_follow(c) || !is_number(*columns_[at(c)]) || !done.insert(gaps_[at(c)]).second)
        continue;
      std::vector<std::int64_t> rows;
      const std::vector<int> members = present_with(c, rows);
      std::vector<std::vector<double>> values;
      for (const int member : members) {
        std::vector<double>& column = values.emplace_back();
        for (const std::int64_t row : rows) column.push_back(columns_[at(member)]->as_double(row));
      }
      for (const detail::LinearRelation& relation :
           detail::find_linear_relations(values, kMostParts))
        take_sum(relation, members);
    }
  }

  void take_sum(const detail::LinearRelation& relation, const std::vector<int>& members) {
    const int column = members[at(relation.column)];
    std::vector<std::string> names;
    for (const int part : relation.columns)
      names.push_back(formula_name(columns_[at(members[at(part)])]->spec.name));
    if (may_follow(column))
      take(column, detail::sum_text(names, relation.factors, relation.constant));
  }

  void conversions() {
    constexpr std::size_t kFew = 24;
    std::vector<int> numbers;
    for (int c = 0; c < n_columns(); ++c) {
      if (usable_[at(c)] && is_number(*columns_[at(c)]) && bears(c) &&
          witness_[at(c)].distinct >= kLeastConverted && !copied_.contains(c))
        numbers.push_back(c);
    }
    // A number that tells the other apart is derived rather than the other way round, as then it
    // takes no value that it does not have in the table.
    for (const bool apart : {true, false}) {
      for (const int c : numbers) {
        for (const int source : numbers) {
          if (source == c || !free_[at(c)] || follows_from(source, c)) continue;
          const auto steps_of = [&](std::size_t rows) {
            return detail::steps_per_step(*columns_[at(c)], *columns_[at(source)],
                                          together(c, {source}, rows));
          };
          if (steps_of(kFew) == 0) continue;
          const double steps = steps_of(sample_.size());
          if (steps > 0 && (steps >= 1) == apart) convert(c, source);
        }
      }
    }
  }

  void convert(int column, int source) {
    const std::vector<std::int64_t> rows = together(column, {source}, sample_.size());
    for (const std::string& formula :
         detail::conversion_formulas(*columns_[at(column)], *columns_[at(source)], rows)) {
      if (take(column, formula)) return;
    }
  }

  const Table& table_;
  Schema& schema_;
  std::vector<const Column*> columns_;
  std::vector<Witness> witness_;
  std::vector<char> usable_, free_;  // to be named, and to be derived
  std::vector<std::int64_t> sample_;
  std::vector<std::vector<char>> gaps_;       // [columns][sample]
  std::map<int, std::vector<int>> formulas_;  // operands of those found
  std::set<int> copied_;
  std::vector<std::pair<std::string, std::string>> found_;
};

}  // namespace

std::vector<std::pair<std::string, std::string>> derive_columns(
    const Table& table, Schema& schema, const std::vector<std::string>& kept) {
  if (table.n_rows() < kLeastRows) return {};
  return Finder(table, schema, kept).find();
}

}  // namespace semblance::table
