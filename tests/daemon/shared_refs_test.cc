// Refs and objects as teams share them, over every store.
#include "daemon/shared_refs.h"

#include <gmock/gmock.h>

#include <atomic>
#include <cstdlib>
#include <thread>

#include "daemon/engine.h"
#include "daemon/object_exchange.h"
#include "daemon/project_file.h"
#include "store/core/sha256.h"
#include "tests/daemon/plan/drawn_history.h"
#include "tests/store/any_kv.h"
#include "tests/store/faulty_kv.h"

namespace mig {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

constexpr char kTwoTeams[] = "root; ann: root; ann2: ann; bob: root; bob2: bob; both: ann bob";

const RefName kMain{"shop", "main"};

// A daemon, what came into it, and who asks.
class Daemon {
 public:
  explicit Daemon(Kv& kv, RefPolicies policies = {})
      : kv_(kv), engine_(kv, world_, {}, OpenSession, std::move(policies)) {}

  SharedRefs& refs() { return engine_.shared_refs(); }
  Engine& engine() { return engine_; }

  Result<void> Send(const std::vector<DrawnHistory::Ptr>& revisions,
                    const std::string& project = "shop") {
    ObjectReceiver receiver(engine_.objects(), project);
    for (const auto& one : revisions) TRY(receiver.Add(one->id, CanonicalText(one->revision)));
    return receiver.Finish();
  }
  Result<Pushed> PushIds(const std::vector<Id>& heads, const std::string& who = "ann",
                         const std::string& request = "") {
    PushSpec spec;
    spec.ref = kMain;
    spec.heads = heads;
    spec.caller = {"token " + who, who, request};
    return refs().Push(spec);
  }
  // As `mig push` does it: objects, then the ref. The outcome, or the reason of the refusal.
  std::string Push(const DrawnHistory& history, const std::string& heads,
                   const std::string& who = "ann") {
    const auto sent = Send(history.Reached(heads));
    if (!sent) return std::string(InfoOf(sent.error().reason).text);
    const auto pushed = PushIds(history.Ids(heads), who);
    if (!pushed) {
      error_ = pushed.error();
      return std::string(InfoOf(pushed.error().reason).text);
    }
    constexpr const char* kOutcomes[] = {"up to date", "created", "fast-forward"};
    return kOutcomes[static_cast<int>(pushed->outcome)];
  }
  std::string At(const DrawnHistory& history, const RefName& name = kMain) {
    const auto ref = refs().Get(name);
    return ref ? history.NamesOf(ref->ref.heads) : std::string(InfoOf(ref.error().reason).text);
  }
  const Error& error() const { return error_; }

  // Everything stored, for saying that nothing changed.
  std::vector<KeyValue> Everything() { return *ScanAll(kv_, "", ""); }

