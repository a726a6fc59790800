#include "daemon/log.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <memory>
#include <nlohmann/json.hpp>

#include "daemon/world.h"
#include "drivers/target_url.h"

namespace mig {
namespace {

constexpr std::array<std::string_view, 4> kLevels = {"debug", "info", "warning", "error"};
constexpr std::array<spdlog::level::level_enum, 4> kSpdlogLevels = {
    spdlog::level::debug, spdlog::level::info, spdlog::level::warn, spdlog::level::err};

LogFormat log_format = LogFormat::kText;

// The sink alone: lines are formatted here, because JSON needs escaping that patterns cannot do.
spdlog::logger& Logger() {
  static const auto logger = [] {
    auto made =
        std::make_shared<spdlog::logger>("migd", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    made->set_pattern("%v");
    return made;
  }();
  return *logger;
}

std::string_view TextOf(LogLevel level) { return kLevels[static_cast<std::size_t>(level)]; }

// A value of the text form: quoted, as a JSON string, where it is not one plain word.
std::string Quoted(const std::string& value) {
  const bool plain = !value.empty() && std::all_of(value.begin(), value.end(), [](unsigned char c) {
    return c > ' ' && c != '"' && c != '\\' && c != '=' && c != 0x7F;
  });
  if (plain) return value;
  return nlohmann::json(value).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace

std::optional<LogLevel> LogLevelFromText(std::string_view text) {
  const auto found = std::find(kLevels.begin(), kLevels.end(), text);
  if (found == kLevels.end()) return std::nullopt;
  return static_cast<LogLevel>(found - kLevels.begin());
}

std::optional<LogFormat> LogFormatFromText(std::string_view text) {
  if (text == "text") return LogFormat::kText;
  if (text == "json") return LogFormat::kJson;
  return std::nullopt;
}

void SetUpLog(LogFormat format, LogLevel level) {
  log_format = format;
  Logger().set_level(kSpdlogLevels[static_cast<std::size_t>(level)]);
}

void Log(LogLevel level, std::string_view message, const std::vector<LogField>& fields) {
  const auto severity = kSpdlogLevels[static_cast<std::size_t>(level)];
  if (!Logger().should_log(severity)) return;
  const std::string time = FormatMilliseconds(std::chrono::system_clock::now());
  Logger().log(severity, "{}", FormatLogLine(log_format, time, level, message, fields));
}

std::vector<LogField> FieldsOf(const Error& error) {
  std::vector<LogField> fields = {{"reason", std::string(InfoOf(error.reason).text)},
                                  {"error", error.message}};
  for (const auto& [key, value] : error.details) fields.push_back({key, value});
  return fields;
}

std::string FormatLogLine(LogFormat format, std::string_view time, LogLevel level,
                          std::string_view message, const std::vector<LogField>& fields) {
  if (format == LogFormat::kJson) {
    nlohmann::ordered_json line = {
        {"time", time}, {"level", TextOf(level)}, {"message", RedactSecrets(message)}};
    for (const LogField& field : fields) line[std::string(field.key)] = RedactSecrets(field.value);
    return line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  }
  std::string line =
      std::string(time) + ' ' + std::string(TextOf(level)) + ' ' + RedactSecrets(message);
  for (const LogField& field : fields) {
    line.append(" ").append(field.key).append("=").append(Quoted(RedactSecrets(field.value)));
  }
  return line;
}

}  // namespace mig
