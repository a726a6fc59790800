#include "daemon/plan/push.h"

#include <gmock/gmock.h>

#include "tests/daemon/plan/drawn_history.h"

namespace mig {
namespace {

using testing::HasSubstr;

// Two teams on one root, and what joins them.
constexpr char kTwoTeams[] = "root; ann: root; ann2: ann; bob: root; both: ann bob";

// What the ref `main`, which is at `at`, becomes when `heads` are pushed: "fast-forward: ann", or
// the reason of the refusal.
std::string Pushed(const DrawnHistory& history, const std::string& at, const std::string& heads,
                   RefPolicy policy = RefPolicy::kFastForward) {
  const Graph ref = history.GraphOf(at);
  std::vector<DrawnHistory::Ptr> fresh;
  for (const auto& one : history.Reached(heads)) {
    if (!ref.FindId(one->id)) fresh.push_back(one);
  }
  const auto plan = PlanPush("main", ref, history.Ids(at), fresh, history.Ids(heads), policy);
  if (!plan) return std::string(InfoOf(plan.error().reason).text);
  constexpr const char* kOutcomes[] = {"up to date", "created", "fast-forward"};
  return std::string(kOutcomes[static_cast<int>(plan->outcome)]) + ": " +
         history.NamesOf(plan->heads);
}

TEST(PlanPush, ToARefThatDoesNotExistCreatesIt) {
  EXPECT_EQ(Pushed(DrawnHistory(kTwoTeams), "", "ann2"), "created: ann2");
}

TEST(PlanPush, ThatFollowsTheHeadIsAFastForward) {
  const DrawnHistory history(kTwoTeams);
  EXPECT_EQ(Pushed(history, "root", "ann2"), "fast-forward: ann2");
  EXPECT_EQ(Pushed(history, "ann", "ann2"), "fast-forward: ann2");
  EXPECT_EQ(Pushed(history, "bob", "both"), "fast-forward: both");
}

TEST(PlanPush, OfWhatTheRefHasIsUpToDate) {
  const DrawnHistory history(kTwoTeams);
  EXPECT_EQ(Pushed(history, "ann2", "ann2"), "up to date: ann2");
  EXPECT_EQ(Pushed(history, "ann2", "root"), "up to date: ann2") << "one that is behind";
}

TEST(PlanPush, ThatDoesNotFollowTheHeadIsRefusedNamingBoth) {
  const DrawnHistory history(kTwoTeams);
  EXPECT_EQ(Pushed(history, "bob", "ann2"), "NOT_FAST_FORWARD");
  const auto plan = PlanPush("main", history.GraphOf("bob"), history.Ids("bob"),
                             {history.At("ann")}, history.Ids("ann"), RefPolicy::kFastForward);
  EXPECT_THAT(plan.error().message, HasSubstr("ref `main` is at bob"));
  EXPECT_EQ(plan.error().details.at("ours"), history.IdAt("ann").hex());
  EXPECT_EQ(plan.error().details.at("theirs"), history.IdAt("bob").hex());
}

TEST(PlanPush, OfTwoHeadsIsRefusedByFastForward) {
  const DrawnHistory history(kTwoTeams);
  EXPECT_EQ(Pushed(history, "", "ann bob"), "MULTIPLE_HEADS");
  EXPECT_EQ(Pushed(history, "bob", "ann bob"), "MULTIPLE_HEADS") << "the pusher has theirs";
}

TEST(PlanPush, UnderTheHeadsPolicyStandsBesideWhatItDoesNotFollow) {
  const DrawnHistory history(kTwoTeams);
  EXPECT_EQ(Pushed(history, "", "ann bob", RefPolicy::kHeads), "created: ann bob");
  EXPECT_EQ(Pushed(history, "bob", "ann", RefPolicy::kHeads), "fast-forward: ann bob");
  EXPECT_EQ(Pushed(history, "ann bob", "ann2", RefPolicy::kHeads), "fast-forward: ann2 bob");
  EXPECT_EQ(Pushed(history, "ann bob", "both", RefPolicy::kHeads), "fast-forward: both");
}

TEST(PlanPush, CountsDependenciesAsFollowing) {
  const DrawnHistory history("a; b; c: b +a");
  EXPECT_EQ(Pushed(history, "a", "c"), "fast-forward: c");
}

TEST(PlanPush, LeavesOutHeadsThatAreBelowOthers) {
  const DrawnHistory history(kTwoTeams);
  EXPECT_EQ(Pushed(history, "root", "root ann ann2"), "fast-forward: ann2");
}

// What comes to a ref that is at all of `theirs`, when all of `ours` is fresh.
Error Refusal(const DrawnHistory& theirs, const std::string& heads, const DrawnHistory& ours) {
  const auto plan = PlanPush("main", theirs.GraphOf(heads), theirs.Ids(heads), ours.all(),
                             {ours.all().back()->id}, RefPolicy::kHeads);
  EXPECT_FALSE(plan);
  return plan ? Error{Reason::kInternal, ""} : plan.error();
}

TEST(PlanPush, RefusesANameThatOtherContentHas) {
  const DrawnHistory theirs("users");
  const DrawnHistory ours("users", "SELECT 2;");
  const Error error = Refusal(theirs, "users", ours);
  EXPECT_EQ(error.reason, Reason::kNameTaken);
  EXPECT_EQ(error.details.at("ours"), ours.IdAt("users").hex());
  EXPECT_EQ(error.details.at("theirs"), theirs.IdAt("users").hex());
  EXPECT_THAT(error.message, HasSubstr("`users`"));
}

TEST(PlanPush, RefusesANameThatIsTakenBelowTheHead) {
  EXPECT_EQ(Refusal(DrawnHistory("a; b: a; c: b"), "c", DrawnHistory("a", "SELECT 2;")).reason,
            Reason::kNameTaken);
}

TEST(PlanPush, RefusesANameThatDiffersInCaseAlone) {
  const Error error = Refusal(DrawnHistory("Users"), "Users", DrawnHistory("users"));
  EXPECT_EQ(error.reason, Reason::kNameTaken);
  EXPECT_THAT(error.message, HasSubstr("as `Users`"));
}

TEST(PlanPush, RefusesAnAliasThatIsTaken) {
  const Error error = Refusal(DrawnHistory("a =7f3e"), "a", DrawnHistory("b =7F3E"));
  EXPECT_EQ(error.reason, Reason::kNameTaken);
  EXPECT_EQ(error.details.at("name"), "7F3E");
  EXPECT_EQ(Refusal(DrawnHistory("a =b"), "a", DrawnHistory("b")).reason, Reason::kNameTaken)
      << "a name by an alias";
  EXPECT_EQ(Refusal(DrawnHistory("a =b"), "a", DrawnHistory("c @b")).reason,
            Reason::kDuplicateLabel);
}

TEST(PlanPush, RefusesALabelThatIsTaken) {
  EXPECT_EQ(Refusal(DrawnHistory("a @prices"), "a", DrawnHistory("b @Prices")).reason,
            Reason::kDuplicateLabel);
  EXPECT_EQ(Refusal(DrawnHistory("prices"), "prices", DrawnHistory("b @prices")).reason,
            Reason::kDuplicateLabel)
      << "by a name";
  EXPECT_EQ(Refusal(DrawnHistory("a @b"), "a", DrawnHistory("b")).reason, Reason::kDuplicateLabel)
      << "a name by a label";
}

TEST(PlanPush, RefusesTwoOfOneNameInOnePush) {
  const DrawnHistory one("users");
  const DrawnHistory other("USERS");
  const auto plan = PlanPush("main", Graph(), {}, {one.all()[0], other.all()[0]},
                             {one.IdAt("users"), other.IdAt("USERS")}, RefPolicy::kHeads);
  ASSERT_FALSE(plan);
  EXPECT_EQ(plan.error().reason, Reason::kNameTaken);
}

// ---- Revisions as somebody else sent them.

class CheckIncomingTest : public testing::Test {
 protected:
  // "ok", or the reason of the refusal, of a revision whose file and links are as given.
  std::string Checked(const std::string& header, std::vector<Id> parents,
                      std::vector<Id> depends = {}) {
    std::sort(parents.begin(), parents.end());
    return Check({"new", std::move(parents), std::move(depends), header + "\n-- mig:up\n"});
  }
  std::string Check(Revision revision) {
    const Id id = IdOf(revision);
    const auto linked = CheckIncoming(id, std::move(revision), [this](const Id& link) {
      for (const auto& one : history_.all()) {
        if (one->id == link)
          return std::optional(
              RevisionWords{one->revision.name, one->file.header.labels, one->file.header.aliases});
      }
      return std::optional<RevisionWords>();
    });
    if (linked) return "ok";
    message_ = linked.error().message;
    return std::string(InfoOf(linked.error().reason).text);
  }

