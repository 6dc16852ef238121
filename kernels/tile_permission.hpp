/// Leave to use the tile registers of Intel's AMX.
#pragma once

namespace semblance::kernels {

/// Asks the operating system, once: it saves these registers only for processes that have asked.
bool may_use_tiles();

}  // namespace semblance::kernels
