#include "prepare/number_runs.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstring>

namespace semblance::prepare {
namespace {

std::string_view without_blanks(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  if (!text.empty() && text.front() == '+') text.remove_prefix(1);
  return text;
}

template <class Number>
bool read_number(std::string_view text, Number& value) {
  text = without_blanks(text);
  const auto end = std::from_chars(text.data(), text.data() + text.size(), value);
  return !text.empty() && end.ec == std::errc() && end.ptr == text.data() + text.size();
}

/// repr() of a Python float.
std::string python_float(double value) {
  std::string text = fmt::format("{}", value);
  if (text.find_first_of(".en") == std::string::npos) text += ".0";
  return text;
}

}  // namespace

RunKind number_kind(std::string_view text) {
  std::int64_t integer = 0;
  if (read_number(text, integer)) return RunKind::kIntegers;
  double real = 0;
  return read_number(text, real) ? RunKind::kReals : RunKind::kTexts;
}

void NumberRuns::Block::add(std::int64_t file_row, std::string_view text, bool missing) {
  const std::int64_t run = (file_row - 1) / rows_;
  if (seen_.empty() || seen_.back().run != run) seen_.push_back({run, RunKind::kEmpty, false});
  Seen& seen = seen_.back();
  if (missing) {
    seen.missing = true;
  } else if (seen.kind != RunKind::kTexts) {
    seen.kind = std::max(seen.kind, number_kind(text));
  }
}

void NumberRuns::merge(std::size_t number, RunKind kind, bool missing) {
  if (runs_.size() <= number) runs_.resize(number + 1);
  Run& run = runs_[number];
  run.kind = std::max(run.kind, kind);
  run.missing |= missing;
}

void NumberRuns::merge(const Block& block) {
  const std::lock_guard lock(mutex_);
  for (const Block::Seen& seen : block.seen_) {
    merge(static_cast<std::size_t>(seen.run), seen.kind, seen.missing);
  }
}

void NumberRuns::merge_ranks(base::Communicator& communicator) {
  const auto all = communicator.all_gather(std::as_bytes(std::span(runs_)));
  for (const auto& bytes : all) {
    std::vector<Run> theirs(bytes.size() / sizeof(Run));
    if (!theirs.empty()) std::memcpy(theirs.data(), bytes.data(), theirs.size() * sizeof(Run));
    for (std::size_t i = 0; i < theirs.size(); ++i) merge(i, theirs[i].kind, theirs[i].missing);
  }
}

std::string NumberRuns::as_written(std::int64_t file_row, std::string_view text) const {
  const auto index = static_cast<std::size_t>((file_row - 1) / rows_);
  if (index >= runs_.size()) return std::string(text);
  const Run& run = runs_[index];
  // Runs of whole numbers become floats where all runs are numbers and one of them is floats.
  const bool floats = std::none_of(runs_.begin(), runs_.end(),
                                   [](const Run& r) { return r.kind == RunKind::kTexts; }) &&
                      std::any_of(runs_.begin(), runs_.end(), [](const Run& r) {
                        return r.kind != RunKind::kIntegers || r.missing;
                      });
  if (run.kind == RunKind::kIntegers && !run.missing && !floats) {
    std::int64_t value = 0;
    return read_number(text, value) ? fmt::format("{}", value) : std::string(text);
  }
  double value = 0;
  const bool numbers = run.kind == RunKind::kIntegers || run.kind == RunKind::kReals;
  return numbers && read_number(text, value) ? python_float(value) : std::string(text);
}

}  // namespace semblance::prepare
