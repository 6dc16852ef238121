#include "trainer/codec_intervals.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace semblance::trainer {
namespace {

constexpr double kWideGap = 3;  // steps of the grid between neighbours that make a gap worth a cut
constexpr int kMostLatticeShare = 64;      // a lattice has at most this many times `bins` values,
constexpr std::int64_t kLatticeRows = 40;  // so many rows a value on average,
constexpr double kLatticeHeld = 0.9;       // this share of the rows in values that may be kept,
constexpr double kLatticeHoles = 0.05;     // and this share of the positions between them empty

/// A distinct position, how many rows hold it, and the cell of the line over which its mass is
/// spread: [g, g + 1) on a grid, halfway to both neighbours otherwise.
struct Cell {
  double position = 0;
  double low = 0, high = 0;
  std::int64_t count = 0;
};

/// Cells [first, last) make one interval; values are drawn from the cells [drawn_first,
/// drawn_last).
struct Group {
  std::size_t first = 0, last = 0;
  std::size_t drawn_first = 0, drawn_last = 0;
  std::int64_t count = 0;
  std::int32_t run = -1;
};

std::int64_t count_of(const std::vector<Cell>& cells, std::size_t first, std::size_t last) {
  std::int64_t count = 0;
  for (std::size_t i = first; i < last; ++i) count += cells[i].count;
  return count;
}

/// Joins the cells below the k-th smallest row to its cell, and likewise at the top.
void clip_extremes(std::vector<Cell>& cells, std::int64_t k) {
  std::size_t first = 0, last = cells.size() - 1;
  for (std::int64_t below = cells[0].count; below < k && first < last;)
    below += cells[++first].count;
  for (std::int64_t above = cells[last].count; above < k && last > first;)
    above += cells[--last].count;
  cells[first].count = count_of(cells, 0, first + 1);
  if (last > first) {
    cells[last].count = count_of(cells, last, cells.size());
  } else {
    cells[first].count += count_of(cells, first + 1, cells.size());
  }
  cells = {cells.begin() + static_cast<std::ptrdiff_t>(first),
           cells.begin() + static_cast<std::ptrdiff_t>(last) + 1};
}

void spread(std::vector<Cell>& cells, bool grid) {
  for (std::size_t i = 0; i < cells.size(); ++i) {
    Cell& cell = cells[i];
    if (grid) {
      cell.low = cell.position, cell.high = cell.position + 1;
      continue;
    }
    cell.low = cell.high = cell.position;
    if (i > 0) {
      const double below = cells[i - 1].position;
      cell.low =
          std::max(below + (cell.position - below) / 2, std::nextafter(below, cell.position));
      cells[i - 1].high = cell.low;
    }
  }
}

std::vector<Cell> make_cells(const std::vector<ValueCount>& values, const Grid& grid,
                             std::int64_t k) {
  std::vector<Cell> cells;
  for (const ValueCount& entry : values) {
    const double position = grid.position(entry.value);
    if (cells.empty() || cells.back().position != position) cells.push_back({.position = position});
    cells.back().count += entry.count;
  }
  if (k > 1) clip_extremes(cells, k);
  spread(cells, grid.exists());
  return cells;
}

Group group_of(const std::vector<Cell>& cells, std::size_t first, std::size_t last,
               std::int32_t run) {
  return {first, last, first, last, count_of(cells, first, last), run};
}

/// Where a bin that begins at cell `start` ends (the last cell of it), given how many rows of the
/// run are to lie before its end: as near to that as may be, but rather at a wide gap of the grid
/// close by, so that nothing is drawn in the gap. Bins on both sides keep at least k rows.
std::size_t bin_end(const std::vector<Cell>& cells, const std::vector<std::int64_t>& before,
                    std::size_t start, std::size_t last, double goal, double slack, std::int64_t k,
                    bool grid) {
  const auto rows_to = [&](std::size_t i) { return before[i + 1]; };
  const std::int64_t total = before[last];
  std::size_t best = last - 1;
  double best_gap = kWideGap, best_miss = std::numeric_limits<double>::infinity();
  for (std::size_t i = start; i + 1 < last; ++i) {
    if (rows_to(i) - before[start] < k) continue;
    if (total - rows_to(i) < k) break;
    const double miss = std::abs(static_cast<double>(rows_to(i)) - goal);
    const double gap = grid ? cells[i + 1].position - cells[i].position : 0;
    const bool wider = miss <= slack && gap > best_gap;
    if (wider || (best_gap == kWideGap && miss < best_miss)) {
      best = i, best_miss = miss;
      if (wider) best_gap = gap;
    }
    if (static_cast<double>(rows_to(i)) > goal + slack) break;
  }
  return best;
}

/// Cuts a run of cells without spikes into bins of about `target` rows, none below k.
/// \param before  [cells + 1] rows before each cell
void cut_run(const std::vector<Cell>& cells, const std::vector<std::int64_t>& before,
             std::size_t first, std::size_t last, double target, std::int64_t k, bool grid,
             std::int32_t run, std::vector<Group>& groups) {
  const std::int64_t total = before[last] - before[first];
  const auto wanted = static_cast<std::int64_t>(std::llround(static_cast<double>(total) / target));
  const std::int64_t bins = std::max<std::int64_t>(1, std::min(wanted, total / k));
  const double share = static_cast<double>(total) / static_cast<double>(bins);
  for (std::size_t start = first; start < last;) {
    // The next multiple of a bin's share that leaves this bin at least half of one.
    const double done = static_cast<double>(before[start] - before[first]);
    const double goal =
        static_cast<double>(before[first]) + share * (std::floor(done / share + 0.5) + 1);
    const std::size_t end = bin_end(cells, before, start, last, goal, share / 3, k, grid) + 1;
    groups.push_back(group_of(cells, start, end, run));
    start = end;
  }
}

/// True when the cells of two neighbours fill most of the grid between their ends, so that drawing
/// between them gives nothing that looks out of place.
bool dense(const std::vector<Cell>& cells, std::size_t first, std::size_t last) {
  return cells[last - 1].position - cells[first].position < 3.0 * static_cast<double>(last - first);
}

/// Gives each group below k rows to a neighbour: drawn together with it where the grid is dense and
/// the neighbour not much heavier, otherwise as the neighbour's value.
void settle_rare(const std::vector<Cell>& cells, bool grid, std::int64_t k,
                 std::vector<Group>& groups) {
  for (std::size_t i = 0; i < groups.size() && groups.size() > 1;) {
    if (groups[i].count >= k) {
      ++i;
      continue;
    }
    const Group rare = groups[i];
    const bool has_left = i > 0, has_right = i + 1 < groups.size();
    const auto eligible = [&](const Group& other) {
      const std::size_t first = std::min(rare.first, other.first),
                        last = std::max(rare.last, other.last);
      return grid && dense(cells, first, last) && other.count <= 8 * std::max(rare.count, k / 2);
    };
    const bool left_fits = has_left && eligible(groups[i - 1]),
               right_fits = has_right && eligible(groups[i + 1]);
    bool to_left;
    if (left_fits != right_fits) {
      to_left = left_fits;
    } else if (left_fits) {
      to_left = groups[i - 1].count <= groups[i + 1].count;
    } else if (has_left && has_right) {
      to_left = cells[rare.first].position - cells[groups[i - 1].last - 1].position <=
                cells[groups[i + 1].first].position - cells[rare.last - 1].position;
    } else {
      to_left = has_left;
    }
    Group& other = groups[to_left ? i - 1 : i + 1];
    other.first = std::min(other.first, rare.first), other.last = std::max(other.last, rare.last);
    other.count += rare.count;
    if (left_fits || right_fits) {
      other.drawn_first = std::min(other.drawn_first, rare.drawn_first);
      other.drawn_last = std::max(other.drawn_last, rare.drawn_last);
      other.run = rare.run;
    }
    groups.erase(groups.begin() + static_cast<std::ptrdiff_t>(i));
    if (to_left && i > 0) --i;
  }
}

/// True when the values are a lattice with holes, such as distances between airports or flight
/// numbers, and nearly all rows hold a value that is common enough to be kept as it is.
bool holey_lattice(const std::vector<Cell>& cells, std::int64_t n, std::int64_t k,
                   const IntervalOptions& options) {
  const auto n_cells = static_cast<std::int64_t>(cells.size());
  if (n_cells > std::int64_t{kMostLatticeShare} * options.bins || n < kLatticeRows * n_cells)
    return false;
  double held = 0, holes = 0;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    const auto count = static_cast<double>(cells[i].count);
    if (cells[i].count >= k) held += count;
    if (i + 1 < cells.size())
      holes += count * (1 - 1 / (cells[i + 1].position - cells[i].position));
  }
  const auto rows = static_cast<double>(n);
  return held >= kLatticeHeld * rows && holes >= kLatticeHoles * rows;
}

