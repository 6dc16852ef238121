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
  virtual void add(const Value* row) = 0;
  virtual void finish() = 0;
};

/// One thread's place while it runs a program.
struct RowState {
  std::vector<Value> slots;
  EvaluationContext context;
  TextArena texts;
  const RowBlock* block = nullptr;  ///< where cells are loaded from
  std::int64_t row = 0;             ///< in the block; without one: number of the row, for messages
  std::string key;                  ///< scratch
};

class RowProgram;

/// Takes the rows that come out of a program.
class RowEmitter {
 public:
  virtual ~RowEmitter() = default;
  virtual void emit(RowState& state) = 0;
};

/// The rest of a program after one of its steps.
class RestOfProgram {
 public:
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

class RowProgram {
 public:
  void add(std::unique_ptr<RowStep> step) { steps_.push_back(std::move(step)); }
  bool empty() const { return steps_.empty(); }
  /// Runs the steps from `first` on, on state.slots.
  void run(RowState& state, RowEmitter& emitter, std::size_t first = 0) const;

 private:
  std::vector<std::unique_ptr<RowStep>> steps_;
};

/// Place of an expression in its recipe: "recipe.yaml:12:9" and what it is for.
struct Origin {
  std::string place, what;
};

std::unique_ptr<RowStep> load_step(int source_column, int slot);
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
            const Origin& origin);
  /// Numbers of the rows with this key.
  std::span<const std::int64_t> find(std::string_view key) const;
  const StoredRows& rows() const { return *rows_; }

 private:
  std::shared_ptr<const StoredRows> rows_;
  KeyIndex index_;
  std::vector<std::int64_t> first_, numbers_;
};

struct JoinPlan {
  std::shared_ptr<const JoinTable> table;
  std::vector<int> key_slots;  ///< of the row
  std::vector<std::string> key_names;
  std::vector<std::pair<int, int>> take;  ///< column of the table -> slot of the row
  bool keep_unmatched = false;            ///< a left join
  std::int64_t at_most = 1000;  ///< matches of one row, before the join counts as exploding
  Origin origin;
};
std::unique_ptr<RowStep> join_step(JoinPlan plan);

/// Moves dates of a row by one amount that depends on its key and the seed alone: the same for all
/// rows of the key, so intervals stay. The amount is whole weeks.
struct ShiftPlan {
  std::vector<int> key_slots;
  struct Date {
    int from, to;  ///< slots: a step never changes a slot that it did not make, for joins come back
    CellKind kind;
  };
  std::vector<Date> dates;
  int anchor = 0;  ///< slot of the date that says where the row stands now
  std::int64_t first_year = 2000, last_year = 2000;
  std::uint64_t seed = 0;
  Origin origin;
};
std::unique_ptr<RowStep> shift_step(ShiftPlan plan);

}  // namespace semblance::prepare