 private:
  Kv& kv_;
  World world_ = World::Real();
  Engine engine_;
  Error error_{Reason::kInternal, ""};
};

class SharedRefsTest : public AnyKv {};
MIG_OVER_EVERY_KV(SharedRefsTest);

TEST_P(SharedRefsTest, APushCreatesMovesAndThenHasNothingToDo) {
  const DrawnHistory history(kTwoTeams);
  Daemon daemon(kv());
  EXPECT_EQ(daemon.Push(history, "root"), "created");
  EXPECT_EQ(daemon.Push(history, "ann2"), "fast-forward");
  EXPECT_EQ(daemon.Push(history, "ann2"), "up to date");
  EXPECT_EQ(daemon.Push(history, "ann"), "up to date");
  EXPECT_EQ(daemon.At(history), "ann2");
}

TEST_P(SharedRefsTest, APushThatDoesNotFollowIsRefusedSayingWhoIsWhere) {
  const DrawnHistory history(kTwoTeams);
  Daemon daemon(kv());
  ASSERT_EQ(daemon.Push(history, "bob", "bob"), "created");
  EXPECT_EQ(daemon.Push(history, "ann"), "NOT_FAST_FORWARD");
  EXPECT_EQ(InfoOf(daemon.error().reason).exit_status, 5);
  EXPECT_THAT(daemon.error().message, HasSubstr("main` is at bob"));
  EXPECT_THAT(daemon.error().message, HasSubstr("token bob"));
  EXPECT_THAT(daemon.error().message, HasSubstr("ann does not follow"));
  EXPECT_EQ(daemon.error().details.at("theirs"), history.IdAt("bob").hex());
  EXPECT_EQ(daemon.error().details.at("ours"), history.IdAt("ann").hex());
  EXPECT_THAT(HintOf(daemon.error()), HasSubstr("mig pull --rebase"));
  EXPECT_EQ(daemon.At(history), "bob");
  EXPECT_EQ(daemon.Push(history, "both"), "fast-forward") << "what joins the two is taken";
}

TEST_P(SharedRefsTest, WhoProtectedARefDidNotMoveIt) {
  const DrawnHistory history(kTwoTeams);
  Daemon daemon(kv());
  ASSERT_EQ(daemon.Push(history, "bob", "bob"), "created");
  ASSERT_TRUE(daemon.refs().SetProtection(kMain, true, {"token admin", "", ""}));
  EXPECT_EQ(daemon.Push(history, "ann"), "NOT_FAST_FORWARD");
  EXPECT_EQ(daemon.error().details.at("moved_by"), "token bob");
}

TEST_P(SharedRefsTest, OfAnotherDaemonsRefNobodyHereIsToldAsItsMover) {
  const DrawnHistory history(kTwoTeams);
  Daemon daemon(kv());
  ASSERT_TRUE(daemon.Send(history.all()));
  PushSpec spec;
  spec.ref = {"shop", "remotes/origin/main"};
  ASSERT_TRUE(daemon.refs().Track(spec.ref, history.Ids("bob"), nullptr, {"user ann", "", ""}));
  spec.heads = history.Ids("ann");
  spec.validate_only = true;
  const auto pushed = daemon.refs().Push(spec);
  EXPECT_EQ(pushed.error().reason, Reason::kNotFastForward);
  EXPECT_THAT(pushed.error().message, testing::Not(HasSubstr("moved")));
}

TEST_P(SharedRefsTest, WhatWouldBePushedToAnotherDaemonIsNamed) {
  const DrawnHistory history(kTwoTeams);
  Daemon daemon(kv());
  ASSERT_TRUE(daemon.Send(history.Reached("bob")));
  PushSpec spec;
  spec.ref = {"shop", "remotes/origin/main"};
  ASSERT_TRUE(daemon.refs().Track(spec.ref, history.Ids("bob"), nullptr, {"user ann", "", ""}));
  auto files = std::make_shared<View>();
  files->catalog = Catalog::Of(history.Reached("ann")).value();
  spec.view = std::move(files);
  spec.validate_only = true;
  const auto pushed = daemon.refs().Push(spec);
  ASSERT_FALSE(pushed);
  EXPECT_EQ(pushed.error().message, "ref `origin/main` is at bob, which ann does not follow");
}

TEST_P(SharedRefsTest, TheHeadsPolicyLetsSeveralStand) {
  const DrawnHistory history(kTwoTeams);
  Daemon daemon(kv(), {{kMain, RefPolicy::kHeads}});
  EXPECT_EQ(daemon.Push(history, "bob"), "created");
  EXPECT_EQ(daemon.Push(history, "ann"), "fast-forward");
  EXPECT_EQ(daemon.At(history), "ann bob");
  EXPECT_EQ(daemon.Push(history, "both"), "fast-forward");
  EXPECT_EQ(daemon.At(history), "both");
}

TEST_P(SharedRefsTest, WhatPolicyARefWouldHaveIsToldWhereThereIsNone) {
  Daemon daemon(kv(), {{kMain, RefPolicy::kHeads}});
  const auto main = daemon.refs().Get(kMain);
  ASSERT_FALSE(main);
  EXPECT_EQ(main.error().reason, Reason::kNoSuchRef);
  EXPECT_EQ(main.error().details.at("policy"), "heads");
  EXPECT_EQ(daemon.refs().Get({"shop", "prices"}).error().details.at("policy"), "fast-forward");
}

TEST_P(SharedRefsTest, ARepeatedRequestAnswersTheSame) {
  const DrawnHistory history(kTwoTeams);
  Daemon daemon(kv());
  ASSERT_TRUE(daemon.Send(history.all()));
  for (int repeat = 0; repeat < 2; ++repeat) {
    const auto pushed = daemon.PushIds(history.Ids("root"), "ann", "request-1");
    ASSERT_TRUE(pushed) << pushed.error().message;
    EXPECT_EQ(pushed->outcome, PushPlan::Outcome::kCreated);
  }
  EXPECT_THAT(*daemon.refs().Log(kMain, 0, 10), testing::SizeIs(1));
}

TEST_P(SharedRefsTest, ARepeatedDeletionAnswersTheSame) {
  const DrawnHistory history(kTwoTeams);
  Daemon daemon(kv());
  ASSERT_EQ(daemon.Push(history, "root"), "created");
  ASSERT_EQ(daemon.Push(history, "ann"), "fast-forward");
  for (int repeat = 0; repeat < 2; ++repeat) {
    const auto deleted = daemon.refs().Delete(kMain, {"token ann", "ann", "request-1"});
    ASSERT_TRUE(deleted) << deleted.error().message;
    EXPECT_EQ(history.NamesOf(deleted->ref.heads), "ann");
    EXPECT_EQ(deleted->ref.move_number, 2u);
  }
  for (const char* other : {"request-2", ""}) {
    const auto deleted = daemon.refs().Delete(kMain, {"token ann", "ann", other});
    ASSERT_FALSE(deleted);
    EXPECT_EQ(deleted.error().reason, Reason::kNoSuchRef);
  }
  EXPECT_THAT(*daemon.refs().Log(kMain, 0, 10), testing::SizeIs(3));
}

TEST_P(SharedRefsTest, ValidateOnlyMovesNothing) {
  const DrawnHistory history(kTwoTeams);
  Daemon daemon(kv());
  ASSERT_TRUE(daemon.Send(history.all()));
  const auto before = daemon.Everything();
  PushSpec spec;
  spec.ref = kMain;
  spec.heads = history.Ids("ann");
  spec.validate_only = true;
  EXPECT_EQ(daemon.refs().Push(spec)->outcome, PushPlan::Outcome::kCreated);
  EXPECT_EQ(daemon.Everything(), before);
}

TEST_P(SharedRefsTest, TheLogSaysWhoMovedItForWhom) {
  const DrawnHistory history(kTwoTeams);
  Daemon daemon(kv());
  ASSERT_EQ(daemon.Push(history, "root", "ann"), "created");
  ASSERT_EQ(daemon.Push(history, "bob", "bob"), "fast-forward");
  const auto log = *daemon.refs().Log(kMain, 0, 10);
  ASSERT_EQ(log.size(), 2u);
  EXPECT_EQ(log[0].move.number, 2u) << "the latest first";
  EXPECT_EQ(log[0].move.by.actor, "token bob");
  EXPECT_EQ(log[0].move.by.author, "bob");
  EXPECT_EQ(log[0].from.at(0).name, "root");
  EXPECT_EQ(log[0].to.at(0).name, "bob");
  EXPECT_THAT(*daemon.refs().Log(kMain, 2, 10), testing::SizeIs(1));
  EXPECT_EQ(daemon.refs().Log({"shop", "none"}, 0, 10).error().reason, Reason::kNoSuchRef);
}

TEST_P(SharedRefsTest, TheLogIsOneThatCanBeImportedWhateverTheCallerCallsItself) {
  const DrawnHistory history(kTwoTeams);
  Daemon daemon(kv());
  ASSERT_TRUE(daemon.Send(history.all()));
  ASSERT_TRUE(daemon.PushIds(history.Ids("root"), "Ann\tExample\x7f \xff"));
  const auto refused = daemon.PushIds(history.Ids("ann"), "ann", "request\n1");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().reason, Reason::kInvalidArgument);
  const auto log = *daemon.refs().Log(kMain, 0, 10);
  ASSERT_EQ(log.size(), 1u);
  EXPECT_EQ(log[0].move.by.author, "Ann?Example? ?");
  EXPECT_TRUE(CheckLog("main", {log[0].move}));
}

