#include "daemon/session_pool.h"

#include <algorithm>
#include <utility>

#include "daemon/thread.h"

namespace mig {
namespace {

// All that decides which database is met, and as whom.
bool SameAddress(const TargetUrl& a, const TargetUrl& b) {
  return a.dialect == b.dialect && a.path == b.path && a.parameters == b.parameters;
}

}  // namespace

// A session on loan. Passes every call on, and notices what makes it unfit to be kept.
class SessionPool::Lent final : public Session {
 public:
  Lent(SessionPool& pool, TargetUrl url, std::unique_ptr<Session> session, bool untried)
      : pool_(pool), url_(std::move(url)), session_(std::move(session)), untried_(untried) {}
  ~Lent() override {
    session_->OnNotice({});
    if (sound_ && session_->MayBeKept()) pool_.GiveBack(url_, std::move(session_));
  }

  Dialect dialect() const override { return session_->dialect(); }
  const std::string& server_version() const override { return session_->server_version(); }
  Result<SqlResult> Execute(const SqlCommand& command) override {
    auto result = session_->Execute(command);
    const bool lost = !result && result.error().reason == Reason::kDatabaseUnreachable;
    if (!std::exchange(untried_, false) || !lost) return Noted(std::move(result));
    auto fresh = TRY(pool_.open_(url_, IfMissing::kFail));
    {
      const std::lock_guard lock(mutex_);
      session_.swap(fresh);
    }
    return Noted(session_->Execute(command));
  }
  Result<void> ExecuteAll(std::span<const SqlCommand> commands, const CommandDone& done) override {
    return Noted(session_->ExecuteAll(commands, done));
  }
  Result<void> Begin() override { return Noted(session_->Begin()); }
  Result<void> Commit() override { return Noted(session_->Commit()); }
  Result<void> Rollback() override { return Noted(session_->Rollback()); }
  bool InTransaction() const override { return session_->InTransaction(); }
  Result<void> Reset() override { return Noted(session_->Reset()); }
  // What holds a lock is no reader.
  Result<bool> TryLock(std::string_view name) override {
    sound_ = false;
    return session_->TryLock(name);
  }
  Result<void> Unlock(std::string_view name) override { return session_->Unlock(name); }
  void Interrupt() override {
    const std::lock_guard lock(mutex_);
    session_->Interrupt();
  }
  void OnNotice(std::function<void(const SqlNotice&)> listener) override {
    session_->OnNotice(std::move(listener));
  }

 private:
  template <typename Value>
  Result<Value> Noted(Result<Value> result) {
    sound_ = sound_ && result.has_value();
    return result;
  }

  SessionPool& pool_;
  const TargetUrl url_;
  std::mutex mutex_;  // guards session_, as a pointer, against Interrupt()
  std::unique_ptr<Session> session_;
  bool untried_;  // kept, and nothing was asked of it since
  bool sound_ = true;
};

SessionPool::SessionPool(SessionOpener open, std::chrono::milliseconds keep, std::size_t most)
    : open_(std::move(open)), keep_(keep), most_(most) {}

SessionPool::~SessionPool() {
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

Result<std::unique_ptr<Session>> SessionPool::Open(const TargetUrl& url) {
  std::unique_ptr<Session> session = TakeKept(url);
  const bool kept = session != nullptr;
  if (!kept) session = TRY(open_(url, IfMissing::kFail));
  return std::unique_ptr<Session>(std::make_unique<Lent>(*this, url, std::move(session), kept));
}

bool SessionPool::Close(const TargetUrl& url) {
  std::list<Kept> closed;  // after the lock is released
  const std::lock_guard lock(mutex_);
  for (auto kept = kept_.begin(); kept != kept_.end();) {
    const auto next = std::next(kept);
    if (SameAddress(kept->url, url)) closed.splice(closed.end(), kept_, kept);
    kept = next;
  }
  return !closed.empty();
}

std::unique_ptr<Session> SessionPool::TakeKept(const TargetUrl& url) {
  while (true) {
    std::unique_ptr<Session> session;
    {
      const std::lock_guard lock(mutex_);
      const auto found = std::find_if(kept_.rbegin(), kept_.rend(),
                                      [&](const Kept& kept) { return SameAddress(kept.url, url); });
      if (found == kept_.rend()) return nullptr;
      session = std::move(found->session);
      kept_.erase(std::prev(found.base()));
    }
    if (session->MayServeAgain()) return session;
  }
}

void SessionPool::GiveBack(const TargetUrl& url, std::unique_ptr<Session> session) {
  std::list<Kept> closed;  // after the lock is released
  const std::lock_guard lock(mutex_);
  kept_.push_back({url, std::move(session), std::chrono::steady_clock::now() + keep_});
  if (kept_.size() > most_) closed.splice(closed.end(), kept_, kept_.begin());
  if (!thread_.joinable()) {
    auto started = StartThread([this] { CloseIdle(); });
    if (started) {
      thread_ = std::move(started).value();
    } else {
      closed.splice(closed.end(), kept_);  // nobody would close them later
    }
  }
  changed_.notify_all();
}

void SessionPool::CloseIdle() {
  std::unique_lock lock(mutex_);
  while (!stopped_) {
    if (kept_.empty()) {
      changed_.wait(lock);
      continue;
    }
    const auto until = kept_.front().until;
    if (std::chrono::steady_clock::now() < until) {
      changed_.wait_until(lock, until);
      continue;
    }
    std::list<Kept> closed;
    closed.splice(closed.end(), kept_, kept_.begin());
    lock.unlock();
    closed.clear();
    lock.lock();
  }
}

}  // namespace mig
