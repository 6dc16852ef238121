#include "evaluator/comparison.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <unordered_map>
#include <utility>

#include "base/error.hpp"
#include "table/format_value.hpp"

namespace semblance::evaluator {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

bool is_numeric(table::Kind kind) {
  return kind == table::Kind::kInteger || kind == table::Kind::kFloat ||
         kind == table::Kind::kDate || kind == table::Kind::kDatetime;
}

/// Dates and datetimes count in different units, so they are not interchangeable.
bool same_measure(table::Kind a, table::Kind b) {
  const auto plain = [](table::Kind k) {
    return k == table::Kind::kInteger || k == table::Kind::kFloat;
  };
  if (is_numeric(a) || is_numeric(b)) return a == b || (plain(a) && plain(b));
  return true;
}

/// Moves one table's columns, one at a time, so that at no time two copies of it exist.
class Coder {
 public:
  explicit Coder(ColumnInfo& info) : info_(info) {}

  Feature code(table::Column&& column) {
    Feature feature;
    const std::int64_t n = column.size();
    if (info_.numeric) {
      feature.numbers.resize(static_cast<std::size_t>(n));
      for (std::int64_t i = 0; i < n; ++i) {
        const double value = column.as_double(i);
        feature.numbers[static_cast<std::size_t>(i)] = std::isfinite(value) ? value : kNaN;
      }
      return feature;
    }
    std::vector<std::int32_t> renamed(column.levels.size(), -1);
    feature.codes.resize(static_cast<std::size_t>(n));
    for (std::size_t i = 0; i < feature.codes.size(); ++i) {
      const std::int32_t old = column.codes[i];
      if (old < 0) {
        feature.codes[i] = -1;
        continue;
      }
      std::int32_t& fresh = renamed[static_cast<std::size_t>(old)];
      if (fresh < 0) fresh = code_of(column.levels[static_cast<std::size_t>(old)]);
      feature.codes[i] = fresh;
    }
    return feature;
  }

 private:
  std::int32_t code_of(const std::string& level) {
    const auto [place, is_new] =
        codes_.try_emplace(level, static_cast<std::int32_t>(info_.levels.size()));
    if (is_new) info_.levels.push_back(level);
    return place->second;
  }

  ColumnInfo& info_;
  std::unordered_map<std::string, std::int32_t> codes_;
};

void find_range(ColumnInfo& info, const Feature& feature) {
  info.low = info.high = kNaN;
  for (const double value : feature.numbers) {
    if (std::isnan(value)) continue;
    if (std::isnan(info.low) || value < info.low) info.low = value;
    if (std::isnan(info.high) || value > info.high) info.high = value;
  }
}

table::Column release(table::Table& from, const table::ColumnSpec& spec, const char* which) {
  const int index = from.find(spec.name);
  SEMBLANCE_EXPECT(index >= 0, kData, "the {} table has no column '{}'{}", which, spec.name,
                   base::did_you_mean(spec.name, from.schema().names()));
  table::Column column = std::move(from.columns[static_cast<std::size_t>(index)]);
  from.columns[static_cast<std::size_t>(index)] = {};
  from.columns[static_cast<std::size_t>(index)].spec.name = spec.name;
  SEMBLANCE_EXPECT(same_measure(spec.kind, column.spec.kind), kData,
                   "column '{}' is of kind {} in the real table but {} in the {} table", spec.name,
                   table::kind_name(spec.kind), table::kind_name(column.spec.kind), which);
  return column;
}

}  // namespace

int Comparison::find(const std::string& name) const {
  for (std::size_t j = 0; j < columns.size(); ++j) {
    if (columns[j].name() == name) return static_cast<int>(j);
  }
  return -1;
}

Comparison compare_tables(table::Table real, table::Table synthetic,
                          std::optional<table::Table> holdout) {
  Comparison out;
  SEMBLANCE_EXPECT(real.n_rows() > 0, kData, "the real table has no rows");
  SEMBLANCE_EXPECT(synthetic.n_rows() > 0, kData, "the synthetic table has no rows");
  out.real.n_rows = real.n_rows();
  out.synthetic.n_rows = synthetic.n_rows();
  if (holdout) out.holdout.n_rows = holdout->n_rows();
  const table::Schema schema = real.schema();
  for (const table::ColumnSpec& spec : schema.columns) {
    if (spec.kind == table::Kind::kId || spec.dropped) {
      out.notes.push_back(fmt::format("Column '{}' is {} and is not compared.", spec.name,
                                      spec.dropped ? "dropped by the metadata" : "an identifier"));
      continue;
    }
    ColumnInfo info{.spec = spec, .numeric = is_numeric(spec.kind)};
    {
      Coder coder(info);
      out.real.features.push_back(coder.code(release(real, spec, "real")));
      out.synthetic.features.push_back(coder.code(release(synthetic, spec, "synthetic")));
      if (out.has_holdout())
        out.holdout.features.push_back(coder.code(release(*holdout, spec, "holdout")));
    }
    if (info.numeric) find_range(info, out.real.features.back());
    out.columns.push_back(std::move(info));
  }
  SEMBLANCE_EXPECT(!out.columns.empty(), kData,
                   "no column is left to compare: all are identifiers or dropped; set their kind "
                   "in the metadata");
  return out;
}

Rows take(const Rows& rows, const std::vector<std::int64_t>& chosen) {
  Rows out{static_cast<std::int64_t>(chosen.size()), {}};
  for (const Feature& feature : rows.features) {
    Feature part;
    for (const std::int64_t i : chosen) {
      if (!feature.numbers.empty())
        part.numbers.push_back(feature.numbers[static_cast<std::size_t>(i)]);
      if (!feature.codes.empty()) part.codes.push_back(feature.codes[static_cast<std::size_t>(i)]);
    }
    out.features.push_back(std::move(part));
  }
  return out;
}

Rows select(const Rows& rows, const std::vector<int>& columns) {
  Rows out{rows.n_rows, {}};
  for (const int j : columns) out.features.push_back(rows.features[static_cast<std::size_t>(j)]);
  return out;
}

bool cell_missing(const Feature& feature, std::int64_t row) {
  const auto i = static_cast<std::size_t>(row);
  return feature.numbers.empty() ? feature.codes[i] < 0 : std::isnan(feature.numbers[i]);
}

std::string cell_text(const ColumnInfo& column, const Feature& feature, std::int64_t row) {
  if (cell_missing(feature, row)) return "";
  const auto i = static_cast<std::size_t>(row);
  if (!column.numeric) return column.levels[static_cast<std::size_t>(feature.codes[i])];
  table::Column one{.spec = column.spec};
  const double value = feature.numbers[i];
  const bool whole = value == std::floor(value) && std::abs(value) < 9e18;
  if (column.spec.kind == table::Kind::kFloat || !whole) {
    one.spec.kind = table::Kind::kFloat;
    one.reals = {value};
  } else {
    one.ints = {static_cast<std::int64_t>(value)};
  }
  return one.as_text(0);
}

}  // namespace semblance::evaluator
