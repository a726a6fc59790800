// A session that passes every call on: what test sessions build upon.
#pragma once

#include <memory>
#include <utility>

#include "daemon/target.h"
#include "drivers/session.h"

namespace mig {

class ForwardingSession : public Session {
 public:
  explicit ForwardingSession(std::unique_ptr<Session> real) : real_(std::move(real)) {}

  Dialect dialect() const override { return real_->dialect(); }
  std::int64_t server_id() const override { return real_->server_id(); }
  const std::string& server_version() const override { return real_->server_version(); }
  Result<SqlResult> Execute(const SqlCommand& command) override { return real_->Execute(command); }
  Result<void> ExecuteAll(std::span<const SqlCommand> commands, const CommandDone& done) override {
    return real_->ExecuteAll(commands, done);
  }
  Result<void> Begin() override { return real_->Begin(); }
  Result<void> Commit() override { return real_->Commit(); }
  Result<void> Rollback() override { return real_->Rollback(); }
  bool InTransaction() const override { return real_->InTransaction(); }
  Result<void> Reset() override { return real_->Reset(); }
  Result<bool> TryLock(std::string_view name) override { return real_->TryLock(name); }
  Result<void> Unlock(std::string_view name) override { return real_->Unlock(name); }
  void Interrupt() override { real_->Interrupt(); }
  void OnNotice(std::function<void(const SqlNotice&)> listener) override {
    real_->OnNotice(std::move(listener));
  }

 protected:
  std::unique_ptr<Session> real_;
};

// Opens real sessions, each within a Wrapper that gets `arguments`, which outlive the opener.
template <typename Wrapper, typename... Arguments>
SessionOpener OpenerOf(Arguments&... arguments) {
  return [&arguments...](const TargetUrl& url,
                         IfMissing if_missing) -> Result<std::unique_ptr<Session>> {
    auto real = TRY(OpenSession(url, if_missing));
    return std::unique_ptr<Session>(std::make_unique<Wrapper>(std::move(real), arguments...));
  };
}

}  // namespace mig
