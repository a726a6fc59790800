// Runs outlive the client that started them and the daemon that carries them out.
#include <gmock/gmock.h>

#include <atomic>
#include <future>
#include <thread>

#include "daemon/limits.h"
#include "store/core/limits.h"
#include "store/keys.h"
#include "store/runs.h"
#include "tests/daemon/forwarding_session.h"
#include "tests/daemon/scene.h"
#include "tests/store/faulty_kv.h"
#include "tests/without_threads.h"

namespace mig {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using Clock = std::chrono::steady_clock;

class RunsTest : public testing::Test {
 protected:
  std::vector<std::string> Listed() {
    std::vector<std::string> listed;
    auto runs = scene_.engine().ListRuns({}, 0, 100);
    EXPECT_TRUE(runs) << runs.error().message;
    for (const RunSummary& run : *runs) listed.push_back(run.summary + ":" + Outcome(run));
    return listed;
  }
  static std::string Outcome(const RunSummary& run) {
    return std::to_string(static_cast<int>(run.outcome));
  }
  // What the store would hold if the daemon died now.
  static void Copy(MemoryKv& from, MemoryKv& to) {
    const auto entries = ScanAll(from, "", "");
    for (const KeyValue& entry : *entries)
      ASSERT_TRUE(to.Commit({{}, {Write::Put(entry.key, entry.value)}}));
  }

  Scene scene_{Dialect::kSqlite};
};

TEST(RunLog, WakesForAnEventThatComesWhileItWakesForAnother) {
  RunLog log;
  std::thread other;
  std::atomic<int> woken = 0;
  log.Subscribe([&](bool) {
    if (woken++ > 0) return true;
    other = std::thread([&log] { log.Append("", Notice{"NOTICE", "second"}); });
    std::this_thread::sleep_for(50ms);
    return true;
  });
  log.Append("", Notice{"NOTICE", "first"});
  other.join();
  EXPECT_EQ(woken, 2);
}

TEST(RunsInProgress, AreDrainedWhenTheirLogsHaveEnded) {
  World world = World::Real();
  world.now = [now = world.now] {
    std::this_thread::sleep_for(50ms);  // before the end is told
    return now();
  };
  RunsInProgress runs(world);
  const auto run = runs.Start(
      {}, [](RunInProgress&) { return RunFinished(); }, [](const RunPtr&) {});
  ASSERT_TRUE(run) << run.error().message;
  runs.Drain(std::chrono::steady_clock::now() + 1h);
  EXPECT_TRUE((*run)->log().ReadAfter(0, 10).ended);
}

// Of no database: there to be interrupted, and for nothing else.
class InterruptedSession final : public ForwardingSession {
 public:
  explicit InterruptedSession(std::function<void()> interrupt)
      : ForwardingSession(nullptr), interrupt_(std::move(interrupt)) {}
  void Interrupt() override { interrupt_(); }