TEST_P(SharedRefsTest, ADeletedRefIsRestoredFromItsLog) {
  const DrawnHistory history(kTwoTeams);
  Daemon daemon(kv());
  ASSERT_EQ(daemon.Push(history, "root"), "created");
  ASSERT_EQ(daemon.Push(history, "ann"), "fast-forward");
  ASSERT_TRUE(daemon.refs().Delete(kMain, {"token ann", "ann", ""}));
  EXPECT_EQ(daemon.At(history), "NO_SUCH_REF");
  ASSERT_TRUE(daemon.refs().Restore(kMain, 2, {"token ann", "ann", ""}));
  EXPECT_EQ(daemon.At(history), "ann");
  ASSERT_TRUE(daemon.refs().Restore(kMain, 1, {"token ann", "ann", ""}));
  EXPECT_EQ(daemon.At(history), "root");
  for (const std::uint64_t move : {0u, 3u, 99u}) {
    EXPECT_EQ(daemon.refs().Restore(kMain, move, {}).error().reason, Reason::kInvalidArgument)
        << move;
  }
}

TEST_P(SharedRefsTest, AProtectedRefKeepsWhatItHas) {
  const DrawnHistory history(kTwoTeams);
  Daemon daemon(kv());
  const Caller ann{"token ann", "ann", ""};
  ASSERT_EQ(daemon.Push(history, "root"), "created");
  ASSERT_EQ(daemon.Push(history, "ann"), "fast-forward");
  ASSERT_TRUE(daemon.refs().SetProtection(kMain, true, ann));
  EXPECT_EQ(daemon.refs().Delete(kMain, ann).error().reason, Reason::kRefProtected);
  EXPECT_EQ(daemon.refs().Restore(kMain, 1, ann).error().reason, Reason::kRefProtected);
  EXPECT_EQ(daemon.At(history), "ann");
  EXPECT_EQ(daemon.Push(history, "ann2"), "fast-forward");
  EXPECT_TRUE(daemon.refs().Get(kMain)->ref.is_protected) << "a push leaves it protected";
  ASSERT_TRUE(daemon.refs().SetProtection(kMain, false, ann));
  EXPECT_TRUE(daemon.refs().Restore(kMain, 1, ann));
  EXPECT_EQ(daemon.At(history), "root");
}

