#include "cli/render/audit.h"

#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

namespace mig {
namespace {

template <typename Message>
Message Parsed(const std::string& text) {
  Message message;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &message)) << text;
  return message;
}

TEST(Audit, SaysWhatWasLookedAtAndThatNothingWasFound) {
  EXPECT_EQ(RenderAudit(Parsed<v1::VerifyAuditResponse>("rows: 1 objects: 3"), "prod", Style()),
            "prod: 1 row of the log, 3 revisions; this daemon had not seen the log before\n"
            "all is as mig left it\n");
}

TEST(Audit, ListsFindingsBelow) {
  EXPECT_EQ(RenderAudit(Parsed<v1::VerifyAuditResponse>(
                            "rows: 4 objects: 1 seen_sequence: 5 seen_at: '2026' unchecked: 'x' "
                            "findings { kind: 'truncated' sequence: 5 message: 'it ends' }"),
                        "prod", Style()),
            "prod: 4 rows of the log, 1 revision; this daemon had seen the log up to row 5 on "
            "2026\n"
            "truncated: it ends\n"
            "not compared: mig_version with the log, because x\n");
}

TEST(Audit, SaysNotOfAllThatItIsAsItWasWhereSomethingWasNotCompared) {
  EXPECT_EQ(RenderAudit(Parsed<v1::VerifyAuditResponse>("rows: 2 objects: 2 unchecked: 'x'"),
                        "prod", Style()),
            "prod: 2 rows of the log, 2 revisions; this daemon had not seen the log before\n"
            "not compared: mig_version with the log, because x\n"
            "the rest is as mig left it\n");
}

constexpr char kLog[] =
    "entries { sequence: 12 direction: 'upgrade' name: 'users' actor: 'Ann' finished: '2026' "
    "outcome: 'done' hash: 'h' id: 'i' started: '2025' duration_us: 1500 plan: 'p' }"
    "entries { sequence: 3 direction: 'stamp' actor: 'Bob' finished: '2024' outcome: 'done' }";

TEST(Log, KeepsWhatWasPutIntoARowWithinThatRow) {
  const auto log = Parsed<v1::ListLogResponse>(
      "entries { sequence: 1 direction: 'stamp' name: 'a' actor: 'Ann\\n2  2026' finished: '2024' "
      "outcome: '\\033[8m' hash: 'h' }");
  EXPECT_EQ(RenderLog(log, false, Style()),
            "ROW  WHEN  WHAT     OUTCOME  BY\n"
            "1    2024  stamp a  \\x1b[8m  Ann\\x0a2  2026\n");
}

TEST(Log, IsATable) {
  EXPECT_EQ(RenderLog(Parsed<v1::ListLogResponse>(kLog), false, Style()),
            "ROW  WHEN  WHAT           OUTCOME          BY\n"
            "12   2026  upgrade users  done             Ann\n"
            "3    2024  stamp <base>   done (unsealed)  Bob\n");
  EXPECT_EQ(RenderLog({}, false, Style()), "");
}

TEST(Log, SaysNoPlaceOfABackupThatFailed) {
  const auto log = Parsed<v1::ListLogResponse>(
      "entries { sequence: 1 direction: 'backup' actor: 'Ann' finished: '2026' "
      "outcome: 'failed: BACKUP_FAILED' hash: 'h' }");
  EXPECT_EQ(RenderLog(log, false, Style()),
            "ROW  WHEN  WHAT    OUTCOME                BY\n"
            "1    2026  backup  failed: BACKUP_FAILED  Ann\n");
}

TEST(Log, IsBlocksWhenVerbose) {
  const std::string text = RenderLog(Parsed<v1::ListLogResponse>(kLog), true, Style());
  EXPECT_TRUE(text.starts_with("row 12 upgrade users: done\n  by:        Ann\n")) << text;
  EXPECT_NE(text.find("  plan:      p\n"), std::string::npos) << text;
  EXPECT_NE(text.find("\n\nrow 3 stamp <base>: done\n"), std::string::npos) << text;
  EXPECT_NE(text.find("none yet (unsealed)"), std::string::npos) << text;
}

}  // namespace
}  // namespace mig
