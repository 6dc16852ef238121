/// Progress of a long loop: a bar on a terminal, a plain line every few seconds in a batch log,
/// nothing with --quiet or on ranks other than 0.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <string>

namespace semblance::base {

/// A length of time for people: "12.3 s", "1 min 30 s", "2 h 05 min".
std::string time_text(double seconds);

/// One running display; make it where the loop begins. Uses the clock, so nothing may depend on it.
class Progress {
 public:
  /// \param label  what is being done, for example "generate"
  /// \param total  units of work in all; 0 when not known
  /// \param unit   for example "rows"
  Progress(std::string label, std::int64_t total, std::string unit);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// Adds finished work; `note` (for example "loss 20.1") is shown at the end. Thread-safe.
  void advance(std::int64_t units, const std::string& note = "");
  /// Shows the last line; called by the destructor too.
  void finish();

 private:
  void show(bool last);

  std::string label_, unit_, note_;
  std::int64_t total_;
  std::atomic<std::int64_t> done_{0};
  std::chrono::steady_clock::time_point start_, shown_;
  std::mutex mutex_;
  bool terminal_, silent_, finished_ = false;
};

}  // namespace semblance::base
