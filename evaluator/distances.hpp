/// Gower distances between the compared tables, each pass computed once and kept.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "evaluator/comparison.hpp"
#include "evaluator/shared_nearest.hpp"
#include "kernels/dcr.hpp"

namespace semblance::evaluator {

/// Rows ready for the kernel: owns the rescaled numbers.
class GowerTable {
 public:
  GowerTable() = default;
  /// \param columns  numbers of Comparison::columns to use; empty: all
  GowerTable(const Comparison& data, const Rows& rows, const std::vector<int>& columns = {});
  GowerTable(const GowerTable&) = delete;
  GowerTable& operator=(const GowerTable&) = delete;

  kernels::GowerRows view() const;  ///< points into this object, which must outlive it

 private:
  std::int64_t n_rows_ = 0;
  std::vector<std::vector<float>> numeric_;
  std::vector<std::vector<std::int32_t>> categorical_;
};

/// Nearest reference row of each query row, on all columns or some.
std::vector<kernels::Nearest> nearest(const Comparison& data, const Rows& queries,
                                      const Rows& references, const kernels::DcrOptions& options,
                                      const std::vector<int>& columns = {});

/// The same of each of several tables, in one pass over the queries.
/// \param ranks  when not null, those that share the work; only on rank 0
std::vector<std::vector<kernels::Nearest>> nearest_of_each(
    const Comparison& data, const Rows& queries, const std::vector<const Rows*>& references,
    const kernels::DcrOptions& options, SharedNearest* ranks = nullptr);

/// The passes that several privacy and quality checks share. Train sides are cut to equal sizes
/// where a comparison of two distances needs it.
class Distances {
 public:
  /// Computes nothing yet.
  /// \param device  as base::Device::name()
  /// \param seed    of the even parts
  /// \param ranks   ranks that share the passes, or null; must outlive this
  Distances(const Comparison& data, std::string device, int threads, std::uint64_t seed,
            SharedNearest* ranks = nullptr);

  /// For distances of one check alone.
  kernels::DcrOptions options() const { return {.device = device_, .threads = threads_}; }

  const std::vector<kernels::Nearest>& synthetic_to_real();  ///< all rows of both
  const std::vector<kernels::Nearest>& holdout_to_real();    ///< the reference of the former
  const std::vector<kernels::Nearest>& real_to_real();  ///< each row left out of its own answer
  const std::vector<kernels::Nearest>& synthetic_to_even_real();     ///< even_rows() real rows
  const std::vector<kernels::Nearest>& synthetic_to_even_holdout();  ///< even_rows() holdout rows
  std::int64_t even_rows() const;                                    ///< min(real, holdout) rows

 private:
  using Results = std::vector<kernels::Nearest>;
  /// The pass of that name, after make() has put it into done_.
  const Results& once(const char* name, const std::function<void()>& make);
  /// Synthetic rows against the real ones, and against even parts where there is a holdout: one
  /// pass.
  void pass_synthetic();

  const Comparison& data_;
  std::string device_;
  int threads_;
  std::uint64_t seed_;
  SharedNearest* ranks_;
  std::map<std::string, std::vector<kernels::Nearest>> done_;
};

}  // namespace semblance::evaluator
