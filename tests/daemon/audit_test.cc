// The evidence that a target holds: what tampering shows, and what a restored or cloned database
// says.
#include "daemon/audit.h"

#include <gmock/gmock.h>

#include <filesystem>

#include "tests/daemon/forwarding_session.h"
#include "tests/daemon/scene.h"

namespace mig {
namespace {

using Kind = Operation::Kind;
using testing::HasSubstr;
using testing::IsEmpty;

// "edited 3, versions 0".
std::string InShort(const std::vector<AuditFinding>& findings) {
  std::string text;
  for (const AuditFinding& finding : findings)
    text += (text.empty() ? "" : ", ") + finding.kind + " " + std::to_string(finding.sequence);
  return text;
}

// ---- The chain, over rows in memory

class Chain {
 public:
  explicit Chain(int rows) {
    for (int i = 1; i <= rows; ++i) {
      LogRow row;
      row.entry = {i,
                   "upgrade",
                   std::string(64, 'a'),
                   "r" + std::to_string(i),
                   "Ann",
                   std::string(64, 'b'),
                   "2026-01-05T09:00:00.000Z",
                   "2026-01-05T09:00:01.000Z",
                   "done",
                   1000,
                   ""};
      rows_.push_back(row);
    }
    Rehash(1);
  }

  LogRow& At(int sequence) { return rows_[static_cast<std::size_t>(sequence) - 1]; }
  void Take(int sequence) { rows_.erase(rows_.begin() + sequence - 1); }
  // As somebody who may write the table would: all hashes from a row on made anew.
  void Rehash(int from) {
    for (std::size_t i = static_cast<std::size_t>(from) - 1; i < rows_.size(); ++i) {
      rows_[i].entry.previous = i == 0 ? "" : rows_[i - 1].hash;
      rows_[i].hash = HashOf(rows_[i].entry);
    }
  }
  SeenTarget Seen(int sequence) {
    return {"", "", sequence, At(sequence).hash, "2026-01-06T00:00:00Z"};
  }

  std::string Findings(std::optional<SeenTarget> seen = std::nullopt) const {
    LogAudit audit(std::move(seen));
    for (const LogRow& row : rows_) audit.Take(row);
    return InShort(audit.Finish());
  }

