/// Errors on several ranks: what fails on one fails on all, so that none waits for another.
#pragma once

#include <functional>

#include "base/communicator.hpp"

namespace semblance::prepare {

/// Collective: runs `work` on rank 0. Where it fails, every rank throws the same Error.
void on_rank_0(base::Communicator& communicator, const std::function<void()>& work);

}  // namespace semblance::prepare
