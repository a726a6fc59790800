#include "daemon/runs_in_progress.h"

#include <algorithm>

#include "daemon/excerpt.h"
#include "daemon/limits.h"
#include "daemon/thread.h"
#include "drivers/target_url.h"

namespace mig {
namespace {

constexpr std::ptrdiff_t kRemembered = 20;  // runs that ended; the store has more
// A cancel is lost on a run that has looked for one already and whose statement has not begun yet.
constexpr std::chrono::seconds kCancelAgain{1};
constexpr char kWhenBack[] =
    "the daemon was stopped, and that interrupted the run: when it is back, the same command goes "
    "on from there";

// What servers say may hold secrets, for they quote statements and print what these tell them to,
// and may be of any length.
std::string Presentable(const std::string& text) {
  return Excerpt(RedactSecrets(text), kMaxToldBytes);
}

EventBody Presentable(EventBody body) {
  if (auto* notice = std::get_if<Notice>(&body)) {
    notice->message = Presentable(notice->message);
  } else if (auto* waiting = std::get_if<Waiting>(&body)) {
    waiting->reason = Presentable(waiting->reason);
  } else if (auto* finished = std::get_if<RunFinished>(&body); finished && finished->error) {
    Error& error = *finished->error;
    error.message = Presentable(error.message);
    error.hint = Presentable(error.hint);
    for (auto& [key, detail] : error.details) detail = Presentable(detail);
  }
  return body;
}

}  // namespace

RunSummary RunInProgress::summary() const {
  const std::lock_guard lock(mutex_);
  return summary_;
}

void RunInProgress::Cancel() {
  cancelled_ = true;
  const std::lock_guard lock(session_mutex_);
  if (session_ != nullptr) session_->Interrupt();
}

void RunInProgress::Stop() {
  if (!cancelled_) stopped_ = true;
  Cancel();
}

void RunInProgress::Interrupts(Session* session) {
  const std::lock_guard lock(session_mutex_);
  session_ = session;
}

void RunInProgress::Tell(std::string time, EventBody body) {
  if (auto* finished = std::get_if<RunFinished>(&body); finished && finished->error) {
    if (stopped_ && finished->error->reason == Reason::kCancelled)
      finished->error->hint = kWhenBack;
  }
  body = Presentable(std::move(body));
  if (const auto* finished = std::get_if<RunFinished>(&body)) {
    const std::lock_guard lock(mutex_);
    summary_.outcome = finished->outcome;
    summary_.finished = time;
    if (finished->error) {
      summary_.error = finished->error->message;
      summary_.error_reason = InfoOf(finished->error->reason).text;
    }
  }
  log_.Append(std::move(time), std::move(body));
}

RunsInProgress::~RunsInProgress() {
  Drain(std::chrono::steady_clock::time_point::min());
  for (const auto& entry : entries_) {
    if (entry->thread.joinable()) entry->thread.join();
  }
}

Result<RunPtr> RunsInProgress::Start(RunSummary summary, Work work,
                                     const std::function<void(const RunPtr&)>& started) {
  const std::lock_guard lock(mutex_);
  for (const auto& entry : entries_) {
    if (entry->run->summary().id == summary.id) return entry->run;
  }
  if (draining_) return Error{Reason::kDraining, "the daemon is stopping and starts no new run"};
  Forget();
  auto entry = std::make_shared<Entry>();
  entry->run = std::make_shared<RunInProgress>(std::move(summary));
  entries_.push_back(entry);
  started(entry->run);
  Result<std::thread> thread = StartThread([this, entry, work = std::move(work)] {
    RunFinished finished = work(*entry->run);
    entry->run->Tell(FormatMilliseconds(world_.now()), std::move(finished));
    const std::lock_guard ended(mutex_);
    entry->ended = true;
    idle_.notify_all();
  });
  if (!thread) {
    RunFinished finished;
    finished.outcome = RunOutcome::kFailed;
    finished.error = thread.error();
    entry->ended = true;
    entry->run->Tell(FormatMilliseconds(world_.now()), std::move(finished));
    return std::move(thread).error();
  }
  entry->thread = std::move(thread).value();
  return entry->run;
}

RunPtr RunsInProgress::Find(const std::string& id) const {
  const std::lock_guard lock(mutex_);
  for (const auto& entry : entries_) {
    if (entry->run->summary().id == id) return entry->run;
  }
  return nullptr;
}

std::vector<std::string> RunsInProgress::IdsWithPrefix(std::string_view prefix) const {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> ids;
  for (const auto& entry : entries_) {
    if (std::string id = entry->run->summary().id; id.starts_with(prefix))
      ids.push_back(std::move(id));
  }
  return ids;
}

std::vector<RunSummary> RunsInProgress::List(const RunFilter& filter) const {
  const std::lock_guard lock(mutex_);
  std::vector<RunSummary> summaries;
  for (auto entry = entries_.rbegin(); entry != entries_.rend(); ++entry) {
    RunSummary summary = (*entry)->run->summary();
    if (filter.Takes(summary.project, summary.target_name)) summaries.push_back(std::move(summary));
  }
  return summaries;
}

int RunsInProgress::active() const {
  const std::lock_guard lock(mutex_);
  return static_cast<int>(std::count_if(entries_.begin(), entries_.end(),
                                        [](const auto& entry) { return !entry->ended; }));
}

std::string RunsInProgress::oldest_start() const {
  const std::lock_guard lock(mutex_);
  const auto oldest = std::find_if(entries_.begin(), entries_.end(),
                                   [](const auto& entry) { return !entry->ended; });
  return oldest == entries_.end() ? "" : (*oldest)->run->summary().started;
}

bool RunsInProgress::AwaitEnd(std::chrono::steady_clock::time_point deadline) {
  std::unique_lock lock(mutex_);
  draining_ = true;
  return idle_.wait_until(lock, deadline, [this] { return AllEnded(); });
}

void RunsInProgress::Drain(std::chrono::steady_clock::time_point deadline) {
  while (!AwaitEnd(deadline)) {
    for (const RunPtr& run : AtWork()) run->Stop();
    deadline = std::chrono::steady_clock::now() + kCancelAgain;
  }
}

std::vector<RunPtr> RunsInProgress::AtWork() const {
  const std::lock_guard lock(mutex_);
  std::vector<RunPtr> runs;
  for (const auto& entry : entries_) {
    if (!entry->ended) runs.push_back(entry->run);
  }
  return runs;
}

bool RunsInProgress::AllEnded() const {
  return std::all_of(entries_.begin(), entries_.end(),
                     [](const auto& entry) { return entry->ended; });
}

void RunsInProgress::Forget() {
  const auto has_ended = [](const auto& entry) { return entry->ended; };
  auto ended = std::count_if(entries_.begin(), entries_.end(), has_ended);
  for (auto entry = entries_.begin(); ended > kRemembered; --ended) {
    entry = std::find_if(entry, entries_.end(), has_ended);
    if ((*entry)->thread.joinable()) (*entry)->thread.join();
    entry = entries_.erase(entry);
  }
}

}  // namespace mig