 private:
  std::vector<LogRow> rows_;
};

TEST(LogAudit, OfWhatNobodyTouchedFindsNothing) {
  EXPECT_EQ(Chain(0).Findings(), "");
  EXPECT_EQ(Chain(1).Findings(), "");
  Chain chain(9);
  EXPECT_EQ(chain.Findings(), "");
  EXPECT_EQ(chain.Findings(chain.Seen(4)), "");
  EXPECT_EQ(chain.Findings(chain.Seen(9)), "");
}

TEST(LogAudit, NamesTheRowWhoseColumnWasEdited) {
  const std::vector<std::function<void(LogRow&)>> edits = {
      [](LogRow& row) { row.entry.direction = "downgrade"; },
      [](LogRow& row) { row.entry.id[0] = 'f'; },
      [](LogRow& row) { row.entry.name += "x"; },
      [](LogRow& row) { row.entry.actor = "Bob"; },
      [](LogRow& row) { row.entry.plan[0] = 'c'; },
      [](LogRow& row) { row.entry.started_at[0] = '1'; },
      [](LogRow& row) { row.entry.finished_at[0] = '1'; },
      [](LogRow& row) { row.entry.outcome = "failed: CANCELLED"; },
      [](LogRow& row) { row.entry.previous = std::string(64, '0'); },
      [](LogRow& row) { row.hash = std::string(64, '0'); },
      [](LogRow& row) { row.hash = ""; },
  };
  for (std::size_t i = 0; i < edits.size(); ++i) {
    for (const int sequence : {1, 3, 5}) {
      Chain chain(6);
      edits[i](chain.At(sequence));
      EXPECT_EQ(chain.Findings(), "edited " + std::to_string(sequence)) << "edit " << i;
    }
  }
}

TEST(LogAudit, NamesTheRowThatWasEditedAndHashedAgain) {
  Chain chain(6);
  chain.At(3).entry.actor = "Bob";
  chain.At(3).hash = HashOf(chain.At(3).entry);
  EXPECT_EQ(chain.Findings(), "edited 3");
}

TEST(LogAudit, NamesRowsThatAreMissing) {
  for (const int sequence : {1, 3, 5}) {
    Chain chain(6);
    chain.Take(sequence);
    EXPECT_EQ(chain.Findings(), "missing " + std::to_string(sequence));
  }
  Chain two(6);
  two.Take(3);
  two.Take(3);
  EXPECT_EQ(two.Findings(), "missing 3");
}

TEST(LogAudit, NamesRowsThatChangedPlaces) {
  Chain chain(6);
  std::swap(chain.At(3), chain.At(4));
  std::swap(chain.At(3).entry.sequence, chain.At(4).entry.sequence);
  EXPECT_THAT(chain.Findings(), HasSubstr("edited 3"));
}

TEST(LogAudit, OfACutOffEndNeedsToHaveSeenIt) {
  Chain chain(6);
  const SeenTarget seen = chain.Seen(6);
  chain.Take(6);
  EXPECT_EQ(chain.Findings(), "");
  EXPECT_EQ(chain.Findings(seen), "truncated 6");
  Chain empty(0);
  EXPECT_EQ(empty.Findings(seen), "truncated 1");
}

TEST(LogAudit, OfAChainMadeAnewNeedsToHaveSeenIt) {
  for (const int from : {1, 3, 6}) {
    Chain chain(6);
    const SeenTarget seen = chain.Seen(6);
    chain.At(from).entry.actor = "Bob";
    chain.Rehash(from);
    EXPECT_EQ(chain.Findings(), "");
    EXPECT_EQ(chain.Findings(seen), "rewritten 6") << from;
  }
}

TEST(LogAudit, TellsRowsOfAScriptFromRowsThatLostTheirHash) {
  Chain chain(6);
  const SeenTarget seen = chain.Seen(4);
  chain.At(5).hash = chain.At(6).hash = "";
  chain.At(5).entry.previous = chain.At(6).entry.previous = "";
  EXPECT_EQ(chain.Findings(seen), "unsealed 5");
  chain.At(4).hash = "";
  EXPECT_EQ(chain.Findings(seen), "edited 4");
}

TEST(VersionAudit, FindsARowOfAKindThatItDoesNotKnow) {
  LogRow row;
  row.entry.sequence = 7;
  row.entry.direction = "rename";
  row.entry.outcome = "done";
  VersionAudit audit;
  audit.TakeLog(row);
  const VersionAudit::Outcome outcome = audit.Compare({});
  EXPECT_EQ(InShort(outcome.findings), "unknown 7");
  EXPECT_THAT(outcome.unchecked, HasSubstr("row 7 is of a kind"));
}

// ---- Over real databases

class AuditTest : public testing::TestWithParam<Dialect> {
 protected:
  AuditTest() { scene_.Draw("a; b: a; c: a; m: b c; x: a +m"); }

  AuditReport Audit() {
    auto report = scene_.engine().Audit(scene_.target());
    EXPECT_TRUE(report) << report.error().message;
    return report ? *report : AuditReport();
  }
  std::string Findings() { return InShort(Audit().findings); }
  std::string Notices() {
    std::string text;
    for (const Notice& notice : scene_.Events<Notice>())
      text += notice.severity + ": " + notice.message + "\n";
    return text;
  }
  Result<AdoptedTarget> Adopt(bool new_id = false) {
    return scene_.engine().Adopt(scene_.target(), new_id, "Ann <ann@example.com>");
  }

