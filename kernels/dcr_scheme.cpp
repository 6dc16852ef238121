#include "kernels/dcr_scheme.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace semblance::kernels {
namespace {

constexpr std::int32_t kMostDense = 1 << 20;  ///< codes below this are looked up in an array
constexpr std::uint64_t kRoundingUnits =
    40;  ///< more than float32 rounding can take off a difference
constexpr int kWideLevels = 63;
constexpr int kLeastNarrowLevels = 40;

}  // namespace

CategoryBytes::CategoryBytes(const std::vector<std::span<const std::int32_t>>& tables) {
  std::int32_t largest = -1;
  std::int64_t missing = 0;
  std::size_t n_rows = 0;
  for (const auto& codes : tables) {
    n_rows += codes.size();
    for (const std::int32_t code : codes) {
      largest = std::max(largest, code);
      missing += code < 0;
    }
  }
  std::vector<std::pair<std::int64_t, std::int32_t>> counts;  // of distinct codes
  if (largest < kMostDense) {
    std::vector<std::int64_t> dense(static_cast<std::size_t>(largest + 1), 0);
    for (const auto& codes : tables) {
      for (const std::int32_t code : codes) {
        if (code >= 0) ++dense[static_cast<std::size_t>(code)];
      }
    }
    for (std::int32_t code = 0; code <= largest; ++code) {
      if (dense[static_cast<std::size_t>(code)] > 0)
        counts.emplace_back(dense[static_cast<std::size_t>(code)], code);
    }
    dense_.assign(dense.size(), kUnseen);
  } else {
    std::unordered_map<std::int32_t, std::int64_t> sparse;
    for (const auto& codes : tables) {
      for (const std::int32_t code : codes) {
        if (code >= 0) ++sparse[code];
      }
    }
    for (const auto& [code, count] : sparse) counts.emplace_back(count, code);
  }
  std::sort(counts.begin(), counts.end(), [](const auto& a, const auto& b) {
    return a.first != b.first ? a.first > b.first : a.second < b.second;
  });
  const double n = static_cast<double>(std::max<std::size_t>(1, n_rows));
  double same = std::pow(static_cast<double>(missing) / n, 2);
  for (std::size_t rank = 0; rank < counts.size(); ++rank) {
    same += std::pow(static_cast<double>(counts[rank].first) / n, 2);
    const auto byte = static_cast<std::uint8_t>(rank % kOwnBytes);
    if (dense_.empty()) {
      sparse_.emplace(counts[rank].second, byte);
    } else {
      dense_[static_cast<std::size_t>(counts[rank].second)] = byte;
    }
  }
  spread_ = 1 - same;
  has_missing_ = missing > 0;
  n_bytes_ = has_missing_ ? kMissing + 1
                          : static_cast<int>(std::min<std::size_t>(counts.size(), kOwnBytes));
}

GowerScheme::GowerScheme(std::span<const GowerRows> references, GowerWeights weights)
    : n_numeric_(static_cast<int>(references[0].numeric.size())),
      n_categorical_(static_cast<int>(references[0].categorical.size())),
      weights_(std::move(weights)) {
  for (std::size_t c = 0; c < references[0].numeric.size(); ++c) {
    IndexColumn& numeric = columns_.emplace_back();
    for (const GowerRows& rows : references) {
      numeric.has_missing =
          numeric.has_missing || std::any_of(rows.numeric[c].begin(), rows.numeric[c].end(),
                                             [](float x) { return x != x; });
    }
  }
  for (std::size_t c = 0; c < references[0].categorical.size(); ++c) {
    std::vector<std::span<const std::int32_t>> tables;
    for (const GowerRows& rows : references) tables.push_back(rows.categorical[c]);
    categories_.emplace_back(tables);
    columns_.emplace_back().numeric = false;
  }
  lay_out();
}

void GowerScheme::lay_out() {
  std::uint32_t offset = 0;
  for (int c = 0; c < n_numeric_ + n_categorical_; ++c) {
    IndexColumn& column = columns_[static_cast<std::size_t>(c)];
    column.row_offset = static_cast<std::uint32_t>(c * kLanes);
    column.box_offset = offset;
    if (c < n_numeric_) {
      column.missing_offset = offset + 2 * kLanes;
      offset += 2 * kLanes + 8;
    } else {
      offset += static_cast<std::uint32_t>(category(c - n_numeric_).n_bytes()) * 8;
    }
  }
  box_group_bytes_ = std::int64_t{(offset + 63) / 64} * 64;
  row_group_bytes_ = std::int64_t{n_columns()} * kLanes;
}

