#include "evaluator/shared_nearest.hpp"

#include <array>
#include <cstring>

#include "base/error.hpp"

namespace semblance::evaluator {
namespace {

using kernels::DcrOptions;
using kernels::GowerRows;
using kernels::Nearest;
using Results = std::vector<std::vector<Nearest>>;

/// What rank 0 asks for.
struct Task {
  std::int64_t n_tables = 0;  ///< of references; 0: no more tasks
  std::int64_t n_numeric = 0, n_categorical = 0;
  std::int64_t n_queries = 0;
  std::int64_t leave_one_out = 0, threads = 0;
};

template <class T>
void share(base::Communicator& communicator, std::span<T> values) {
  communicator.broadcast(std::as_writable_bytes(values), 0);
}

/// Rows that another rank holds, or a part of them.
struct OwnedRows {
  std::vector<std::vector<float>> numeric;
  std::vector<std::vector<std::int32_t>> categorical;

  GowerRows view(std::int64_t n_rows) const {
    GowerRows rows{.n_rows = n_rows};
    for (const auto& column : numeric) rows.numeric.emplace_back(column);
    for (const auto& column : categorical) rows.categorical.emplace_back(column);
    return rows;
  }
};

/// Broadcasts from rank 0; the cells are only read there.
template <class T>
void send(base::Communicator& communicator, const std::vector<std::span<const T>>& columns) {
  for (const std::span<const T> column : columns)
    share(communicator, std::span(const_cast<T*>(column.data()), column.size()));
}

/// Receives columns of n rows and keeps rows [first, last), one column in memory at a time.
template <class T>
std::vector<std::vector<T>> receive(base::Communicator& communicator, std::int64_t n_columns,
                                    std::int64_t n, std::pair<std::int64_t, std::int64_t> part) {
  std::vector<std::vector<T>> columns;
  for (std::int64_t c = 0; c < n_columns; ++c) {
    std::vector<T>& column = columns.emplace_back(static_cast<std::size_t>(n));
    share(communicator, std::span<T>(column));
    if (part.second - part.first == n) continue;
    column = std::vector<T>(column.begin() + part.first, column.begin() + part.second);
  }
  return columns;
}

GowerRows part_of(const GowerRows& rows, std::pair<std::int64_t, std::int64_t> part) {
  GowerRows out{.n_rows = part.second - part.first};
  const auto first = static_cast<std::size_t>(part.first), n = static_cast<std::size_t>(out.n_rows);
  for (const auto& column : rows.numeric) out.numeric.push_back(column.subspan(first, n));
  for (const auto& column : rows.categorical) out.categorical.push_back(column.subspan(first, n));
  return out;
}

/// This rank's results go to all ranks; returns all, in the order of the queries.
Results gather(base::Communicator& communicator, const Results& own) {
  Results all(own.size());
  for (std::size_t t = 0; t < own.size(); ++t) {
    for (const std::vector<std::byte>& bytes :
         communicator.all_gather(std::as_bytes(std::span(own[t])))) {
      const std::size_t begin = all[t].size();
      all[t].resize(begin + bytes.size() / sizeof(Nearest));
      if (!bytes.empty()) std::memcpy(all[t].data() + begin, bytes.data(), bytes.size());
    }
  }
  return all;
}

}  // namespace

Results SharedNearest::of_each(const GowerRows& queries, std::span<const GowerRows> references,
                               const DcrOptions& options) {
  SEMBLANCE_ASSERT(communicator_.rank() == 0 && options.weights.empty() && options.first_row == 0);
  if (communicator_.size() == 1 || references.empty())
    return kernels::nearest_rows_of_each(queries, references, options);
  kernels::check_nearest_rows(queries, references, options);  // before others take part
  Task task{static_cast<std::int64_t>(references.size()),
            static_cast<std::int64_t>(queries.numeric.size()),
            static_cast<std::int64_t>(queries.categorical.size()),
            queries.n_rows,
            options.leave_one_out ? 1 : 0,
            options.threads};
  share(communicator_, std::span(&task, 1));
  communicator_.broadcast_text(options.device, 0);
  for (const GowerRows& table : references) {
    std::int64_t n_rows = table.n_rows;
    share(communicator_, std::span(&n_rows, 1));
    send(communicator_, table.numeric);
    send(communicator_, table.categorical);
  }
  send(communicator_, queries.numeric);
  send(communicator_, queries.categorical);
  const auto part = communicator_.slice(queries.n_rows);
  return gather(communicator_,
                kernels::nearest_rows_of_each(part_of(queries, part), references, options));
}

void SharedNearest::finish() {
  SEMBLANCE_ASSERT(communicator_.rank() == 0);
  Task none;
  share(communicator_, std::span(&none, 1));
}

void SharedNearest::help() {
  for (Task task; share(communicator_, std::span(&task, 1)), task.n_tables > 0;) {
    DcrOptions options{.device = communicator_.broadcast_text("", 0),
                       .threads = static_cast<int>(task.threads),
                       .leave_one_out = task.leave_one_out != 0};
    std::vector<OwnedRows> tables;
    std::vector<GowerRows> references;
    for (std::int64_t t = 0; t < task.n_tables; ++t) {
      std::int64_t n = 0;
      share(communicator_, std::span(&n, 1));
      OwnedRows& table = tables.emplace_back();
      table.numeric = receive<float>(communicator_, task.n_numeric, n, {0, n});
      table.categorical = receive<std::int32_t>(communicator_, task.n_categorical, n, {0, n});
      references.push_back(table.view(n));
    }
    const auto part = communicator_.slice(task.n_queries);
    OwnedRows queries;
    queries.numeric = receive<float>(communicator_, task.n_numeric, task.n_queries, part);
    queries.categorical =
        receive<std::int32_t>(communicator_, task.n_categorical, task.n_queries, part);
    options.first_row = part.first;
    gather(communicator_, kernels::nearest_rows_of_each(queries.view(part.second - part.first),
                                                        references, options));
  }
}

}  // namespace semblance::evaluator
