#include "cli/render/error.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mig {
namespace {

const Style kPlain(false);

TEST(RenderError, IsOneSentenceWithItsReasonAndAHint) {
  EXPECT_EQ(RenderError({Reason::kNoSuchRevision, "no revision `x`"}, kPlain),
            "error: no revision `x` [NO_SUCH_REVISION]\nhint: `mig history` lists the revisions\n");
}

TEST(RenderError, PrefersTheErrorsOwnHint) {
  Error error{Reason::kNoSuchRevision, "no revision `x`"};
  error.hint = "did you mean `y`?";
  EXPECT_EQ(RenderError(error, kPlain),
            "error: no revision `x` [NO_SUCH_REVISION]\nhint: did you mean `y`?\n");
}

TEST(RenderError, PutsThePlaceInFrontUnlessTheSentenceStartsWithIt) {
  Error error{
      Reason::kFileInvalid, "unknown key", {{"file", "m/a.sql"}, {"line", "3"}, {"column", "4"}}};
  EXPECT_EQ(RenderError(error, kPlain), "error: m/a.sql:3:4: unknown key [FILE_INVALID]\n");
  error.message = "m/a.sql:3:4: unknown key";
  EXPECT_EQ(RenderError(error, kPlain), "error: m/a.sql:3:4: unknown key [FILE_INVALID]\n");
}

TEST(RenderError, ShowsWhatTheDatabaseSaidAndTheStateItIsIn) {
  Error error{Reason::kStatementFailed,
              "relation \"users\" already exists",
              {{"file", "m/a.sql"},
               {"line", "9"},
               {"sqlstate", "42P07"},
               {"db_detail", "first\nsecond"},
               {"state", "dev is at b; a had no effect"}}};
  EXPECT_EQ(RenderError(error, kPlain),
            "error: m/a.sql:9: relation \"users\" already exists [STATEMENT_FAILED]\n"
            "  SQLSTATE: 42P07\n"
            "  detail: first\n    second\n"
            "  state: dev is at b; a had no effect\n"
            "hint: correct the file, then repeat the command\n");
}

TEST(ExitStatusOf, ARunThatChangedSomethingIsNotThatOfARefusal) {
  Error error{Reason::kDatabasePermission, "permission denied for schema public"};
  EXPECT_EQ(ExitStatusOf(error), 2);
  error.details["changed"] = "true";
  EXPECT_EQ(ExitStatusOf(error), 6);
  error.reason = Reason::kDatabaseUnreachable;
  EXPECT_EQ(ExitStatusOf(error), 7);
}

TEST(RenderError, ListsSeveralLossesOneBelowTheOther) {
  Error error{Reason::kConsentMissing, "it is protected", {{"losses", "drop_table a, in b"}}};
  error.hint = "-";
  EXPECT_EQ(RenderError(error, kPlain),
            "error: it is protected [CONSENT_MISSING]\n"
            "  it would destroy: drop_table a, in b\n"
            "hint: -\n");
  error.details["losses"] += "\ntruncate c, in d";
  EXPECT_EQ(RenderError(error, kPlain),
            "error: it is protected [CONSENT_MISSING]\n"
            "  it would destroy:\n"
            "    drop_table a, in b\n"
            "    truncate c, in d\n"
            "hint: -\n");
}

TEST(RenderError, TakesTheNameOfATablesColumnForNoPlace) {
  Error error{Reason::kStatementFailed,
              "null value",
              {{"file", "m/a.sql"}, {"line", "9"}, {"column", "email"}}};
  EXPECT_THAT(RenderError(error, kPlain),
              testing::StartsWith("error: m/a.sql:9: null value [STATEMENT_FAILED]\n"));
}

TEST(RenderError, ShowsWhatATerminalWouldObeyInWhatTheDatabaseSaid) {
  Error error{Reason::kStatementFailed, "bad \x1B[2J", {{"db_detail", "\x1B]0;t\a\nnext"}}};
  error.hint = "h\x7F";
  EXPECT_EQ(RenderError(error, kPlain),
            "error: bad \\x1b[2J [STATEMENT_FAILED]\n"
            "  detail: \\x1b]0;t\\x07\n    next\n"
            "hint: h\\x7f\n");
}

TEST(RenderErrorJson, HasTheSameFacts) {
  Error error{Reason::kFileInvalid, "unknown \"key\"", {{"line", "3"}}};
  error.hint = "h";
  EXPECT_EQ(
      RenderErrorJson(error),
      R"({"error":{"reason":"FILE_INVALID","message":"unknown \"key\"","hint":"h","details":{"line":"3"}}})"
      "\n");
}

TEST(ErrorOfARun, KeepsReasonHintAndDetails) {
  v1::RunError message;
  message.set_reason("VERIFY_FAILED");
  message.set_message("m");
  message.set_hint("h");
  (*message.mutable_details())["line"] = "3";
  Error error = ErrorOf(message);
  EXPECT_EQ(error.reason, Reason::kVerifyFailed);
  EXPECT_EQ(error.hint, "h");
  EXPECT_EQ(error.details.at("line"), "3");
}

TEST(ErrorOfARun, WithAReasonOfANewerDaemonIsInternal) {
  v1::RunError message;
  message.set_reason("SOMETHING_NEW");
  EXPECT_EQ(ErrorOf(message).reason, Reason::kInternal);
}

}  // namespace
}  // namespace mig
