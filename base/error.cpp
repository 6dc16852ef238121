#include "base/error.hpp"

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstring>
#include <numeric>

namespace semblance::base {

int exit_code(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kUsage:
      return 2;
    case ErrorKind::kData:
      return 3;
    case ErrorKind::kIo:
      return 4;
    case ErrorKind::kDevice:
    case ErrorKind::kComm:
      return 5;
    case ErrorKind::kStopped:
      return 143;
    case ErrorKind::kGate:
      return 6;
    case ErrorKind::kInternal:
      break;
  }
  return 1;
}

void fail_errno(std::string_view doing, std::string_view path) {
  fail(ErrorKind::kIo, "{}: cannot {}: {}", path, doing, std::strerror(errno));
}

namespace {

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t substituted = diagonal + (a[i - 1] != b[j - 1]);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, substituted});
    }
  }
  return row[b.size()];
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

}  // namespace

std::string nearest_name(std::string_view name, const std::vector<std::string>& valid) {
  std::string best;
  const std::string wanted = lower(name);
  std::size_t least = std::max<std::size_t>(2, name.size() / 2) + 1;
  for (const std::string& candidate : valid) {
    // The beginning of a name is nearer than any misspelling.
    const bool beginning = name.size() >= 3 && lower(candidate).starts_with(wanted);
    const std::size_t distance = beginning ? 0 : edit_distance(wanted, lower(candidate));
    if (distance < least) {
      least = distance;
      best = candidate;
    }
  }
  return best;
}

std::string did_you_mean(std::string_view name, const std::vector<std::string>& valid) {
  const std::string nearest = nearest_name(name, valid);
  return nearest.empty() ? "" : fmt::format(" (did you mean '{}'?)", nearest);
}

void assertion_failed(const char* condition, const char* file, int line) {
  fail(ErrorKind::kInternal, "{}:{}: internal check failed: {}", file, line, condition);
}

}  // namespace semblance::base
