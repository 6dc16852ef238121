/// Sinks that choose some rows of each key: head, first and last, sample.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/philox.hpp"
#include "prepare/keeping_sink.hpp"

namespace semblance::prepare {
namespace {

class HeadSink : public KeepingSink {
 public:
  HeadSink(HeadPlan plan, const RowShape& shape, MemoryBudget& budget, RowSink& next)
      : KeepingSink(shape, "head", budget, next), plan_(std::move(plan)) {
    for (const HeadShare& share : plan_.shares) most_ = std::max(most_, share.rows);
  }
  void add(const Value* row) override {
    const auto key = static_cast<std::size_t>(key_of(row, plan_.per));
    if (key == counts_.size()) counts_.push_back(0);
    if (counts_[key] == most_) return;
    const std::int64_t place = counts_[key]++;
    if (plan_.shares.size() == 1 && !plan_.wait) {
      next_.add(row);
      return;
    }
    kept_.add(row);
    places_.push_back({static_cast<std::uint32_t>(key), static_cast<std::int32_t>(place)});
  }
  std::int64_t more_bytes() const override { return bytes_of(counts_) + bytes_of(places_); }
  void finish() override {
    const double n_keys = static_cast<double>(counts_.size());
    for (std::size_t i = 0; i < places_.size(); ++i) {
      const HeadShare* share = &plan_.shares.back();
      for (const HeadShare& candidate : plan_.shares) {
        if (places_[i].key < std::nearbyint(candidate.up_to * n_keys)) {
          share = &candidate;
          break;
        }
      }
      if (places_[i].place < share->rows) pass(static_cast<std::int64_t>(i));
    }
    next_.finish();
  }

 private:
  struct Place {
    std::uint32_t key;
    std::int32_t place;
  };
  HeadPlan plan_;
  std::int64_t most_ = 0;
  std::vector<std::int64_t> counts_;
  std::vector<Place> places_;
};

class PickSink : public KeepingSink {
 public:
  PickSink(PickPlan plan, const RowShape& shape, MemoryBudget& budget, RowSink& next)
      : KeepingSink(shape, "first", budget, next), plan_(std::move(plan)) {}
  void add(const Value* row) override {
    const std::int64_t key = key_of(row, plan_.per);
    if (key == kept_.size()) {
      kept_.add(row);
      return;
    }
    const Value best = kept_.value(key, plan_.by), value = row[plan_.by];
    if (value.missing()) return;
    if (best.missing() || (plan_.greatest ? compare(value, best) > 0 : compare(value, best) < 0))
      kept_.replace(key, row);
  }
  void finish() override {
    for (std::int64_t i = 0; i < kept_.size(); ++i) pass(i);
    next_.finish();
  }

 private:
  PickPlan plan_;
};

class SampleSink : public KeepingSink {
 public:
  SampleSink(SamplePlan plan, const RowShape& shape, MemoryBudget& budget, RowSink& next)
      : KeepingSink(shape, "sample", budget, next), plan_(std::move(plan)) {}
  /// Reservoir sampling (Vitter's algorithm R) with the random numbers of (seed, key, place).
  void add(const Value* row) override {
    const auto key = static_cast<std::size_t>(key_of(row, plan_.per));
    if (key == groups_.size()) groups_.emplace_back();
    Group& group = groups_[key];
    const std::int64_t place = group.seen++;
    ++arrived_;
    if (place < plan_.rows) {
      group.rows.push_back(kept_.add(row));
      arrival_.push_back(arrived_);
      return;
    }
    base::PhiloxStream stream(plan_.seed, base::Purpose::kPrepare,
                              (std::uint64_t{key} << 32) ^ static_cast<std::uint64_t>(place));
    const auto drawn =
        static_cast<std::int64_t>(stream.below(static_cast<std::uint64_t>(place) + 1));
    if (drawn >= plan_.rows) return;
    const std::int64_t number = group.rows[static_cast<std::size_t>(drawn)];
    kept_.replace(number, row);
    arrival_[static_cast<std::size_t>(number)] = arrived_;
  }
  std::int64_t more_bytes() const override {
    return bytes_of(groups_) + bytes_of(arrival_) +
           static_cast<std::int64_t>(arrival_.size() * sizeof(std::int64_t));
  }
  void finish() override {
    count_memory(bytes_of(arrival_));
    std::vector<std::int64_t> order(arrival_.size());
    std::iota(order.begin(), order.end(), std::int64_t{0});
    std::sort(order.begin(), order.end(), [&](std::int64_t a, std::int64_t b) {
      return arrival_[static_cast<std::size_t>(a)] < arrival_[static_cast<std::size_t>(b)];
    });
    for (const std::int64_t number : order) pass(number);
    next_.finish();
  }

 private:
  struct Group {
    std::int64_t seen = 0;
    std::vector<std::int64_t> rows;
  };
  SamplePlan plan_;
  std::vector<Group> groups_;
  std::int64_t arrived_ = 0;
  std::vector<std::int64_t> arrival_;
};

}  // namespace

std::unique_ptr<RowSink> head_sink(HeadPlan plan, const RowShape& shape, MemoryBudget& budget,
                                   RowSink& next) {
  return std::make_unique<HeadSink>(std::move(plan), shape, budget, next);
}

std::unique_ptr<RowSink> pick_sink(PickPlan plan, const RowShape& shape, MemoryBudget& budget,
                                   RowSink& next) {
  return std::make_unique<PickSink>(std::move(plan), shape, budget, next);
}

std::unique_ptr<RowSink> sample_sink(SamplePlan plan, const RowShape& shape, MemoryBudget& budget,
                                     RowSink& next) {
  return std::make_unique<SampleSink>(std::move(plan), shape, budget, next);
}

}  // namespace semblance::prepare
