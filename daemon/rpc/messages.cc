#include "daemon/rpc/messages.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "drivers/sql/destruction.h"
#include "drivers/sql/locks.h"

namespace mig {
namespace {

template <typename Field>
void Assign(Field* field, const std::vector<std::string>& values) {
  field->Assign(values.begin(), values.end());
}

template <typename Field>
void AddNames(const Graph& graph, std::span<const Position> positions, Field* field) {
  for (const Position p : positions) *field->Add() = graph.name(p);
}

v1::Direction ToMessage(StepKind kind) {
  switch (kind) {
    case StepKind::kUpgrade:
      return v1::DIRECTION_UPGRADE;
    case StepKind::kDowngrade:
      return v1::DIRECTION_DOWNGRADE;
    case StepKind::kStamp:
      return v1::DIRECTION_STAMP;
    case StepKind::kRelink:
      return v1::DIRECTION_RELINK;
    case StepKind::kResolve:
      return v1::DIRECTION_RESOLVE;
  }
  return v1::DIRECTION_UNSPECIFIED;
}

v1::Run::Outcome ToMessage(RunOutcome outcome) {
  switch (outcome) {
    case RunOutcome::kRunning:
      return v1::Run::OUTCOME_RUNNING;
    case RunOutcome::kDone:
      return v1::Run::OUTCOME_DONE;
    case RunOutcome::kFailed:
      return v1::Run::OUTCOME_FAILED;
    case RunOutcome::kCancelled:
      return v1::Run::OUTCOME_CANCELLED;
    case RunOutcome::kInterrupted:
      return v1::Run::OUTCOME_INTERRUPTED;
  }
  return v1::Run::OUTCOME_UNSPECIFIED;
}

v1::Unfinished::Part::State ToMessage(UnfinishedPart::State state) {
  switch (state) {
    case UnfinishedPart::State::kDone:
      return v1::Unfinished::Part::STATE_DONE;
    case UnfinishedPart::State::kInDoubt:
      return v1::Unfinished::Part::STATE_IN_DOUBT;
    case UnfinishedPart::State::kToCome:
      return v1::Unfinished::Part::STATE_TO_COME;
  }
  return v1::Unfinished::Part::STATE_UNSPECIFIED;
}

Result<Resolution::Answer> AnswerOf(v1::Operation::Resolve::Answer answer) {
  switch (answer) {
    case v1::Operation::Resolve::ANSWER_APPLIED:
      return Resolution::Answer::kApplied;
    case v1::Operation::Resolve::ANSWER_NOT_APPLIED:
      return Resolution::Answer::kNotApplied;
    case v1::Operation::Resolve::ANSWER_UNDONE:
      return Resolution::Answer::kUndone;
    default:
      return Error{Reason::kInvalidArgument, "the request to resolve holds no answer"};
  }
}

v1::GetStatusResponse::State ToMessage(FileState state) {
  switch (state) {
    case FileState::kNew:
      return v1::GetStatusResponse::STATE_NEW;
    case FileState::kPushed:
      return v1::GetStatusResponse::STATE_PUSHED;
    case FileState::kEdited:
      return v1::GetStatusResponse::STATE_EDITED;
    case FileState::kReidentified:
      return v1::GetStatusResponse::STATE_REIDENTIFIED;
    case FileState::kMissingFile:
      return v1::GetStatusResponse::STATE_MISSING_FILE;
    case FileState::kCosmetic:
      return v1::GetStatusResponse::STATE_COSMETIC;
    case FileState::kUnfinished:
      return v1::GetStatusResponse::STATE_UNFINISHED;
  }
  return v1::GetStatusResponse::STATE_UNSPECIFIED;
}

v1::PlanStatement::Work ToMessage(TableWork work) {
  switch (work) {
    case TableWork::kUnknown:
      return v1::PlanStatement::WORK_UNSPECIFIED;
    case TableWork::kNone:
      return v1::PlanStatement::WORK_NONE;
    case TableWork::kScans:
      return v1::PlanStatement::WORK_SCANS;
    case TableWork::kMayRewrite:
      return v1::PlanStatement::WORK_MAY_REWRITE;
    case TableWork::kRewrites:
      return v1::PlanStatement::WORK_REWRITES;
  }
  return v1::PlanStatement::WORK_UNSPECIFIED;
}

bool Contains(const Positions& positions, Position p) {
  return std::find(positions.begin(), positions.end(), p) != positions.end();
}

// One overload for each event: a new one does not compile until it has a message.
struct EventWriter {
  v1::RunEvent* message;

