#include "daemon/log.h"

#include <gtest/gtest.h>

namespace mig {
namespace {

constexpr char kTime[] = "2026-11-22T08:15:30.123Z";

std::string Text(const std::vector<LogField>& fields) {
  return FormatLogLine(LogFormat::kText, kTime, LogLevel::kInfo, "listening", fields);
}

TEST(LogLine, IsTextForPeople) {
  EXPECT_EQ(Text({{"address", "unix:/run/mig.sock"}}),
            "2026-11-22T08:15:30.123Z info listening address=unix:/run/mig.sock");
}

TEST(LogLine, QuotesWhatIsNoPlainWord) {
  EXPECT_EQ(Text({{"error", "two\nlines"}}),
            std::string(kTime) + " info listening error=\"two\\nlines\"");
  EXPECT_EQ(Text({{"empty", ""}}), std::string(kTime) + " info listening empty=\"\"");
}

TEST(LogLine, IsJsonForMachines) {
  EXPECT_EQ(
      FormatLogLine(LogFormat::kJson, kTime, LogLevel::kError, "cannot start",
                    {{"error", "a \"b\"\n"}}),
      R"({"time":"2026-11-22T08:15:30.123Z","level":"error","message":"cannot start","error":"a \"b\"\n"})");
}

TEST(LogLine, HoldsNoPassword) {
  const std::vector<LogField> fields = {{"url", "postgresql://mig:hunter2@db/shop"}};
  for (const LogFormat format : {LogFormat::kText, LogFormat::kJson}) {
    const std::string line =
        FormatLogLine(format, kTime, LogLevel::kInfo, "postgresql://a:hunter2@b/c", fields);
    EXPECT_EQ(line.find("hunter2"), std::string::npos) << line;
  }
}

TEST(LogLine, SurvivesBytesThatAreNoUtf8) {
  EXPECT_NE(
      FormatLogLine(LogFormat::kJson, kTime, LogLevel::kInfo, "x", {{"raw", "\xFF"}}).find("raw"),
      std::string::npos);
}

TEST(LogLevel, IsReadFromItsWord) {
  EXPECT_EQ(LogLevelFromText("warning"), LogLevel::kWarning);
  EXPECT_EQ(LogLevelFromText("loud"), std::nullopt);
  EXPECT_EQ(LogFormatFromText("json"), LogFormat::kJson);
}

}  // namespace
}  // namespace mig