TEST_P(SharedRefsTest, ListsByNameAndByWhatTheyReach) {
  const DrawnHistory history(kTwoTeams);
  Daemon daemon(kv());
  ASSERT_TRUE(daemon.Send(history.all()));
  const Caller ann{"token ann", "ann", ""};
  ASSERT_TRUE(daemon.refs().Create({"shop", "team-a/x"}, history.Ids("ann"), ann));
  ASSERT_TRUE(daemon.refs().Create({"shop", "team-b/y"}, history.Ids("bob"), ann));
  ASSERT_TRUE(
      daemon.refs().Track({"shop", "remotes/origin/main"}, history.Ids("root"), nullptr, ann));
  const auto names = [&](std::string_view prefix, const std::string& containing) {
    std::vector<std::string> found;
    const auto listed = daemon.refs().List("shop", prefix, history.Ids(containing));
    for (const SharedRef& ref : *listed) found.push_back(ref.ref.name);
    return found;
  };
  EXPECT_THAT(names("", ""), ElementsAre("team-a/x", "team-b/y"));
  EXPECT_THAT(names("team-a/", ""), ElementsAre("team-a/x"));
  EXPECT_THAT(names("remotes/", ""), ElementsAre("remotes/origin/main"));
  EXPECT_THAT(names("", "ann"), ElementsAre("team-a/x"));
  EXPECT_THAT(names("", "root"), ElementsAre("team-a/x", "team-b/y"));
  EXPECT_THAT(names("", "both"), IsEmpty());
}

TEST_P(SharedRefsTest, CreatesOnlyWhatIsNotThere) {
  const DrawnHistory history(kTwoTeams);
  Daemon daemon(kv());
  ASSERT_TRUE(daemon.Send(history.all()));
  ASSERT_TRUE(daemon.refs().Create(kMain, history.Ids("ann"), {}));
  EXPECT_EQ(daemon.refs().Create(kMain, history.Ids("ann"), {}).error().reason, Reason::kRefMoved);
}