  void operator()(const RunStarted& event) const {
    auto* out = message->mutable_run_started();
    out->set_run_id(event.run_id);
    out->set_target_name(event.target_name);
    out->set_target_url(event.target_url);
    out->set_summary(event.summary);
  }
  void operator()(const StepStarted& event) const {
    auto* out = message->mutable_step_started();
    out->set_index(event.index);
    out->set_total(event.total);
    out->set_statements(event.statements);
    mig::ToMessage(event.step, out->mutable_step());
  }
  void operator()(const StatementStarted& event) const {
    auto* out = message->mutable_statement_started();
    out->set_index(event.index);
    out->set_total(event.total);
    out->set_verb(event.verb);
  }
  void operator()(const StatementFinished& event) const {
    auto* out = message->mutable_statement_finished();
    out->set_index(event.index);
    out->set_total(event.total);
    out->set_verb(event.verb);
    out->set_rows_affected(event.rows_affected);
    out->set_duration_us(event.duration_us);
  }
  void operator()(const StepFinished& event) const {
    auto* out = message->mutable_step_finished();
    out->set_index(event.index);
    out->set_total(event.total);
    out->set_duration_us(event.duration_us);
  }
  void operator()(const Waiting& event) const {
    auto* out = message->mutable_waiting();
    out->set_reason(event.reason);
    out->set_waited_ms(event.waited_ms);
  }
  void operator()(const Notice& event) const {
    auto* out = message->mutable_notice();
    out->set_severity(event.severity);
    out->set_message(event.message);
  }
  void operator()(const RunFinished& event) const {
    auto* out = message->mutable_run_finished();
    out->set_outcome(ToMessage(event.outcome));
    out->set_steps_done(event.steps_done);
    out->set_steps_total(event.steps_total);
    Assign(out->mutable_current(), event.current);
    out->set_state(event.state);
    out->set_duration_us(event.duration_us);
    if (!event.error) return;
    auto* error = out->mutable_error();
    error->set_reason(std::string(InfoOf(event.error->reason).text));
    error->set_message(event.error->message);
    error->set_hint(HintOf(*event.error));
    error->mutable_details()->insert(event.error->details.begin(), event.error->details.end());
  }
};

}  // namespace

Result<std::size_t> PageOffsetOf(const std::string& token) {
  std::size_t offset = 0;
  const auto [end, error] = std::from_chars(token.data(), token.data() + token.size(), offset);
  if (error == std::errc() && end == token.data() + token.size()) return offset;
  if (token.empty()) return offset;
  return Error{Reason::kInvalidArgument, fmt::format("page token {} is not one of ours", token)};
}

ViewName FromMessage(const v1::View& view) {
  return {view.project(), view.work_tree(), view.ref()};
}

namespace {

TargetPolicy PolicyFrom(const v1::TargetPolicy& message) {
  TargetPolicy policy;
  policy.is_protected = message.protected_();
  policy.backup = message.backup();
  policy.backup_directory = message.backup_directory();
  if (message.backup_time_ms() > 0)
    policy.backup_time = std::chrono::milliseconds(message.backup_time_ms());
  if (message.has_applied_before()) {
    policy.applied_before =
        std::make_shared<const TargetSpec>(FromMessage(message.applied_before()));
  }
  return policy;
}

}  // namespace

TargetSpec FromMessage(const v1::Target& target) {
  TargetSpec spec{target.name(),   target.url(),          target.schema(), {}, {},
                  target.compat(), target.alembic_table()};
  spec.placeholders.insert(target.placeholders().begin(), target.placeholders().end());
  spec.placeholder_key = target.placeholder_key();
  spec.context.base_directory = target.base_directory();
  spec.context.environment.insert(target.environment().begin(), target.environment().end());
  if (target.has_policy()) spec.policy = PolicyFrom(target.policy());
  return spec;
}

Result<Operation> FromMessage(const v1::Operation& message) {
  Operation operation;
  switch (message.kind_case()) {
    case v1::Operation::kUpgrade:
      operation.kind = Operation::Kind::kUpgrade;
      operation.revisions = {message.upgrade().revision()};
      break;
    case v1::Operation::kDowngrade:
      operation.kind = Operation::Kind::kDowngrade;
      operation.revisions = {message.downgrade().revision()};
      break;
    case v1::Operation::kStamp:
      operation.kind = Operation::Kind::kStamp;
      operation.revisions.assign(message.stamp().revisions().begin(),
                                 message.stamp().revisions().end());
      operation.purge = message.stamp().purge();
      operation.from_alembic = message.stamp().from_alembic();
      if (operation.from_alembic && operation.revisions.empty()) return operation;
      break;
    case v1::Operation::kReapply:
      operation.kind = Operation::Kind::kReapply;
      return operation;
    case v1::Operation::kResolve:
      operation.kind = Operation::Kind::kResolve;
      operation.answer = TRY(AnswerOf(message.resolve().answer()));
      if (!message.resolve().revision().empty())
        operation.revisions = {message.resolve().revision()};
      return operation;
    case v1::Operation::KIND_NOT_SET:
      return Error{Reason::kInvalidArgument, "the request names no operation"};
  }
  const auto& revisions = operation.revisions;
  const bool incomplete =
      revisions.empty() || std::find(revisions.begin(), revisions.end(), "") != revisions.end();
  if (incomplete) {
    return Error{Reason::kInvalidArgument,
                 "the operation names no revision",
                 {},
                 "name one, or say head, base, +1 or -1"};
  }
  return operation;
}

void ToBriefMessage(const Marked& marked, Position p, v1::Revision* message) {
  const Graph& graph = marked.catalog.graph();
  const Node node = graph.node(p);
  message->set_id(node.id.hex());
  message->set_name(node.name);
  message->set_message(node.message);
  message->set_created(node.created);
  AddNames(graph, graph.parents(p), message->mutable_parents());
  AddNames(graph, graph.depends(p), message->mutable_depends());
  const Positions children = graph.children(p);
  AddNames(graph, children, message->mutable_children());
  Assign(message->mutable_labels(), node.labels);
  Assign(message->mutable_aliases(), node.aliases);
  message->set_head(children.empty());
  message->set_effective_head(children.empty() && !graph.dependents(p).empty());
  message->set_branch_point(children.size() > 1);
  message->set_merge_point(graph.parents(p).size() > 1);
  if (marked.target_url.empty()) return;
  message->set_current(Contains(marked.rows, p));
  message->set_implied(Contains(marked.implied, p));
  message->set_applied(p < marked.applied.size() && marked.applied[p]);
}

Result<void> AddText(const Marked& marked, Position p, v1::Revision* message) {
  const RevisionPtr revision = TRY(marked.catalog.Load(p));
  const RevisionFile& file = revision->file;
  message->set_author(file.header.author);
  message->set_path(file.path);
  Assign(message->mutable_parents(), file.header.parents);
  message->set_irreversible(file.irreversible.value_or(""));
  return {};
}

Result<void> ToMessage(const Marked& marked, Position p, v1::Revision* message) {
  ToBriefMessage(marked, p, message);
  return AddText(marked, p, message);
}

void ToMessage(const WorkTreeStatus& status, v1::GetStatusResponse* message) {
  for (const FileStatus& file : status.files) {
    auto* entry = message->add_entries();
    entry->set_state(ToMessage(file.state));
    entry->set_name(file.name);
    entry->set_path(file.path);
    if (file.id) entry->set_id(file.id->hex());
    if (file.applied_id) entry->set_applied_id(file.applied_id->hex());
    entry->set_because_of(file.because_of);
  }
  Assign(message->mutable_heads(), status.heads);
  Assign(message->mutable_current(), status.current);
  Assign(message->mutable_warnings(), status.warnings);
  message->set_applied(status.applied);
  message->set_pending(status.pending);
  message->set_target_url(status.target_url);
}

void ToMessage(const TargetDescription& description, v1::DescribeTargetResponse* message) {
  message->set_target_url(description.target_url);
  message->set_dialect(std::string(NameOf(description.dialect)));
  message->set_server_version(description.server_version);
  message->set_format(description.state.format);
  message->set_target_id(description.state.target_id);
  for (const VersionRow& row : description.state.rows) {
    message->add_rows(row.id.hex());
    message->add_row_names(row.name);
  }
  message->set_lease_holder(description.lease.holder);
  message->set_lease_since(description.lease.since);
  message->set_lease_run(description.lease.run);
  message->set_log_entries(description.log_entries);
}

void ToMessage(const UnfinishedReport& report, v1::GetUnfinishedResponse* message) {
  message->set_target_url(report.target_url);
  auto* unfinished = message->mutable_unfinished();
  unfinished->set_id(report.unfinished.id.hex());
  unfinished->set_name(report.unfinished.name);
  unfinished->set_direction(ToMessage(report.unfinished.kind));
  for (const UnfinishedPart& part : report.parts) {
    auto* out = unfinished->add_parts();
    out->set_number(part.number);
    out->set_state(ToMessage(part.state));
    out->set_sql(part.sql);
    out->set_statements(part.statements);
    out->set_verb(part.verb);
    out->set_line(part.line);
    out->set_found(part.found);
  }
}

void ToMessage(const RunSummary& summary, v1::Run* message) {
  message->set_id(summary.id);
  message->set_target_name(summary.target_name);
  message->set_target_url(summary.target_url);
  message->set_summary(summary.summary);
  message->set_actor(summary.actor);
  message->set_outcome(ToMessage(summary.outcome));
  message->set_started(summary.started);
  message->set_finished(summary.finished);
  message->set_error(summary.error);
}

void ToMessage(const StepSummary& step, v1::PlanStep* message) {
  message->set_direction(ToMessage(step.kind));
  if (step.id != Id()) message->set_id(step.id.hex());
  message->set_name(step.name);
  message->set_message(step.message);
  Assign(message->mutable_from(), step.from);
  Assign(message->mutable_to(), step.to);
}

void ToMessage(const AuditReport& report, v1::VerifyAuditResponse* message) {
  message->set_target_url(report.target_url);
  message->set_target_id(report.target_id);
  message->set_rows(report.rows);
  message->set_objects(report.objects);
  message->set_hash(report.end.hash);
  if (report.seen) {
    message->set_seen_sequence(report.seen->sequence);
    message->set_seen_at(report.seen->at);
  }
  for (const AuditFinding& finding : report.findings) {
    auto* found = message->add_findings();
    found->set_kind(finding.kind);
    found->set_sequence(finding.sequence);
    found->set_message(finding.message);
  }
  message->set_unchecked(report.unchecked);
}

void ToMessage(const LogRow& row, v1::LogEntry* message) {
  message->set_sequence(row.entry.sequence);
  message->set_direction(row.entry.direction);
  message->set_id(row.entry.id);
  message->set_name(row.entry.name);
  message->set_actor(row.entry.actor);
  message->set_plan(row.entry.plan);
  message->set_started(row.entry.started_at);
  message->set_finished(row.entry.finished_at);
  message->set_outcome(row.entry.outcome);
  message->set_duration_us(row.entry.duration_us);
  message->set_previous(row.entry.previous);
  message->set_hash(row.hash);
}

void ToMessage(Dialect dialect, const PlannedStatement& statement, const ShownValues& values,
               bool alone, v1::PlanStatement* message) {
  const auto shown = [&](const std::string& text) {
    return values.show || !statement.with_names ? text : Concealed(text, values.used);
  };
  message->set_sql(values.show ? statement.sql : statement.written());
  message->set_alone(alone);
  const StatementLocks locks = LocksOf(dialect, statement.sql);
  message->set_analysed(locks.analysed);
  for (const LockTaken& lock : locks.locks) {
    auto* taken = message->add_locks();
    taken->set_mode(lock.mode);
    taken->set_object(shown(lock.object));
    taken->set_created(lock.is_new);
  }
  if (locks.analysed) message->set_work(ToMessage(locks.work));
  message->set_algorithm(locks.algorithm);
  message->set_summary(shown(SentenceOf(locks)));
  for (const Destruction& destruction : DestructionsOf(dialect, statement.sql)) {
    auto* destroys = message->add_destroys();
    destroys->set_kind(destruction.kind);
    destroys->set_object(shown(destruction.object));
  }
}

std::optional<v1::Unfinished::Part::State> StateOf(const std::vector<JournalRow>& begun,
                                                   std::size_t number, const Unit& unit) {
  for (const JournalRow& row : begun) {
    if (row.unit == static_cast<std::int64_t>(number) && row.digest == unit.digest)
      return IsInDoubt(row) ? v1::Unfinished::Part::STATE_IN_DOUBT
                            : v1::Unfinished::Part::STATE_DONE;
  }
  return std::nullopt;
}

void ToMessage(const ValueUsed& used, bool show, v1::Placeholder* message) {
  message->set_name(used.name);
  message->set_digest(used.digest);
  if (show) message->set_value(used.value);
}

void ToMessage(const Event& event, v1::RunEvent* message) {
  message->set_sequence(event.sequence);
  message->set_time(event.time);
  std::visit(EventWriter{message}, event.body);
}

}  // namespace mig
