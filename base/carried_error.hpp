/// An error as text, to be thrown on another rank as it was on the one where it arose.
#pragma once

#include <string>
#include <string_view>

#include "base/error.hpp"

namespace semblance::base {

/// The error as text that is never empty: its kind in the first character, then its message.
std::string carry(const Error& error);

/// Throws the error that `carry` put into `text`.
[[noreturn]] void throw_carried(std::string_view text);

}  // namespace semblance::base
