// A session that fails at one chosen call: where the call is a batch, each of its commands counts.
#pragma once

#include <string>
#include <utility>

#include "tests/daemon/forwarding_session.h"

namespace mig {

struct SessionFault {
  enum class Kind {
    kBefore,     // the call does nothing and fails; the session goes on
    kAfter,      // the call takes effect and its answer is lost; the session goes on
    kDead,       // the connection breaks before the call
    kDeadAfter,  // the connection breaks after the call took effect
  };
  Kind kind = Kind::kBefore;
  int at = 0;  // the call that fails, from 1; 0: none

  int calls = 0;
  bool fired() const { return at != 0 && calls >= at; }
  bool applies() const { return kind == Kind::kAfter || kind == Kind::kDeadAfter; }
  bool breaks() const { return kind == Kind::kDead || kind == Kind::kDeadAfter; }
  Error error() const {
    return {kind == Kind::kBefore ? Reason::kStatementFailed : Reason::kDatabaseUnreachable,
            "injected fault at call " + std::to_string(at)};
  }
};

class FaultySession : public ForwardingSession {
 public:
  // `fault` outlives it and counts over all sessions that share it.
  FaultySession(std::unique_ptr<Session> real, SessionFault& fault)
      : ForwardingSession(std::move(real)),
        version_(real_->server_version()),
        dialect_(real_->dialect()),
        fault_(fault) {}

  Dialect dialect() const override { return dialect_; }
  const std::string& server_version() const override { return version_; }
  Result<SqlResult> Execute(const SqlCommand& command) override {
    return Call([&] { return real_->Execute(command); });
  }
  Result<void> ExecuteAll(std::span<const SqlCommand> commands, const CommandDone& done) override {
    if (real_ == nullptr) return fault_.error();
    const int before = fault_.calls;
    fault_.calls += static_cast<int>(commands.size());
    if (fault_.at <= before || fault_.at > fault_.calls) return real_->ExecuteAll(commands, done);
    const auto index = static_cast<std::size_t>(fault_.at - before - 1);
    TRY(real_->ExecuteAll(commands.first(index + (fault_.applies() ? 1 : 0)), done));
    Error error = fault_.error();
    error.details["command_index"] = std::to_string(index);
    if (fault_.breaks()) real_.reset();
    return error;
  }
  Result<void> Begin() override {
    return Call([&] { return real_->Begin(); });
  }
  Result<void> Commit() override {
    return Call([&] { return real_->Commit(); });
  }
  Result<void> Rollback() override {
    return Call([&] { return real_->Rollback(); });
  }
  bool InTransaction() const override { return real_ != nullptr && real_->InTransaction(); }
  Result<void> Reset() override {
    return Call([&] { return real_->Reset(); });
  }
  Result<bool> TryLock(std::string_view name) override {
    return Call([&] { return real_->TryLock(name); });
  }
  Result<void> Unlock(std::string_view name) override {
    return Call([&] { return real_->Unlock(name); });
  }
  void Interrupt() override {}

 private:
  template <typename Function>
  auto Call(Function function) -> decltype(function()) {
    if (real_ == nullptr) return fault_.error();
    if (++fault_.calls != fault_.at) return function();
    if (fault_.applies()) (void)function();
    if (fault_.breaks()) real_.reset();
    return fault_.error();
  }

  const std::string version_;
  const Dialect dialect_;
  SessionFault& fault_;
};

}  // namespace mig
