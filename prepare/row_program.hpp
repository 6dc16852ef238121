/// What is done to one row at a time: load cells, filter, derive, join. A program is made once and
/// may be run by several threads, each with its own RowState.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "prepare/expression.hpp"
#include "prepare/row_source.hpp"
#include "prepare/stored_rows.hpp"

namespace semblance::prepare {

/// Rows go in at add(), in order; finish() is called once, after the last.
class RowSink {
 public:
  virtual ~RowSink() = default;
  /// \param row  valid during the call: keep copies of texts. \throws Error{kData}
  virtual void add(const Value* row) = 0;
  virtual void finish() = 0;  ///< passes on what was kept, then finishes the next sink
};

/// One thread's place while it runs a program.
struct RowState {
  std::vector<Value> slots;   ///< [RowShape::n_slots] the row
  EvaluationContext context;  ///< its texts are those below
  TextArena texts;            ///< texts that the row's expressions made; cleared from row to row
  const RowBlock* block = nullptr;  ///< where cells are loaded from
  std::int64_t row = 0;             ///< in the block; without one: number of the row, for messages
  std::string key;                  ///< scratch
};

class RowProgram;

/// Takes the rows that come out of a program.
class RowEmitter {
 public:
  virtual ~RowEmitter() = default;
  /// \param state  valid during the call; called once for each row that comes out
  virtual void emit(RowState& state) = 0;
};

/// The rest of a program after one of its steps.
class RestOfProgram {
 public:
  /// \param first  step to go on with; all references must outlive this object
  RestOfProgram(const RowProgram& program, std::size_t first, RowState& state, RowEmitter& emitter)
      : program_(program), first_(first), state_(state), emitter_(emitter) {}
  void operator()() const;

 private:
  const RowProgram& program_;
  std::size_t first_;
  RowState& state_;
  RowEmitter& emitter_;
};

/// A step writes only slots of its own: a join before it runs the rest of the program once a match.
class RowStep {
 public:
  virtual ~RowStep() = default;
  /// False: the row ends here. A step that makes several rows of one calls rest() itself.
  virtual bool apply(RowState& state, const RestOfProgram& rest) const = 0;
};

/// Steps in order. Its const members are thread-safe.
class RowProgram {
 public:
  /// Behind the steps that are there.
  void add(std::unique_ptr<RowStep> step) { steps_.push_back(std::move(step)); }
  bool empty() const { return steps_.empty(); }  ///< rows then pass unchanged
  /// Runs the steps from `first` on, on state.slots.
  void run(RowState& state, RowEmitter& emitter, std::size_t first = 0) const;

 private:
  std::vector<std::unique_ptr<RowStep>> steps_;
};

/// Place of an expression in its recipe: "recipe.yaml:12:9" and what it is for.
struct Origin {
  std::string place, what;  ///< for messages
};

/// Loads a cell of state.block into a slot. \param source_column  as RowBlock::load() numbers them
std::unique_ptr<RowStep> load_step(int source_column, int slot);
/// Ends rows for which the condition is false or missing.
std::unique_ptr<RowStep> filter_step(std::shared_ptr<Expression> condition, Origin origin);
/// \param random  for expressions that draw; nullptr otherwise
std::unique_ptr<RowStep> derive_step(std::shared_ptr<Expression> value, int slot, Origin origin,
                                     std::shared_ptr<PythonRandom> random,
                                     std::shared_ptr<const NumberRuns> runs);
/// Reads a text slot as another kind.
std::unique_ptr<RowStep> cast_step(int from, CellReader reader, int to, Origin origin);

/// The other side of a join, ready to be looked up.
class JoinTable {
 public:
  /// \param keys  columns of the rows that make the key
  /// \throws Error{kData} when `one` is promised and a key comes twice
  JoinTable(std::shared_ptr<const StoredRows> rows, std::vector<int> keys, bool one,
            const Origin& origin, MemoryBudget& budget);
  /// Numbers of the rows with this key.
  std::span<const std::int64_t> find(std::string_view key) const;
  const StoredRows& rows() const { return *rows_; }  ///< of the table joined with

 private:
  std::shared_ptr<const StoredRows> rows_;
  KeyIndex index_;
  std::vector<std::int64_t> first_, numbers_;
  BudgetShare held_;
};

/// What a join does to a row.
struct JoinPlan {
  std::shared_ptr<const JoinTable> table;  ///< shared by the threads
  std::vector<int> key_slots;              ///< of the row
  std::vector<std::string> key_names;      ///< [key_slots] for messages
  std::vector<std::pair<int, int>> take;   ///< column of the table -> slot of the row
  bool keep_unmatched = false;             ///< a left join
  std::int64_t at_most = 1000;  ///< matches of one row, before the join counts as exploding
  Origin origin;                ///< for messages
};
/// Runs the rest of the program once for each match, in the order of the table; a missing key
/// matches nothing.
std::unique_ptr<RowStep> join_step(JoinPlan plan);

/// Moves dates of a row by one amount that depends on its key and the seed alone: the same for all
/// rows of the key, so intervals stay. The amount is whole weeks.
struct ShiftPlan {
  std::vector<int> key_slots;  ///< a missing part counts as a key of its own
  /// One column that moves.
  struct Date {
    int from, to;  ///< slots: a step never changes a slot that it did not make, for joins come back
    CellKind kind;  ///< kDate or kDatetime
  };
  std::vector<Date> dates;  ///< all move by the same amount
  int anchor = 0;           ///< slot of the date that says where the row stands now
  /// A year between them, both taken in, is drawn for each key.
  std::int64_t first_year = 2000, last_year = 2000;
  std::uint64_t seed = 0;  ///< of the draws (Purpose::kPrepare)
  Origin origin;           ///< for messages
};
/// Missing dates stay missing. \throws Error{kData} with the row when the anchor's date is missing
std::unique_ptr<RowStep> shift_step(ShiftPlan plan);

}  // namespace semblance::prepare