std::vector<Group> make_groups(const std::vector<Cell>& cells, bool grid, std::int64_t k,
                               const IntervalOptions& options) {
  std::vector<std::int64_t> before = {0};
  for (const Cell& cell : cells) before.push_back(before.back() + cell.count);
  const std::int64_t n = before.back();
  const bool each = static_cast<std::int64_t>(cells.size()) <= options.bins ||
                    (grid && holey_lattice(cells, n, k, options));
  const double target =
      each ? static_cast<double>(k)
           : std::max(static_cast<double>(k), static_cast<double>(n) / options.bins);
  const double spike = std::max(target, static_cast<double>(n) / options.bins);
  std::vector<Group> groups;
  std::int32_t run = 0;
  std::size_t start = 0;
  for (std::size_t i = 0; i <= cells.size(); ++i) {
    const double count = i < cells.size() ? static_cast<double>(cells[i].count) : spike;
    if (count < target) continue;
    if (i > start) cut_run(cells, before, start, i, target, k, grid, run, groups);
    if (count >= spike) ++run;
    if (i < cells.size()) groups.push_back(group_of(cells, i, i + 1, count >= spike ? -1 : run));
    start = i + 1;
  }
  settle_rare(cells, grid, k, groups);
  return groups;
}

/// Positions at equal steps of probability through the cells of a group.
void add_knots(const std::vector<Cell>& cells, const Group& group, std::int64_t k,
               IntervalTable& table) {
  if (group.drawn_last - group.drawn_first == 1) {
    table.knots.push_back(cells[group.drawn_first].position);
    return;
  }
  const std::int64_t count = count_of(cells, group.drawn_first, group.drawn_last);
  const auto pieces = std::clamp<std::int64_t>(count / k, 1, IntervalTable::kMostPieces);
  std::size_t i = group.drawn_first;
  double below = 0;  // rows before cell i
  for (std::int64_t piece = 0; piece < pieces; ++piece) {
    const double goal =
        static_cast<double>(count) * static_cast<double>(piece) / static_cast<double>(pieces);
    while (below + static_cast<double>(cells[i].count) <= goal)
      below += static_cast<double>(cells[i++].count);
    const double share = (goal - below) / static_cast<double>(cells[i].count);
    table.knots.push_back(cells[i].low + share * (cells[i].high - cells[i].low));
  }
  table.knots.push_back(cells[group.drawn_last - 1].high);
}

