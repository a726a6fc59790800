#include "cli/render/run.h"

#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include "cli/render/columns.h"
#include "cli/render/duration.h"

namespace mig {
namespace {

constexpr char kStarted[] =
    "run_started { run_id: 'r1' target_name: 'dev' summary: 'upgrade head' }";
constexpr char kStep[] =
    "step_started { index: 1 total: 2 statements: 3 step { direction: DIRECTION_UPGRADE name: 'b' "
    "from: 'a' to: 'b' message: 'add price' } }";

v1::RunEvent Event(const std::string& text) {
  v1::RunEvent event;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &event)) << text;
  return event;
}

std::string Lines(RunProgress progress, const std::vector<std::string>& events) {
  std::string lines;
  for (const std::string& event : events) lines += progress.On(Event(event)).lines;
  return lines;
}

RunProgress Plain() { return RunProgress(0, /*verbose=*/false, Style(false)); }
RunProgress Verbose() { return RunProgress(0, /*verbose=*/true, Style(false)); }
RunProgress OnTerminal(int width = 80) { return RunProgress(width, false, Style(false)); }

TEST(RunProgress, InPlainFormSaysEachStepWhenItStartsAndWhereTheTargetIsAtTheEnd) {
  EXPECT_EQ(Lines(Plain(),
                  {kStarted, kStep, "statement_started { index: 1 total: 3 verb: 'CREATE TABLE' }",
                   "step_finished { index: 1 total: 2 duration_us: 900 }",
                   "run_finished { outcome: OUTCOME_DONE steps_done: 2 steps_total: 2 current: 'c' "
                   "duration_us: 5000 }"}),
            "Running upgrade a -> b, add price\ndev is at c (2 steps)\n");
}

TEST(RunProgress, InPlainFormShowsSpansFromASecondOnOnly) {
  EXPECT_EQ(
      Lines(Plain(), {kStarted, kStep, "step_finished { index: 1 total: 1 duration_us: 2400000 }",
                      "run_finished { outcome: OUTCOME_DONE steps_done: 1 current: 'b' "
                      "duration_us: 2500000 }"}),
      "Running upgrade a -> b, add price\n  took 2.4 s\ndev is at b (1 step, 2.5 s)\n");
}

TEST(RunProgress, VerboseShowsRowsAndTimeOfEachStatement) {
  EXPECT_EQ(
      Lines(Verbose(),
            {kStarted, kStep,
             "statement_finished { index: 1 total: 2 verb: 'CREATE TABLE a' duration_us: 900 }",
             "statement_finished { index: 2 total: 2 verb: 'INSERT INTO a' rows_affected: 3 "
             "duration_us: 1500 }",
             "step_finished { index: 1 total: 2 duration_us: 2400 }"}),
      "Running upgrade a -> b, add price\n  CREATE TABLE a, 900 us\n  INSERT INTO a, 3 rows, 1 "
      "ms\n");
}

TEST(RunProgress, WithoutStepsSaysThatThereWasNothingToDo) {
  EXPECT_EQ(Lines(Plain(), {kStarted, "run_finished { outcome: OUTCOME_DONE current: 'b' }"}),
            "dev is at b (nothing to do)\n");
  EXPECT_EQ(Lines(Plain(), {kStarted, "run_finished { outcome: OUTCOME_DONE }"}),
            "dev is at <base> (nothing to do)\n");
}

TEST(RunProgress, LeavesAFailureToTheErrorsOwnText) {
  EXPECT_EQ(
      Lines(Plain(),
            {kStarted,
             "run_finished { outcome: OUTCOME_FAILED error { reason: 'STATEMENT_FAILED' } }"}),
      "");
}

TEST(RunProgress, OnATerminalShowsTheStatementThatRunsAndKeepsFinishedSteps) {
  RunProgress progress = OnTerminal();
  progress.On(Event(kStarted));
  progress.On(Event(kStep));
  EXPECT_EQ(progress.On(Event("statement_started { index: 2 total: 3 verb: 'CREATE INDEX' }")).live,
            "[1/2] b [2/3] CREATE INDEX");
  RunProgress::Shown done =
      progress.On(Event("step_finished { index: 1 total: 2 duration_us: 31000 }"));
  EXPECT_EQ(done.lines, "Running upgrade a -> b, add price, 31 ms\n");
  EXPECT_EQ(done.live, "");
}

