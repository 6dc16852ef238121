/// Where rows come from: CSV and Parquet files in blocks, or a table in memory.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/communicator.hpp"
#include "prepare/cell_reader.hpp"
#include "prepare/memory_budget.hpp"
#include "prepare/number_runs.hpp"
#include "prepare/value.hpp"

namespace semblance::prepare {

/// Some rows of a source; texts live as long as the block.
class RowBlock {
 public:
  virtual ~RowBlock() = default;
  virtual std::int64_t n_rows() const = 0;  ///< numbered from 0 within the block
  /// \throws Error{kData} naming file, row and column
  virtual Value load(std::int64_t row, int column) const = 0;
  virtual std::string place(std::int64_t row) const = 0;  ///< "CHARTEVENTS.csv.gz: row 17"
};

/// A column of a raw table, and how its texts are read.
struct SourceColumn {
  std::string name;                 ///< as the recipe writes it
  CellKind kind = CellKind::kText;  ///< that its values must have
  std::string date_format;          ///< "" for ISO 8601
  std::string place;                ///< in the recipe
  /// What the column holds where the file has none of its name.
  enum class Absent { kError, kMissing, kRowNumber } absent = Absent::kError;
};

/// One raw table as the recipe wants it.
struct SourceSpec {
  /// Name in the recipe; file as written there; place of the entry.
  std::string name, file, place;
  std::vector<SourceColumn> columns;  ///< only these are read
  std::vector<std::string> missing;   ///< texts that mean missing, beside the empty one
  std::int64_t rows = -1;             ///< read only the first so many; -1: all
  std::string row_number;             ///< name of a column that numbers the rows; "" for none
  std::string runs_column;            ///< see NumberRuns; "" for none
  std::int64_t runs_rows = 0;         ///< length of a run; 0 without runs_column
};

/// A raw table, read once from front to back.
class RowSource {
 public:
  virtual ~RowSource() = default;
  /// Calls work(block, number) for blocks 0, 1, 2, ... on up to `threads` threads; blocks are
  /// handed out in order.
  virtual void read(
      int threads, const std::function<void(const RowBlock& block, std::int64_t number)>& work) = 0;
  /// Null without runs_column; whole only after read().
  std::shared_ptr<const NumberRuns> runs() const { return runs_; }

  /// Reading on several ranks, where can_share(): begin_shares(), then next_share() until it says
  /// that the file is over, then end_shares(), all of them collective. After next_share() each rank
  /// reads its own share of the rows; shares follow each other in the order of the ranks.
  virtual bool can_share() const { return false; }
  /// \param share_bytes  of text, a rank and round, about
  virtual void begin_shares(base::Communicator& communicator, std::int64_t share_bytes);
  virtual bool next_share(int threads);  ///< false: the file is over
  /// As read(), for the share; blocks are numbered from 0 within it.
  virtual void read_share(
      int threads, const std::function<void(const RowBlock& block, std::int64_t number)>& work);
  virtual void end_shares();  ///< afterwards runs() is whole

 protected:
  std::shared_ptr<NumberRuns> runs_;  ///< filled by read()
};

/// Names in the directory that a source may mean, in order: more than one is an error of
/// find_source_file(). \throws Error{kIo} when the directory cannot be read
std::vector<std::string> source_file_names(const SourceSpec& spec, const std::string& directory);

/// Finds the file of a source in a directory: the name as it stands or with .csv, .csv.gz, .parquet
/// or .h5, whatever the case. \throws Error{kData} naming the nearest file when there is none or
/// several
std::string find_source_file(const SourceSpec& spec, const std::string& directory);

/// Opens a source and matches its columns, whatever the case. Columns of the blocks are numbered as
/// in spec.columns; a row number column comes last. \throws Error{kData} naming recipe line, file
/// and nearest column
/// \param budget  counts an HDF5 table, which is held in memory; other files are streamed
std::unique_ptr<RowSource> open_source(const SourceSpec& spec, const std::string& directory,
                                       MemoryBudget& budget);

}  // namespace semblance::prepare
