/// The JSON type of the report: keys keep their order.
#pragma once

#include <nlohmann/json.hpp>

namespace semblance::evaluator {

/// Keeps the order in which keys were added, so equal reports have equal bytes.
using Json = nlohmann::ordered_json;

}  // namespace semblance::evaluator
