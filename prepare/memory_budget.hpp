/// The memory that a run of a recipe may take for rows that it keeps.
#pragma once

#include <cstdint>
#include <string_view>

namespace semblance::prepare {

/// The memory that a run of a recipe may take for rows that it keeps.
class MemoryBudget {
 public:
  /// \param limit_bytes  over all that count with it
  explicit MemoryBudget(std::int64_t limit_bytes) : limit_(limit_bytes) {}
  /// \throws Error{kData} that names `what` when the limit is passed
  void take(std::int64_t bytes, std::string_view what);
  void give_back(std::int64_t bytes) { used_ -= bytes; }  ///< what take() took
  std::int64_t limit_bytes() const { return limit_; }     ///< as given

 private:
  std::int64_t limit_, used_ = 0;
};

/// What one keeper of rows holds of a budget; given back when it goes.
class BudgetShare {
 public:
  /// Holds nothing yet; the budget must outlive it.
  explicit BudgetShare(MemoryBudget& budget) : budget_(budget) {}
  ~BudgetShare() { budget_.give_back(bytes_); }
  BudgetShare(const BudgetShare&) = delete;
  BudgetShare& operator=(const BudgetShare&) = delete;
  /// Says how much it holds now. \throws Error{kData} that names `what` when the limit is passed
  void set(std::int64_t bytes, std::string_view what) {
    const std::int64_t more = bytes - bytes_;
    bytes_ = bytes;
    if (more > 0) {
      budget_.take(more, what);
    } else {
      budget_.give_back(-more);
    }
  }

 private:
  MemoryBudget& budget_;
  std::int64_t bytes_ = 0;
};

}  // namespace semblance::prepare
