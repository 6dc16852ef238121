#include "prepare/agreement.hpp"

#include <string>

#include "base/carried_error.hpp"

namespace semblance::prepare {

void on_rank_0(base::Communicator& communicator, const std::function<void()>& work) {
  if (communicator.size() == 1) return work();
  std::string failure;
  if (communicator.rank() == 0) {
    try {
      work();
    } catch (const base::Error& error) {
      failure = base::carry(error);
    }
  }
  failure = communicator.broadcast_text(std::move(failure), 0);
  if (!failure.empty()) base::throw_carried(failure);
}

}  // namespace semblance::prepare
