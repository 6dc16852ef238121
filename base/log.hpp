/// Messages to people (standard error) and events to machines (JSON lines). Nothing here writes to
/// standard output, which belongs to the results of a command.
#pragma once

#include <fmt/format.h>

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace semblance::base {

/// kDebug is never shown; kInfo is dropped by `quiet` and on ranks other than 0.
enum class LogLevel { kDebug, kInfo, kWarning, kError };

/// Where messages go. Set once by main; rank 0 speaks, other ranks pass warnings and errors only.
struct LogOptions {
  bool quiet = false;     ///< only warnings and errors
  std::string json_path;  ///< append one JSON object a line here; "" for none
  int rank = 0;           ///< others than 0 put "rank N:" before a message and write no events
};
/// \throws Error{kIo} when json_path cannot be written
void configure_log(const LogOptions& options);
/// True when information is dropped: progress bars and summaries then need not be made.
bool log_is_quiet();

/// Writes a line to standard error; "warning: " or "error: " is put before it by level.
/// Thread-safe.
void log_message(LogLevel level, std::string_view text);

/// Tells of progress or a result; dropped by `quiet` and on ranks other than 0.
template <class... Args>
void log_info(fmt::format_string<Args...> format, Args&&... args) {
  log_message(LogLevel::kInfo, fmt::format(format, std::forward<Args>(args)...));
}
/// Tells of something that a person should look at and that does not stop the run; from every rank.
template <class... Args>
void log_warning(fmt::format_string<Args...> format, Args&&... args) {
  log_message(LogLevel::kWarning, fmt::format(format, std::forward<Args>(args)...));
}

/// One machine-readable event, for example {"event":"epoch","epoch":3,"loss":20.1}.
using LogField = std::pair<std::string_view, std::variant<double, long long, std::string>>;
/// Appends {"event": ..., "time_s": seconds since 1970, fields...} to LogOptions::json_path and
/// flushes; nothing on ranks other than 0 or without a path. Thread-safe.
void log_event(std::string_view event, std::initializer_list<LogField> fields);

}  // namespace semblance::base
