// The run journal: what was run against which target, how it ended, and the events its watchers
// read.
//
// A run has one writer; readers are many. The end of a run is synced; its beginning and its events
// are buffered (they survive the daemon's death, not a loss of power), because the target's own
// journal, not this one, says what took effect.
//
// Thread-safe. Errors of every call, besides those named: kInvalidArgument for an id that is empty,
// longer than 64 or not [A-Za-z0-9_-]; those of Kv.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "store/core/result.h"
#include "store/kv.h"

namespace mig {

// kInterrupted: its daemon ended before it did, and the target's own tables say what took effect.
enum class RunState { kRunning, kSucceeded, kFailed, kCancelled, kInterrupted };

// "running", "succeeded", "failed", "cancelled", "interrupted".
std::string_view NameOf(RunState state);

struct Run {
  std::string id;
  std::string project;
  std::string target;     // its name
  std::string url;        // redacted
  std::string operation;  // a summary, e.g. "upgrade head"
  std::string actor;
  RunState state = RunState::kRunning;
  std::string started_at;         // RFC 3339, UTC, all of one precision: listing sorts by it
  std::string finished_at = {};   // empty while it runs
  std::string error_reason = {};  // e.g. "STATEMENT_FAILED"; empty unless it failed
  std::string error_message = {};

  friend bool operator==(const Run&, const Run&) = default;
};

struct RunEvent {
  std::uint64_t sequence = 0;  // counts from 1 within its run
  std::string bytes;           // opaque

  friend bool operator==(const RunEvent&, const RunEvent&) = default;
};

// Errors: kInvalidArgument for what no run can be called.
Result<void> CheckRunId(std::string_view id);

// Which runs: those of these projects, and of that target.
struct RunFilter {
  std::vector<std::string> projects = {};  // empty: all
  std::string target = {};                 // its name; empty: all

  bool Takes(std::string_view of_project, std::string_view of_target) const;
};

class Runs {
 public:
  explicit Runs(Kv& kv) : kv_(kv) {}  // `kv` outlives it

  // Errors: kInvalidArgument when a run of this id exists.
  Result<void> Begin(const Run& run);

  // Replaces the record: project, target, url and started_at stay what Begin wrote. In the same
  // commit adds `last`, the event that tells of the change. Errors: kNoSuchRun.
  Result<void> Update(const Run& run, const std::optional<RunEvent>& last = {});

  // Errors: kNoSuchRun.
  Result<Run> Get(std::string_view id);

  // The runs that began and did not end, in no order.
  Result<std::vector<std::string>> Unended();

  // Ids that start with `prefix`, at most `limit`.
  Result<std::vector<std::string>> IdsWithPrefix(std::string_view prefix, std::size_t limit);

  // Newest first, at most `limit` of those that the filter takes.
  Result<std::vector<Run>> List(const RunFilter& filter, std::size_t limit);

  // Adds events in as few commits as the limits allow. Their sequences are the writer's: rising,
  // never reused.
  Result<void> Append(std::string_view id, const std::vector<RunEvent>& events);

  // The events with a sequence greater than `after`, in order, at most `limit`.
  Result<std::vector<RunEvent>> Events(std::string_view id, std::uint64_t after, std::size_t limit);

  // Deletes ended runs and their events, except the newest `keep` of each target of each project.
  // Answers how many were deleted.
  Result<std::size_t> Retain(std::size_t keep);

 private:
  Result<void> Erase(const std::string& id, const std::string& recent_key);

  Kv& kv_;
};

}  // namespace mig
