/// Errors: one exception type whose kind decides the exit code of the program.
#pragma once

#include <fmt/format.h>

#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace semblance::base {

/// What went wrong, from the point of view of who can mend it.
enum class ErrorKind {
  kInternal,  ///< a bug in this program: exit code 1
  kUsage,     ///< wrong command line: exit code 2
  kData,      ///< bad input data or configuration: exit code 3
  kIo,        ///< disk full, unreadable or unwritable file: exit code 4
  kDevice,    ///< no such device, or the device failed: exit code 5
  kComm,      ///< communication between ranks failed: exit code 5
  kStopped,   ///< ended by a signal after its state was saved: exit code 143, as for SIGTERM
  kGate,      ///< the report was written, but a gate of `evaluate --gate` failed: exit code 6
};

/// Exit code of the program for an error of this kind.
int exit_code(ErrorKind kind);

/// The one exception this program throws on purpose. The message names file, column and row
/// where there are any, and says what would be right.
class Error : public std::runtime_error {
 public:
  /// \param message  one line or several for people, without "error:" in front
  Error(ErrorKind kind, const std::string& message) : std::runtime_error(message), kind_(kind) {}
  ErrorKind kind() const { return kind_; }  ///< decides the exit code

 private:
  ErrorKind kind_;
};

/// Throws Error{kind} with a formatted message.
template <class... Args>
[[noreturn]] void fail(ErrorKind kind, fmt::format_string<Args...> format, Args&&... args) {
  throw Error(kind, fmt::format(format, std::forward<Args>(args)...));
}

/// Throws Error{kIo} whose message ends in the text of the current `errno`.
[[noreturn]] void fail_errno(std::string_view doing, std::string_view path);

/// The member of `valid` nearest to `name` by edit distance, or "" when none is near.
std::string nearest_name(std::string_view name, const std::vector<std::string>& valid);

/// " (did you mean 'x'?)", or "" when no valid name is near.
std::string did_you_mean(std::string_view name, const std::vector<std::string>& valid);

/// What SEMBLANCE_ASSERT calls. Throws Error{kInternal} with file, line and condition.
[[noreturn]] void assertion_failed(const char* condition, const char* file, int line);

}  // namespace semblance::base

/// A condition that the caller must meet, checked in every build.
#define SEMBLANCE_EXPECT(condition, kind, ...)                                                  \
  do {                                                                                          \
    if (!(condition)) ::semblance::base::fail(::semblance::base::ErrorKind::kind, __VA_ARGS__); \
  } while (false)

/// A condition that only a bug in this program can break, checked in every build.
#define SEMBLANCE_ASSERT(condition)                                                        \
  do {                                                                                     \
    if (!(condition)) ::semblance::base::assertion_failed(#condition, __FILE__, __LINE__); \
  } while (false)
