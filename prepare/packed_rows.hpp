/// Rows as bytes, to send them from rank to rank.
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <vector>

#include "prepare/value.hpp"

namespace semblance::prepare {

/// Appends the values of a row.
void pack_row(std::vector<std::byte>& out, std::span<const Value> row);

/// Calls take(row) for each packed row of `n_values` values; their texts point into `bytes`.
/// \throws Error{kComm} when the bytes are none that pack_row() made
void unpack_rows(std::span<const std::byte> bytes, std::size_t n_values,
                 const std::function<void(const Value* row)>& take);

}  // namespace semblance::prepare
