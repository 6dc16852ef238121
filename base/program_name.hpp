/// What program this is, to the build.
#pragma once

#include <string>

namespace semblance::base {

/// The linker's hash of the running executable (the GNU build id of its ELF file), in hexadecimal:
/// another one for any change of the code, the same for the same code built again in the same way.
/// "" where the linker left none.
std::string build_id();

/// "semblance 0.1.0 (build 1f0c2a9b3d4e)": what results are compared by, to tell those of another
/// build.
std::string program_name();

}  // namespace semblance::base
