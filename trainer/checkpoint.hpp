/// Checkpoints: what a stopped training needs to go on, in one HDF5 file that appears whole or not
/// at all; and the signals that ask for one.
#pragma once

#include <optional>
#include <string>

#include "trainer/fit.hpp"

namespace semblance::trainer {

/// \param fingerprint  tells the settings and the data that the state belongs to
void save_checkpoint(const std::string& path, const std::string& fingerprint,
                     const FitState& state);

/// The state in `path`; nothing when there is no such file, or (with a warning) when it is damaged
/// or belongs to other settings or data.
std::optional<FitState> load_checkpoint(const std::string& path, const std::string& fingerprint);

/// While it lives, SIGTERM, SIGINT and SIGUSR2 (which mpirun and srun pass on to all ranks) ask for
/// an orderly stop and SIGUSR1 for a checkpoint; the old handlers come back afterwards. A second
/// request to stop ends the program at once.
class SignalRequests {
 public:
  SignalRequests();
  ~SignalRequests();
  SignalRequests(const SignalRequests&) = delete;
  SignalRequests& operator=(const SignalRequests&) = delete;
  bool stop_requested() const;  ///< stays true once a signal has come
  /// True once for each SIGUSR1.
  bool take_save_request();
};

}  // namespace semblance::trainer
