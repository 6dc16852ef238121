#include "pipeline/run_stages.hpp"

#include <fcntl.h>
#include <fmt/ranges.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/log.hpp"
#include "pipeline/up_to_date.hpp"

namespace semblance::pipeline {
namespace fs = std::filesystem;

namespace {

/// Keeps a second run out of a run folder. Released by the system when the process ends.
class FolderLock {
 public:
  explicit FolderLock(const fs::path& folder) : path_(folder / ".lock") {
    file_ = ::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (file_ < 0) base::fail_errno("write", path_.string());
    // A file system without locks (some network ones) cannot tell: go on.
    SEMBLANCE_EXPECT(
        ::flock(file_, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK, kIo,
        "{}: another run is at work in this folder; wait for it or choose another output",
        folder.string());
  }
  ~FolderLock() { ::close(file_); }
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;

 private:
  fs::path path_;
  int file_ = -1;
};

void make_folder(const fs::path& folder) {
  std::error_code code;
  fs::create_directories(folder, code);
  SEMBLANCE_EXPECT(!code && fs::is_directory(folder), kIo, "{}: cannot make the run folder: {}",
                   folder.string(), code ? code.message() : "it is a file");
}

std::string host_name() {
  char name[256] = {};
  return ::gethostname(name, sizeof name - 1) == 0 ? name : "";
}

void remove_items(const std::vector<Stage::Item>& items) {
  for (const Stage::Item& item : items) {
    std::error_code code;
    fs::remove_all(item.path, code);
    SEMBLANCE_EXPECT(!code, kIo, "{}: cannot remove what an earlier run left: {}",
                     item.path.string(), code.message());
  }
}

/// Positions of the first and last stage to look at.
std::pair<std::size_t, std::size_t> selected(const std::vector<Stage>& stages,
                                             const RunOptions& options) {
  std::vector<std::string> names;
  for (const Stage& stage : stages) names.push_back(stage.name);
  const auto position = [&](std::string name, const char* flag) {
    std::replace(name.begin(), name.end(), '-', '_');
    const auto found = std::find(names.begin(), names.end(), name);
    SEMBLANCE_EXPECT(found != names.end(), kUsage,
                     "{}: this run has no stage '{}'{}; its stages are {}", flag, name,
                     base::did_you_mean(name, names), fmt::join(names, ", "));
    return static_cast<std::size_t>(found - names.begin());
  };
  const std::size_t first = options.from.empty() ? 0 : position(options.from, "--from");
  const std::size_t last = options.to.empty() ? stages.size() - 1 : position(options.to, "--to");
  SEMBLANCE_EXPECT(first <= last, kUsage, "--from {} comes after --to {}; the order is {}",
                   options.from, options.to, fmt::join(names, ", "));
  return {first, last};
}

/// What rank 0 knows while the stages run; other ranks hold none of it.
class Bookkeeper {
 public:
  Bookkeeper(const std::vector<Stage>& stages, const RunOptions& options)
      : options_(options), folder_(options.folder) {
    for (const Stage& stage : stages) order_.push_back(stage.name);
    make_folder(folder_);
    lock_ = std::make_unique<FolderLock>(folder_);
    record_ = RunRecord::load(folder_);
    record_.config = options.config.string();
    record_.config_sha256 = options.config.empty() ? "" : base::sha256_of_path(options.config);
  }

  /// Why the stage has to run; "" when it is up to date.
  std::string look_at(const Stage& stage) {
    now_ = describe_stage(stage, folder_, options_.program, record_);
    return reason_to_run(stage, folder_, now_, record_);
  }

  /// Puts the start on record, so that an attempt that dies is known to be unfinished.
  void start(const Stage& stage, int ranks) {
    const auto earlier = record_.stages.find(stage.name);
    const bool go_on = !options_.force && earlier != record_.stages.end() &&
                       !earlier->second.done && earlier->second.fingerprint == now_.fingerprint;
    if (earlier == record_.stages.end()) refuse_foreign(stage);
    if (!go_on) {
      remove_items(stage.outputs);
      remove_items(stage.scratch);
    }
    now_.started = utc_now();
    now_.ranks = ranks;
    now_.host = host_name();
    record_.stages[stage.name] = now_;
    record_.save(folder_, order_);
  }

