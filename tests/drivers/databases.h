// Real databases for the drivers' tests, each empty and of its own, gone with the test process.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>

#include "drivers/session.h"
#include "tests/scratch_directory.h"
#include "tests/servers/mariadb_server.h"
#include "tests/servers/postgres_server.h"

namespace mig {

// The servers of this process, one each, with TCP, passwords and TLS.
PostgresServer& Server();
MariadbServer& MariadbServerOfTests();

TargetUrl Parse(const std::string& url, const std::map<std::string, std::string>& environment = {});
std::unique_ptr<Session> MustOpen(const TargetUrl& url);
SqlResult MustExecute(Session& session, const SqlCommand& command);

// The error of a call that must fail.
template <typename T>
Error ErrorOf(const Result<T>& result) {
  EXPECT_FALSE(result) << "it succeeded";
  return result ? Error{Reason::kInternal, "none"} : result.error();
}

// The only cell of the only row.
SqlValue Cell(Session& session, const SqlCommand& command);

// Waits until PostgreSQL's session of that process id has done all it was sent. Whatever cancels it
// then is lost on the server.
void AwaitIdle(Session& other, std::int64_t process_id);

// A new database of the server of that dialect, which is not SQLite; answers its url.
std::string CreateDatabase(Dialect dialect, const std::string& name);

// An empty database and its url.
class Database {
 public:
  explicit Database(Dialect dialect);
  ~Database();

  const TargetUrl& url() const { return url_; }
  std::unique_ptr<Session> Open() const { return MustOpen(url_); }

 private:
  ScratchDirectory folder_;
  TargetUrl url_;
};

}  // namespace mig