 private:
  const std::function<void()> interrupt_;
};

TEST(RunsInProgress, AreListedWhileACancelWaitsForItsServer) {
  const std::vector<std::function<void(RunsInProgress&, RunInProgress&)>> cancels = {
      [](RunsInProgress&, RunInProgress& run) { run.Cancel(); },
      [](RunsInProgress& runs, RunInProgress&) { runs.Drain(Clock::now()); }};
  for (const auto& cancel : cancels) {
    std::atomic<bool> asked = false, answered = false;
    InterruptedSession session([&] {
      asked = true;
      asked.notify_all();
      answered.wait(false);
    });
    const World world = World::Real();
    RunsInProgress runs(world);
    const auto run = runs.Start(
        {},
        [](RunInProgress& started) {
          while (!started.cancelled()) std::this_thread::sleep_for(1ms);
          started.Interrupts(nullptr);
          return RunFinished();
        },
        [&session](const RunPtr& started) { started->Interrupts(&session); });
    ASSERT_TRUE(run) << run.error().message;
    std::thread cancelling([&] { cancel(runs, **run); });
    asked.wait(false);
    auto listed = std::async(std::launch::async, [&runs] { return runs.List({}).size(); });
    EXPECT_EQ(listed.wait_for(10s), std::future_status::ready);
    answered = true;
    answered.notify_all();
    cancelling.join();
    EXPECT_EQ(listed.get(), 1u);
  }
}

TEST(RunsInProgress, AreCancelledAgainWhereACancelCameBetweenTwoStatements) {
  std::atomic<int> cancels = 0;
  InterruptedSession session([&cancels] { ++cancels; });
  const World world = World::Real();
  RunsInProgress runs(world);
  const auto run = runs.Start(
      {},
      [&cancels](RunInProgress& started) {
        const Clock::time_point patience = Clock::now() + 20s;
        while (cancels < 2 && Clock::now() < patience) std::this_thread::sleep_for(1ms);
        started.Interrupts(nullptr);
        return RunFinished();
      },
      [&session](const RunPtr& started) { started->Interrupts(&session); });
  ASSERT_TRUE(run) << run.error().message;
  runs.Drain(Clock::now());
  EXPECT_GE(cancels, 2);
}

TEST(RunsInProgress, SayThatTheEndOfTheDaemonInterruptedThem) {
  const auto hint_after = [](bool is_cancelled_first) {
    const World world = World::Real();
    RunsInProgress runs(world);
    const auto run = runs.Start(
        {},
        [](RunInProgress& started) {
          while (!started.cancelled()) std::this_thread::sleep_for(1ms);
          RunFinished finished;
          finished.error = Error{Reason::kCancelled, "canceling statement due to user request"};
          return finished;
        },
        [&](const RunPtr& started) {
          if (is_cancelled_first) started->Cancel();
        });
    runs.Drain(Clock::now());
    const auto read = (*run)->log().ReadAfter(0, 1);
    return std::get<RunFinished>(read.events.at(0).body).error->hint;
  };
  EXPECT_THAT(hint_after(false), testing::HasSubstr("the daemon was stopped"));
  EXPECT_EQ(hint_after(true), "");
}

TEST(RunsInProgress, AreForgottenBesideOneThatGoesOn) {
  const World world = World::Real();
  RunsInProgress runs(world);
  const auto start = [&runs](const std::string& id, const RunsInProgress::Work& work) {
    RunSummary summary;
    summary.id = id;
    ASSERT_TRUE(runs.Start(summary, work, [](const RunPtr&) {}));
  };
  start("long", [](RunInProgress& run) {
    while (!run.cancelled()) std::this_thread::sleep_for(1ms);
    return RunFinished();
  });
  for (int i = 1; i <= 60; ++i) {
    start(std::to_string(i), [](RunInProgress&) { return RunFinished(); });
    while (runs.active() > 1) std::this_thread::yield();
  }
  EXPECT_NE(runs.Find("long"), nullptr);
  EXPECT_NE(runs.Find("60"), nullptr);
  EXPECT_NE(runs.Find("59"), nullptr);
  EXPECT_EQ(runs.Find("1"), nullptr);
  EXPECT_LT(runs.List({}).size(), 30u);
}

TEST(RunInProgress, TellsNoSecretsOfWhatDatabasesSay) {
  RunInProgress run({});
  RunFinished failed;
  failed.outcome = RunOutcome::kFailed;
  failed.error = Error{Reason::kStatementFailed,
                       "bad: a://u:s3cret@h",
                       {{"statement", "CREATE ROLE r PASSWORD 's3cret'"}}};
  run.Tell("", Notice{"NOTICE", "connecting with password=s3cret"});
  run.Tell("", Waiting{"for password=s3cret", 0});
  run.Tell("", failed);
  const std::vector<Event> told = run.log().ReadAfter(0, 10).events;
  EXPECT_EQ(std::get<Notice>(told.at(0).body).message, "connecting with password=***");
  EXPECT_EQ(std::get<Waiting>(told.at(1).body).reason, "for password=***");
  const Error& error = *std::get<RunFinished>(told.at(2).body).error;
  EXPECT_EQ(error.message, "bad: a://u:***@h");
  EXPECT_EQ(error.details.at("statement"), "CREATE ROLE r PASSWORD '***'");
  EXPECT_EQ(run.summary().error, error.message) << "which the store keeps";
}

TEST(RunInProgress, TellsTheBeginningOfALongText) {
  RunInProgress run({});
  std::string long_text;
  while (long_text.size() <= kMaxToldBytes) long_text += "\u00fc";
  RunFinished failed;
  failed.error = Error{Reason::kStatementFailed, long_text, {{"statement", long_text}}};
  run.Tell("", Notice{"NOTICE", long_text});
  run.Tell("", failed);
  const std::vector<Event> told = run.log().ReadAfter(0, 10).events;
  const std::string beginning = long_text.substr(0, kMaxToldBytes - 4) + "...";  // whole characters
  EXPECT_EQ(std::get<Notice>(told.at(0).body).message, beginning);
  const Error& error = *std::get<RunFinished>(told.at(1).body).error;
  EXPECT_EQ(error.message, beginning);
  EXPECT_EQ(error.details.at("statement"), beginning);
  EXPECT_EQ(run.summary().error, beginning);
}

TEST(RunJournal, EndsARunOfWhichTheStoreCannotHoldAnEvent) {
  MemoryKv kv;
  const World world = World::Real();
  const auto run = std::make_shared<RunInProgress>([] {
    RunSummary summary;
    summary.id = "abcd";
    return summary;
  }());
  {
    RunJournal journal(kv, world, [](const Event& event) {
      return event.sequence == 1 ? std::string(kMaxValueBytes, 'x') : "end";
    });
    journal.Follow(run);
    run->Tell("", Notice{"NOTICE", "too large"});
    run->Tell("", RunFinished{});
  }
  RunJournal next(kv, world, PlainEvent);
  EXPECT_EQ(next.Find("abcd")->outcome, RunOutcome::kDone);
  EXPECT_THAT(*next.Events("abcd", 0, 10), ElementsAre(RunEvent{2, "end"}));
}

// A store that an earlier daemon left, in which these runs had not ended.
void Leave(Kv& kv, const std::vector<std::string>& ids) {
  for (const std::string& id : ids) {
    Run run;
    run.id = id;
    ASSERT_TRUE(Runs(kv).Begin(run));
    ASSERT_TRUE(Runs(kv).Append(id, {{1, "begun"}}));
  }
}

TEST(RunJournal, EndsWhatAnEarlierDaemonLeftBesideWhatCannotBeRead) {
  MemoryKv kv;
  Leave(kv, {"aaaa", "bbbb"});
  ASSERT_TRUE(kv.Commit({{}, {Write::Put(keys::Run("aaaa"), "damaged")}}));
  const World world = World::Real();
  RunJournal journal(kv, world, PlainEvent);
  EXPECT_EQ(journal.Find("bbbb")->outcome, RunOutcome::kInterrupted);
}

TEST(RunJournal, EndsARunOnceWhereverItsOwnEndIsCutOff) {
  for (const Fault fault : {Fault::kBefore, Fault::kAfter, Fault::kDead}) {
    for (int at = 1;; ++at) {
      MemoryKv kv;
      Leave(kv, {"aaaa"});
      const World world = World::Real();
      const auto encode = [](const Event&) { return std::string("ended"); };
      FaultyKv faulty(kv, fault, at);
      RunJournal(faulty, world, encode);
      RunJournal next(kv, world, encode);
      EXPECT_EQ(next.Find("aaaa")->outcome, RunOutcome::kInterrupted);
      EXPECT_THAT(*next.Events("aaaa", 0, 10),
                  ElementsAre(RunEvent{1, "begun"}, RunEvent{2, "ended"}));
      if (!faulty.fired()) break;
    }
  }
}

TEST(RunsWithoutThreads, FailAndAreRemembered) {
  ExpectWithoutThreads([] {
    MemoryKv kv;
    const World world = World::Real();
    const auto encode = [](const Event&) { return std::string("event"); };
    RunSummary asked;
    asked.id = std::string(32, 'a');
    asked.project = "shop";
    asked.target_name = "dev";
    {
      RunJournal journal(kv, world, encode);
      RunsInProgress runs(world);
      const auto refused = runs.Start(
          asked, [](RunInProgress&) { return RunFinished(); },
          [&journal](const RunPtr& run) { journal.Follow(run); });
      if (refused || refused.error().reason != Reason::kLimitExceeded) return false;
    }
    RunJournal journal(kv, world, encode);
    const auto found = journal.Find(asked.id);
    return found && found->outcome == RunOutcome::kFailed &&
           found->error_reason == "LIMIT_EXCEEDED";
  });
}

TEST_F(RunsTest, AreListedAndReadAfterTheirDaemon) {
  scene_.Draw("a; b: a");
  ASSERT_EQ(scene_.Upgrade("a"), "done");
  scene_.Replace("b", "INSERT INTO ran", "INSERT INTO nowhere");
  ASSERT_EQ(scene_.Upgrade("b"), "STATEMENT_FAILED");
  const auto before = *scene_.engine().ListRuns({}, 0, 100);
  scene_.Restart();
  const auto after = *scene_.engine().ListRuns({}, 0, 100);
  ASSERT_EQ(after.size(), 2u);
  EXPECT_EQ(after[0].summary, "upgrade b");
  EXPECT_EQ(after[0].outcome, RunOutcome::kFailed);
  EXPECT_EQ(after[0].error_reason, "STATEMENT_FAILED");
  EXPECT_EQ(after[0].error, before[0].error);
  EXPECT_EQ(after[0].actor, "Ann <ann@example.com>");
  EXPECT_EQ(after[0].target_url, before[0].target_url);
  EXPECT_EQ(after[1].outcome, RunOutcome::kDone);
  const auto known = scene_.engine().FindRun(after[1].id.substr(0, 8));
  ASSERT_TRUE(known) << known.error().message;
  EXPECT_EQ(known->run, nullptr);
  const auto events = *scene_.engine().journal().Events(known->summary.id, 0, 100);
  ASSERT_GT(events.size(), 3u);
  for (std::size_t i = 0; i < events.size(); ++i) EXPECT_EQ(events[i].sequence, i + 1);
  EXPECT_EQ(events.back().bytes, PlainEvent({0, "", RunFinished()}));
  EXPECT_EQ(scene_.engine().journal().Events(known->summary.id, 3, 100)->front().sequence, 4u);
}

TEST_F(RunsTest, ThatDiedWithTheirDaemonAreInterruptedAndEnd) {
  scene_.Write("a",
               "-- mig:up\nWITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT "
               "count(*) FROM n WHERE i < 0;\n");
  const RunPtr run = scene_.Start(kUpgradeAll);
  const std::string id = run->summary().id;
  const auto stored = [&] {
    auto events = scene_.engine().journal().Events(id, 0, 100);
    return events && events->size() >= 3;
  };
  while (!stored()) std::this_thread::sleep_for(5ms);
  MemoryKv left;
  Copy(scene_.kv(), left);
  run->Cancel();
  EXPECT_EQ(scene_.Await(*run), "cancelled");

  const World world = World::Real();
  Engine next(left, world);
  const auto known = next.FindRun(id);
  ASSERT_TRUE(known) << known.error().message;
  EXPECT_EQ(known->summary.outcome, RunOutcome::kInterrupted);
  EXPECT_EQ(known->summary.error_reason, "OUTCOME_UNKNOWN");
  EXPECT_NE(known->summary.finished, "");
  const auto events = *next.journal().Events(id, 0, 100);
  EXPECT_EQ(events.back().bytes, PlainEvent({0, "", RunFinished()}));
  EXPECT_EQ(events.back().sequence, events.size());
}

TEST_F(RunsTest, ARepeatedRequestGivesTheRunThatHasItEvenOfAnEarlierDaemon) {
  scene_.Draw("a");
  RunSpec spec = scene_.Spec(kUpgradeAll);
  spec.request_id = "4bd1";
  const RunPtr first = scene_.Start(spec);
  EXPECT_EQ(scene_.Await(*first), "done");
  const auto second = scene_.engine().StartRun(spec);
  ASSERT_TRUE(second);
  EXPECT_EQ(second->run, first);
  scene_.Restart();
  const auto third = scene_.engine().StartRun(spec);
  ASSERT_TRUE(third);
  EXPECT_EQ(third->run, nullptr);
  EXPECT_EQ(third->summary.outcome, RunOutcome::kDone);
  EXPECT_THAT(Listed(), ElementsAre("upgrade heads:1"));
}

TEST_F(RunsTest, AreNotTakenForWhatARequestWithTheirIdAsksOfAnotherTargetOrOperation) {
  scene_.Draw("a");
  RunSpec spec = scene_.Spec(kUpgradeAll);
  spec.request_id = "build-7";
  EXPECT_EQ(scene_.Await(*scene_.Start(spec)), "done");
  RunSpec elsewhere = spec;
  elsewhere.target.name = "prod";
  RunSpec otherwise = spec;
  otherwise.operation = {Operation::Kind::kDowngrade, {"base"}};
  for (int daemon = 1; daemon <= 2; ++daemon) {
    for (const RunSpec& other : {elsewhere, otherwise}) {
      const auto refused = scene_.engine().StartRun(other);
      ASSERT_FALSE(refused);
      EXPECT_EQ(refused.error().reason, Reason::kInvalidArgument);
    }
    EXPECT_TRUE(scene_.engine().StartRun(spec));
    scene_.Restart();
  }
  EXPECT_THAT(Listed(), ElementsAre("upgrade heads:1"));
}

TEST_F(RunsTest, AreNotStartedByARequestThatCouldNotBeKnownAgain) {
  scene_.Draw("a");
  RunSpec spec = scene_.Spec(kUpgradeAll);
  for (const std::string& id : {std::string("a b"), std::string("ann@1"), std::string(65, 'a')}) {
    spec.request_id = id;
    EXPECT_EQ(scene_.Start(spec), nullptr) << id;
    EXPECT_EQ(scene_.finished().state, "INVALID_ARGUMENT") << id;
  }
  EXPECT_THAT(Listed(), testing::IsEmpty());
  spec.request_id = std::string(64, 'a');
  EXPECT_EQ(scene_.Await(*scene_.Start(spec)), "done");
}

TEST_F(RunsTest, AreListedOfOneProjectWhateverOthersRanSince) {
  scene_.Draw("a");
  EXPECT_EQ(scene_.Upgrade(), "done");
  RunSpec other = scene_.Spec(kUpgradeAll);
  ASSERT_TRUE(scene_.engine().views().Open("billing", {}, "user ann"));
  other.view = {"billing", DigestOf({}), ""};
  scene_.Await(*scene_.Start(other));
  EXPECT_EQ(scene_.engine().ListRuns({}, 0, 1)->front().project, "billing");
  EXPECT_EQ(scene_.engine().ListRuns({{"shop"}, ""}, 0, 1)->front().project, "shop");
  scene_.Restart();
  EXPECT_EQ(scene_.engine().ListRuns({{"shop"}, ""}, 0, 1)->front().project, "shop");
  EXPECT_EQ(scene_.engine().ListRuns({{"shop"}, ""}, 1, 1)->size(), 0u);
}

TEST_F(RunsTest, AreFoundByTheirFirstDigitsWhereThoseAreTheirsAlone) {
  scene_.Draw("a");
  for (const char* id : {"abcd11", "abcd22"}) {
    RunSpec spec = scene_.Spec(kUpgradeAll);
    spec.request_id = id;
    EXPECT_EQ(scene_.Await(*scene_.Start(spec)), "done");
  }
  EXPECT_EQ(scene_.engine().FindRun("abcd1")->summary.id, "abcd11");
  EXPECT_EQ(scene_.engine().FindRun("abcd").error().reason, Reason::kNoSuchRun);
  EXPECT_EQ(scene_.engine().FindRun("abc").error().reason, Reason::kNoSuchRun);
  scene_.Restart();
  EXPECT_EQ(scene_.engine().FindRun("abcd2")->summary.id, "abcd22");
  EXPECT_EQ(scene_.engine().FindRun("abcd").error().reason, Reason::kNoSuchRun);
  RunSpec later = scene_.Spec(kUpgradeAll);
  later.request_id = "abcd33";
  EXPECT_EQ(scene_.Await(*scene_.Start(later)), "done");
  EXPECT_EQ(scene_.engine().FindRun("abcd").error().reason, Reason::kNoSuchRun)
      << "though this daemon has one alone";
  EXPECT_EQ(scene_.engine().FindRun("abcd3")->summary.id, "abcd33");
  EXPECT_EQ(scene_.engine().ListRuns({}, 2, 1)->front().id, "abcd11");
  EXPECT_EQ(scene_.engine().ListRuns({.target = "elsewhere"}, 0, 9)->size(), 0u);
}

}  // namespace
}  // namespace mig
