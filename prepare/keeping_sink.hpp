/// What the sinks share that keep rows and pass some on at the end.
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <string>
#include <vector>

#include "prepare/row_sinks.hpp"

namespace semblance::prepare {

/// Bytes of what a vector holds.
template <class T>
std::int64_t bytes_of(const std::vector<T>& list) {
  return static_cast<std::int64_t>(list.capacity() * sizeof(T));
}

/// Base of the sinks that keep rows and pass some on at the end.
class KeepingSink : public RowSink {
 public:
  /// \param name  for messages of the budget
  KeepingSink(const RowShape& shape, const std::string& name, MemoryBudget& budget, RowSink& next)
      : kept_(shape, name, budget), next_(next), name_(name), held_(budget) {}

 protected:
  /// Gives a kept row to the next sink.
  void pass(std::int64_t number) {
    row_.resize(kept_.shape().columns.size());
    kept_.read(number, row_.data());
    next_.add(row_.data());
  }
  /// The number of the row's key.
  std::int64_t key_of(const Value* row, const std::vector<int>& per) {
    make_key(key_, row, per);
    const std::int64_t key = keys_.add(key_);
    if (++seen_ % kCountEvery == 0) count_memory();
    return key;
  }
  /// Bytes that the derived class keeps beside rows and keys.
  virtual std::int64_t more_bytes() const { return 0; }
  /// Holds the budget to what is kept now, and to `more` bytes that are about to be.
  void count_memory(std::int64_t more = 0) {
    held_.set(keys_.bytes() + more_bytes() + more,
              fmt::format("'{}' ({} keys, {} rows so far)", name_, keys_.size(), kept_.size()));
  }
  StoredRows kept_;  ///< numbered as they were added
  RowSink& next_;    ///< takes what is passed on
  KeyIndex keys_;    ///< numbered as they first came

 private:
  static constexpr std::int64_t kCountEvery = 4096;
  std::string name_;
  BudgetShare held_;
  std::int64_t seen_ = 0;
  std::vector<Value> row_;
  std::string key_;
};

}  // namespace semblance::prepare
