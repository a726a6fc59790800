#include "daemon/run_journal.h"

#include <fmt/format.h>

#include <algorithm>

#include "daemon/thread.h"
#include "store/core/limits.h"

namespace mig {
namespace {

constexpr std::chrono::milliseconds kInterval{100};
constexpr std::size_t kEventsAtOnce = 1000;
constexpr std::size_t kMaxEventBytes = kMaxCommitBytes / 2;  // beside the run's record
constexpr std::size_t kKeptRuns = 500;  // of each target of a project; mig_log goes further back
constexpr std::size_t kRetainAfterRuns = 50;  // looking through them costs a scan

struct StateName {
  RunOutcome outcome;
  RunState state;
};
constexpr StateName kStates[] = {{RunOutcome::kRunning, RunState::kRunning},
                                 {RunOutcome::kDone, RunState::kSucceeded},
                                 {RunOutcome::kFailed, RunState::kFailed},
                                 {RunOutcome::kCancelled, RunState::kCancelled},
                                 {RunOutcome::kInterrupted, RunState::kInterrupted}};

// What is the same on both sides.
struct Field {
  std::string Run::*record;
  std::string RunSummary::*summary;
};
constexpr Field kFields[] = {{&Run::id, &RunSummary::id},
                             {&Run::project, &RunSummary::project},
                             {&Run::target, &RunSummary::target_name},
                             {&Run::url, &RunSummary::target_url},
                             {&Run::operation, &RunSummary::summary},
                             {&Run::actor, &RunSummary::actor},
                             {&Run::started_at, &RunSummary::started},
                             {&Run::finished_at, &RunSummary::finished},
                             {&Run::error_reason, &RunSummary::error_reason},
                             {&Run::error_message, &RunSummary::error}};

Run RecordOf(const RunSummary& summary) {
  Run run;
  for (const Field& field : kFields) run.*field.record = summary.*field.summary;
  for (const StateName& one : kStates) {
    if (one.outcome == summary.outcome) run.state = one.state;
  }
  return run;
}

RunSummary SummaryOf(const Run& run) {
  RunSummary summary;
  for (const Field& field : kFields) summary.*field.summary = run.*field.record;
  for (const StateName& one : kStates) {
    if (one.state == run.state) summary.outcome = one.outcome;
  }
  return summary;
}

Error Interrupted() {
  return {Reason::kOutcomeUnknown,
          "the daemon ended before the run did",
          {},
          "`mig current` tells what took effect; the same command goes on from there"};
}

}  // namespace

RunJournal::RunJournal(Kv& kv, const World& world, EventEncoder encode)
    : world_(world), encode_(std::move(encode)), runs_(kv) {
  EndInterrupted();  // what cannot be read or written now is there at the next start
}

RunJournal::~RunJournal() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) {
    thread_.join();
  } else {
    WriteAll();
  }
}

void RunJournal::Follow(RunPtr run) {
  {
    const std::lock_guard lock(mutex_);
    followed_.push_back(std::make_shared<Followed>(Followed{std::move(run)}));
    fresh_ = true;
    if (!thread_.joinable()) {
      if (auto started = StartThread([this] { Work(); })) thread_ = std::move(started).value();
    }
  }
  wake_.notify_all();
}

Result<RunSummary> RunJournal::Find(const std::string& id) {
  const Run run = TRY(runs_.Get(id));
  return SummaryOf(run);
}

Result<std::vector<std::string>> RunJournal::IdsWithPrefix(const std::string& prefix,
                                                           std::size_t limit) {
  return runs_.IdsWithPrefix(prefix, limit);
}

Result<std::vector<RunSummary>> RunJournal::List(const RunFilter& filter, std::size_t limit) {
  std::vector<RunSummary> summaries;
  for (const Run& run : TRY(runs_.List(filter, limit))) summaries.push_back(SummaryOf(run));
  return summaries;
}

Result<std::vector<RunEvent>> RunJournal::Events(const std::string& id, std::int64_t sequence,
                                                 std::size_t limit) {
  return runs_.Events(id, static_cast<std::uint64_t>(std::max<std::int64_t>(sequence, 0)), limit);
}

void RunJournal::EndInterrupted() {
  const auto left = runs_.Unended();
  if (!left) return;
  for (const std::string& id : *left) (void)EndInterrupted(id);
}

Result<void> RunJournal::EndInterrupted(const std::string& id) {
  Run run = TRY(runs_.Get(id));
  std::uint64_t last = 0;
  for (auto events = TRY(runs_.Events(id, last, kEventsAtOnce)); !events.empty();
       events = TRY(runs_.Events(id, last, kEventsAtOnce)))
    last = events.back().sequence;
  RunFinished finished;
  finished.outcome = RunOutcome::kInterrupted;
  finished.error = Interrupted();
  Event event{static_cast<std::int64_t>(last) + 1, FormatMilliseconds(world_.now()), finished};
  run.state = RunState::kInterrupted;
  run.finished_at = event.time;
  run.error_reason = InfoOf(finished.error->reason).text;
  run.error_message = finished.error->message;
  return runs_.Update(run, RunEvent{last + 1, encode_(event)});
}

void RunJournal::Work() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    if (followed_.empty()) {
      wake_.wait(lock, [this] { return stopping_ || fresh_; });
    } else {
      wake_.wait_for(lock, kInterval, [this] { return stopping_ || fresh_; });
    }
    fresh_ = false;
    const auto followed = followed_;
    lock.unlock();
    for (const auto& one : followed) (void)Write(*one);  // repeated at the next turn
    if (ended_since_retained_ >= kRetainAfterRuns && runs_.Retain(kKeptRuns))
      ended_since_retained_ = 0;
    lock.lock();
    std::erase_if(followed_, [](const auto& one) { return one->ended; });
  }
  WriteAll();
}

void RunJournal::WriteAll() {
  for (const auto& one : followed_) (void)Write(*one);
}

Result<void> RunJournal::Write(Followed& followed) {
  RunInProgress& run = *followed.run;
  if (!followed.begun) {
    RunSummary summary = run.summary();
    summary.outcome = RunOutcome::kRunning;
    auto begun = runs_.Begin(RecordOf(summary));
    // What the store cannot hold, or an id that it has already: there is nothing to repeat.
    followed.ended = !begun && (begun.error().reason == Reason::kInvalidArgument ||
                                begun.error().reason == Reason::kLimitExceeded);
    TRY(std::move(begun));
    followed.begun = true;
  }
  while (!followed.ended) {
    const RunLog::Read read = run.log().ReadAfter(followed.written, kEventsAtOnce);
    std::vector<RunEvent> events;
    for (const Event& event : read.events) {
      std::string bytes = encode_(event);
      // What the store cannot hold now, it cannot at the next turn: the rest does not wait for it.
      if (bytes.size() <= kMaxEventBytes)
        events.push_back({static_cast<std::uint64_t>(event.sequence), std::move(bytes)});
    }
    std::optional<RunEvent> last;
    if (read.ended && !events.empty()) {
      last = std::move(events.back());
      events.pop_back();
    }
    TRY(runs_.Append(run.summary().id, events));
    if (read.ended) TRY(runs_.Update(RecordOf(run.summary()), last));
    if (!read.events.empty()) followed.written = read.events.back().sequence;
    followed.ended = read.ended;
    if (read.ended) ++ended_since_retained_;
    if (read.events.size() < kEventsAtOnce) return {};
  }
  return {};
}

}  // namespace mig
