#include <algorithm>
#include <array>
#include <mutex>

#include "base/error.hpp"
#include "base/parallel.hpp"
#include "kernels/contingency_tables.hpp"
#include "kernels/target_clones.hpp"

namespace semblance::kernels {
namespace {

constexpr std::int64_t kRowsPerPiece = 63 << 10;  ///< counted in 16 bits, which cannot overflow
constexpr std::int64_t kRowsPerPass = 1 << 10;    ///< whose cells are found at a time
constexpr std::int64_t kRowsPerRange = 1 << 17;   ///< rows that are worth a thread of their own
constexpr std::size_t kTogether = 4;              ///< tables counted in one loop
constexpr std::size_t kMostNarrow = 1 << 16;      ///< cells that 16 bits can number
constexpr std::size_t kCellsPerBatch = 8 << 20;   ///< of joint tables in memory at a time

/// A column's codes times its stride, for up to four columns of bytes; absent ones have stride 0.
struct FourColumns {
  const std::uint8_t* codes[4];
  std::uint16_t strides[4];
};

SEMBLANCE_CLONES void set_cells(const FourColumns& columns, std::uint16_t* cells, std::int64_t n) {
  const auto [a, b, c, d] = columns.codes;
  const auto [stride_a, stride_b, stride_c, stride_d] = columns.strides;
  for (std::int64_t row = 0; row < n; ++row) {
    cells[row] = static_cast<std::uint16_t>(a[row] * stride_a + b[row] * stride_b +
                                            c[row] * stride_c + d[row] * stride_d);
  }
}

template <class Code>
void add_cells(const Code* codes, std::uint32_t stride, std::uint16_t* cells, std::int64_t n) {
  const auto narrow = static_cast<std::uint16_t>(stride);
  for (std::int64_t row = 0; row < n; ++row)
    cells[row] = static_cast<std::uint16_t>(cells[row] + codes[row] * narrow);
}
SEMBLANCE_CLONES void add_column(const std::uint8_t* codes, std::uint32_t stride,
                                 std::uint16_t* cells, std::int64_t n) {
  add_cells(codes, stride, cells, n);
}
SEMBLANCE_CLONES void add_column(const std::uint16_t* codes, std::uint32_t stride,
                                 std::uint16_t* cells, std::int64_t n) {
  add_cells(codes, stride, cells, n);
}

/// Empties the 16-bit counts into the 32-bit ones.
SEMBLANCE_CLONES void flush(std::uint16_t* narrow, std::uint32_t* wide, std::size_t n) {
  for (std::size_t cell = 0; cell < n; ++cell) wide[cell] += narrow[cell];
  std::fill_n(narrow, n, std::uint16_t{0});
}

SEMBLANCE_CLONES std::uint8_t largest(const std::uint8_t* codes, std::size_t n) {
  std::uint8_t most = 0;
  for (std::size_t i = 0; i < n; ++i) most = codes[i] > most ? codes[i] : most;
  return most;
}
SEMBLANCE_CLONES std::uint16_t largest(const std::uint16_t* codes, std::size_t n) {
  std::uint16_t most = 0;
  for (std::size_t i = 0; i < n; ++i) most = codes[i] > most ? codes[i] : most;
  return most;
}

using PassCells = std::array<std::array<std::uint16_t, kRowsPerPass>, kTogether>;

/// Adds one to a cell of each of N tables for each row: common cells would wait for their last
/// increment, so consecutive increments go to different tables.
template <std::size_t N>
void increment(const std::array<std::uint16_t*, kTogether>& tables, const PassCells& cells,
               std::int64_t n) {
  const auto [a, b, c, d] = tables;
  for (std::int64_t i = 0; i < n; ++i) {
    const auto row = static_cast<std::size_t>(i);
    ++a[cells[0][row]];
    if constexpr (N > 1) ++b[cells[1][row]];
    if constexpr (N > 2) ++c[cells[2][row]];
    if constexpr (N > 3) ++d[cells[3][row]];
  }
}

constexpr std::array kIncrement = {increment<1>, increment<2>, increment<3>, increment<4>};

/// Counts a range of rows into some tables of its own.
class RangeCounter {
 public:
  RangeCounter(std::span<const CodeColumn> columns, std::span<const JointTable* const> tables)
      : columns_(columns), tables_(tables.begin(), tables.end()) {
    std::size_t total = 0;
    for (const JointTable* table : tables_) {
      first_cell_.push_back(total);
      total += table->n_cells;
    }
    first_cell_.push_back(total);
    narrow_.assign(total, 0);
    wide_.assign(total, 0);
  }

