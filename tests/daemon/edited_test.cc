// What becomes of files that changed since they were applied.
#include <gmock/gmock.h>

#include "tests/daemon/scene.h"

namespace mig {
namespace {

class EditedTest : public testing::TestWithParam<Dialect> {
 protected:
  void SetUp() override {
    scene_.Draw("a; b: a; c: b");
    ASSERT_EQ(scene_.Upgrade(), "done");
  }

  // "1 applied b:edited c:reidentified<b"
  std::string Status() {
    auto status = scene_.engine().Status(scene_.View(), scene_.target());
    if (!status) return status.error().message;
    constexpr const char* kStates[] = {"new",          "pushed",      "edited",
                                       "reidentified", "missingfile", "cosmetic"};
    std::vector<std::string> words = {std::to_string(status->applied) + " applied"};
    for (const FileStatus& file : status->files) {
      words.push_back(file.name + ":" + kStates[static_cast<int>(file.state)] +
                      (file.because_of.empty() ? "" : "<" + file.because_of));
    }
    return Join(words);
  }
  // From a revision to the files: "b:from,to".
  std::string Differences(const std::string& from, const std::vector<TargetSpec>& also = {}) {
    const ViewName view = scene_.View();
    const auto found = scene_.engine().Compare({view, from}, {view, ""}, also);
    if (!found) return std::string(InfoOf(found.error().reason).text);
    std::vector<std::string> words;
    for (const auto& one : *found)
      words.push_back(one.name + ":" + (one.from ? "from," : "") + (one.to ? "to" : ""));
    return Join(words);
  }
  int Count(const std::string& word, const std::vector<TargetSpec>& also = {}) {
    const auto found =
        scene_.engine().ListRevisions(scene_.View(), {word}, {}, true, std::nullopt, also);
    return found ? static_cast<int>(found->count) : -1;
  }
  void EditInMeaning(const std::string& name) {
    scene_.Replace(name, "(id integer)", "(id integer, price integer)");
  }
  void EditComment(const std::string& name) {
    scene_.Replace(name, "-- mig:up\n", "-- mig:up\n-- Prices are in cents.\n");
  }
  // What the same files give on an untouched database.
  std::string Undisturbed() {
    Scene fresh(GetParam());
    for (const char* name : {"a", "b", "c"}) fresh.Write(name, scene_.Text(name));
    EXPECT_EQ(fresh.Upgrade(), "done");
    return fresh.Column("SELECT id FROM mig_version");
  }

