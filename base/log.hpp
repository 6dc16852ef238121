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

enum class LogLevel { kDebug, kInfo, kWarning, kError };

/// Where messages go. Set once by main; rank 0 speaks, other ranks pass warnings and errors only.
struct LogOptions {
  bool quiet = false;     ///< only warnings and errors
  std::string json_path;  ///< append one JSON object a line here; "" for none
  int rank = 0;
};
/// \throws Error{kIo} when json_path cannot be written
void configure_log(const LogOptions& options);
bool log_is_quiet();

void log_message(LogLevel level, std::string_view text);

template <class... Args>
void log_info(fmt::format_string<Args...> format, Args&&... args) {
  log_message(LogLevel::kInfo, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void log_warning(fmt::format_string<Args...> format, Args&&... args) {
  log_message(LogLevel::kWarning, fmt::format(format, std::forward<Args>(args)...));
}

/// One machine-readable event, for example {"event":"epoch","epoch":3,"loss":20.1}.
using LogField = std::pair<std::string_view, std::variant<double, long long, std::string>>;
void log_event(std::string_view event, std::initializer_list<LogField> fields);

}  // namespace semblance::base
