/// The JSON type of the report: keys keep their order.
#pragma once

#include <nlohmann/json.hpp>

namespace semblance::evaluator {

using Json = nlohmann::ordered_json;

}  // namespace semblance::evaluator
