// The refs that people share: who may move one where, and what moved it.
//
// A push decides on what the ref is and moves it only if it still is that; when others were faster
// it decides again on what they made of it. So of many pushes at once each is answered by what it
// met. Objects are stored before a ref moves to them: a ref never reaches what is not there. What
// was pushed to another project alone is not there either: a project's refs lead to its own
// revisions.
//
// Thread-safe. Errors of every call, besides those named: kNameInvalid, those of Refs and Objects.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/plan/push.h"
#include "daemon/views.h"
#include "daemon/world.h"
#include "store/core/result.h"
#include "store/objects.h"
#include "store/refs.h"

namespace mig {

// Who asks for a move.
struct Caller {
  std::string actor;       // whom the daemon takes the caller for
  std::string author;      // whom the caller says it is
  std::string request_id;  // of the move; the same again repeats it. Empty: a random one
};

// A head, as people are told of it.
struct RefHead {
  Id id;
  std::string name;
  std::string message;
  std::string author;
};

struct SharedRef {
  Ref ref;
  std::vector<RefHead> heads;
  RefPolicy policy = RefPolicy::kFastForward;
};

struct LoggedMove {
  RefMove move;
  std::vector<RefHead> from;
  std::vector<RefHead> to;
};

struct PushSpec {
  RefName ref;
  std::vector<Id> heads;  // the project has them and all below them; not looked at with `view`
  ViewPtr view;           // all of this; its objects are stored first
  Caller caller;
  bool validate_only = false;
  std::optional<RefPolicy> policy;  // instead of the ref's own; with validate_only
};

struct Pushed {
  PushPlan::Outcome outcome = PushPlan::Outcome::kUpToDate;
  SharedRef ref;
  std::vector<RefHead> old_heads;
  std::int64_t revisions = 0;  // how many the ref gained
};

// A ref as another store has it.
struct RefLog {
  std::string name;
  std::vector<RefMove> moves;
};

// What became of such refs, by name. Those that had nothing to bring are in none of these.
struct ImportedRefs {
  std::vector<std::string> adopted;   // with their logs
  std::vector<std::string> pushed;    // moved by the caller
  std::vector<std::string> diverged;  // went another way here, and stay as they are
};

class SharedRefs {
 public:
  // All outlive it.
  SharedRefs(Objects& objects, Refs& refs, Views& views, const World& world, RefPolicies policies)
      : objects_(objects),
        refs_(refs),
        views_(views),
        world_(world),
        policies_(std::move(policies)) {}

  // Those whose name starts with `prefix` (empty: all but the tracked ones), and that reach one of
  // `containing` (empty: whatever they reach).
  Result<std::vector<SharedRef>> List(const std::string& project, std::string_view prefix,
                                      const std::vector<Id>& containing);
  // Errors: kNoSuchRef, with the detail `policy` that the ref would have.
  Result<SharedRef> Get(const RefName& name);
  // The latest `limit` moves before number `before` (0: up to the last), latest first. Errors:
  // kNoSuchRef where there never was one.
  Result<std::vector<LoggedMove>> Log(const RefName& name, std::uint64_t before, std::size_t limit);

  // Errors: those of PlanPush, kNotFastForward saying who is where; kNoSuchObject; kRefMoved where
  // others were faster for very long; kNameInvalid for a name under `remotes/`.
  Result<Pushed> Push(const PushSpec& spec);
  // As Push, but kRefMoved when the ref exists.
  Result<SharedRef> Create(const RefName& name, const std::vector<Id>& heads, const Caller& caller);

  // Answers what it was, also where the same request deleted it already. Errors: kRefProtected.
  Result<SharedRef> Delete(const RefName& name, const Caller& caller);
  // What it was after the move `number`. Errors: kInvalidArgument for a move that is not in the log
  // or deleted the ref; kRefProtected where it would lose revisions.
  Result<SharedRef> Restore(const RefName& name, std::uint64_t number, const Caller& caller);
  Result<SharedRef> SetProtection(const RefName& name, bool is_protected, const Caller& caller);

  // Takes in refs of another store, whose revisions are stored, or none of them where one is
  // refused. Where `with_logs`, a ref that never was here gets the whole log; any other is brought
  // to where it was there by a push, which is the caller's move. Errors: those of CheckLog and
  // PlanPush, but kNotFastForward; kNoSuchObject for an id of a log; kInvalidArgument for a time
  // that is none; kNameInvalid for a name under `remotes/`.
  Result<ImportedRefs> Import(const std::string& project, const std::vector<RefLog>& logs,
                              const Caller& caller, bool with_logs);

  // Notes where another daemon's ref is, or, without heads, that it is gone; the objects of `view`,
  // where one is given, are stored first. Answers what was noted before. Errors: kNameInvalid for a
  // name that is not under `remotes/`; kNoSuchObject.
  Result<std::vector<RefHead>> Track(const RefName& name, std::vector<Id> heads,
                                     const ViewPtr& view, const Caller& caller);

 private:
  RefPolicy PolicyOf(const RefName& name) const;
  // `collection`: see Refs::Collection.
  Mover MoverOf(const Caller& caller, std::string collection) const;
  Result<std::vector<RefHead>> HeadsOf(const std::vector<Id>& ids);
  Result<SharedRef> Described(const RefName& name, Ref ref);
  Result<bool> Reaches(const RefName& name, const Ref& ref, const std::vector<Id>& ids);
  Result<std::vector<RevisionPtr>> FreshOf(const PushSpec& spec, const std::vector<Id>& heads,
                                           const Graph& ref);
  Result<void> Store(const std::string& project, const std::vector<RevisionPtr>& revisions);
  Result<Pushed> PushOnto(const std::optional<Ref>& now, const PushSpec& spec);
  Result<void> CheckAdoption(const RefName& name, const std::vector<RefMove>& moves);
  Result<void> ImportOne(const RefName& name, const std::vector<RefMove>& moves,
                         const Caller& caller, bool with_logs, bool validate_only,
                         ImportedRefs& imported);
  Result<Pushed> Repeated(const RefName& name, const Ref& now);
  Result<std::optional<SharedRef>> DeletedBy(const RefName& name, const std::string& request_id);
  Result<std::optional<Mover>> LastMoverOf(const RefName& name);
  Error WithPeople(Error error, const RefName& name, const std::optional<Ref>& now,
                   const std::vector<RevisionPtr>& fresh);

  Objects& objects_;
  Refs& refs_;
  Views& views_;
  const World& world_;
  const RefPolicies policies_;
};

}  // namespace mig
