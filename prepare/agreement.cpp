#include "prepare/agreement.hpp"

#include <string>

#include "base/error.hpp"

namespace semblance::prepare {

void on_rank_0(base::Communicator& communicator, const std::function<void()>& work) {
  if (communicator.size() == 1) return work();
  std::string failure;
  if (communicator.rank() == 0) {
    try {
      work();
    } catch (const base::Error& error) {
      failure = static_cast<char>('0' + static_cast<int>(error.kind())) + std::string(error.what());
    }
  }
  failure = communicator.broadcast_text(std::move(failure), 0);
  if (!failure.empty())
    base::fail(static_cast<base::ErrorKind>(failure[0] - '0'), "{}", failure.substr(1));
}

}  // namespace semblance::prepare