  Scene scene_{GetParam()};
};

INSTANTIATE_TEST_SUITE_P(Engines, AuditTest,
                         testing::Values(Dialect::kSqlite, Dialect::kPostgresql, Dialect::kMariadb),
                         [](const auto& engine) { return std::string(NameOf(engine.param)); });

TEST_P(AuditTest, FindsNothingAfterEveryKindOfStep) {
  ASSERT_EQ(scene_.Upgrade("heads"), "done");
  EXPECT_EQ(Findings(), "");
  ASSERT_EQ(scene_.Downgrade("a"), "done");
  EXPECT_EQ(Findings(), "");
  ASSERT_EQ(scene_.Stamp("b c"), "done");
  EXPECT_EQ(Findings(), "");
  ASSERT_EQ(scene_.Upgrade("m"), "done");
  EXPECT_EQ(Audit().unchecked, "");
  scene_.Replace("a", "-- mig:up", "-- mig:up\n-- a comment");
  ASSERT_EQ(scene_.Reapply(), "done");
  const AuditReport report = Audit();
  EXPECT_THAT(report.findings, IsEmpty());
  EXPECT_EQ(report.unchecked, "");
  ASSERT_TRUE(report.seen);
  EXPECT_EQ(report.seen->sequence, report.end.sequence);
}

TEST_P(AuditTest, SeesWhatWasDoneToTheTables) {
  ASSERT_EQ(scene_.Upgrade("heads"), "done");
  const std::vector<std::pair<std::string, std::string>> deeds = {
      {"UPDATE mig_log SET actor = 'Bob' WHERE sequence = 2", "edited 2"},
      {"UPDATE mig_log SET sequence = 9 WHERE sequence = 5", "missing 5, edited 9"},
      {"DELETE FROM mig_log WHERE sequence = 1", "missing 1"},
      {"DELETE FROM mig_log WHERE sequence = 5", "truncated 5, versions 0"},
      {"DELETE FROM mig_log", "truncated 1, versions 0"},
      {"UPDATE mig_log SET hash = NULL WHERE sequence = 5", "edited 5"},
      {"UPDATE mig_object SET content = (SELECT content FROM mig_object WHERE name = 'b') WHERE "
       "name = 'c'",
       "object 0"},
      {"UPDATE mig_object SET name = 'other' WHERE name = 'c'", "object 0"},
      {"DELETE FROM mig_object WHERE name = 'b'", "object 2"},
      {"DELETE FROM mig_object", "object 1, object 2, object 3, object 4, object 5"},
      {"DELETE FROM mig_version", "versions 0"},
  };
  for (const auto& [deed, findings] : deeds) {
    SCOPED_TRACE(deed);
    const std::vector<std::string> tables = {"mig_log", "mig_object", "mig_version"};
    for (const std::string& table : tables)
      scene_.Sql("CREATE TABLE kept_" + table + " AS SELECT * FROM " + table);
    scene_.Sql(deed);
    EXPECT_THAT(Findings(), testing::StartsWith(findings));
    for (const std::string& table : tables) {
      scene_.Sql("DELETE FROM " + table);
      scene_.Sql("INSERT INTO " + table + " SELECT * FROM kept_" + table);
      scene_.Sql("DROP TABLE kept_" + table);
    }
    EXPECT_EQ(Findings(), "");
  }
}

TEST_P(AuditTest, SeesARowThatWasPutIntoTheVersions) {
  ASSERT_EQ(scene_.Upgrade("b"), "done");
  scene_.Sql(
      "UPDATE mig_version SET id = (SELECT id FROM mig_object WHERE name = 'a'), name = 'a'");
  const AuditReport report = Audit();
  ASSERT_EQ(report.findings.size(), 2U);
  EXPECT_THAT(report.findings[0].message, HasSubstr("mig_version has a"));
  EXPECT_THAT(report.findings[1].message, HasSubstr("mig_version lacks b"));
}

// A stamp says no id, and b has two contents afterwards.
TEST_P(AuditTest, SeesThatTheVersionsAreGoneBehindAStampAndAnEdit) {
  ASSERT_EQ(scene_.Upgrade("b"), "done");
  ASSERT_EQ(scene_.Stamp("a"), "done");
  ASSERT_EQ(scene_.Stamp("b"), "done");
  scene_.Replace("b", "-- mig:up", "-- mig:up\n-- a comment");
  ASSERT_EQ(scene_.Reapply(), "done");
  EXPECT_EQ(Findings(), "");
  EXPECT_EQ(Audit().unchecked, "");
  scene_.Sql("DELETE FROM mig_version");
  EXPECT_EQ(Findings(), "versions 0");
}

TEST_P(AuditTest, TakesEachContentThatAStampMayHaveMeant) {
  ASSERT_EQ(scene_.Upgrade("b"), "done");
  scene_.Replace("a", "-- mig:up", "-- mig:up\n-- a comment");
  ASSERT_EQ(scene_.Reapply(), "done");
  ASSERT_EQ(scene_.Stamp("a"), "done");
  ASSERT_EQ(scene_.Stamp("b"), "done");
  EXPECT_EQ(Findings(), "");
  EXPECT_EQ(Audit().unchecked, "");
  scene_.Sql(
      "UPDATE mig_version SET id = (SELECT id FROM mig_log WHERE name = 'a' AND direction = "
      "'upgrade'), name = 'a'");
  EXPECT_EQ(Findings(), "versions 0, versions 0");
}

TEST_P(AuditTest, SeesThatWhatAStampStandsOnIsGone) {
  ASSERT_EQ(scene_.Stamp("b"), "done");
  for (const char* name : {"a", "b"}) {
    scene_.Sql("CREATE TABLE kept AS SELECT * FROM mig_object");
    scene_.Sql("DELETE FROM mig_object WHERE name = '" + std::string(name) + "'");
    const AuditReport report = Audit();
    EXPECT_EQ(InShort(report.findings), "object 1") << name;
    EXPECT_NE(report.unchecked, "") << name;
    scene_.Sql("DELETE FROM mig_object");
    scene_.Sql("INSERT INTO mig_object SELECT * FROM kept");
    scene_.Sql("DROP TABLE kept");
  }
  EXPECT_EQ(Findings(), "");
}

TEST_P(AuditTest, FindsWhatTheJournalSaysUnlessARunIsAtWork) {
  ASSERT_EQ(scene_.Upgrade("a"), "done");
  scene_.Sql("INSERT INTO mig_journal (id, name, direction, unit, state, digest) VALUES ('" +
             std::string(64, 'b') + "', 'b', 'upgrade', 0, 'done', '')");
  const AuditReport report = Audit();
  ASSERT_EQ(InShort(report.findings), "journal 0");
  EXPECT_THAT(report.findings[0].message, HasSubstr("mig_journal has rows of b"));
  {
    const auto run = Open(*scene_.engine().AddressOf(scene_.target()), IfMissing::kFail);
    ASSERT_TRUE(run) << run.error().message;
    ASSERT_TRUE(*run->session->TryLock(run->book.lock_name()));
    EXPECT_EQ(Findings(), "");
  }
  EXPECT_EQ(Findings(), "journal 0");
  scene_.Sql("DELETE FROM mig_journal");
  EXPECT_EQ(Findings(), "");
  EXPECT_EQ(scene_.Upgrade("b"), "done");
}

TEST_P(AuditTest, OfADatabaseWithoutTablesSaysSo) {
  const auto report = scene_.engine().Audit(scene_.target());
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().reason, Reason::kNoBookkeeping);
}

TEST_P(AuditTest, FindsUnsealedRowsUntilTheNextRun) {
  ASSERT_EQ(scene_.Upgrade("a"), "done");
  ASSERT_EQ(scene_.RunClient(scene_.Script({Kind::kUpgrade, {"a:b"}})), 0) << scene_.client_log();
  EXPECT_EQ(Findings(), "unsealed 2");
  ASSERT_EQ(scene_.Upgrade("c"), "done");
  EXPECT_EQ(Findings(), "");
}

TEST_P(AuditTest, ListsTheLogFromItsEnd) {
  ASSERT_EQ(scene_.Upgrade("heads"), "done");
  const auto rows = scene_.engine().ReadLog(scene_.target(), 0, 2);
  ASSERT_TRUE(rows);
  ASSERT_EQ(rows->size(), 2U);
  EXPECT_EQ(rows->at(0).entry.sequence, 5);
  const auto older = scene_.engine().ReadLog(scene_.target(), 2, 10);
  ASSERT_TRUE(older);
  ASSERT_EQ(older->size(), 1U);
  EXPECT_EQ(older->at(0).entry.name, "a");
  EXPECT_EQ(older->at(0).entry.actor, "Ann <ann@example.com>");
}

// A log that went back, as by restoring an older backup over the database.
TEST_P(AuditTest, OfARestoredDatabaseWarnsAndGoesOnWhereNothingIsProtected) {
  ASSERT_EQ(scene_.Upgrade("m"), "done");
  ASSERT_EQ(scene_.Stamp("b"), "done");
  scene_.Sql("DELETE FROM mig_log WHERE sequence = 5");
  EXPECT_EQ(scene_.Stamp("m"), "done");
  EXPECT_THAT(Notices(), HasSubstr("WARNING: target shop is not the database it was: its log ends "
                                   "at row 4, and was seen up to row 5"));
  EXPECT_EQ(scene_.Stamp("b"), "done");
  EXPECT_EQ(Notices(), "");
}

TEST_P(AuditTest, TellsThatARunWentOnOverABreakUntilTheDatabaseIsAdopted) {
  ASSERT_EQ(scene_.Upgrade("m"), "done");
  ASSERT_EQ(scene_.Stamp("b"), "done");
  scene_.Sql("DELETE FROM mig_log WHERE sequence = 5");
  ASSERT_EQ(scene_.Stamp("m"), "done");
  EXPECT_EQ(Findings(), "break 5");
  ASSERT_EQ(scene_.Stamp("b"), "done");
  EXPECT_EQ(Findings(), "break 5");
  EXPECT_THAT(Audit().findings.at(0).message, HasSubstr("its log ends at row 4"));
  ASSERT_TRUE(Adopt());
  EXPECT_EQ(Findings(), "");
}

TEST_P(AuditTest, OfARestoredDatabaseRefusesWhereItIsProtectedUntilItIsAdopted) {
  scene_.policy().is_protected = true;
  ASSERT_EQ(scene_.Upgrade("m"), "done");
  ASSERT_EQ(scene_.Stamp("b"), "done");
  scene_.Sql("DELETE FROM mig_log WHERE sequence = 5");
  const std::string before = scene_.Everything();
  EXPECT_EQ(scene_.Upgrade("x"), "TARGET_CHANGED");
  EXPECT_EQ(scene_.Everything(), before);
  EXPECT_EQ(Findings(), "truncated 5, versions 0, versions 0");
  const auto adopted = Adopt();
  ASSERT_TRUE(adopted) << adopted.error().message;
  EXPECT_THAT(adopted->was, HasSubstr("its log ends at row 4"));
  EXPECT_EQ(scene_.Stamp("m"), "done");
  EXPECT_EQ(scene_.Upgrade("x"), "done");
  EXPECT_THAT(scene_.Log(), HasSubstr("adopt:" + adopted->target_id + ":done"));
  EXPECT_EQ(Findings(), "");
}

TEST_P(AuditTest, OfALogThatWasRewrittenRefusesWhereItIsProtected) {
  scene_.policy().is_protected = true;
  ASSERT_EQ(scene_.Upgrade("a"), "done");
  scene_.Sql("UPDATE mig_log SET hash = '" + std::string(64, 'e') + "'");
  EXPECT_EQ(scene_.Upgrade("b"), "TARGET_CHANGED");
  EXPECT_THAT(scene_.error().message, HasSubstr("row 1 of its log is not the one that was seen"));
}

TEST(SqliteAudit, OfACloneSaysWhoseCopyItIsUntilItHasAnIdOfItsOwn) {
  Scene scene(Dialect::kSqlite);
  scene.Draw("a; b: a; c: a");
  ASSERT_EQ(scene.Upgrade("a"), "done");
  const std::string original = scene.target().url;
  std::filesystem::copy_file(scene.Path("shop.db"), scene.Path("clone.db"));
  scene.MoveTo("sqlite:" + scene.Path("clone.db"));
  ASSERT_EQ(scene.Upgrade("b"), "done");
  ASSERT_EQ(scene.Events<Notice>().size(), 1U);
  EXPECT_THAT(scene.Events<Notice>()[0].message,
              HasSubstr("it has the id of the database at " + original));
  const auto adopted = scene.engine().Adopt(scene.target(), true, "Ann");
  ASSERT_TRUE(adopted);
  EXPECT_EQ(scene.Column("SELECT value FROM mig_meta WHERE key = 'target_id'"), adopted->target_id);
  scene.MoveTo(original);
  ASSERT_EQ(scene.Upgrade("c"), "done");
  EXPECT_THAT(scene.Events<Notice>(), IsEmpty());
  scene.ExpectSound();
}

TEST(SqliteAudit, OfAnotherDatabaseInItsPlaceRefusesWhereItIsProtected) {
  Scene scene(Dialect::kSqlite);
  scene.Draw("a; b: a");
  ASSERT_EQ(scene.Upgrade("a"), "done");
  scene.Wipe();
  EXPECT_EQ(scene.Upgrade("a"), "done");
  EXPECT_EQ(scene.Events<Notice>().size(), 0U) << "dropping a database is everyday";
  scene.policy().is_protected = true;
  scene.Wipe();
  EXPECT_EQ(scene.Upgrade("a"), "TARGET_CHANGED");
  EXPECT_THAT(scene.error().message, HasSubstr("another database was there before"));
}

// ---- Beside a run

// Something happens before each page of the log that is read.
class DisturbedSession final : public ForwardingSession {
 public:
  DisturbedSession(std::unique_ptr<Session> real, const std::function<void()>& before_log)
      : ForwardingSession(std::move(real)), before_log_(before_log) {}

