#include "table/detail/column_sums.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace semblance::table::detail {
namespace {

using Values = std::vector<std::vector<double>>;

/// Columns less their first value, in units of their spread: [columns][rows]. Constant ones are 0.
struct Scaled {
  Values values;
  std::vector<double> spread;
};
Scaled scaled(const Values& columns) {
  Scaled out{columns, {}};
  for (std::vector<double>& column : out.values) {
    const double first = column.front();
    double spread = 0;
    for (double& value : column) value -= first, spread = std::max(spread, std::fabs(value));
    out.spread.push_back(spread);
    for (double& value : column) value = spread > 0 ? value / spread : 0;
  }
  return out;
}

/// Brings the columns to reduced form, one after the other.
class Elimination {
 public:
  explicit Elimination(Values& columns) : columns_(columns) {}

  /// True when the column depends on those that were added: then factors() says how.
  bool depends(std::size_t c) {
    constexpr double kNothing = 1e-9;
    std::vector<double>& column = columns_[c];
    for (const Pivot& pivot : pivots_) eliminate(pivot, column);
    std::size_t best = pivots_.size();
    for (std::size_t row = best; row < column.size(); ++row) {
      if (std::fabs(column[row]) > std::fabs(column[best])) best = row;
    }
    if (best >= column.size() || std::fabs(column[best]) < kNothing) return true;
    Pivot pivot{c, pivots_.size(), best, 1 / column[best], {}};
    std::swap(column[pivot.row], column[best]);
    pivot.steps = column;
    pivot.steps[pivot.row] = 0;
    pivots_.push_back(std::move(pivot));
    return false;
  }
  /// (column, factor) of a column that depends.
  std::vector<std::pair<std::size_t, double>> factors(std::size_t c) const {
    std::vector<std::pair<std::size_t, double>> out;
    for (const Pivot& pivot : pivots_) out.emplace_back(pivot.column, columns_[c][pivot.row]);
    return out;
  }

 private:
  struct Pivot {
    std::size_t column, row, swapped;
    double inverse;
    std::vector<double> steps;  // what a unit in the pivot's row takes off the other rows
  };
  static void eliminate(const Pivot& pivot, std::vector<double>& column) {
    std::swap(column[pivot.row], column[pivot.swapped]);
    const double unit = column[pivot.row] * pivot.inverse;
    column[pivot.row] = unit;
    if (unit == 0) return;
    for (std::size_t row = 0; row < column.size(); ++row) column[row] -= unit * pivot.steps[row];
  }

  Values& columns_;
  std::vector<Pivot> pivots_;
};

constexpr double kNiceRoom = 1e-7;

/// The relation for another of its columns. \return false when its factors are not simple
bool solve_for(std::size_t place, LinearRelation& relation) {
  const double factor = relation.factors[place];
  std::swap(relation.column, relation.columns[place]);
  for (double& each : relation.factors) each = -each / factor;
  relation.factors[place] = 1 / factor;
  relation.constant = -relation.constant / factor;
  for (double& each : relation.factors) {
    each = simple_number(each, kNiceRoom * std::fabs(each));
    if (std::isnan(each)) return false;
  }
  return true;
}

/// Writes the relation for the column that is a sum with positive factors.
bool orient(LinearRelation& relation) {
  if (relation.factors.size() == 1) return true;
  const auto positive = std::count_if(relation.factors.begin(), relation.factors.end(),
                                      [](double factor) { return factor > 0; });
  if (positive == static_cast<std::ptrdiff_t>(relation.factors.size())) return true;
  if (positive != 1) return false;
  const auto lonely = std::find_if(relation.factors.begin(), relation.factors.end(),
                                   [](double factor) { return factor > 0; });
  return solve_for(static_cast<std::size_t>(lonely - relation.factors.begin()), relation);
}

void sort_terms(LinearRelation& relation) {
  std::vector<std::pair<int, double>> terms;
  for (std::size_t i = 0; i < relation.columns.size(); ++i)
    terms.emplace_back(relation.columns[i], relation.factors[i]);
  std::sort(terms.begin(), terms.end());
  for (std::size_t i = 0; i < terms.size(); ++i)
    relation.columns[i] = terms[i].first, relation.factors[i] = terms[i].second;
}

}  // namespace

double simple_number(double value, double room) {
  constexpr int kMostDigits = 6;
  double power = 1;
  for (int digits = 0; digits <= kMostDigits; ++digits, power *= 10) {
    const double decimal = std::nearbyint(value * power) / power;
    if (decimal != 0 && std::fabs(decimal - value) <= room) return decimal;
    const double whole = std::nearbyint(power / value);  // 1/60, and 1/1.8
    if (digits <= 2 && whole != 0 && std::fabs(power / whole - value) <= room) return power / whole;
  }
  return std::nan("");
}

std::vector<LinearRelation> find_linear_relations(const Values& values, int most) {
  constexpr std::size_t kMoreRows = 20;
  std::vector<LinearRelation> found;
  if (values.empty() || values.front().size() < values.size() + kMoreRows) return found;
  Scaled columns = scaled(values);
  std::vector<std::size_t> order(values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return columns.spread[a] < columns.spread[b];
  });
  Elimination elimination(columns.values);
  for (const std::size_t c : order) {
    if (columns.spread[c] == 0 || !elimination.depends(c)) continue;
    LinearRelation relation{.column = static_cast<int>(c), .constant = values[c].front()};
    bool simple = true;
    for (const auto& [column, share] : elimination.factors(c)) {
      if (std::fabs(share) < kNiceRoom) continue;
      const double factor = share * columns.spread[c] / columns.spread[column];
      relation.columns.push_back(static_cast<int>(column));
      relation.factors.push_back(simple_number(factor, kNiceRoom * std::fabs(factor)));
      simple = simple && !std::isnan(relation.factors.back());
      if (simple) relation.constant -= relation.factors.back() * values[column].front();
    }
    if (!simple || relation.columns.empty() || static_cast<int>(relation.columns.size()) > most ||
        !orient(relation))
      continue;
    relation.constant = std::nearbyint(relation.constant * 1e9) / 1e9;
    sort_terms(relation);
    found.push_back(std::move(relation));
  }
  return found;
}

}  // namespace semblance::table::detail
