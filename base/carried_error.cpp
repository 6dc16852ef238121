#include "base/carried_error.hpp"

namespace semblance::base {

std::string carry(const Error& error) {
  return static_cast<char>('0' + static_cast<int>(error.kind())) + std::string(error.what());
}

void throw_carried(std::string_view text) {
  SEMBLANCE_ASSERT(!text.empty());
  fail(static_cast<ErrorKind>(text[0] - '0'), "{}", text.substr(1));
}

}  // namespace semblance::base
