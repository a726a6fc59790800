#include "tests/drivers/databases.h"

#include <chrono>
#include <cstdlib>
#include <thread>
#include <utility>

namespace mig {

PostgresServer& Server() {
  // Hundreds of databases come, and autovacuum would look after each of them once a minute.
  static PostgresServer server(
      {.tcp = true, .tls = true, .fsync = false, .settings = {"autovacuum=off"}});
  return server;
}

MariadbServer& MariadbServerOfTests() {
  static MariadbServer server({.tcp = true, .tls = true, .flush = false});
  return server;
}

TargetUrl Parse(const std::string& url, const std::map<std::string, std::string>& environment) {
  auto parsed = ParseTargetUrl(url, {"/", environment});
  EXPECT_TRUE(parsed) << url << ": " << parsed.error().message;
  return parsed ? *parsed : TargetUrl();
}

std::unique_ptr<Session> MustOpen(const TargetUrl& url) {
  auto session = OpenSession(url, IfMissing::kCreate);
  if (session) return *std::move(session);
  ADD_FAILURE() << session.error().message;
  std::abort();
}

SqlResult MustExecute(Session& session, const SqlCommand& command) {
  auto result = session.Execute(command);
  EXPECT_TRUE(result) << command.sql << ": " << (result ? "" : result.error().message);
  return result ? *std::move(result) : SqlResult();
}

SqlValue Cell(Session& session, const SqlCommand& command) {
  SqlResult result = MustExecute(session, command);
  if (result.rows.size() != 1 || result.rows[0].empty()) {
    ADD_FAILURE() << command.sql << " gave " << result.rows.size() << " rows";
    return nullptr;
  }
  return result.rows[0][0];
}

void AwaitIdle(Session& other, std::int64_t process_id) {
  const SqlCommand waits_for = {"SELECT wait_event FROM pg_stat_activity WHERE pid = $1",
                                {process_id}};
  while (Cell(other, waits_for) != SqlValue("ClientRead"))
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
}

std::string CreateDatabase(Dialect dialect, const std::string& name) {
  if (dialect == Dialect::kMariadb) {
    MustExecute(*MustOpen(Parse(MariadbServerOfTests().Url())), {"CREATE DATABASE " + name});
    return MariadbServerOfTests().Url(name);
  }
  // The other strategy writes each page to the log, and takes three times as long.
  MustExecute(*MustOpen(Parse(Server().Url())),
              {"CREATE DATABASE " + name + " STRATEGY file_copy"});
  return Server().Url(name);
}

Database::Database(Dialect dialect) {
  static int count = 0;
  std::string name = "test_" + std::to_string(++count);
  url_ = Parse(dialect == Dialect::kSqlite ? "sqlite:" + (folder_ / "test.db")
                                           : CreateDatabase(dialect, name));
}

Database::~Database() = default;

}  // namespace mig