  void finish(const Stage& stage, double seconds) {
    StageRecord& done = record_.stages[stage.name];
    for (const Stage::Item& output : stage.outputs) {
      SEMBLANCE_EXPECT(fs::exists(output.path), kInternal, "stage '{}' ended without writing {}",
                       stage.name, output.path.string());
      done.outputs[output.role] = content_of(output.path, folder_, record_);
    }
    done.done = true;
    done.finished = utc_now();
    done.seconds = seconds;
    record_.save(folder_, order_);
    remove_items(stage.scratch);
  }

 private:
  /// A stage that never ran here must not overwrite files of somebody else.
  void refuse_foreign(const Stage& stage) const {
    for (const Stage::Item& output : stage.outputs) {
      SEMBLANCE_EXPECT(
          !fs::exists(output.path), kIo,
          "{}: exists already and was not made by a run in this folder; choose another output "
          "folder, or move the file away",
          output.path.string());
    }
  }

  const RunOptions& options_;
  fs::path folder_;
  std::vector<std::string> order_;
  std::unique_ptr<FolderLock> lock_;
  RunRecord record_;
  StageRecord now_;
};

double run_one(const Stage& stage, Bookkeeper* book, base::Communicator& communicator) {
  const auto start = std::chrono::steady_clock::now();
  if (book != nullptr) book->start(stage, communicator.size());
  communicator.barrier();
  try {
    stage.run(communicator);
  } catch (const base::Error& e) {
    // What would be a wrong flag of the stage's own command is a wrong setting here.
    if (e.kind() != base::ErrorKind::kUsage) throw;
    base::fail(base::ErrorKind::kData, "{}: {}", stage.name, e.what());
  }
  communicator.barrier();
  const double seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  if (book != nullptr) book->finish(stage, seconds);
  return seconds;
}

/// A stage left out by --from: its results must be there, and people should know when they are old.
void check_left_out(const Stage& stage, Bookkeeper& book) {
  for (const Stage::Item& output : stage.outputs) {
    SEMBLANCE_EXPECT(
        fs::exists(output.path), kUsage,
        "--from leaves out stage '{}', but its result {} is not there; start at that stage",
        stage.name, output.path.string());
  }
  const std::string reason = book.look_at(stage);
  if (!reason.empty()) {
    base::log_warning("stage '{}' is out of date ({}), and --from leaves it out", stage.name,
                      reason);
  }
}

}  // namespace

std::vector<StageOutcome> run_stages(const std::vector<Stage>& stages, const RunOptions& options,
                                     base::Communicator& communicator) {
  SEMBLANCE_EXPECT(!stages.empty(), kInternal, "there are no stages to run");
  const auto [first, last] = selected(stages, options);
  std::unique_ptr<Bookkeeper> book;
  if (communicator.rank() == 0) book = std::make_unique<Bookkeeper>(stages, options);

  std::vector<StageOutcome> outcomes;
  for (std::size_t i = 0; i < stages.size(); ++i) {
    const Stage& stage = stages[i];
    StageOutcome outcome{stage.name, StageOutcome::State::kLeftOut, "", 0};
    if (i < first && book) check_left_out(stage, *book);
    if (i >= first && i <= last) {
      std::string reason = book ? book->look_at(stage) : "";
      if (reason.empty() && options.force) reason = "--force";
      outcome.reason = communicator.broadcast_text(std::move(reason), 0);
      outcome.state =
          outcome.reason.empty() ? StageOutcome::State::kUpToDate : StageOutcome::State::kRan;
      if (outcome.state == StageOutcome::State::kUpToDate) {
        base::log_info("[{}/{}] {}: up to date", i + 1, stages.size(), stage.name);
      } else {
        base::log_info("[{}/{}] {}: {} ({})", i + 1, stages.size(), stage.name, stage.task,
                       outcome.reason);
        outcome.seconds = run_one(stage, book.get(), communicator);
        base::log_info("[{}/{}] {}: done in {:.1f} s", i + 1, stages.size(), stage.name,
                       outcome.seconds);
      }
      base::log_event("stage", {{"stage", stage.name},
                                {"ran", static_cast<long long>(!outcome.reason.empty())},
                                {"reason", outcome.reason},
                                {"seconds", outcome.seconds}});
    }
    outcomes.push_back(std::move(outcome));
  }
  return outcomes;
}

}  // namespace semblance::pipeline
