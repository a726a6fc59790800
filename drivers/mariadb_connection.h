// An open connection of libmariadb: opening it, running statements, one or several in a round trip,
// and cancelling from another thread.
//
// One thread uses it; only Cancel() may come from another one.
#pragma once

#include <mysql.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <functional>
#include <limits>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "drivers/session.h"
#include "drivers/target_url.h"

namespace mig {

class MariadbConnection {
 public:
  // Opens a connection whose text is utf8mb4, which reports found rows (not changed ones) as
  // affected, and which never reads a file of this machine for the server. What the url leaves out
  // comes from the owner's ~/.my.cnf, then from the environment (drivers/ target_url.h), then from
  // the library. This side does not wait for a server that is gone for longer than about 10 s.
  //
  // Errors: kDatabaseUnreachable, kDatabaseRefused, kDatabaseMissing.
  static Result<std::unique_ptr<MariadbConnection>> Open(const TargetUrl& url);

  // Between construction and destruction of a Running, Cancel() ends what runs; without kills, only
  // a server that is silent for ten seconds more is given up.
  enum class Kills { kYes, kNo };
  class Running {
   public:
    explicit Running(MariadbConnection& connection, Kills kills = Kills::kYes);
    ~Running();
    Running(const Running&) = delete;

   private:
    MariadbConnection& connection_;
  };

  // The server's limit for one message. A statement that reaches it is not sent, but fails: the
  // server would close the connection. Without this call everything is sent.
  void LimitMessages(std::size_t bytes) { message_limit_ = bytes; }

  // Sends exactly one statement and reads its answer; of several results (CALL) the last that has
  // columns.
  Result<SqlResult> Run(const std::string& sql);
  // The same, for statements of our own: no limit that a script set in the session counts. MySQL
  // has no means for that.
  Result<SqlResult> RunUnlimited(const std::string& sql);

  // Likewise runs the statements up to the first that fails and answers the results that have
  // columns, in their order. MariaDB gets them as one compound statement, in one message, MySQL one
  // by one. REQUIRES: they are our own, and change nothing in the session.
  Result<std::vector<SqlResult>> RunTogether(std::span<const std::string> statements);

  // Kills what the server runs for this connection now, or begins to run before the Running ends
  // (KILL QUERY, over a connection of its own). A server that has not ended it after a minute, or
  // takes no connection for ten seconds, is given up: this connection is gone then.
  void Cancel();
  bool cancelled() const { return cancelled_; }
  // Every call fails from here on.
  void GiveUp();

  bool in_transaction() const;
  // Whether a statement left something in the session that Reset() has to undo, as far as the
  // server tells (session_track_state_change) or the statement's text shows.
  bool state_changed() const { return state_changed_; }
  void ForgetChanges() { state_changed_ = false; }

  // Whether the server has neither hung up nor said anything. Asks nothing.
  bool IsQuiet() const;
  // Chooses the url's database again, as opening does. False where that fails, or takes longer than
  // a second: then the connection is of no use any more.
  bool ReturnToDatabase();

  std::string server_version() const;
  std::int64_t server_id() const;  // the server's id of this connection
  bool is_mariadb() const;

  void OnNotice(std::function<void(const SqlNotice&)> listener) { listener_ = std::move(listener); }

 private:
  struct Close {
    void operator()(MYSQL* connection) const { mysql_close(connection); }
  };

  explicit MariadbConnection(TargetUrl url);

  // `answer_seconds`: how long it waits for an answer; 0: as long as it takes.
  static Result<std::unique_ptr<MariadbConnection>> Open(const TargetUrl& url,
                                                         unsigned answer_seconds);

  void SetExecuting(bool executing);
  bool AwaitAnswer();
  std::string Unlimited(std::string sql) const;
  Result<std::vector<SqlResult>> Ask(const std::string& sql);
  Result<std::vector<SqlResult>> ReadResults(const std::string& sql);
  void NoteChanges();
  void PassNotices();
  bool SendKill();  // under mutex_; false when the server is silent
  void AbsorbKill();

  TargetUrl url_;
  std::unique_ptr<MYSQL, Close> mysql_;
  std::mutex mutex_;  // guards what follows; makes a statement's end wait for a kill under way
  bool running_ = false;
  bool executing_ = false;
  Kills kills_ = Kills::kYes;
  std::unique_ptr<MariadbConnection> killer_;
  std::atomic<bool> cancelled_ = false;
  std::atomic<std::chrono::steady_clock::time_point> cancelled_at_ = {};
  bool state_changed_ = false;
  std::size_t message_limit_ = std::numeric_limits<std::size_t>::max();
  std::function<void(const SqlNotice&)> listener_;
};

}  // namespace mig
