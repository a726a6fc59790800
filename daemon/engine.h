// The engine: one method for each thing a user can ask. It reads the world (store, targets), calls
// the pure functions that decide, and writes the world. It knows no API: daemon/rpc turns its
// values into messages.
//
// Thread-safe. Errors of the methods are those of what they call, named in its headers.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "daemon/audit.h"
#include "daemon/joined_history.h"
#include "daemon/plan/history.h"
#include "daemon/plan/revision_set.h"
#include "daemon/pull.h"
#include "daemon/run_journal.h"
#include "daemon/run_plan.h"
#include "daemon/runs_in_progress.h"
#include "daemon/session_pool.h"
#include "daemon/shared_refs.h"
#include "daemon/target.h"
#include "daemon/views.h"
#include "daemon/world.h"
#include "store/graph_index.h"
#include "store/kv.h"
#include "store/objects.h"
#include "store/refs.h"
#include "store/seen_targets.h"
#include "store/target_records.h"

namespace mig {

// A view, and what a target has of it.
struct Marked {
  Catalog catalog;         // of both
  Positions rows;          // of the version table
  Marks applied;           // by position
  Positions implied;       // tips of other branches that are applied through dependencies
  std::string target_url;  // empty: no target was asked
};

// kAmbiguousPrefix: `word` is the beginning of all of these.
Error SeveralStored(const std::string& word, const std::vector<Id>& ids);

struct Listing {
  Marked marked;
  Positions revisions;  // in the order to be shown
  bool last = true;     // nothing follows them
};

struct BranchListing {
  Marked marked;
  std::vector<BranchPoint> branch_points;
};

struct DraftSpec {
  std::string message;
  std::vector<std::string> heads;  // empty: `head`
  bool splice = false;
  bool merge = false;  // `heads` may name several revisions with one word
  std::vector<std::string> labels;
  std::vector<std::string> depends;
  std::string name;  // empty: made of the time and the message
  std::string author;
  std::string created;  // empty: now
  std::string up;
  std::string down;
};
struct DraftText {
  std::string name;
  std::string text;
  Id id;
};

enum class FileState {
  kNew,
  kPushed,
  kEdited,
  kReidentified,
  kMissingFile,
  kCosmetic,
  kUnfinished
};
struct FileStatus {
  FileState state = FileState::kNew;
  std::string name;
  std::string path;
  std::optional<Id> id;          // of the file
  std::optional<Id> applied_id;  // in the target
  std::string because_of;        // the edited ancestor
};
struct WorkTreeStatus {
  std::vector<FileStatus> files;  // that are not as they were applied, in topological order
  int applied = 0;                // files that are
  std::vector<std::string> heads;
  std::vector<std::string> current;
  int pending = 0;
  std::string target_url;
  std::vector<std::string> warnings;
};

struct NamedId {
  Id id;
  std::string name;
};

struct TargetDescription {
  std::string target_url;
  Dialect dialect = Dialect::kSqlite;
  std::string server_version;
  TargetState state;
  LeaseRow lease;
  std::int64_t log_entries = 0;
};

struct PullSpec {
  ViewName view;    // of a work tree
  std::string ref;  // of its project
  bool rebase = false;
  // Whose revisions must stay as they are, for a rebase.
  std::vector<Id> shared;
  std::vector<TargetSpec> targets;
};

struct AuditReport {
  std::string target_url;
  std::string target_id;
  std::int64_t rows = 0;     // of the log
  std::int64_t objects = 0;  // of mig_object
  LogEnd end;                // the last sealed row
  std::optional<SeenTarget> seen;
  std::vector<AuditFinding> findings;
  std::string unchecked;  // why the version table could not be compared; empty: it was
};

struct AdoptedTarget {
  std::string target_url;
  std::string target_id;  // as it is now
  std::string was;        // what had changed, in one sentence; empty: nothing
};

struct RecoveredRevision {
  Id id;
  std::string name;
  bool applied = false;
  // One revision of each name: the applied one, else the one that was applied last.
  bool named = false;
};
struct RecoveredHistory {
  std::string target_url;
  std::vector<RecoveredRevision> revisions;  // in topological order
  std::vector<std::string> lost;             // of each that is not recovered, a sentence
  std::string ref;                           // that was made; empty: none
};

struct RunSpec {
  ViewName view;
  TargetSpec target;
  Operation operation;
  Milliseconds lock_wait{0};
  bool atomic = false;  // the whole run in one transaction
  std::string actor;
  std::string request_id;          // becomes the run's id; empty: a random one
  std::string plan;                // the hash of the plan that was looked at; empty: whatever it is
  std::vector<std::string> allow;  // kinds of destruction consented to
};

struct UnfinishedReport {
  Unfinished unfinished;
  std::vector<UnfinishedPart> parts;
  std::string target_url;
};

// For an engine without an API: what kind of event it was.
std::string PlainEvent(const Event& event);

class Engine {
 public:
  // `kv` and `world` outlive the engine. `open_session` opens sessions of runs and audits; `encode`
  // makes of their events what the store keeps; `graph_file` is where the graph index is kept
  // between processes, empty: nowhere.
  Engine(Kv& kv, const World& world, ServedTargets served = {},
         SessionOpener open_session = OpenSession, RefPolicies policies = {},
         EventEncoder encode = PlainEvent, std::filesystem::path graph_file = {});