  Result<SqlResult> Execute(const SqlCommand& command) override {
    const bool reads_log = command.sql.find("WHERE sequence > $1") != std::string::npos;
    if (reads_log) before_log_();
    return ForwardingSession::Execute(command);
  }

 private:
  const std::function<void()>& before_log_;
};

class AuditBesideARunTest : public testing::TestWithParam<Dialect> {
 protected:
  // b was there once, and the target has the object of it.
  void SetUp() override {
    scene_.Draw("a; b: a");
    ASSERT_EQ(scene_.Upgrade("b"), "done");
    ASSERT_EQ(scene_.Downgrade("a"), "done");
  }

  std::function<void()> before_log_;
  Scene scene_{GetParam(), "", OpenerOf<DisturbedSession>(before_log_)};
};

INSTANTIATE_TEST_SUITE_P(Engines, AuditBesideARunTest,
                         testing::Values(Dialect::kSqlite, Dialect::kPostgresql, Dialect::kMariadb),
                         [](const auto& engine) { return std::string(NameOf(engine.param)); });

TEST_P(AuditBesideARunTest, LooksAgainAtWhatChangedMeanwhile) {
  int looks = 0;
  before_log_ = [&] {
    if (++looks > 1) return;
    EXPECT_EQ(scene_.Upgrade("b"), "done");
  };
  const auto report = scene_.engine().Audit(scene_.target());
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(InShort(report->findings), "");
  EXPECT_EQ(report->unchecked, "");
  EXPECT_EQ(report->rows, 4);
  EXPECT_EQ(looks, 2);
}

TEST_P(AuditBesideARunTest, SaysThatItCouldNotCompareWhatChangesAllTheTime) {
  scene_.Sql("UPDATE mig_log SET actor = 'Bob' WHERE sequence = 1");
  bool up = false;
  before_log_ = [&] {
    up = !up;
    EXPECT_EQ(up ? scene_.Upgrade("b") : scene_.Downgrade("a"), "done");
  };
  const auto report = scene_.engine().Audit(scene_.target());
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(InShort(report->findings), "edited 1") << "which no run does";
  EXPECT_EQ(report->unchecked, "a run changed both while they were read");
}

// ---- A history from a target alone

TEST_P(AuditTest, RecoversAHistoryIntoAnEmptyStore) {
  ASSERT_EQ(scene_.Upgrade("heads"), "done");
  scene_.LoseStore();
  for (const char* name : {"a", "b", "c", "m", "x"}) scene_.Remove(name);
  const auto history = scene_.engine().Recover(scene_.target(), "shop", "main", "Ann");
  ASSERT_TRUE(history) << history.error().message;
  EXPECT_EQ(history->ref, "main");
  std::vector<std::string> names;
  for (const RecoveredRevision& revision : history->revisions) {
    names.push_back(revision.name);
    EXPECT_TRUE(revision.applied && revision.named);
  }
  EXPECT_THAT(names, testing::UnorderedElementsAre("a", "b", "c", "m", "x"));
  const auto object =
      scene_.engine().FindObject(scene_.View(), history->revisions[0].id.hex(), std::nullopt);
  ASSERT_TRUE(object) << object.error().message;
  EXPECT_EQ((*object)->revision.name, "a");
  EXPECT_TRUE(scene_.engine().Recover(scene_.target(), "shop", "main", "Ann")) << "again";
  EXPECT_EQ(scene_.Downgrade("base"), "done");
  EXPECT_EQ(scene_.Tables(), "");
  const auto elsewhere = scene_.engine().Recover(scene_.target(), "shop", "main", "Ann");
  ASSERT_FALSE(elsewhere);
}

TEST_P(AuditTest, RecoversNoRefThatLeadsToWhatTheTargetLost) {
  ASSERT_EQ(scene_.Upgrade("heads"), "done");
  scene_.LoseStore();
  scene_.Sql("DELETE FROM " + scene_.Mig("mig_object") + " WHERE name = 'x'");
  const auto made = scene_.engine().Recover(scene_.target(), "shop", "main", "Ann");
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().reason, Reason::kCorruption);
  const auto rest = scene_.engine().Recover(scene_.target(), "shop", "", "Ann");
  ASSERT_TRUE(rest) << rest.error().message;
  EXPECT_EQ(rest->revisions.size(), 4U);
  EXPECT_THAT(rest->lost, testing::ElementsAre("x is not recovered: it is applied, and mig_object "
                                               "has no row of it"));
}

