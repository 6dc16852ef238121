/// In which order the decoder makes the columns.
#pragma once

#include <string>
#include <vector>

#include "trainer/codec.hpp"

namespace semblance::trainer {

/// Token columns in the order of generation: those of the named columns, then the others as they
/// are. The parts of a column, and the columns of a fixed combination, stay together.
/// \return [token columns] a permutation of their numbers
/// \throws Error{kData} for a name that the model does not learn: unknown (with the nearest), an
///         identifier or dropped
std::vector<int> generation_order(const Codec& codec, const std::vector<std::string>& first);

}  // namespace semblance::trainer