TEST_P(SharedRefsTest, TracksWhereAnotherDaemonsRefIs) {
  const DrawnHistory history(kTwoTeams);
  Daemon daemon(kv());
  ASSERT_TRUE(daemon.Send(history.all()));
  const RefName tracked{"shop", "remotes/origin/main"};
  EXPECT_THAT(*daemon.refs().Track(tracked, history.Ids("bob"), nullptr, {}), IsEmpty());
  EXPECT_EQ(daemon.refs().Track(tracked, history.Ids("ann"), nullptr, {})->at(0).name, "bob")
      << "it goes wherever the other one went";
  EXPECT_EQ(daemon.At(history, tracked), "ann");
  EXPECT_TRUE(daemon.refs().Track(tracked, {}, nullptr, {}));
  EXPECT_EQ(daemon.At(history, tracked), "NO_SUCH_REF");
  EXPECT_EQ(daemon.refs().Track(kMain, history.Ids("ann"), nullptr, {}).error().reason,
            Reason::kNameInvalid);
  PushSpec push;
  push.ref = tracked;
  push.heads = history.Ids("ann");
  EXPECT_EQ(daemon.refs().Push(push).error().reason, Reason::kNameInvalid);
}

TEST_P(SharedRefsTest, WhatIsFetchedIsParentsFirstAndWithoutWhatTheCallerHas) {
  const DrawnHistory history(kTwoTeams);
  Daemon daemon(kv());
  ASSERT_EQ(daemon.Push(history, "both"), "created");
  const ViewPtr view = *daemon.engine().views().Find({"shop", "", "main"});
  EXPECT_EQ(ObjectsOf(*view, {}).front(), history.IdAt("root"));
  EXPECT_EQ(ObjectsOf(*view, {}).back(), history.IdAt("both"));
  EXPECT_THAT(ObjectsOf(*view, history.Ids("ann")),
              ElementsAre(history.IdAt("bob"), history.IdAt("both")));
  EXPECT_THAT(ObjectsOf(*view, {history.IdAt("bob2")}), testing::SizeIs(4))
      << "what the ref does not have is passed over";
}

// ---- Each project for itself: objects are shared, and nobody sees another's.

TEST_P(SharedRefsTest, ARefLeadsToNothingOfAnotherProject) {
  const DrawnHistory history(kTwoTeams);
  Daemon daemon(kv());
  ASSERT_TRUE(daemon.Send(history.all()));
  const auto before = daemon.Everything();
  PushSpec push;
  push.ref = {"billing", "main"};
  push.heads = history.Ids("ann");
  EXPECT_EQ(daemon.refs().Push(push).error().reason, Reason::kNoSuchObject);
  EXPECT_EQ(daemon.refs().Create(push.ref, push.heads, {}).error().reason, Reason::kNoSuchObject);
  const RefName tracked{"billing", "remotes/origin/main"};
  EXPECT_EQ(daemon.refs().Track(tracked, push.heads, nullptr, {}).error().reason,
            Reason::kNoSuchObject);
  EXPECT_EQ(daemon.Send({history.At("ann2")}, "billing").error().reason, Reason::kMissingParent)
      << "nor does what it stores follow that";
  EXPECT_EQ(daemon.Everything(), before);
}

TEST_P(SharedRefsTest, WhatAnotherProjectHasIsPushedAsIfItHadNot) {
  const DrawnHistory history(kTwoTeams);
  Daemon daemon(kv());
  ASSERT_TRUE(daemon.Send(history.all()));
  ASSERT_TRUE(daemon.Send(history.Reached("ann"), "billing"));
  PushSpec push;
  push.ref = {"billing", "main"};
  push.heads = history.Ids("ann");
  EXPECT_EQ(daemon.refs().Push(push)->outcome, PushPlan::Outcome::kCreated);
  Objects& objects = daemon.engine().objects();
  EXPECT_THAT(*objects.IdsNamed("billing", "ann"), ElementsAre(history.IdAt("ann")));
  EXPECT_THAT(*objects.IdsNamed("billing", "bob"), IsEmpty());
}

