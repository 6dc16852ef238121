/// The codec's schema in a model file.
#pragma once

#include <hdf5.h>

#include "table/schema.hpp"

namespace semblance::trainer {

/// Names, kinds, formats and constraints into an empty group; `dropped` is not kept, as dropped
/// columns are gone.
void save_schema(hid_t group, const table::Schema& schema);
/// \throws Error{kData} when the parts do not fit together
table::Schema load_schema(hid_t group);

}  // namespace semblance::trainer