TEST(RunProgress, ShowsWhatATerminalWouldObeyInWhatOthersSaid) {
  EXPECT_EQ(Lines(Plain(), {"notice { severity: 'NOTICE' message: '\\033[2J\\nmore' }",
                            "waiting { reason: 'SELECT \\033[2J' waited_ms: 100 }"}),
            "  NOTICE: \\x1b[2J\n    more\nwaiting: SELECT \\x1b[2J\n");
  EXPECT_EQ(OnTerminal().On(Event("waiting { reason: 'SELECT 1\\n' waited_ms: 2500 }")).live,
            "waiting 2.5 s: SELECT 1\\x0a");
}

TEST(RunProgress, CutsTheLiveLineToTheTerminal) {
  RunProgress progress = OnTerminal(12);
  progress.On(Event(kStarted));
  progress.On(Event(kStep));
  EXPECT_EQ(progress.On(Event("statement_started { index: 2 total: 3 verb: 'CREATE INDEX' }"))
                .live.size(),
            11U);
  EXPECT_EQ(OnTerminal(10).On(Event("statement_started { index: 2 total: 3 verb: 'größer' }")).live,
            "[2/3] grö");
}

TEST(RunProgress, InPlainFormSaysOnceWhatItWaitsFor) {
  EXPECT_EQ(
      Lines(Plain(), {kStarted, "waiting { reason: 'run r9 of Ann holds dev' waited_ms: 100 }",
                      "waiting { reason: 'run r9 of Ann holds dev' waited_ms: 200 }"}),
      "waiting: run r9 of Ann holds dev\n");
}

TEST(RunProgress, OnATerminalCountsTheWaiting) {
  EXPECT_EQ(OnTerminal().On(Event("waiting { reason: 'run r9 holds dev' waited_ms: 2500 }")).live,
            "waiting 2.5 s: run r9 holds dev");
}

TEST(RunProgress, PassesTheDatabasesNoticesOn) {
  EXPECT_EQ(Lines(Plain(), {"notice { severity: 'NOTICE' message: 'table exists, skipping' }"}),
            "  NOTICE: table exists, skipping\n");
  EXPECT_EQ(
      Lines(Plain(), {"notice { severity: 'NOTICE' message: 'drop cascades\\nview v\\nview w' }"}),
      "  NOTICE: drop cascades\n    view v\n    view w\n");
}

TEST(StepLine, NamesEachDirection) {
  auto line = [](const std::string& text) {
    return StepLine(Event("step_started { step { " + text + " } }").step_started().step(),
                    Style(false));
  };
  EXPECT_EQ(line("direction: DIRECTION_DOWNGRADE name: 'a' from: 'a'"), "downgrade a -> <base>");
  EXPECT_EQ(line("direction: DIRECTION_STAMP from: 'a' from: 'b' to: 'c'"), "stamp a, b -> c");
  EXPECT_EQ(line("direction: DIRECTION_RELINK name: 'c' from: 'c' to: 'c' message: 'x'"),
            "relink c, x");
}

TEST(Plan, ListsStepsAndTheirStatementsWhenVerbose) {
  v1::PlanRunResponse plan;
  *plan.add_steps() =
      Event(
          "step_started { step { direction: DIRECTION_UPGRADE to: 'a' statements { sql: 'DROP "
          "TABLE t' summary: 'ACCESS EXCLUSIVE on t' destroys { kind: "
          "'drop_table' object: 't' } } statements { sql: 'VACUUM' alone: true summary: 'not "
          "analysed' } } }")
          .step_started()
          .step();
  plan.set_plan("0f3c");
  plan.add_consent("drop_table");
  plan.add_consent("truncate");
  EXPECT_EQ(RenderPlan(plan, false, Style(false)),
            "upgrade <base> -> a\nneeds --allow drop_table,truncate\nplan 0f3c\n");
  EXPECT_EQ(RenderPlan(plan, true, Style(false)),
            "upgrade <base> -> a\n"
            "-- locks: ACCESS EXCLUSIVE on t\n-- destroys: drop_table t\nDROP TABLE t;\n\n"
            "-- locks: not analysed\n-- outside of a transaction\nVACUUM;\n\n"
            "needs --allow drop_table,truncate\nplan 0f3c\n");
}