TEST_P(SharedRefsTest, AnImportedFileLeadsToNothingOfAnotherProject) {
  const DrawnHistory history(kTwoTeams);
  Daemon daemon(kv());
  ASSERT_TRUE(daemon.Send(history.all()));
  const auto before = daemon.Everything();
  RefMove move;
  move.number = 1;
  move.by = {"move-1", "ann", "2026-11-22T08:15:30Z"};
  move.to = history.Ids("ann");
  const std::string encoded = EncodeMove(move);
  std::string file = "mig-export 1\nproject 7 billing\nref 4 main\nmove " +
                     std::to_string(encoded.size()) + " " + encoded + "\n";
  file += "hash 64 " + Hex(Sha256(file)) + "\n";
  ProjectImporter importer(daemon.engine().objects(), daemon.engine().shared_refs(),
                           [](const std::string&) { return Result<Importer>(Importer()); });
  ASSERT_TRUE(importer.Feed(file));
  EXPECT_EQ(importer.Finish().error().reason, Reason::kFileInvalid);
  EXPECT_EQ(daemon.Everything(), before);
}

// ---- What is wrong leaves the store as it was.

class BadInputTest : public AnyKv {
 protected:
  void SetUp() override {
    AnyKv::SetUp();
    daemon_ = std::make_unique<Daemon>(kv());
    ASSERT_EQ(daemon_->Push(history_, "bob"), "created");
    before_ = daemon_->Everything();
  }
  // The reason why an object is not taken; everything else is checked to be as it was.
  std::string Sent(const Id& id, const std::string& text) {
    ObjectReceiver receiver(daemon_->engine().objects(), "shop");
    auto added = receiver.Add(id, text);
    if (added) added = receiver.Finish();
    EXPECT_EQ(daemon_->Everything() == before_, !added);
    return added ? "stored" : std::string(InfoOf(added.error().reason).text);
  }
  std::string Sent(const Revision& revision) {
    return Sent(IdOf(revision), CanonicalText(revision));
  }
  std::string Reason(const Result<Pushed>& pushed) {
    EXPECT_EQ(daemon_->Everything(), before_);
    return pushed ? "pushed" : std::string(InfoOf(pushed.error().reason).text);
  }

  DrawnHistory history_{kTwoTeams};
  std::unique_ptr<Daemon> daemon_;
  std::vector<KeyValue> before_;
};
MIG_OVER_EVERY_KV(BadInputTest);

TEST_P(BadInputTest, ATextThatIsNotItsIds) {
  const Revision& ann = history_.At("ann")->revision;
  EXPECT_EQ(Sent(history_.IdAt("ann2"), CanonicalText(ann)), "HASH_MISMATCH");
  Revision changed = ann;
  changed.body += " ";
  EXPECT_EQ(Sent(history_.IdAt("ann"), CanonicalText(changed)), "HASH_MISMATCH");
  EXPECT_EQ(Sent(Id(), ""), "HASH_MISMATCH");
}

TEST_P(BadInputTest, BytesThatAreNoCanonicalText) {
  for (const std::string text :
       {"", "mig-revision 2\nname a\nsize 0\n\n", "mig-revision 1\nname a\n"})
    EXPECT_EQ(Sent(Id(Sha256(text)), text), "FILE_INVALID") << text;
}

TEST_P(BadInputTest, AParentNobodyHas) {
  EXPECT_EQ(Sent(history_.At("ann2")->revision), "MISSING_PARENT") << "ann was not sent";
  EXPECT_EQ(Reason(daemon_->PushIds(history_.Ids("ann2"))), "NO_SUCH_OBJECT");
}