TEST_P(AuditTest, RecoversWhatIsWholeAndNamesWhatIsNotAndWhatStandsOnThat) {
  ASSERT_EQ(scene_.Upgrade("heads"), "done");
  scene_.LoseStore();
  scene_.Sql(
      "UPDATE mig_object SET content = (SELECT content FROM mig_object WHERE name = 'c') WHERE "
      "name = 'b'");
  const auto history = scene_.engine().Recover(scene_.target(), "shop", "", "Ann");
  ASSERT_TRUE(history) << history.error().message;
  std::vector<std::string> names;
  for (const RecoveredRevision& revision : history->revisions) names.push_back(revision.name);
  EXPECT_THAT(names, testing::ElementsAre("a", "c"));
  EXPECT_THAT(history->lost, testing::ElementsAre(
                                 "b is not recovered: its row of mig_object was changed",
                                 HasSubstr("m is not recovered: it stands on "),
                                 "x is not recovered: it stands on m, which is not there either"));
  const auto made = scene_.engine().Recover(scene_.target(), "shop", "main", "Ann");
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().reason, Reason::kCorruption);
}

TEST_P(AuditTest, RecoversARefBesideARevisionThatIsNotWhole) {
  ASSERT_EQ(scene_.Upgrade("b"), "done");
  ASSERT_EQ(scene_.Downgrade("a"), "done");
  ASSERT_EQ(scene_.Upgrade("c"), "done");
  scene_.LoseStore();
  scene_.Sql(
      "UPDATE mig_object SET content = (SELECT content FROM mig_object WHERE name = 'c') WHERE "
      "name = 'b'");
  const auto history = scene_.engine().Recover(scene_.target(), "shop", "main", "Ann");
  ASSERT_TRUE(history) << history.error().message;
  EXPECT_EQ(history->ref, "main");
  EXPECT_EQ(history->lost.size(), 1U);
}