TEST(Plan, TellsVerificationsFromWhatIsVerified) {
  v1::PlanRunResponse plan;
  *plan.add_steps() = Event(
                          "step_started { step { direction: DIRECTION_UPGRADE to: 'a' statements { "
                          "sql: 'DROP TABLE t' summary: 'ACCESS EXCLUSIVE on t' verifies: true "
                          "destroys { kind: 'drop_table' object: 't' } } } }")
                          .step_started()
                          .step();
  EXPECT_EQ(RenderPlan(plan, true, Style(false)),
            "upgrade <base> -> a\n"
            "-- locks: ACCESS EXCLUSIVE on t\n-- destroys: drop_table t\n-- verification\n"
            "DROP TABLE t;\n\n"
            "plan \n");
}

TEST(Plan, SaysWhatAnEarlierRunDidOfAStepThatItStoppedIn) {
  v1::PlanRunResponse plan;
  *plan.add_steps() =
      Event(
          "step_started { step { direction: DIRECTION_UPGRADE to: 'a' "
          "statements { sql: 'DROP TABLE t' state: STATE_DONE destroys { kind: 'drop_table' } } "
          "statements { sql: 'VACUUM' state: STATE_IN_DOUBT summary: 'none' } } }")
          .step_started()
          .step();
  EXPECT_EQ(RenderPlan(plan, true, Style(false)),
            "upgrade <base> -> a\n"
            "-- ran already, in an earlier run\nDROP TABLE t;\n\n"
            "-- may have run, in an earlier run: is looked for before it runs\n"
            "-- locks: none\nVACUUM;\n\n"
            "plan \n");
}

TEST(Runs, AreATable) {
  v1::ListRunsResponse answer;
  ASSERT_TRUE(google::protobuf::TextFormat::ParseFromString(
      "runs { id: 'r22' target_name: 'dev' summary: 'upgrade head' outcome: OUTCOME_DONE started: "
      "'2026' actor: 'Ann' }"
      "runs { id: 'r1' target_name: 'production' summary: 'stamp a' outcome: OUTCOME_INTERRUPTED "
      "started: '2025' actor: 'Bo' }",
      &answer));
  EXPECT_EQ(RenderRuns(answer, Style(false)),
            "RUN  TARGET      WHAT          OUTCOME      STARTED  BY\n"
            "r22  dev         upgrade head  done         2026     Ann\n"
            "r1   production  stamp a       interrupted  2025     Bo\n");
}

TEST(Runs, AreATableOfCharactersNotOfBytes) {
  v1::ListRunsResponse answer;
  ASSERT_TRUE(google::protobuf::TextFormat::ParseFromString(
      "runs { id: 'r1' target_name: 'größe' summary: 'x' outcome: OUTCOME_DONE started: '2026' }"
      "runs { id: 'r2' target_name: 'dev' summary: 'y' outcome: OUTCOME_DONE started: '2026' }",
      &answer));
  EXPECT_EQ(RenderRuns(answer, Style(false)),
            "RUN  TARGET  WHAT  OUTCOME  STARTED  BY\n"
            "r1   größe   x     done     2026\n"
            "r2   dev     y     done     2026\n");
}

TEST(Columns, AreCutBetweenCharacters) {
  EXPECT_EQ(FirstColumns("größe", 3), "grö");
  EXPECT_EQ(FirstColumns("größe", 2), "gr");
  EXPECT_EQ(FirstColumns("größe", 5), "größe");
  EXPECT_EQ(FirstColumns("größe", 0), "");
}

TEST(Duration, UsesTheUnitThatReadsBest) {
  EXPECT_EQ(RenderDuration(740), "740 us");
  EXPECT_EQ(RenderDuration(31'999), "31 ms");
  EXPECT_EQ(RenderDuration(2'450'000), "2.4 s");
  EXPECT_EQ(RenderDuration(200'000'000), "3 min 20 s");
}

}  // namespace
}  // namespace mig
