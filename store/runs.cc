#include "store/runs.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "store/core/limits.h"
#include "store/keys.h"
#include "store/record.h"

namespace mig {
namespace {

constexpr RunState kStates[] = {RunState::kRunning, RunState::kSucceeded, RunState::kFailed,
                                RunState::kCancelled, RunState::kInterrupted};
constexpr std::size_t kMaxIdBytes = 64;

std::string Encode(const Run& run) {
  return Record("run")
      .Add("id", std::string_view(run.id))
      .Add("project", std::string_view(run.project))
      .Add("target", std::string_view(run.target))
      .Add("url", std::string_view(run.url))
      .Add("operation", std::string_view(run.operation))
      .Add("actor", std::string_view(run.actor))
      .Add("state", NameOf(run.state))
      .Add("started", std::string_view(run.started_at))
      .Add("finished", std::string_view(run.finished_at))
      .Add("reason", std::string_view(run.error_reason))
      .Add("message", std::string_view(run.error_message))
      .Encode();
}

Result<RunState> StateNamed(std::string_view name) {
  for (RunState state : kStates) {
    if (NameOf(state) == name) return state;
  }
  return Error{Reason::kCorruption, fmt::format("a stored run has the unknown state `{}`", name)};
}

Result<Run> Decode(std::string_view value) {
  const Record record = TRY(Record::Decode("run", value));
  Run run;
  run.id = TRY(record.Text("id"));
  run.project = TRY(record.Text("project"));
  run.target = TRY(record.Text("target"));
  run.url = TRY(record.Text("url"));
  run.operation = TRY(record.Text("operation"));
  run.actor = TRY(record.Text("actor"));
  const std::string state = TRY(record.Text("state"));
  run.state = TRY(StateNamed(state));
  run.started_at = TRY(record.Text("started"));
  run.finished_at = TRY(record.Text("finished"));
  run.error_reason = TRY(record.Text("reason"));
  run.error_message = TRY(record.Text("message"));
  return run;
}

Error NoSuchRun(std::string_view id) {
  return {Reason::kNoSuchRun, fmt::format("there is no run {}", id), {{"run", std::string(id)}}};
}

std::string IdAtEnd(std::string_view key) {
  return std::string(key.substr(key.find_last_of('/') + 1));
}

// Deletes `keys` in as few commits as the limits allow.
Result<void> DeleteAll(Kv& kv, const std::vector<KeyValue>& entries) {
  for (std::size_t first = 0; first < entries.size(); first += kMaxWrites) {
    Batch batch;
    for (std::size_t i = first; i < std::min(entries.size(), first + kMaxWrites); ++i) {
      batch.writes.push_back(Write::Delete(entries[i].key));
    }
    batch.durability = Durability::kBuffered;
    TRY(kv.Commit(batch));
  }
  return {};
}

}  // namespace

std::string_view NameOf(RunState state) {
  switch (state) {
    case RunState::kRunning:
      return "running";
    case RunState::kSucceeded:
      return "succeeded";
    case RunState::kFailed:
      return "failed";
    case RunState::kCancelled:
      return "cancelled";
    case RunState::kInterrupted:
      return "interrupted";
  }
  return "";
}

Result<void> CheckRunId(std::string_view id) {
  const bool fits = !id.empty() && id.size() <= kMaxIdBytes;
  const bool plain = std::all_of(id.begin(), id.end(), [](unsigned char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
           c == '-';
  });
  if (fits && plain) return {};
  return Error{Reason::kInvalidArgument, fmt::format("`{}` is no id of a run", id)};
}

bool RunFilter::Takes(std::string_view of_project, std::string_view of_target) const {
  return (target.empty() || of_target == target) &&
         (projects.empty() || std::ranges::find(projects, of_project) != projects.end());
}

Result<void> Runs::Begin(const Run& run) {
  TRY(CheckRunId(run.id));
  const std::string key = keys::Run(run.id);
  Batch batch;
  batch.conditions = {Condition::Absent(key)};
  batch.writes = {Write::Put(key, Encode(run)),
                  Write::Put(keys::Recent(run.started_at, run.id), run.target),
                  Write::Put(keys::Unended(run.id), "")};
  batch.durability = Durability::kBuffered;
  const Outcome outcome = TRY(kv_.Commit(batch));
  if (outcome.applied()) return {};
  return Error{Reason::kInvalidArgument, fmt::format("there is a run {} already", run.id)};
}

Result<void> Runs::Update(const Run& run, const std::optional<RunEvent>& last) {
  const Run stored = TRY(Get(run.id));
  Run updated = run;
  updated.project = stored.project;
  updated.target = stored.target;
  updated.url = stored.url;
  updated.started_at = stored.started_at;
  Batch batch;
  batch.conditions = {Condition::Equals(keys::Run(run.id), Encode(stored))};
  batch.writes = {Write::Put(keys::Run(run.id), Encode(updated))};
  if (run.state != RunState::kRunning) batch.writes.push_back(Write::Delete(keys::Unended(run.id)));
  if (last) batch.writes.push_back(Write::Put(keys::Event(run.id, last->sequence), last->bytes));
  const Outcome outcome = TRY(kv_.Commit(batch));
  if (outcome.applied()) return {};
  if (!outcome.refused->current) return NoSuchRun(run.id);
  return Update(run, last);
}

Result<Run> Runs::Get(std::string_view id) {
  TRY(CheckRunId(id));
  const auto value = TRY(GetOne(kv_, keys::Run(id)));
  if (!value) return NoSuchRun(id);
  return Decode(*value);
}

Result<std::vector<std::string>> Runs::Unended() {
  const auto entries = TRY(ScanAll(kv_, keys::kUnendedPrefix, EndOfPrefix(keys::kUnendedPrefix)));
  std::vector<std::string> ids;
  for (const KeyValue& entry : entries) ids.push_back(IdAtEnd(entry.key));
  return ids;
}

Result<std::vector<std::string>> Runs::IdsWithPrefix(std::string_view prefix, std::size_t limit) {
  TRY(CheckRunId(prefix));
  const std::string begin = keys::Run(prefix);
  const Page page = TRY(kv_.Scan(begin, EndOfPrefix(begin), limit, /*keys_only=*/true));
  std::vector<std::string> ids;
  for (const KeyValue& entry : page.entries) ids.push_back(IdAtEnd(entry.key));
  return ids;
}

Result<std::vector<Run>> Runs::List(const RunFilter& filter, std::size_t limit) {
  std::vector<Run> runs;
  std::string from(keys::kRecentPrefix);
  const std::string end = EndOfPrefix(from);
  const bool all = filter.projects.empty() && filter.target.empty();
  const std::size_t at_once = all ? std::min(kMaxGetKeys, limit) : kMaxGetKeys;
  while (!from.empty() && runs.size() < limit) {
    Page page = TRY(kv_.Scan(from, end, at_once, /*keys_only=*/false));
    std::vector<std::string> wanted;
    for (const KeyValue& entry : page.entries) {
      if (filter.target.empty() || entry.value == filter.target) {
        wanted.push_back(keys::Run(IdAtEnd(entry.key)));
      }
    }
    const auto values = TRY(kv_.Get(wanted));
    for (const auto& value : values) {
      if (!value || runs.size() == limit) continue;
      Run run = TRY(Decode(*value));
      if (filter.Takes(run.project, run.target)) runs.push_back(std::move(run));
    }
    from = std::move(page.next);
  }
  return runs;
}

Result<void> Runs::Append(std::string_view id, const std::vector<RunEvent>& events) {
  TRY(CheckRunId(id));
  Batch batch;
  batch.durability = Durability::kBuffered;
  std::size_t bytes = 0;
  for (const RunEvent& event : events) {
    Write write = Write::Put(keys::Event(id, event.sequence), event.bytes);
    const std::size_t more = write.key.size() + event.bytes.size();
    const bool full = batch.writes.size() == kMaxWrites || bytes + more > kMaxCommitBytes;
    if (full && !batch.writes.empty()) {
      TRY(kv_.Commit(batch));
      batch.writes.clear();
      bytes = 0;
    }
    batch.writes.push_back(std::move(write));
    bytes += more;
  }
  if (!batch.writes.empty()) TRY(kv_.Commit(batch));
  return {};
}

Result<std::vector<RunEvent>> Runs::Events(std::string_view id, std::uint64_t after,
                                           std::size_t limit) {
  TRY(CheckRunId(id));
  std::string from = keys::Event(id, after) + '\0';
  const std::string end = EndOfPrefix(keys::EventPrefix(id));
  std::vector<RunEvent> events;
  while (!from.empty() && events.size() < limit) {
    Page page = TRY(kv_.Scan(from, end, std::min(kMaxPage, limit - events.size()), false));
    for (KeyValue& entry : page.entries) {
      const auto sequence = keys::NumberAtEnd(entry.key);
      if (sequence) events.push_back({*sequence, std::move(entry.value)});
    }
    from = std::move(page.next);
  }
  return events;
}

Result<std::size_t> Runs::Retain(std::size_t keep) {
  const auto recent = TRY(ScanAll(kv_, keys::kRecentPrefix, EndOfPrefix(keys::kRecentPrefix)));
  std::map<std::pair<std::string, std::string>, std::size_t> kept;  // by project and target
  std::size_t deleted = 0;
  for (const auto& [key, target] : recent) {
    const std::string id = IdAtEnd(key);
    const Run run = TRY(Get(id));
    const bool is_kept = ++kept[{run.project, target}] <= keep;
    if (is_kept || run.state == RunState::kRunning) continue;
    TRY(Erase(id, key));
    ++deleted;
  }
  return deleted;
}

// Events go first: after a crash the record is still there, and the next time finishes.
Result<void> Runs::Erase(const std::string& id, const std::string& recent_key) {
  const std::string events = keys::EventPrefix(id);
  const auto entries = TRY(ScanAll(kv_, events, EndOfPrefix(events), /*keys_only=*/true));
  TRY(DeleteAll(kv_, entries));
  Batch batch;
  batch.writes = {Write::Delete(keys::Run(id)), Write::Delete(recent_key),
                  Write::Delete(keys::Unended(id))};
  TRY(kv_.Commit(batch));
  return {};
}

}  // namespace mig
