/// Run under mpirun with the number of ranks as argument; exits with 0 when the communicator is
/// right.
#include <cstdio>
#include <cstdlib>
#include <exception>

#include "tests/base/communicator_body.hpp"

int main(int argc, char** argv) {
  const auto communicator = semblance::base::world_communicator();
  try {
    SEMBLANCE_ASSERT(argc == 2 && communicator->size() == std::atoi(argv[1]));
    semblance::base::check_communicator(*communicator);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "rank %d: %s\n", communicator->rank(), error.what());
    communicator->abort(1);
  }
  return 0;
}
