#include "trainer/checkpoint.hpp"

#include <atomic>
#include <csignal>
#include <filesystem>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/hdf5.hpp"
#include "base/log.hpp"

namespace semblance::trainer {
namespace {

constexpr char kFormat[] = "semblance-checkpoint";

FitState read_state(hid_t file) {
  FitState state;
  state.weights = base::h5_read<float>(file, "weights");
  state.first = base::h5_read<float>(file, "first");
  state.second = base::h5_read<float>(file, "second");
  state.average = base::h5_read<float>(file, "average");
  state.best = base::h5_read<float>(file, "best");
  state.best_weights = base::h5_read<float>(file, "best_weights");
  state.best_first = base::h5_read<float>(file, "best_first");
  state.best_second = base::h5_read<float>(file, "best_second");
  state.best_steps = base::h5_read_int_attribute(file, "best_steps");
  state.best_rate = base::h5_read_double_attribute(file, "best_rate");
  state.cooldown_from = static_cast<int>(base::h5_read_int_attribute(file, "cooldown_from"));
  state.cooldown_epochs = static_cast<int>(base::h5_read_int_attribute(file, "cooldown_epochs"));
  state.best_loss = base::h5_read_double_attribute(file, "best_loss");
  state.best_epoch = static_cast<int>(base::h5_read_int_attribute(file, "best_epoch"));
  state.epoch = static_cast<int>(base::h5_read_int_attribute(file, "epoch"));
  state.batch = base::h5_read_int_attribute(file, "batch");
  state.steps = base::h5_read_int_attribute(file, "steps");
  state.nll = base::h5_read_double_attribute(file, "nll");
  state.kl = base::h5_read_double_attribute(file, "kl");
  state.rows = base::h5_read_double_attribute(file, "rows");
  const std::vector<double> log = base::h5_read<double>(file, "log");
  for (std::size_t i = 0; i + 5 <= log.size(); i += 5) {
    state.log.push_back({static_cast<int>(log[i]), log[i + 1], log[i + 2], log[i + 3], log[i + 4]});
  }
  return state;
}

}  // namespace

void save_checkpoint(const std::string& path, const std::string& fingerprint,
                     const FitState& state) {
  base::PendingPath pending(path);
  {
    const base::H5Handle file = base::h5_create(pending.temporary());
    const hid_t id = file.get();
    base::h5_write_attribute(id, "format", std::string(kFormat));
    base::h5_write_attribute(id, "fingerprint", fingerprint);
    base::h5_write(id, "weights", state.weights);
    base::h5_write(id, "first", state.first);
    base::h5_write(id, "second", state.second);
    base::h5_write(id, "average", state.average);
    base::h5_write(id, "best", state.best);
    base::h5_write(id, "best_weights", state.best_weights);
    base::h5_write(id, "best_first", state.best_first);
    base::h5_write(id, "best_second", state.best_second);
    base::h5_write_attribute(id, "best_steps", state.best_steps);
    base::h5_write_attribute(id, "best_rate", state.best_rate);
    base::h5_write_attribute(id, "cooldown_from", std::int64_t{state.cooldown_from});
    base::h5_write_attribute(id, "cooldown_epochs", std::int64_t{state.cooldown_epochs});
    base::h5_write_attribute(id, "best_loss", state.best_loss);
    base::h5_write_attribute(id, "best_epoch", std::int64_t{state.best_epoch});
    base::h5_write_attribute(id, "epoch", std::int64_t{state.epoch});
    base::h5_write_attribute(id, "batch", state.batch);
    base::h5_write_attribute(id, "steps", state.steps);
    base::h5_write_attribute(id, "nll", state.nll);
    base::h5_write_attribute(id, "kl", state.kl);
    base::h5_write_attribute(id, "rows", state.rows);
    std::vector<double> log;
    for (const EpochLog& l : state.log) {
      log.insert(log.end(), {double(l.epoch), l.training, l.validation, l.kl, l.rows_per_s});
    }
    base::h5_write(id, "log", log);
    base::h5_flush(file, path);
  }
  pending.commit();
}

std::optional<FitState> load_checkpoint(const std::string& path, const std::string& fingerprint) {
  if (!std::filesystem::exists(path)) return std::nullopt;
  try {
    const base::H5Handle file = base::h5_open(path);
    SEMBLANCE_EXPECT(base::h5_has_attribute(file.get(), "format") &&
                         base::h5_read_text_attribute(file.get(), "format") == kFormat,
                     kData, "not a checkpoint");
    SEMBLANCE_EXPECT(base::h5_read_text_attribute(file.get(), "fingerprint") == fingerprint, kData,
                     "it belongs to other settings or another table");
    return read_state(file.get());
  } catch (const base::Error& e) {
    base::log_warning("the checkpoint {} is not used: {}", path, e.what());
    return std::nullopt;
  }
}

namespace {

// Signal handlers can reach nothing but globals.
std::atomic<bool> stop_flag{false};
std::atomic<bool> save_flag{false};
struct sigaction old_term, old_int, old_user1, old_user2;

void on_stop(int signal) {
  if (stop_flag.exchange(true)) {
    std::signal(signal, SIG_DFL);
    std::raise(signal);
  }
}

void on_save(int) { save_flag = true; }

void install(int signal, void (*handler)(int), struct sigaction* old) {
  struct sigaction action {};
  action.sa_handler = handler;
  action.sa_flags = SA_RESTART;
  sigaction(signal, &action, old);
}

}  // namespace

SignalRequests::SignalRequests() {
  stop_flag = false;
  save_flag = false;
  install(SIGTERM, on_stop, &old_term);
  install(SIGINT, on_stop, &old_int);
  install(SIGUSR1, on_save, &old_user1);
  install(SIGUSR2, on_stop, &old_user2);
}

SignalRequests::~SignalRequests() {
  sigaction(SIGTERM, &old_term, nullptr);
  sigaction(SIGINT, &old_int, nullptr);
  sigaction(SIGUSR1, &old_user1, nullptr);
  sigaction(SIGUSR2, &old_user2, nullptr);
}

bool SignalRequests::stop_requested() const { return stop_flag; }

bool SignalRequests::take_save_request() { return save_flag.exchange(false); }

}  // namespace semblance::trainer