double lower_edge(const std::vector<Cell>& cells, const std::vector<Group>& groups, std::size_t i,
                  const Grid& grid) {
  const Cell& cell = cells[groups[i].first];
  if (grid.exists()) return grid.value(cell.position - 0.5);
  const bool spike = groups[i].run < 0 && groups[i].drawn_first == groups[i].first;
  if (spike) return cell.position;
  // After a spike the interval begins with the next double; after a bin, halfway.
  if (i > 0 && groups[i - 1].run < 0 && groups[i - 1].drawn_last == groups[i - 1].last) {
    return std::nextafter(cells[groups[i - 1].last - 1].position,
                          std::numeric_limits<double>::infinity());
  }
  return cell.low;
}

}  // namespace

std::int64_t smallest_group(std::int64_t n, const IntervalOptions& options) {
  if (!options.protect) return 1;
  if (!options.less_when_few) return std::max(1, options.rare_min_count);
  const std::int64_t share = std::max<std::int64_t>(3, (n + 49) / 50);
  return std::max<std::int64_t>(1, std::min<std::int64_t>(options.rare_min_count, share));
}

IntervalTable fit_intervals(const std::vector<ValueCount>& values, const Grid& grid,
                            const IntervalOptions& options) {
  IntervalTable table;
  table.grid = grid;
  table.knot_begin.push_back(0);
  if (values.empty()) return table;
  std::int64_t n = 0;
  for (const ValueCount& entry : values) n += entry.count;
  const std::int64_t k = smallest_group(n, options);
  const std::vector<Cell> cells = make_cells(values, grid, k);
  const std::vector<Group> groups = make_groups(cells, grid.exists(), k, options);
  std::int64_t most = -1;
  for (std::size_t i = 0; i < groups.size(); ++i) {
    table.edges.push_back(lower_edge(cells, groups, i, grid));
    add_knots(cells, groups[i], k, table);
    table.knot_begin.push_back(static_cast<std::int32_t>(table.knots.size()));
    table.run.push_back(groups[i].run);
    if (groups[i].count > most)
      most = groups[i].count, table.commonest = static_cast<std::int32_t>(i);
  }
  return table;
}

}  // namespace semblance::trainer