// An id covers its parents' ids, so a circle would need an id inside of the text that it is the
// hash of. Whoever claims one has to lie about a hash, and is found out there.
TEST_P(BadInputTest, ACircleOfParents) {
  Revision a{"a", {}, {}, "-- parents: b\n\n-- mig:up\n"};
  Revision b{"b", {IdOf(a)}, {}, "-- parents: a\n\n-- mig:up\n"};
  const Id claimed = IdOf(a);
  a.parents = {IdOf(b)};
  EXPECT_EQ(Sent(claimed, CanonicalText(a)), "HASH_MISMATCH");
  EXPECT_EQ(Sent(a), "MISSING_PARENT");
  EXPECT_EQ(Sent(b), "MISSING_PARENT");
}

TEST_P(BadInputTest, TenThousandParents) {
  Revision wide{"wide", {}, {}, "-- parents: "};
  for (int i = 0; i < 10'000; ++i) {
    const std::string name = "p" + std::to_string(i);
    wide.parents.push_back(IdOf({name, {}, {}, "-- mig:up\n"}));
    wide.body += (i == 0 ? "" : ",") + name;
  }
  std::sort(wide.parents.begin(), wide.parents.end());
  wide.body += "\n\n-- mig:up\n";
  EXPECT_EQ(Sent(wide), "LIMIT_EXCEEDED");
}