  DrawnHistory history_{"a; b: a @prices =b1; c: a"};
  std::string message_;
};

TEST_F(CheckIncomingTest, TakesWhatItsFileSays) {
  EXPECT_EQ(Checked("", {}), "ok");
  EXPECT_EQ(Checked("-- parents: b, c\n", history_.Ids("b c")), "ok");
  EXPECT_EQ(Checked("-- depends: prices\n", {}, history_.Ids("b")), "ok") << "by its label";
  EXPECT_EQ(Checked("-- depends: b, prices\n", {}, history_.Ids("b")), "ok") << "named twice";
  EXPECT_EQ(Checked("-- parents: b1\n", history_.Ids("b")), "ok") << "by its alias";
  EXPECT_EQ(Checked("-- depends: b1\n", {}, history_.Ids("b")), "ok") << "by its alias";
}

TEST_F(CheckIncomingTest, RefusesLinksThatItsFileDoesNotHave) {
  EXPECT_EQ(Checked("", history_.Ids("a")), "FILE_INVALID");
  EXPECT_EQ(Checked("-- parents: b\n", history_.Ids("c")), "FILE_INVALID");
  EXPECT_EQ(Checked("-- parents: b, c\n", history_.Ids("b")), "FILE_INVALID");
  EXPECT_EQ(Checked("-- parents: prices\n", history_.Ids("b")), "FILE_INVALID")
      << "a parent is no label";
  EXPECT_EQ(Checked("-- depends: a\n", history_.Ids("a")), "FILE_INVALID");
}

TEST_F(CheckIncomingTest, RefusesLinksThatNobodyHas) {
  const Id nobody = DrawnHistory("x").IdAt("x");
  EXPECT_EQ(Checked("-- parents: x\n", {nobody}), "MISSING_PARENT");
  EXPECT_THAT(message_, HasSubstr(nobody.hex()));
  EXPECT_EQ(Checked("-- depends: x\n", {}, {nobody}), "MISSING_DEPENDENCY");
}

TEST_F(CheckIncomingTest, RefusesTenThousandParents) {
  std::string names;
  std::vector<Id> ids;
  for (int i = 0; i < 10'000; ++i) {
    names += (names.empty() ? "x" : ",x") + std::to_string(i);
    ids.push_back(IdOf({"x" + std::to_string(i), {}, {}, "-- mig:up\n"}));
  }
  EXPECT_EQ(Checked("-- parents: " + names + "\n", ids), "LIMIT_EXCEEDED");
}

TEST_F(CheckIncomingTest, RefusesNamesThatAreNone) {
  const std::string body = "-- mig:up\n";
  EXPECT_EQ(Check({std::string(10'000, 'a'), {}, {}, body}), "NAME_INVALID");
  EXPECT_EQ(Check({"a\x1b[31m", {}, {}, body}), "NAME_INVALID");
  EXPECT_EQ(message_.find('\x1b'), std::string::npos) << "it must not reach a terminal";
  EXPECT_EQ(Check({"us\xd0\xb5rs", {}, {}, body}), "NAME_INVALID") << "a Cyrillic e";
  EXPECT_EQ(Check({"../../etc/passwd", {}, {}, body}), "NAME_INVALID");
  EXPECT_EQ(Check({"HEAD", {}, {}, body}), "NAME_INVALID");
}

TEST_F(CheckIncomingTest, RefusesTextsThatAreNoRevisionFiles) {
  EXPECT_EQ(Check({"new", {}, {}, "DROP TABLE users;\n"}), "FILE_INVALID");
  EXPECT_EQ(Check({"new", {}, {}, std::string("-- mig:up\n\0", 11)}), "FILE_INVALID");
  EXPECT_EQ(Check({"new", {}, {}, "-- mig:up\r\nSELECT 1;\r\n"}), "FILE_INVALID")
      << "a file with it would be another revision";
  EXPECT_EQ(Check({"new", {}, {}, "\xef\xbb\xbf-- mig:up\n"}), "FILE_INVALID");
}

}  // namespace
}  // namespace mig
