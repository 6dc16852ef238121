/// A table of a recipe as a chain of steps: planned once, then rows stream through.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/communicator.hpp"
#include "prepare/recipe.hpp"
#include "prepare/row_program.hpp"
#include "prepare/row_sinks.hpp"
#include "prepare/row_source.hpp"
#include "prepare/stored_rows.hpp"

namespace semblance::prepare {

/// Gives the rows of a table that a join needs.
using TableGetter = std::function<std::shared_ptr<const StoredRows>(const Written& name)>;

/// Rows of a recipe on their way: the source, the program that its blocks run through in parallel
/// (on all ranks), and the sinks after it (on rank 0). Built forwards, step by step, on every rank;
/// run() joins the sinks backwards.
class Chain {
 public:
  /// The three references must outlive the chain.
  Chain(TableGetter tables, MemoryBudget& budget, base::Communicator& communicator)
      : tables_(std::move(tables)), budget_(budget), communicator_(communicator) {}

  /// The rows of a file. \throws Error{kData}, Error{kIo} as open_source()
  void begin(const SourceSpec& spec, const std::string& directory);
  /// Rows that are kept, on rank 0.
  void begin(std::shared_ptr<const StoredRows> rows);
  /// Gives the generator of randrange(); null where the table has none.
  void use_random(std::shared_ptr<PythonRandom> random) { random_ = std::move(random); }
  /// Plans a step. \throws Error{kData} with the place in the recipe
  void add(const RecipeStep& step);
  /// Keeps these columns, in this order.
  void select(const std::vector<Written>& names);
  /// The columns after the steps so far.
  const RowShape& shape() const { return shape_; }
  /// Ends the chain: rows then have the columns of shape(), in slots 0, 1, 2, ...
  void pack();
  /// Streams all rows into `last`, which is asked of rank 0 alone. Every rank calls this; errors
  /// are the same on all ranks.
  void run(RowSink* last, int threads, const std::string& label);

 private:
  struct Stage {
    std::shared_ptr<RowProgram> program = std::make_shared<RowProgram>();
    int n_inputs = 0, n_slots = 0;
    std::vector<int> pack;
  };
  using SinkMaker = std::function<std::unique_ptr<RowSink>(RowSink& next)>;

  void add(const FilterStep& step, const RecipeStep& all);
  void add(const DeriveStep& step, const RecipeStep& all);
  void add(const SelectStep& step, const RecipeStep& all);
  void add(const RenameStep& step, const RecipeStep& all);
  void add(const CastStep& step, const RecipeStep& all);
  void add(const JoinStep& step, const RecipeStep& all);
  void add(const HeadStep& step, const RecipeStep& all);
  void add(const PickStep& step, const RecipeStep& all);
  void add(const SampleStep& step, const RecipeStep& all);
  void add(const GatherStep& step, const RecipeStep& all);
  void add(const SortStep& step, const RecipeStep& all);
  void add(const UniqueStep& step, const RecipeStep& all);
  void add(const AggregateStep& step, const RecipeStep& all);
  void add(const ShiftStep& step, const RecipeStep& all);

  std::shared_ptr<Expression> compile(const Written& text);
  int position(const Written& name) const;
  int slot(const Written& name);  ///< loads the column where that has not been done
  std::vector<int> positions(const std::vector<Written>& names) const;
  void load(int position);
  void close_stage();  ///< ends the row program; shape_ is packed after it
  void add_sink(SinkMaker maker);
  void open_serial_stage();
  void run_source(RowSink& first, int threads, const std::string& label);
  void run_shares(RowSink* first, int threads, const std::string& label);
  void run_kept_rows(RowSink& first);

  TableGetter tables_;
  MemoryBudget& budget_;
  base::Communicator& communicator_;
  std::shared_ptr<RowSource> source_;
  std::shared_ptr<const StoredRows> rows_;
  RowShape shape_;
  std::vector<int> unloaded_;      ///< slot -> column of the source + 1; 0: loaded
  std::vector<SinkMaker> makers_;  ///< what comes after the first stage, in order
  std::shared_ptr<PythonRandom> random_;
  bool serial_ = false, whole_source_read_ = false;
  Stage first_;  ///< runs in parallel where rows come from a file
  Stage later_;  ///< the serial stage that is being built
  Stage* now_ = &first_;
};

}  // namespace semblance::prepare
