#include "daemon/block_watch.h"

#include <fmt/format.h>

#include "daemon/blockers.h"
#include "daemon/thread.h"

namespace mig {
namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

constexpr milliseconds kPatience{300};  // most statements that wait for a lock get it sooner
constexpr milliseconds kPatienceWhenRepeated{20};
constexpr milliseconds kLookAgain{1000};

}  // namespace

BlockWatch::BlockWatch(const Session& session, Opener open, Observer observe)
    : session_(session), open_(std::move(open)), observe_(std::move(observe)) {
  if (session_.server_id() == 0) return;
  Result<std::thread> started = StartThread([this] { Work(); });
  if (started) {
    thread_ = std::move(started).value();
  } else {
    observe_(
        Notice{"WARNING", "nothing tells what keeps this run waiting: " + started.error().message});
  }
}

BlockWatch::~BlockWatch() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    if (observer_ != nullptr) observer_->Interrupt();
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void BlockWatch::Note(const EventBody& event) {
  if (std::holds_alternative<StepFinished>(event)) {
    const std::lock_guard lock(mutex_);
    holder_.clear();
    repeated_ = false;
    return;
  }
  const auto* started = std::get_if<StatementStarted>(&event);
  const bool ended = std::holds_alternative<StatementFinished>(event) ||
                     std::holds_alternative<RunFinished>(event) ||
                     std::holds_alternative<Waiting>(event);
  if (started == nullptr && !ended) return;
  const std::lock_guard lock(mutex_);
  repeated_ = repeated_ || std::holds_alternative<Waiting>(event);
  verb_ = started != nullptr ? started->verb : "";
  if (started != nullptr) server_id_ = session_.server_id();
  since_ = Clock::now();
  told_.clear();
}

std::string BlockWatch::LastHolder() {
  const std::lock_guard lock(mutex_);
  return holder_;
}

void BlockWatch::Work() {
  std::unique_lock lock(mutex_);
  Clock::time_point looked;
  while (!stopping_) {
    changed_.wait_for(lock, repeated_ ? kPatienceWhenRepeated : kPatience,
                      [this] { return stopping_; });
    const milliseconds patience = repeated_ ? kPatienceWhenRepeated : kPatience;
    const Clock::time_point since = since_;
    const Clock::time_point due = looked < since ? since + patience : looked + kLookAgain;
    if (stopping_ || verb_.empty() || Clock::now() < due) continue;
    const std::int64_t server_id = server_id_;
    looked = Clock::now();
    lock.unlock();
    Look(server_id, since);
    lock.lock();
  }
}

void BlockWatch::Look(std::int64_t server_id, Clock::time_point since) {
  if (observer_ == nullptr) {
    auto opened = open_();
    const std::lock_guard lock(mutex_);
    if (!opened || stopping_) return;
    observer_ = std::move(opened).value();
  }
  const auto blockers = BlockersOf(*observer_, server_id);
  if (!blockers) {
    const std::lock_guard lock(mutex_);
    return observer_.reset();
  }
  Waiting waiting;
  {
    const std::lock_guard lock(mutex_);
    if (since != since_ || blockers->who == told_) return;
    told_ = blockers->who;
    if (told_.empty()) return;
    holder_ = blockers->sentence;
    waiting.reason = fmt::format("{} waits for {}", verb_, blockers->sentence);
  }
  waiting.waited_ms = std::chrono::duration_cast<milliseconds>(Clock::now() - since).count();
  observe_(std::move(waiting));
}

}  // namespace mig