void GowerScheme::choose_levels(std::vector<std::uint64_t> usual) {
  const std::uint64_t largest =
      weights_.column.empty()
          ? 1
          : std::max(1u, *std::max_element(weights_.column.begin(), weights_.column.end()));
  const std::uint64_t unit = largest * kUnitsPerColumn;
  std::sort(usual.begin(), usual.end());
  const double most = usual.empty() ? 1 : static_cast<double>(usual[usual.size() * 9 / 10]);
  const bool all_same = std::all_of(weights_.column.begin(), weights_.column.end(),
                                    [&](std::uint32_t w) { return w == largest || w == 0; });
  double levels =
      std::clamp(kMostNarrow / (1.2 * most / static_cast<double>(unit) + 1e-3), 1.0, 254.0);
  if (n_numeric_ == 0 && all_same) {
    levels = 1;  // counts of differing columns are exact
  } else if (levels < kLeastNarrowLevels) {
    levels = std::min<double>(
        kWideLevels,
        kMostWide / (static_cast<double>(weights_.sum) / static_cast<double>(largest) + 1));
    levels = std::max(1.0, levels);
  }
  const auto units_per_level =
      static_cast<std::uint64_t>(std::ceil(static_cast<double>(unit) / levels));
  bound_per_level_ = units_per_level - (n_numeric_ > 0 ? kRoundingUnits * largest : 0);
  for (int c = 0; c < n_numeric_ + n_categorical_; ++c) {
    const double range =
        static_cast<double>(weights_.column[static_cast<std::size_t>(c)]) * kUnitsPerColumnFloat;
    const double of_range = range / static_cast<double>(units_per_level);
    columns_[static_cast<std::size_t>(c)].cost = static_cast<std::uint32_t>(of_range);
    columns_[static_cast<std::size_t>(c)].levels_per_range = of_range;
  }
}

std::uint8_t GowerScheme::level_byte(int column, float value) const {
  if (value != value) return kMissingByte;
  return static_cast<std::uint8_t>(clamp_to_range(value) * this->column(column).levels_per_range);
}

void GowerScheme::choose_scan_order(const std::vector<double>& numeric_spread) {
  std::vector<double> spread = numeric_spread;
  for (int c = 0; c < n_categorical_; ++c)
    spread.push_back(category(c).spread() * column(n_numeric_ + c).cost);
  scan_order_.resize(spread.size());
  std::iota(scan_order_.begin(), scan_order_.end(), 0);
  std::stable_sort(scan_order_.begin(), scan_order_.end(), [&](int a, int b) {
    if (column(a).numeric != column(b).numeric) return column(b).numeric;
    return spread[static_cast<std::size_t>(a)] > spread[static_cast<std::size_t>(b)];
  });
}

void QueryProgram::set(const GowerScheme& scheme, const float* numeric, const std::int16_t* bytes) {
  equal_.clear();
  present_.clear();
  row_ranges_.clear();
  row_missing_ranges_.clear();
  box_ranges_.clear();
  box_missing_ranges_.clear();
  std::uint32_t base = 0, largest = 1;
  for (const int c : scheme.scan_order()) {
    const IndexColumn& column = scheme.column(c);
    if (column.cost == 0) continue;
    const int category = c - scheme.n_numeric();
    const ColumnOp op =
        column.numeric ? numeric_op(column, numeric[c]) : category_op(column, bytes[category]);
    const Splat cost = splat_of(column.cost), above = splat_of(op.above),
                below = splat_of(op.below);
    if (op.kind == OpKind::kConstant) {
      base += column.cost;
      continue;
    }
    largest = std::max(largest, column.cost);
    if (op.kind == OpKind::kEqual) {
      equal_.push_back({column.row_offset, above, cost});
      present_.push_back({op.box_offset, cost});
    } else {
      (column.has_missing ? row_missing_ranges_ : row_ranges_)
          .push_back({column.row_offset, above, below, cost});
      (column.has_missing ? box_missing_ranges_ : box_ranges_)
          .push_back({op.box_offset, above, below, cost});
    }
  }
  program_.base = base;
  program_.narrow_columns = static_cast<int>(std::max(1u, 255u / largest));
  const auto list = [](const auto& ops) {
    return OpList<std::decay_t<decltype(ops[0])>>{ops.data(), ops.data() + ops.size()};
  };
  program_.equal = list(equal_);
  program_.present = list(present_);
  program_.row_ranges = list(row_ranges_);
  program_.row_missing_ranges = list(row_missing_ranges_);
  program_.box_ranges = list(box_ranges_);
  program_.box_missing_ranges = list(box_missing_ranges_);
}

}  // namespace semblance::kernels