  Objects& objects() { return objects_; }
  Views& views() { return views_; }
  SharedRefs& shared_refs() { return shared_refs_; }
  RunsInProgress& runs() { return runs_; }
  RunJournal& journal() { return journal_; }

  // `range` empty: everything. Newest first: at most `most`, of those below position `below`.
  Result<Listing> ListHistory(const ViewName& view, const std::string& range,
                              std::optional<Position> below, std::size_t most,
                              const std::optional<TargetSpec>& target);
  Result<Listing> ListHeads(const ViewName& view, bool resolve_dependencies,
                            const std::optional<TargetSpec>& target);
  Result<BranchListing> ListBranches(const ViewName& view);
  Result<Listing> Show(const ViewName& view, const std::string& revision,
                       const std::optional<TargetSpec>& target);
  Result<DraftText> Draft(const ViewName& view, const DraftSpec& spec);
  Result<WorkTreeStatus> Status(const ViewName& view, const std::optional<TargetSpec>& target);
  // What `words` stand for (daemon/plan/revision_set.h), as the query asks; its set is filled in
  // here. What `also` have applied is known, too, what refs have, and what the store has by its id:
  // the versions of files before they were edited.
  struct RevisionsFound {
    Marked marked;
    ListedPage page;         // unless `count_only`
    std::int64_t count = 0;  // with `count_only`: of all pages
  };
  Result<RevisionsFound> ListRevisions(const ViewName& view, const std::vector<std::string>& words,
                                       ListingQuery query, bool count_only,
                                       const std::optional<TargetSpec>& target,
                                       const std::vector<TargetSpec>& also = {});

  enum class Bases { kOfFirstAndOthers, kOfAll, kIsAncestor };
  struct BasesFound {
    std::vector<NamedId> bases;  // newest first
    bool is_ancestor = false;
  };
  // For each question, two revisions or more. `also` as in ListRevisions.
  Result<std::vector<BasesFound>> FindMergeBases(
      const ViewName& view, Bases kind, Follow follow,
      const std::vector<std::vector<std::string>>& questions,
      const std::vector<TargetSpec>& also = {});

  // What differs between two histories, by name. One of the two is null where a side lacks it.
  // `also` as in ListRevisions.
  struct Side {
    ViewName view;
    std::string revision;  // empty: all heads
  };
  struct Difference {
    std::string name;
    RevisionPtr from, to;
  };
  Result<std::vector<Difference>> Compare(const Side& from, const Side& to,
                                          const std::vector<TargetSpec>& also = {});

  // By id, id prefix or name; a name is what the target has, then what the view has, then what the
  // store has.
  Result<RevisionPtr> FindObject(const ViewName& view, const std::string& object,
                                 const std::optional<TargetSpec>& target);

  // Errors: those of mig::PlanPull; kNoSuchRef.
  Result<PullPlan> PlanPull(const PullSpec& spec);

  // Rows and implied tips. With `check_heads`, kNotOnHeads unless the rows are exactly the view's
  // heads.
  Result<Listing> Current(const ViewName& view, const TargetSpec& target, bool check_heads);
  // True when the tables were made.
  Result<bool> EnsureVersion(const TargetSpec& target);
  Result<TargetDescription> Describe(const TargetSpec& target);

  // Walks the log and the tables beside it: again where a run changed them meanwhile, and where
  // that goes on, `unchecked` says so.
  Result<AuditReport> Audit(const TargetSpec& target);
  // Newest first, those before `before` (0: from the end).
  Result<std::vector<LogRow>> ReadLog(const TargetSpec& target, std::int64_t before,
                                      std::int64_t limit);
  // Takes the database as it is, whatever was seen before; with `new_id` under an id of its own.
  // Errors: those of Lease::Acquire; kNoBookkeeping.
  Result<AdoptedTarget> Adopt(const TargetSpec& target, bool new_id, const std::string& actor);
  // Everything that the target knows of its history and that is whole there, put into the store;
  // with `ref`, a ref of that name is made of its rows. Errors: kNameTaken for a ref that is there
  // and elsewhere; those of SharedRefs::Create; kCorruption for a ref of rows that are not whole;
  // kInvalidArgument for a ref where nothing is applied.
  Result<RecoveredHistory> Recover(const TargetSpec& target, const std::string& project,
                                   const std::string& ref, const std::string& actor);

  // For a baseline revision.
  struct SchemaDump {
    Dialect dialect = Dialect::kSqlite;
    std::string sql;
    std::string target_url;
  };
  Result<SchemaDump> DumpSchema(const TargetSpec& target);

  // What an earlier run left in the middle; nothing at rest.
  Result<std::optional<UnfinishedReport>> ReportUnfinished(const TargetSpec& target);

