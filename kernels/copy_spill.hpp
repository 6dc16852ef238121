/// Exact copies between tables that are streamed and need not fit into memory: rows go to files,
/// parted by their hash, and are compared part by part.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <vector>

#include "kernels/row_hash.hpp"

namespace semblance::kernels {

/// Where rows are spilled, and how much memory may be used.
struct SpillOptions {
  std::filesystem::path directory;                    ///< exists; files in it are removed
  std::size_t memory_bytes = std::size_t{512} << 20;  ///< of a part's rows and their index
  int n_parts = 64;                                   ///< files of each table, 1 to 400
  int threads = 0;                                    ///< 0 for all
  int hash_bits = 128;                                ///< as CopyIndex
};

/// Two tables on their way through files. On disk a row takes 8 bytes, and 8 for each column.
/// Memory is bounded by the options and the chunks that are added, whatever the number of rows.
class SpilledCopies {
 public:
  /// \throws Error{kUsage} for options out of range; Error{kIo} when files cannot be made
  explicit SpilledCopies(SpillOptions options);
  ~SpilledCopies();  ///< removes the files
  SpilledCopies(const SpilledCopies&) = delete;
  SpilledCopies& operator=(const SpilledCopies&) = delete;

  /// Rows are numbered on in the order in which they are added; any number of chunks.
  /// \throws Error{kUsage} when columns differ in number or type from those of earlier chunks of
  ///         either table; Error{kIo} when the disk is full
  void add_references(const CellRows& chunk);
  void add_queries(const CellRows& chunk);  ///< as add_references()

  /// Calls found(query row, smallest equal reference row) for each query that equals a reference,
  /// part by part. Nothing may be added afterwards. \throws Error{kIo} when files cannot be read
  void find(const std::function<void(std::int64_t query, std::int64_t reference)>& found);

 private:
  class Table;
  void add(Table& table, const CellRows& chunk);
  void find_in_part(int part,
                    const std::function<void(std::int64_t query, std::int64_t reference)>& found);

  SpillOptions options_;
  std::vector<std::size_t> types_;  ///< [columns] alternatives of CellColumn
  bool has_types_ = false;
  std::unique_ptr<Table> references_, queries_;
};

}  // namespace semblance::kernels
