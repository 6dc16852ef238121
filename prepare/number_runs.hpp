/// How pandas reads a column of mixed texts and numbers: in runs of rows, each typed by itself. A
/// run whose present values are all numbers becomes numbers, and is written back as Python writes
/// numbers ("108" becomes "108.0" where the run has a missing value); any other run stays as it is.
/// Published recipes that went through pandas can only be repeated with this.
#pragma once

#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/communicator.hpp"

namespace semblance::prepare {

/// How a run is read. Later kinds swallow earlier ones.
enum class RunKind : std::uint8_t { kEmpty, kIntegers, kReals, kTexts };

/// Kind of one value; surrounding blanks do not count.
RunKind number_kind(std::string_view text);

/// The runs of one column of a file: first filled from all its rows, then asked.
class NumberRuns {
 public:
  /// \param rows  length of a run, at least 1
  explicit NumberRuns(std::int64_t rows) : rows_(rows) {}

  /// What a block of rows says of the runs it touches. Blocks may come in any order, from any
  /// thread.
  class Block {
   public:
    /// \param rows  length of a run
    explicit Block(std::int64_t rows) : rows_(rows) {}
    /// \param file_row  1 for the first row of the file
    void add(std::int64_t file_row, std::string_view text, bool missing);

   private:
    friend class NumberRuns;
    struct Seen {
      std::int64_t run;
      RunKind kind;
      bool missing;
    };
    std::int64_t rows_;
    std::vector<Seen> seen_;
  };
  Block block() const { return Block(rows_); }  ///< an empty one, for a thread's next rows
  /// Adds what a block has seen. Thread-safe.
  void merge(const Block& block);
  /// Collective: what all ranks have seen.
  void merge_ranks(base::Communicator& communicator);

  /// The text as pandas writes it back; `text` itself where its run stayed text.
  /// Call only when the whole file has been read.
  std::string as_written(std::int64_t file_row, std::string_view text) const;

 private:
  void merge(std::size_t run, RunKind kind, bool missing);
  struct Run {
    RunKind kind = RunKind::kEmpty;
    bool missing = false;
  };
  std::int64_t rows_;
  std::mutex mutex_;
  std::vector<Run> runs_;
};

}  // namespace semblance::prepare
