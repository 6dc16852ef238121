/// Contingency tables of binned codes: all pairs (and triples) of columns counted in one pass over
/// rows that may be streamed in chunks.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <variant>
#include <vector>

namespace semblance::kernels {

/// Codes 0..K-1 of one column for the rows of a chunk, owned elsewhere.
using CodeColumn = std::variant<std::span<const std::uint8_t>, std::span<const std::uint16_t>>;

struct ContingencyPlan;  ///< kernels/contingency_tables.hpp

/// Counts of all pairs of columns.
class PairCounts {
 public:
  /// \param cardinalities  [columns] number of codes K of each column, 1 to 65536
  /// \throws Error{kUsage} for other cardinalities, or when the tables would exceed 2^33 cells
  explicit PairCounts(std::vector<int> cardinalities);

  /// Adds rows; columns in the order of the cardinalities, all of the same length (0 is allowed).
  /// The result does not depend on how rows are cut into chunks or on threads.
  /// \param threads  0 for all
  /// \param device   as base::Device::name(); the counts are the same on every device
  /// \throws Error{kUsage} for a wrong number or length of columns, or a code that is not below its
  ///         column's cardinality (nothing is counted then); Error{kDevice} when CUDA is
  ///         asked for and absent
  void add(std::span<const CodeColumn> columns, int threads = 0, const std::string& device = "cpu");

  /// One column has no pair.
  int n_columns() const { return static_cast<int>(cardinalities_.size()); }
  const std::vector<int>& cardinalities() const { return cardinalities_; }  ///< as given
  std::int64_t n_rows() const { return n_rows_; }  ///< added so far, merged ones included
  /// Counts of columns i < j, [K_i, K_j], j innermost.
  std::span<const std::int64_t> pair(int i, int j) const;
  /// All tables one after the other, (0,1), (0,2), ..., for sums over ranks; n_rows is the
  /// caller's.
  std::span<std::int64_t> all() { return {counts_.data(), counts_.size()}; }
  /// Adds another count of the same columns. \throws Error{kUsage} when cardinalities differ
  void merge(const PairCounts& other);
  /// Counts of one column, [K_i], from any pair that has it (needs two columns or more).
  std::vector<std::int64_t> single(int i) const;

 private:
  std::size_t index(int i, int j) const;
  std::vector<int> cardinalities_;
  std::vector<std::int64_t> offsets_;  ///< [pairs] into counts_
  std::vector<std::int64_t> counts_;
  std::int64_t n_rows_ = 0;
  std::shared_ptr<const ContingencyPlan> plan_;  ///< of the last add()
};

/// Counts of all triples of columns.
class TripleCounts {
 public:
  static constexpr int kMostColumns = 100;  ///< 161,700 tables

  /// As PairCounts; 100 columns at most.
  explicit TripleCounts(std::vector<int> cardinalities);
  /// As PairCounts::add().
  void add(std::span<const CodeColumn> columns, int threads = 0, const std::string& device = "cpu");
  /// Fewer than three have no triple.
  int n_columns() const { return static_cast<int>(cardinalities_.size()); }
  std::int64_t n_rows() const { return n_rows_; }  ///< added so far, merged ones included
  /// Counts of columns i < j < k, [K_i, K_j, K_k], k innermost.
  std::span<const std::int64_t> triple(int i, int j, int k) const;
  /// All tables one after the other, (0,1,2), (0,1,3), ...; see PairCounts::all().
  std::span<std::int64_t> all() { return {counts_.data(), counts_.size()}; }
  /// Adds another count of the same columns. \throws Error{kUsage} when cardinalities differ
  void merge(const TripleCounts& other);

 private:
  std::size_t index(int i, int j, int k) const;
  std::vector<int> cardinalities_;
  std::vector<std::int64_t> offsets_;
  std::vector<std::int64_t> counts_;
  std::int64_t n_rows_ = 0;
  std::shared_ptr<const ContingencyPlan> plan_;  ///< of the last add()
};

}  // namespace semblance::kernels
