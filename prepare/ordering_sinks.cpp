/// Sinks that put rows in order, or check that a key comes once: gather, sort, unique.
#include <algorithm>
#include <numeric>

#include "base/error.hpp"
#include "prepare/keeping_sink.hpp"

namespace semblance::prepare {
namespace {

class GatherSink : public KeepingSink {
 public:
  GatherSink(std::vector<int> per, const RowShape& shape, MemoryBudget& budget, RowSink& next)
      : KeepingSink(shape, "gather", budget, next), per_(std::move(per)) {}
  void add(const Value* row) override {
    group_.push_back(key_of(row, per_));
    kept_.add(row);
  }
  std::int64_t more_bytes() const override { return bytes_of(group_); }
  void finish() override {
    count_memory(2 * bytes_of(group_));  // a stable sort takes as much again
    std::vector<std::int64_t> order(group_.size());
    std::iota(order.begin(), order.end(), std::int64_t{0});
    std::stable_sort(order.begin(), order.end(), [&](std::int64_t a, std::int64_t b) {
      return group_[static_cast<std::size_t>(a)] < group_[static_cast<std::size_t>(b)];
    });
    for (const std::int64_t number : order) pass(number);
    next_.finish();
  }

 private:
  std::vector<int> per_;
  std::vector<std::int64_t> group_;
};

class SortSink : public KeepingSink {
 public:
  SortSink(std::vector<std::pair<int, bool>> by, const RowShape& shape, MemoryBudget& budget,
           RowSink& next)
      : KeepingSink(shape, "sort", budget, next), by_(std::move(by)) {}
  void add(const Value* row) override { kept_.add(row); }
  void finish() override {
    count_memory(2 * kept_.size() * static_cast<std::int64_t>(sizeof(std::int64_t)));
    std::vector<std::int64_t> order(static_cast<std::size_t>(kept_.size()));
    std::iota(order.begin(), order.end(), std::int64_t{0});
    std::stable_sort(order.begin(), order.end(),
                     [&](std::int64_t a, std::int64_t b) { return before(a, b); });
    for (const std::int64_t number : order) pass(number);
    next_.finish();
  }

 private:
  bool before(std::int64_t a, std::int64_t b) const {
    for (const auto& [slot, descending] : by_) {
      const Value x = kept_.value(a, slot), y = kept_.value(b, slot);
      if (x.missing() || y.missing()) {
        if (x.missing() != y.missing()) return y.missing();
        continue;
      }
      const int order = compare(x, y);
      if (order != 0) return descending ? order > 0 : order < 0;
    }
    return false;
  }
  std::vector<std::pair<int, bool>> by_;
};

class UniqueSink : public RowSink {
 public:
  UniqueSink(std::vector<int> per, std::vector<std::string> names, Origin origin,
             MemoryBudget& budget, RowSink& next)
      : per_(std::move(per)),
        names_(std::move(names)),
        origin_(std::move(origin)),
        held_(budget),
        next_(next) {}
  void add(const Value* row) override {
    make_key(key_, row, per_);
    const std::int64_t known = keys_.size();
    if (keys_.add(key_) < known) {
      base::fail(base::ErrorKind::kData, "{}: {}: {} comes more than once", origin_.place,
                 origin_.what, key_text(row, per_, names_));
    }
    if (known % 4096 == 0) held_.set(keys_.bytes(), "the keys of 'unique'");
    next_.add(row);
  }
  void finish() override { next_.finish(); }

 private:
  std::vector<int> per_;
  std::vector<std::string> names_;
  Origin origin_;
  BudgetShare held_;
  RowSink& next_;
  KeyIndex keys_;
  std::string key_;
};

}  // namespace

std::unique_ptr<RowSink> gather_sink(std::vector<int> per, const RowShape& shape,
                                     MemoryBudget& budget, RowSink& next) {
  return std::make_unique<GatherSink>(std::move(per), shape, budget, next);
}

std::unique_ptr<RowSink> sort_sink(std::vector<std::pair<int, bool>> by_descending,
                                   const RowShape& shape, MemoryBudget& budget, RowSink& next) {
  return std::make_unique<SortSink>(std::move(by_descending), shape, budget, next);
}

std::unique_ptr<RowSink> unique_sink(std::vector<int> per, std::vector<std::string> names,
                                     Origin origin, MemoryBudget& budget, RowSink& next) {
  return std::make_unique<UniqueSink>(std::move(per), std::move(names), std::move(origin), budget,
                                      next);
}

}  // namespace semblance::prepare
