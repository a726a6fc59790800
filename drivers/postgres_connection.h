// An open libpq connection: opening it, waiting for what the server answers, and cancelling from
// another thread.
//
// One thread uses it; only Cancel() may come from another one.
#pragma once

#include <libpq-fe.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <mutex>

#include "drivers/postgres_result.h"
#include "drivers/session.h"
#include "drivers/target_url.h"

namespace mig {

class PostgresConnection {
 public:
  // Opens a connection. What the url leaves open is set so that neither side waits for a peer that
  // is gone for longer than about 10 s: connect_timeout, keepalives, tcp_user_timeout. The first
  // server of several that answers is taken, as libpq does. `options` are for the server, behind
  // those of the url ("-c NAME=VALUE").
  //
  // Errors: kDatabaseUnreachable, kDatabaseRefused.
  static Result<std::unique_ptr<PostgresConnection>> Open(const TargetUrl& url,
                                                          const std::string& options = "");

  PGconn* get() const { return connection_.get(); }

  // Between construction and destruction of a Running, Cancel() reaches the server.
  class Running {
   public:
    explicit Running(PostgresConnection& connection);
    ~Running();
    Running(const Running&) = delete;

   private:
    PostgresConnection& connection_;
  };

  // Cancels what the server does now, or begins to do before the Running ends. A server that has
  // not ended it after a minute, or takes no connection for ten seconds, is given up: this
  // connection is gone then.
  void Cancel();
  bool cancelled() const { return cancelled_; }

  // Waits until the socket can be read, or also written where `for_writing`; repeats a cancellation
  // as long as the Running lasts. Reads what has come. False when the connection is gone.
  bool Wait(bool for_writing);

  // Whether it is usable and the server has said nothing that nobody asked for, such as a farewell.
  bool IsQuiet() const;

  // The next result, null at the end of a command's results. Only blocks in Wait().
  PostgresResult NextResult();

  void OnNotice(std::function<void(const SqlNotice&)> listener) { listener_ = std::move(listener); }

 private:
  struct Finish {
    void operator()(PGconn* connection) const { PQfinish(connection); }
  };
  struct FreeCancel {
    void operator()(PGcancel* cancel) const { PQfreeCancel(cancel); }
  };

  explicit PostgresConnection(PGconn* connection);

  bool SendCancel();  // false when the server is silent
  void RepeatCancel();
  static void ReceiveNotice(void* connection, const PGresult* notice);

  std::unique_ptr<PGconn, Finish> connection_;
  std::unique_ptr<PGcancel, FreeCancel> cancel_;
  std::mutex
      mutex_;  // guards running_, and makes a statement's end wait for a cancellation under way
  bool running_ = false;
  std::atomic<bool> cancelled_ = false;
  std::atomic<std::chrono::steady_clock::time_point> cancelled_at_ = {};
  std::atomic<std::chrono::steady_clock::time_point> repeat_at_ = {};
  std::function<void(const SqlNotice&)> listener_;
};

}  // namespace mig
