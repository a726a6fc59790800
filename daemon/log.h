// The daemon's log: one line an event, as text for people or JSON for machines, on standard error.
//
//     2026-11-22T08:15:30.123Z info listening address=unix:/run/mig/migd.sock
//     {"time":"2026-11-22T08:15:30.123Z","level":"info","message":"listening","address":"unix:/run/mig/migd.sock"}
//
// No secret is ever in it: every text passes RedactSecrets, and statements are not logged.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "store/core/error.h"

namespace mig {

enum class LogLevel { kDebug, kInfo, kWarning, kError };
enum class LogFormat { kText, kJson };

// The words of the command line and the configuration: debug, info, warning, error; text, json.
std::optional<LogLevel> LogLevelFromText(std::string_view text);
std::optional<LogFormat> LogFormatFromText(std::string_view text);

struct LogField {
  std::string_view key;
  std::string value;
};

// Before any other thread starts. Without it the log is text at level info.
void SetUpLog(LogFormat format, LogLevel level);

// `message` is a constant, so that lines can be grouped by it; what varies is a field. From any
// thread.
void Log(LogLevel level, std::string_view message, const std::vector<LogField>& fields = {});

// The fields that tell what an error is, to append to others.
std::vector<LogField> FieldsOf(const Error& error);

// One line as the log writes it, without its end. For Log and its test.
std::string FormatLogLine(LogFormat format, std::string_view time, LogLevel level,
                          std::string_view message, const std::vector<LogField>& fields);

}  // namespace mig
