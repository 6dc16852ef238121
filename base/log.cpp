#include "base/log.hpp"

#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include <chrono>
#include <fstream>
#include <mutex>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "base/hushed_log.hpp"

namespace semblance::base {
namespace {

std::shared_ptr<spdlog::logger> make_logger() {
  auto logger = std::make_shared<spdlog::logger>(
      "semblance", std::make_shared<spdlog::sinks::stderr_color_sink_mt>());
  logger->set_pattern("%^%v%$");
  return logger;
}

struct LogState {
  LogOptions options;
  std::shared_ptr<spdlog::logger> logger = make_logger();
  std::ofstream json;
  std::mutex mutex;
};

LogState& state() {
  static LogState instance;
  return instance;
}

spdlog::logger& logger() { return *state().logger; }

}  // namespace

void configure_log(const LogOptions& options) {
  LogState& s = state();
  const std::lock_guard lock(s.mutex);
  s.options = options;
  const bool hushed = options.quiet || options.rank != 0;
  logger().set_level(hushed ? spdlog::level::warn : spdlog::level::info);
  if (s.json.is_open()) s.json.close();
  if (options.json_path.empty() || options.rank != 0) return;
  s.json.open(options.json_path, std::ios::app);
  if (!s.json.is_open()) fail_errno("write", options.json_path);
}

bool log_is_quiet() { return state().options.quiet || state().options.rank != 0; }

HushedLog::HushedLog() : was_quiet_(state().options.quiet) {
  state().options.quiet = true;
  logger().set_level(spdlog::level::warn);
}

HushedLog::~HushedLog() {
  state().options.quiet = was_quiet_;
  if (!log_is_quiet()) logger().set_level(spdlog::level::info);
}

void log_message(LogLevel level, std::string_view text) {
  const std::string rank =
      state().options.rank == 0 ? "" : fmt::format("rank {}: ", state().options.rank);
  switch (level) {
    case LogLevel::kDebug:
      logger().debug("{}{}", rank, text);
      break;
    case LogLevel::kInfo:
      logger().info("{}{}", rank, text);
      break;
    case LogLevel::kWarning:
      logger().warn("warning: {}{}", rank, text);
      break;
    case LogLevel::kError:
      logger().error("error: {}{}", rank, text);
      break;
  }
}

void log_event(std::string_view event, std::initializer_list<LogField> fields) {
  LogState& s = state();
  const std::lock_guard lock(s.mutex);
  if (!s.json.is_open()) return;
  nlohmann::ordered_json line;
  line["event"] = event;
  line["time_s"] =
      std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
  for (const auto& [name, value] : fields) {
    std::visit([&, key = std::string(name)](const auto& v) { line[key] = v; }, value);
  }
  s.json << line.dump() << std::endl;
}

}  // namespace semblance::base