  // Where a target is, as far as this daemon may know it, and the values of its placeholders.
  Result<TargetAddress> AddressOf(const TargetSpec& target) const;

  // A run of this process, or one that an earlier one left in the store: then `events` come from
  // there (RunJournal::Events).
  struct KnownRun {
    RunPtr run;  // null: it is in the store alone
    RunSummary summary;
  };
  // A repeated `request_id` gives the run that has it. Errors: those of CheckRunId and CheckKinds,
  // also where nothing needs consent, and of finding view and target; kInvalidArgument where that
  // run is of another project, target or operation; all else is the run's.
  Result<KnownRun> StartRun(const RunSpec& spec);
  // By id, or by the beginning of one: at least 4 digits that no other run has, in progress or
  // ended. Errors: kNoSuchRun.
  Result<KnownRun> FindRun(const std::string& id);
  // Newest first, from the one at `offset` of those that the filter takes.
  Result<std::vector<RunSummary>> ListRuns(const RunFilter& filter, std::size_t offset,
                                           std::size_t limit);
  // What a run would do now.
  Result<RunPlan> PlanRun(const RunSpec& spec);
  // The same as a script for the engine's own client; `operation` holds REV or FROM:TO. Errors:
  // kPermissionDenied where it would tell the daemon's own values.
  Result<std::string> RenderScript(const RunSpec& spec);

 private:
  // Of the revisions that the project has.
  Result<std::vector<Id>> StoredWithPrefix(const std::string& project, const std::string& prefix);
  // What the view does not have: of what `also` have applied, and what is stored and a word names
  // by the beginning of its id, with what is below. Errors: kAmbiguousPrefix; those of SituationOf.
  Result<std::vector<RevisionPtr>> NamedElsewhere(const ViewPtr& view,
                                                  const std::vector<std::string>& words,
                                                  const std::vector<TargetSpec>& also);
  Result<RevisionPtr> HalfApplied(const TargetSpec& spec, const std::string& name);
  // Where the head of a ref may be.
  enum class RefsAt { kView, kAnywhere };
  // The expression, or each revision of a range or set, with `refs/NAME` replaced by the id of the
  // ref's head. Errors: kNoSuchRef; kMultipleHeads; kNoSuchRevision when the view does not have it,
  // and has to.
  Result<std::string> Spelled(const ViewPtr& view, const std::string& expression,
                              RefsAt refs = RefsAt::kView);
  Result<std::vector<std::string>> Spelled(const ViewPtr& view,
                                           const std::vector<std::string>& expressions,
                                           RefsAt refs = RefsAt::kView);
  Result<RunSpec> Spelled(const ViewPtr& view, RunSpec spec);
  Result<Marked> MarkedBy(const ViewPtr& view, const std::optional<TargetSpec>& target);
  // To read with; what changes a target opens a session of its own.
  Result<OpenTarget> OpenToRead(const TargetAddress& address);
  // With a session of its own. Where the server refuses one beside those that are kept, they are
  // closed for it.
  Result<OpenTarget> OpenAnew(const TargetAddress& address, IfMissing if_missing);
  // What a run has to do, as far as reading tells; where that is nothing, `finished` says where the
  // target is. What cannot be told is left to the run. Errors: kCancelled.
  Result<std::optional<RunPlan>> Foresee(const RunSpec& spec, const ViewPtr& view,
                                         const TargetAddress& address, RunInProgress& run,
                                         RunFinished& finished);
  // Only an upgrade makes a SQLite file, and says so. What can be refused without one is refused
  // before. Errors: those of Open, CheckPlan, UnitsOf, CheckAtomic and CheckAppliedBefore;
  // kConsentMissing.
  Result<OpenTarget> OpenForRun(const RunSpec& spec, const ViewPtr& view,
                                const TargetAddress& address, const Observer& observe);
  Result<void> TakePrecautions(const RunSpec& spec, const ViewPtr& view, const RunPlan& plan,
                               OpenTarget& target, const Lease& lease, const Observer& observe,
                               const RunInProgress& run);
  RunFinished CarryOut(const RunSpec& spec, const ViewPtr& view, const TargetAddress& address,
                       RunInProgress& run);

  // Of the files that no target has: which a ref of the project has.
  Result<void> MarkPushed(const std::string& project, std::vector<FileStatus>& files);

  // Records what the target is at now, so that its revisions are kept (store/gc.h).
  Result<void> RecordHeads(const TargetAddress& address, const TargetState& state,
                           const RunSpec& spec, const ViewPtr& view);

  Kv& kv_;
  const World& world_;
  const ServedTargets served_;
  const SessionOpener open_session_;
  Objects objects_;
  SeenTargets seen_;
  Refs refs_;
  TargetRecords target_records_;
  GraphIndex index_;
  Views views_;
  JoinedHistories histories_;
  SharedRefs shared_refs_;
  SessionPool sessions_;
  RunJournal journal_;
  RunsInProgress runs_;  // ends before its journal does
};

}  // namespace mig
