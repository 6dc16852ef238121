#include "base/progress.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>

#include "base/log.hpp"

namespace semblance::base {
namespace {

constexpr int kBarWidth = 24;
constexpr double kTerminalInterval_s = 0.1;
constexpr double kBatchInterval_s = 5.0;

std::string short_count(double n) {
  if (n >= 1e9) return fmt::format("{:.2f} G", n / 1e9);
  if (n >= 1e6) return fmt::format("{:.2f} M", n / 1e6);
  if (n >= 1e4) return fmt::format("{:.1f} k", n / 1e3);
  return fmt::format("{:.0f}", n);
}

}  // namespace

std::string time_text(double seconds) {
  if (seconds < 59.95) return fmt::format("{:.1f} s", seconds);
  // The time left may be beyond any whole number while next to nothing is done.
  constexpr double kMost_s = 1e15;
  const auto whole = static_cast<std::int64_t>(std::llround(std::min(seconds, kMost_s)));
  if (whole < 3600) return fmt::format("{} min {:02} s", whole / 60, whole % 60);
  return fmt::format("{} h {:02} min", whole / 3600, whole / 60 % 60);
}

Progress::Progress(std::string label, std::int64_t total, std::string unit)
    : label_(std::move(label)),
      unit_(std::move(unit)),
      total_(total),
      start_(std::chrono::steady_clock::now()),
      shown_(start_),
      terminal_(isatty(STDERR_FILENO) != 0),
      silent_(log_is_quiet()) {}

Progress::~Progress() { finish(); }

void Progress::advance(std::int64_t units, const std::string& note) {
  done_ += units;
  if (silent_) return;
  const std::lock_guard lock(mutex_);
  if (!note.empty()) note_ = note;
  const std::chrono::duration<double> since = std::chrono::steady_clock::now() - shown_;
  if (since.count() >= (terminal_ ? kTerminalInterval_s : kBatchInterval_s)) show(false);
}

void Progress::finish() {
  const std::lock_guard lock(mutex_);
  if (silent_ || finished_) return;
  finished_ = true;
  show(true);
}

void Progress::show(bool last) {
  shown_ = std::chrono::steady_clock::now();
  const double seconds = std::max(1e-9, std::chrono::duration<double>(shown_ - start_).count());
  const auto done = static_cast<double>(done_.load());
  const double rate = done / seconds;
  std::string line = fmt::format("{:<10}", label_);
  if (total_ > 0) {
    const double share = std::clamp(done / static_cast<double>(total_), 0.0, 1.0);
    if (terminal_) {
      const int filled = static_cast<int>(share * kBarWidth);
      line +=
          fmt::format(" [{}{}]", std::string(filled, '#'), std::string(kBarWidth - filled, '.'));
    }
    line += fmt::format(" {:3.0f}%  {} / {} {}", 100 * share, short_count(done),
                        short_count(static_cast<double>(total_)), unit_);
    if (!last && rate > 0)
      line += fmt::format("  {} left", time_text((static_cast<double>(total_) - done) / rate));
  } else {
    line += fmt::format("  {} {}", short_count(done), unit_);
  }
  line += fmt::format("  {} {}/s", short_count(rate), unit_);
  if (last) line += fmt::format("  in {}", time_text(seconds));
  if (!note_.empty()) line += "  " + note_;
  if (terminal_) {
    fmt::print(stderr, "\r{}\033[K{}", line, last ? "\n" : "");
  } else {
    fmt::print(stderr, "{}\n", line);
  }
  std::fflush(stderr);
}

}  // namespace semblance::base