  void count(std::int64_t first, std::int64_t last) {
    const std::size_t n_groups = (tables_.size() + kTogether - 1) / kTogether;
    for (; first < last; first += kRowsPerPiece) {
      const std::int64_t n = std::min(kRowsPerPiece, last - first);
      for (std::size_t g = 0; g < n_groups; ++g) {
        const std::size_t t = g * tables_.size() / n_groups;
        count_together(t, (g + 1) * tables_.size() / n_groups - t, first, n);
      }
    }
  }

  std::span<const std::uint32_t> counts(std::size_t table) const {
    return std::span(wide_).subspan(first_cell_[table],
                                    first_cell_[table + 1] - first_cell_[table]);
  }

 private:
  /// Counts n rows into tables t, t + 1, ...
  void count_together(std::size_t t, std::size_t n_tables, std::int64_t first, std::int64_t n) {
    std::array<std::uint16_t*, kTogether> narrow{};
    PassCells cells;
    for (std::size_t i = 0; i < n_tables; ++i) narrow[i] = narrow_.data() + first_cell_[t + i];
    for (std::int64_t row = 0; row < n; row += kRowsPerPass) {
      const std::int64_t rows = std::min(kRowsPerPass, n - row);
      for (std::size_t i = 0; i < n_tables; ++i)
        find_cells(*tables_[t + i], first + row, rows, cells[i].data());
      kIncrement[n_tables - 1](narrow, cells, rows);
    }
    for (std::size_t i = 0; i < n_tables; ++i)
      flush(narrow[i], wide_.data() + first_cell_[t + i], tables_[t + i]->n_cells);
  }

  /// Cells of rows in a table.
  void find_cells(const JointTable& table, std::int64_t first, std::int64_t n,
                  std::uint16_t* cells) const {
    FourColumns four{};
    std::size_t n_four = 0;
    std::array<std::size_t, kMostJointColumns> others;
    std::size_t n_others = 0;
    for (std::size_t m = 0; m < table.columns.size(); ++m) {
      const auto* bytes = std::get_if<0>(&columns_[static_cast<std::size_t>(table.columns[m])]);
      if (bytes != nullptr && n_four < 4) {
        four.codes[n_four] = bytes->data() + first;
        four.strides[n_four++] = static_cast<std::uint16_t>(table.strides[m]);
      } else {
        others[n_others++] = m;
      }
    }
    if (n_four == 0) {
      std::fill_n(cells, n, std::uint16_t{0});
    } else {
      for (; n_four < 4; ++n_four) four.codes[n_four] = four.codes[0];
      set_cells(four, cells, n);
    }
    for (std::size_t o = 0; o < n_others; ++o) {
      const std::size_t m = others[o];
      std::visit(
          [&](const auto& codes) { add_column(codes.data() + first, table.strides[m], cells, n); },
          columns_[static_cast<std::size_t>(table.columns[m])]);
    }
  }