TEST_P(AuditTest, RecoversNoRefWhereNothingIsAppliedAndSaysWhatDoesWork) {
  ASSERT_EQ(scene_.Upgrade("b"), "done");
  ASSERT_EQ(scene_.Downgrade("base"), "done");
  scene_.LoseStore();
  const auto made = scene_.engine().Recover(scene_.target(), "shop", "main", "Ann");
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().reason, Reason::kInvalidArgument);
  EXPECT_THAT(made.error().hint, HasSubstr("without --ref"));
  const auto rest = scene_.engine().Recover(scene_.target(), "shop", "", "Ann");
  ASSERT_TRUE(rest) << rest.error().message;
  EXPECT_EQ(rest->revisions.size(), 2U);
}

TEST_P(AuditTest, RecoversNoRefThatItsPolicyRefuses) {
  ASSERT_EQ(scene_.Upgrade("b"), "done");
  ASSERT_EQ(scene_.Upgrade("c"), "done");
  scene_.LoseStore();
  const auto made = scene_.engine().Recover(scene_.target(), "shop", "main", "Ann");
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().reason, Reason::kMultipleHeads);
}

TEST_P(AuditTest, RecoversOneRevisionOfEachNameTheAppliedOne) {
  ASSERT_EQ(scene_.Upgrade("b"), "done");
  scene_.Replace("b", "(id integer)", "(id integer, more integer)");
  ASSERT_EQ(scene_.Reapply(), "done");
  const auto history = scene_.engine().Recover(scene_.target(), "shop", "", "Ann");
  ASSERT_TRUE(history);
  int of_b = 0, named = 0;
  for (const RecoveredRevision& revision : history->revisions) {
    if (revision.name != "b") continue;
    ++of_b;
    named += revision.named ? 1 : 0;
    EXPECT_EQ(revision.named, revision.applied);
  }
  EXPECT_EQ(of_b, 2);
  EXPECT_EQ(named, 1);
}

}  // namespace
}  // namespace mig
