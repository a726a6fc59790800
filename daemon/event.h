// What a run tells whoever watches, in order: the engine's own form of the API's RunEvent.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "daemon/bookkeeping.h"
#include "store/core/error.h"

namespace mig {

// What is shown of a step: names, never SQL.
struct StepSummary {
  StepKind kind = StepKind::kUpgrade;
  Id id;
  std::string name;
  std::string message;
  std::vector<std::string> from;  // names of the rows it replaces, as Alembic shows a step
  std::vector<std::string> to;
};

enum class RunOutcome { kRunning, kDone, kFailed, kCancelled, kInterrupted };

struct RunStarted {
  std::string run_id;
  std::string target_name;
  std::string target_url;  // redacted
  std::string summary;     // "upgrade head"
};
struct StepStarted {
  int index = 0;  // from 1
  int total = 0;
  StepSummary step;
  int statements = 0;
};
struct StatementStarted {
  int index = 0;  // from 1, within the step
  int total = 0;
  std::string verb;  // "CREATE TABLE products"
};
struct StatementFinished {
  int index = 0;
  int total = 0;
  std::string verb;
  std::int64_t rows_affected = 0;
  std::int64_t duration_us = 0;
};
struct StepFinished {
  int index = 0;
  int total = 0;
  std::int64_t duration_us = 0;
};
struct Waiting {
  std::string reason;
  std::int64_t waited_ms = 0;
};
struct Notice {
  std::string severity;
  std::string message;
};
struct RunFinished {
  RunOutcome outcome = RunOutcome::kDone;
  int steps_done = 0;
  int steps_total = 0;
  std::vector<std::string> current;  // names of the version table's rows
  std::optional<Error> error;        // with the detail `changed` where something took effect
  std::string state;                 // one sentence: what the database is in
  std::int64_t duration_us = 0;
};

using EventBody = std::variant<RunStarted, StepStarted, StatementStarted, StatementFinished,
                               StepFinished, Waiting, Notice, RunFinished>;

struct Event {
  std::int64_t sequence = 0;  // from 1, without gaps
  std::string time;           // RFC 3339 with milliseconds
  EventBody body;
};

// Takes what happens, on the thread that runs or on one that watches it (daemon/block_watch.h).
using Observer = std::function<void(EventBody)>;

}  // namespace mig
