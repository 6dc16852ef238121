#include "trainer/codec_counts.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <map>

#include "base/error.hpp"

namespace semblance::trainer {
namespace {

std::vector<ValueCount> counted(std::span<const double> values) {
  std::vector<double> sorted;
  sorted.reserve(values.size());
  for (const double value : values) {
    if (std::isfinite(value)) sorted.push_back(value + 0.0);  // -0 becomes 0
  }
  std::sort(sorted.begin(), sorted.end());
  std::vector<ValueCount> counts;
  for (const double value : sorted) {
    if (counts.empty() || counts.back().value != value) counts.push_back({value, 0});
    ++counts.back().count;
  }
  return counts;
}

std::vector<ValueCount> merged(const std::vector<std::vector<std::byte>>& parts) {
  std::vector<ValueCount> all;
  for (const auto& part : parts) {
    SEMBLANCE_ASSERT(part.size() % sizeof(ValueCount) == 0);
    const std::size_t old = all.size();
    all.resize(old + part.size() / sizeof(ValueCount));
    if (!part.empty()) std::memcpy(all.data() + old, part.data(), part.size());
  }
  std::sort(all.begin(), all.end(),
            [](const ValueCount& a, const ValueCount& b) { return a.value < b.value; });
  std::vector<ValueCount> counts;
  for (const ValueCount& entry : all) {
    if (counts.empty() || counts.back().value != entry.value) {
      counts.push_back(entry);
    } else {
      counts.back().count += entry.count;
    }
  }
  return counts;
}

/// Levels as bytes: 8 bytes count, 8 bytes length, the text; over and over.
std::vector<std::byte> packed(const table::Column& column,
                              const std::vector<std::int64_t>& counts) {
  std::string bytes;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    if (counts[i] == 0) continue;
    const std::array<std::int64_t, 2> head = {counts[i],
                                              static_cast<std::int64_t>(column.levels[i].size())};
    bytes.append(reinterpret_cast<const char*>(head.data()), sizeof head);
    bytes += column.levels[i];
  }
  const auto view = std::as_bytes(std::span(bytes));
  return {view.begin(), view.end()};
}

void unpack(const std::vector<std::byte>& bytes, std::map<std::string, std::int64_t>& counts) {
  for (std::size_t at = 0; at < bytes.size();) {
    std::array<std::int64_t, 2> head;
    SEMBLANCE_ASSERT(at + sizeof head <= bytes.size());
    std::memcpy(head.data(), bytes.data() + at, sizeof head);
    at += sizeof head;
    const auto length = static_cast<std::size_t>(head[1]);
    SEMBLANCE_ASSERT(length <= bytes.size() - at);
    counts[std::string(reinterpret_cast<const char*>(bytes.data() + at), length)] += head[0];
    at += length;
  }
}

}  // namespace

std::int64_t NumberSummary::present() const {
  std::int64_t total = 0;
  for (const ValueCount& entry : values) total += entry.count;
  return total;
}

NumberSummary summarise_numbers(std::span<const double> values, base::Communicator& communicator) {
  NumberSummary summary;
  summary.values = counted(values);
  std::int64_t total = static_cast<std::int64_t>(values.size());
  if (communicator.size() > 1) {
    summary.values = merged(communicator.all_gather(std::as_bytes(std::span(summary.values))));
    communicator.all_reduce_sum(std::span(&total, 1));
  }
  summary.missing = total - summary.present();
  return summary;
}

LevelSummary summarise_levels(const table::Column& column, base::Communicator& communicator) {
  std::vector<std::int64_t> own(column.levels.size(), 0);
  LevelSummary summary;
  for (const std::int32_t code : column.codes) {
    if (code < 0) {
      ++summary.missing;
    } else {
      SEMBLANCE_ASSERT(static_cast<std::size_t>(code) < own.size());
      ++own[static_cast<std::size_t>(code)];
    }
  }
  std::map<std::string, std::int64_t> counts;
  for (const auto& part : communicator.all_gather(packed(column, own))) unpack(part, counts);
  communicator.all_reduce_sum(std::span(&summary.missing, 1));
  for (const auto& [text, count] : counts) summary.levels.push_back({text, count});
  std::stable_sort(summary.levels.begin(), summary.levels.end(),
                   [](const LevelCount& a, const LevelCount& b) { return a.count > b.count; });
  return summary;
}

}  // namespace semblance::trainer