  Scene scene_{GetParam()};
};

INSTANTIATE_TEST_SUITE_P(Engines, EditedTest,
                         testing::Values(Dialect::kSqlite, Dialect::kPostgresql, Dialect::kMariadb),
                         [](const auto& engine) { return std::string(NameOf(engine.param)); });

TEST_P(EditedTest, StatusTellsNewFromAppliedFromMissing) {
  scene_.Draw("d: c");
  EXPECT_EQ(Status(), "3 applied d:new");
  scene_.Remove("d");
  scene_.Remove("c");
  EXPECT_EQ(Status(), "2 applied c:missingfile");
}

TEST_P(EditedTest, StatusTellsWhatWasPushedFromWhatIsNew) {
  scene_.Draw("d: c");
  const ViewName view = scene_.View();
  PushSpec push;
  push.ref = {view.project, "main"};
  push.view = *scene_.engine().views().Find(view);
  push.caller = {"user ann", "", ""};
  ASSERT_TRUE(scene_.engine().shared_refs().Push(push));
  scene_.Draw("e: d");
  EXPECT_EQ(Status(), "3 applied d:pushed e:new");
}

TEST_P(EditedTest, StatusTellsAnEditFromWhatItRenames) {
  EditInMeaning("b");
  EXPECT_EQ(Status(), "1 applied b:edited c:reidentified<b");
}

TEST_P(EditedTest, StatusTellsACommentFromAChangeOfMeaning) {
  EditComment("a");
  EXPECT_EQ(Status(), "0 applied a:cosmetic b:reidentified<a c:reidentified<a");
  EditInMeaning("b");
  EXPECT_EQ(Status(), "0 applied a:cosmetic b:edited c:reidentified<b");
}

TEST_P(EditedTest, WhatRanIsComparedWithTheFile) {
  const std::string applied = scene_.Column("SELECT id FROM mig_version");
  EditInMeaning("b");
  EXPECT_EQ(Differences(applied), "b:from,to c:from,to");
  EXPECT_EQ(Differences(applied.substr(0, 12)), "b:from,to c:from,to");
  EXPECT_EQ(Count(applied + "..head"), 2);
  EXPECT_EQ(Count("heads.." + applied), 2);
  EXPECT_EQ(Count("^" + applied), 2);
  const auto bases = scene_.engine().FindMergeBases(scene_.View(), Engine::Bases::kOfFirstAndOthers,
                                                    Follow::kParents, {{applied, "head"}});
  ASSERT_TRUE(bases) << bases.error().message;
  EXPECT_EQ(bases->at(0).bases.at(0).name, "a");
}

TEST_P(EditedTest, WhatRanIsComparedWithTheFileThoughOnlyTheTargetHasIt) {
  const std::string applied = scene_.Column("SELECT id FROM mig_version");
  EditInMeaning("b");
  scene_.LoseStore();
  EXPECT_EQ(Differences(applied), "NO_SUCH_REVISION");
  EXPECT_EQ(Differences(applied, {scene_.target()}), "b:from,to c:from,to");
  EXPECT_EQ(Count(applied + "..head", {scene_.target()}), 2);
}

TEST_P(EditedTest, NeverRunsAnAppliedNameAgain) {
  EditInMeaning("b");
  EXPECT_EQ(scene_.Upgrade(), "EDITED_SINCE_APPLIED");
  EXPECT_EQ(scene_.detail("name"), "b");
  EXPECT_EQ(scene_.Stamp("c"), "EDITED_SINCE_APPLIED");
  EXPECT_EQ(scene_.Ran(), "a b c");
}

TEST_P(EditedTest, HeadIsNotAmbiguousWithItself) {
  EditComment("a");
  EXPECT_EQ(scene_.Stamp("head"), "EDITED_SINCE_APPLIED");
  EXPECT_EQ(scene_.Downgrade("head"), "done") << "it is there";
  scene_.Draw("d: c");
  EXPECT_EQ(scene_.Stamp("head"), "EDITED_SINCE_APPLIED");
  EXPECT_EQ(scene_.Ran(), "a b c");
}

TEST_P(EditedTest, KnowsWhatIsAppliedBelowAnEditedRow) {
  EditInMeaning("c");
  EXPECT_EQ(scene_.Upgrade("b"), "done");
  EXPECT_EQ(scene_.Ran(), "a b c");
  scene_.Remove("c");
  EditInMeaning("b");
  EXPECT_EQ(scene_.Upgrade(), "EDITED_SINCE_APPLIED");
  EXPECT_EQ(scene_.Upgrade("a"), "done");
  EXPECT_EQ(scene_.Ran(), "a b c");
}

TEST_P(EditedTest, ToleratesALabelInBothVersions) {
  ASSERT_EQ(scene_.Downgrade("base"), "done");
  scene_.Replace("a", "-- parents: \n", "-- labels: catalog\n");
  ASSERT_EQ(scene_.Upgrade(), "done");
  EditComment("a");
  EXPECT_EQ(Status(), "0 applied a:cosmetic b:reidentified<a c:reidentified<a");
  ASSERT_EQ(scene_.Reapply(), "done");
  EXPECT_EQ(scene_.Downgrade("catalog@base"), "done");
}

TEST_P(EditedTest, DowngradesFromTheStoredOriginal) {
  scene_.Replace("c", "DROP TABLE t_c", "DROP TABLE another_table");
  EXPECT_EQ(scene_.Downgrade("b"), "done");
  EXPECT_EQ(scene_.Tables(), "a b");
}

TEST_P(EditedTest, DowngradesFromTheTargetsOwnOriginalAfterTheStoreIsLost) {
  scene_.Replace("c", "DROP TABLE t_c", "DROP TABLE another_table");
  scene_.LoseStore();
  EXPECT_EQ(scene_.Downgrade("b"), "done");
  EXPECT_EQ(scene_.Tables(), "a b");
  EXPECT_EQ(scene_.Downgrade("base"), "done");
}

TEST_P(EditedTest, AppliesTheEditedFileOnceItsOriginalIsGone) {
  scene_.Replace("c", "'c'", "'edited c'");
  ASSERT_EQ(scene_.Downgrade("b"), "done");
  EXPECT_EQ(scene_.Upgrade(), "done");
  EXPECT_EQ(scene_.Ran(), "a b c -c edited c");
  scene_.ExpectSound();
}

TEST_P(EditedTest, ReapplyRelinksWhatMeansTheSameWithoutRunningIt) {
  EditComment("a");
  ASSERT_EQ(scene_.Reapply(), "done");
  EXPECT_EQ(scene_.Ran(), "a b c");
  EXPECT_EQ(scene_.Column("SELECT id FROM mig_version"), Undisturbed());
  EXPECT_EQ(Status(), "3 applied");
  EXPECT_THAT(scene_.Log(), testing::EndsWith("relink:a:done relink:b:done relink:c:done"));
  scene_.ExpectSound();
}

TEST_P(EditedTest, ReapplyRelinksWhereOnlyTimeoutsChanged) {
  scene_.Replace("b", "-- mig:up\n", "-- mig:up lock_timeout=10s statement_timeout=1min\n");
  EXPECT_EQ(Status(), "1 applied b:cosmetic c:reidentified<b");
  ASSERT_EQ(scene_.Reapply(), "done");
  EXPECT_EQ(scene_.Ran(), "a b c");
  EXPECT_EQ(scene_.Column("SELECT id FROM mig_version"), Undisturbed());
  scene_.ExpectSound();
}

TEST_P(EditedTest, ADownSectionThatWasMendedIsTakenForWhatWasAppliedByAStamp) {
  scene_.Draw("d: c");
  scene_.Replace("d", "DROP TABLE t_d", "DROP TABLE another_table");
  ASSERT_EQ(scene_.Upgrade(), "done");
  scene_.Replace("d", "DROP TABLE another_table", "DROP TABLE t_d");
  EXPECT_EQ(scene_.Reapply(), "STATEMENT_FAILED");
  EXPECT_THAT(scene_.error().hint,
              testing::HasSubstr("until `mig stamp --purge` with all that `mig current` names"));
  ASSERT_EQ(scene_.Stamp("d", true), "done");
  EXPECT_EQ(scene_.Ran(), "a b c d");
  EXPECT_EQ(scene_.Downgrade("c"), "done") << scene_.error().message;
  EXPECT_EQ(scene_.Tables(), "a b c");
  scene_.ExpectSound();
}

TEST_P(EditedTest, ReapplyRunsAgainWhatChangedAndWhatStandsOnIt) {
  EditInMeaning("b");
  ASSERT_EQ(scene_.Reapply(), "done");
  EXPECT_EQ(scene_.Ran(), "a b c -c -b b c");
  EXPECT_EQ(scene_.Column("SELECT count(price) FROM t_b"), "0");
  EXPECT_EQ(scene_.Column("SELECT id FROM mig_version"), Undisturbed());
  EXPECT_EQ(Status(), "3 applied");
  scene_.ExpectSound();
}

TEST_P(EditedTest, AReapplyThatStopsSaysWhatItLeavesTakenBack) {
  scene_.Replace("b", "-- mig:up\n", "-- mig:up\nINSERT INTO nowhere VALUES (1);\n");
  ASSERT_EQ(scene_.Reapply(), "STATEMENT_FAILED");
  EXPECT_THAT(scene_.finished().state,
              testing::HasSubstr("taken back and not applied again: b, c; `mig upgrade`"));
  scene_.Replace("b", "INSERT INTO nowhere VALUES (1);\n", "");
  EXPECT_EQ(scene_.Upgrade(), "done");
  EXPECT_EQ(scene_.Tables(), "a b c");
}

TEST_P(EditedTest, ReapplyDoesBothWhenBothAreCalledFor) {
  EditComment("a");
  EditInMeaning("c");
  ASSERT_EQ(scene_.Reapply(), "done");
  EXPECT_EQ(scene_.Ran(), "a b c -c c");
  EXPECT_EQ(scene_.Column("SELECT id FROM mig_version"), Undisturbed());
  scene_.ExpectSound();
}

TEST_P(EditedTest, ReapplyKeepsTheRowsOfBranches) {
  scene_.Draw("d: a; e: d; m: c e; x: +e");
  ASSERT_EQ(scene_.Upgrade(), "done");
  EditInMeaning("d");
  ASSERT_EQ(scene_.Reapply(), "done");
  EXPECT_EQ(scene_.Rows(), scene_.MaximalOfTables());
  EXPECT_EQ(scene_.Tables(), "a b c d e m x");
  EditComment("a");
  ASSERT_EQ(scene_.Reapply(), "done");
  EXPECT_EQ(scene_.Rows(), scene_.MaximalOfTables());
  EXPECT_EQ(scene_.Downgrade("base"), "done");
  EXPECT_EQ(scene_.Tables(), "");
  scene_.ExpectSound();
}

TEST_P(EditedTest, ReapplyHasNothingToDoForUnchangedFiles) {
  EXPECT_EQ(scene_.Reapply(), "done");
  EXPECT_EQ(scene_.Log(), "upgrade:a:done upgrade:b:done upgrade:c:done");
}

TEST_P(EditedTest, ReapplyRefusesToRunAgainWhatHasNoFile) {
  scene_.Draw("d: c");
  ASSERT_EQ(scene_.Upgrade(), "done");
  EditInMeaning("b");
  scene_.Remove("d");
  EXPECT_EQ(scene_.Reapply(), "MISSING_PARENT");
  EXPECT_EQ(scene_.Ran(), "a b c d");
}

TEST_P(EditedTest, ReapplyNeverTakesForAppliedWhatAFileWasPutOnTopOf) {
  scene_.Draw("n: a; b: n");
  EXPECT_EQ(scene_.Reapply(), "MISSING_PARENT");
  EXPECT_EQ(scene_.detail("name"), "b");
  EditInMeaning("b");
  EXPECT_EQ(scene_.Reapply(), "MISSING_PARENT") << "it would run before what it stands on";
  EXPECT_EQ(scene_.Tables(), "a b c");
  ASSERT_EQ(scene_.Upgrade("n"), "done");
  ASSERT_EQ(scene_.Reapply(), "done");
  EXPECT_EQ(scene_.Ran(), "a b c n -c -b b c");
  EXPECT_EQ(Status(), "4 applied");
  scene_.ExpectSound();
}

TEST_P(EditedTest, ReapplyEndsWithTheRowsThatFollowFromTheFiles) {
  scene_.Draw("n: a; b: n");
  ASSERT_EQ(scene_.Upgrade("n"), "done");
  ASSERT_EQ(scene_.Reapply(), "done");
  EXPECT_EQ(scene_.Rows(), "c");
  scene_.Draw("c: n; b: c");
  ASSERT_EQ(scene_.Reapply(), "done");
  EXPECT_EQ(scene_.Rows(), "b");
  scene_.Draw("c: a");
  ASSERT_EQ(scene_.Reapply(), "done");
  EXPECT_EQ(scene_.Rows(), "b n");
  EXPECT_EQ(scene_.Ran(), "a b c n");
  scene_.ExpectSound();
  EXPECT_EQ(scene_.Downgrade("base"), "done");
  EXPECT_EQ(scene_.Tables(), "");
}

TEST_P(EditedTest, ReapplyRunsAgainWhatAFilePutOnTopOfAnEditedOne) {
  scene_.Draw("c: a; b: c");
  EditInMeaning("c");
  ASSERT_EQ(scene_.Reapply(), "done");
  EXPECT_EQ(scene_.Ran(), "a b c -c -b c b");
  EXPECT_EQ(scene_.Rows(), "b");
  EXPECT_EQ(Status(), "3 applied");
  scene_.ExpectSound();
}

TEST_P(EditedTest, AFileThatIsGoneStandsForTheVersionThatWasAppliedLast) {
  ASSERT_EQ(scene_.Downgrade("a"), "done");
  EditInMeaning("b");
  ASSERT_EQ(scene_.Upgrade(), "done");
  scene_.Remove("b");
  EXPECT_EQ(Status(), "2 applied b:missingfile");
  EXPECT_EQ(scene_.Upgrade(), "done");
  EXPECT_EQ(scene_.Ran(), "a b c -c -b b c");
  EXPECT_EQ(scene_.Downgrade("a"), "done");
  EXPECT_EQ(scene_.Ran(), "a b c -c -b b c -c -b");
}

TEST_P(EditedTest, AFileThatIsGoneStandsForTheVersionOfTheLatestReapply) {
  EditComment("a");
  ASSERT_EQ(scene_.Reapply(), "done");
  scene_.Remove("b");
  EXPECT_EQ(Status(), "2 applied b:missingfile");
  EXPECT_EQ(scene_.Upgrade(), "done");
  EXPECT_EQ(scene_.Downgrade("base"), "done");
}

TEST_P(EditedTest, AVersionThatNobodyNamedIsNeverApplied) {
  ASSERT_EQ(scene_.Downgrade("a"), "done");
  EditInMeaning("b");
  ASSERT_EQ(scene_.Upgrade(), "done");
  ASSERT_EQ(scene_.Downgrade("a"), "done");
  scene_.Remove("b");
  EXPECT_EQ(scene_.Upgrade(), "MISSING_PARENT");
  EXPECT_EQ(scene_.detail("name"), "b");
  auto script = scene_.engine().RenderScript(scene_.Spec({Operation::Kind::kUpgrade, {"c"}}));
  EXPECT_EQ(ErrorOf(script).reason, Reason::kMissingParent);
  EXPECT_EQ(scene_.Rows(), "a");
}

}  // namespace
}  // namespace mig