TEST_P(BadInputTest, NamesThatAreNone) {
  const std::string body = "-- mig:up\n";
  for (const std::string& name :
       {std::string(10'240, 'n'), std::string("a\nb"), std::string("a\x07"), std::string("..")}) {
    const std::string text =
        "mig-revision 1\nname " + name + "\nsize " + std::to_string(body.size()) + "\n\n" + body;
    EXPECT_THAT(Sent(Id(Sha256(text)), text), testing::AnyOf("NAME_INVALID", "FILE_INVALID"))
        << name.substr(0, 10);
  }
}

TEST_P(BadInputTest, AnObjectThatIsTooLarge) {
  EXPECT_EQ(Sent({"large", {}, {}, "-- mig:up\n" + std::string(std::size_t{17} << 20, 'x')}),
            "LIMIT_EXCEEDED");
}

TEST_P(BadInputTest, RefNamesThatLeadElsewhere) {
  for (const std::string name : {"..", "a/../b", "", "a b", "a\nb", "-x", "refs.lock", "a:b"}) {
    PushSpec spec;
    spec.ref = {"shop", name};
    spec.heads = history_.Ids("bob");
    EXPECT_EQ(Reason(daemon_->refs().Push(spec)), "NAME_INVALID") << name;
    EXPECT_EQ(daemon_->refs().Get({"shop", name}).error().reason, Reason::kNameInvalid) << name;
  }
  PushSpec spec;
  spec.ref = {"../shop", "main"};
  spec.heads = history_.Ids("bob");
  EXPECT_EQ(Reason(daemon_->refs().Push(spec)), "NAME_INVALID");
}

TEST_P(BadInputTest, ARefThatDoesNotExist) {
  const RefName none{"shop", "none"};
  EXPECT_EQ(daemon_->refs().Get(none).error().reason, Reason::kNoSuchRef);
  EXPECT_EQ(daemon_->refs().Delete(none, {}).error().reason, Reason::kNoSuchRef);
  EXPECT_EQ(daemon_->refs().SetProtection(none, true, {}).error().reason, Reason::kNoSuchRef);
  EXPECT_EQ(daemon_->engine().views().Find({"shop", "", "none"}).error().reason,
            Reason::kNoSuchRef);
  EXPECT_EQ(daemon_->Everything(), before_);
}

TEST_P(BadInputTest, NothingToPush) { EXPECT_EQ(Reason(daemon_->PushIds({})), "NO_SUCH_REVISION"); }

TEST_P(BadInputTest, ANameThatTheRefHasForSomethingElse) {
  const DrawnHistory edited("root; bob: root", "SELECT 'edited';");
  ASSERT_TRUE(daemon_->Send(edited.all())) << "objects of any content can be stored";
  before_ = daemon_->Everything();
  EXPECT_EQ(Reason(daemon_->PushIds(edited.Ids("bob"))), "NAME_TAKEN");
  EXPECT_EQ(daemon_->At(history_), "bob");
}

TEST_P(BadInputTest, AStreamThatBreaksOffLeavesNothingWithoutItsParents) {
  {
    ObjectReceiver receiver(daemon_->engine().objects(), "shop");
    ASSERT_TRUE(receiver.Add(history_.IdAt("ann"), CanonicalText(history_.At("ann")->revision)));
  }  // and no Finish
  EXPECT_EQ(daemon_->Everything(), before_);
  EXPECT_EQ(daemon_->Push(history_, "both"), "fast-forward") << "repeating it goes on";
}

// ---- Faults and races.

// Fails at each commit of a push in turn, before it is applied and after, until none fails. What a
// repeated push makes of it is what an undisturbed one makes.
TEST_P(SharedRefsTest, APushThatFailsAtAnyWriteIsRepeated) {
  const DrawnHistory history(kTwoTeams);
  for (const Fault fault : {Fault::kBefore, Fault::kAfter}) {
    bool fired = true;
    for (int at = 1; fired; ++at) {
      MemoryKv memory;
      FaultyKv faulty(memory, fault, at);
      {
        Daemon daemon(faulty);
        const std::string outcome = daemon.Push(history, "ann2");
        const bool acknowledged = outcome == "created" || outcome == "up to date";
        const std::string now = daemon.At(history);
        EXPECT_TRUE(now == "ann2" || (!acknowledged && now == "NO_SUCH_REF")) << outcome << now;
      }
      Daemon again(memory);
      const std::string repeated = again.Push(history, "ann2");
      EXPECT_TRUE(repeated == "created" || repeated == "up to date") << repeated;
      EXPECT_EQ(again.At(history), "ann2");
      fired = faulty.fired();
    }
  }
}

TEST_P(SharedRefsTest, OfManyPushesAtOnceOneWinsAndTheOthersAreToldWhy) {
  const int rounds = std::getenv("MIG_SOAK") != nullptr ? 50 : 5;
  const int clients = std::getenv("MIG_SOAK") != nullptr ? 200 : 16;
  std::string drawing = "root";
  for (int i = 0; i < clients; ++i) drawing += "; c" + std::to_string(i) + ": root";
  const DrawnHistory history(drawing);
  for (int round = 0; round < rounds; ++round) {
    MemoryKv memory;
    Daemon daemon(GetParam() == "memory" ? static_cast<Kv&>(memory) : kv());
    const RefName ref{"shop", "round-" + std::to_string(round)};
    ASSERT_TRUE(daemon.Send(history.all()));
    ASSERT_TRUE(daemon.refs().Create(ref, history.Ids("root"), {}));
    std::atomic<int> won = 0;
    std::atomic<int> told = 0;
    std::vector<std::thread> threads;
    for (int i = 0; i < clients; ++i) {
      threads.emplace_back([&, i] {
        PushSpec spec;
        spec.ref = ref;
        spec.heads = history.Ids("c" + std::to_string(i));
        spec.caller = {"token " + std::to_string(i), "", ""};
        const auto pushed = daemon.refs().Push(spec);
        if (pushed) ++won;
        const bool why = !pushed && pushed.error().reason == Reason::kNotFastForward &&
                         pushed.error().message.find("is at c") != std::string::npos;
        if (why) ++told;
      });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(won, 1);
    EXPECT_EQ(told, clients - 1);
    EXPECT_EQ(daemon.refs().Log(ref, 0, 1000)->size(), 2u);
  }
}

TEST_P(SharedRefsTest, UnderTheHeadsPolicyAllOfManyPushesWin) {
  constexpr int kClients = 16;
  std::string drawing = "root";
  for (int i = 0; i < kClients; ++i) drawing += "; c" + std::to_string(i) + ": root";
  const DrawnHistory history(drawing);
  Daemon daemon(kv(), {{kMain, RefPolicy::kHeads}});
  ASSERT_TRUE(daemon.Send(history.all()));
  std::atomic<int> won = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < kClients; ++i) {
    threads.emplace_back([&, i] {
      if (daemon.PushIds(history.Ids("c" + std::to_string(i)))) ++won;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(won, kClients);
  EXPECT_EQ(daemon.refs().Get(kMain)->ref.heads.size(), static_cast<std::size_t>(kClients));
}

}  // namespace
}  // namespace mig
