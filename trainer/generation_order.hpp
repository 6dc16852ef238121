/// In which order the decoder makes the columns, and rows of tokens in that order.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "trainer/codec.hpp"
#include "trainer/step.hpp"

namespace semblance::trainer {

/// Token columns in the order of generation: those of the named columns, then the others as they
/// are. The parts of a column, and the columns of a fixed combination, stay together.
/// \return [token columns] a permutation of their numbers
/// \throws Error{kData} for a name that the model does not learn: unknown (with the nearest), an
///         identifier or dropped
std::vector<int> generation_order(const Codec& codec, const std::vector<std::string>& first);

/// Tokens by row, as the network reads them.
/// \param order      [token columns] as generation_order() gives it
/// \param first_row  global number of the matrix' first row
TokenRows by_rows(const TokenMatrix& matrix, const std::vector<int>& order, std::int64_t first_row);

}  // namespace semblance::trainer