  std::span<const CodeColumn> columns_;
  std::vector<const JointTable*> tables_;
  std::vector<std::size_t> first_cell_;  ///< [tables + 1]
  std::vector<std::uint16_t> narrow_;
  std::vector<std::uint32_t> wide_;
};

/// For a table of more cells than rows are worth: straight into its only target.
void count_directly(std::span<const CodeColumn> columns, std::int64_t n_rows,
                    const JointTable& table, std::int64_t* counts) {
  std::array<std::size_t, kRowsPerPass> cells;
  for (std::int64_t first = 0; first < n_rows; first += kRowsPerPass) {
    const auto n = static_cast<std::size_t>(std::min(kRowsPerPass, n_rows - first));
    cells.fill(0);
    for (std::size_t m = 0; m < table.columns.size(); ++m) {
      std::visit(
          [&](const auto& all) {
            const auto* codes = all.data() + first;
            for (std::size_t row = 0; row < n; ++row)
              cells[row] += codes[row] * std::size_t{table.strides[m]};
          },
          columns[static_cast<std::size_t>(table.columns[m])]);
    }
    for (std::size_t row = 0; row < n; ++row) ++counts[cells[row]];
  }
}

/// Tables that are counted together, whose memory is limited.
using Batch = std::vector<const JointTable*>;

std::vector<Batch> batches_of(const std::vector<const JointTable*>& tables, int threads) {
  const std::size_t most_tables =  // a batch for each thread, where there are very many
      std::max<std::size_t>(64, (tables.size() + static_cast<std::size_t>(threads) - 1) /
                                    static_cast<std::size_t>(threads));
  std::vector<Batch> batches;
  std::size_t cells = kCellsPerBatch;
  for (const JointTable* table : tables) {
    if (cells + table->n_cells > kCellsPerBatch || batches.back().size() == most_tables) {
      batches.emplace_back();
      cells = 0;
    }
    batches.back().push_back(table);
    cells += table->n_cells;
  }
  return batches;
}

void count_on_cpu(std::span<const CodeColumn> columns, std::int64_t n_rows,
                  const std::vector<int>& cardinalities,
                  const std::vector<const JointTable*>& tables, const FindTable& find_table,
                  int threads) {
  const std::vector<Batch> batches = batches_of(tables, threads);
  const auto n_batches = static_cast<std::int64_t>(batches.size());
  if (n_batches == 0) return;
  constexpr std::int64_t kMostPerRange = std::int64_t{1} << 31;  // counts have 32 bits
  const std::int64_t n_ranges =
      std::max({(n_rows + kMostPerRange - 1) / kMostPerRange, std::int64_t{1},
                std::min((threads + n_batches - 1) / n_batches, n_rows / kRowsPerRange)});
  std::mutex adding;
  base::parallel_for(n_batches * n_ranges, threads, [&](std::int64_t task) {
    const Batch& batch = batches[static_cast<std::size_t>(task / n_ranges)];
    const std::int64_t range = task % n_ranges;
    RangeCounter counter(columns, batch);
    counter.count(n_rows * range / n_ranges, n_rows * (range + 1) / n_ranges);
    const std::lock_guard lock(adding);
    for (std::size_t t = 0; t < batch.size(); ++t)
      add_to_targets(*batch[t], cardinalities, counter.counts(t), find_table);
  });
}

void count_on_cuda([[maybe_unused]] std::span<const CodeColumn> columns,
                   [[maybe_unused]] const std::vector<int>& cardinalities,
                   [[maybe_unused]] const std::vector<const JointTable*>& tables,
                   [[maybe_unused]] const FindTable& find_table,
                   [[maybe_unused]] int device_index) {
#ifdef SEMBLANCE_WITH_CUDA
  const auto counter = make_cuda_counter(columns, device_index);
  for (const JointTable* table : tables) {
    std::vector<std::uint32_t> cells(table->n_cells);
    counter->count(*table, cells);
    add_to_targets(*table, cardinalities, cells, find_table);
  }
#else
  SEMBLANCE_ASSERT(false);  // base::resolve_device knows no CUDA device in this build
#endif
}

}  // namespace

std::int64_t check_codes(std::span<const CodeColumn> columns, const std::vector<int>& cardinalities,
                         int threads) {
  SEMBLANCE_EXPECT(columns.size() == cardinalities.size(), kUsage,
                   "contingency: {} columns where {} were announced", columns.size(),
                   cardinalities.size());
  const auto size = [](const CodeColumn& column) {
    return std::visit([](const auto& c) { return c.size(); }, column);
  };
  for (std::size_t c = 0; c < columns.size(); ++c) {
    SEMBLANCE_EXPECT(size(columns[c]) == size(columns[0]), kUsage,
                     "contingency: column {} has {} rows where column 0 has {}", c,
                     size(columns[c]), size(columns[0]));
  }
  base::parallel_for(static_cast<std::int64_t>(columns.size()), threads, [&](std::int64_t i) {
    const auto c = static_cast<std::size_t>(i);
    std::visit(
        [&](const auto& codes) {
          if (largest(codes.data(), codes.size()) < cardinalities[c]) return;
          const auto at = std::find_if(codes.begin(), codes.end(),
                                       [&](auto code) { return code >= cardinalities[c]; });
          base::fail(base::ErrorKind::kUsage,
                     "contingency: code {} in row {} of column {}, which has {} codes",
                     static_cast<int>(*at), at - codes.begin(), c, cardinalities[c]);
        },
        columns[c]);
  });
  return columns.empty() ? 0 : static_cast<std::int64_t>(size(columns[0]));
}

void count_tables(std::span<const CodeColumn> columns, std::int64_t n_rows,
                  const std::vector<int>& cardinalities, std::span<const JointTable> tables,
                  const FindTable& find_table, int threads, const base::Device& device) {
  if (n_rows == 0) return;
  if (threads <= 0) threads = base::default_threads();
  const std::size_t worth_while =
      std::min(device.is_cuda() ? SIZE_MAX : kMostNarrow, 4 * static_cast<std::size_t>(n_rows));
  std::vector<const JointTable*> joint, direct;
  for (const JointTable& table : tables)
    (table.n_cells <= worth_while || table.targets.size() > 1 ? joint : direct).push_back(&table);
  if (device.is_cuda()) {
    count_on_cuda(columns, cardinalities, joint, find_table, device.index);
  } else {
    count_on_cpu(columns, n_rows, cardinalities, joint, find_table, threads);
  }
  base::parallel_for(static_cast<std::int64_t>(direct.size()), threads, [&](std::int64_t t) {
    const JointTable& table = *direct[static_cast<std::size_t>(t)];
    count_directly(columns, n_rows, table, find_table(table.targets[0]));
  });
}

}  // namespace semblance::kernels
