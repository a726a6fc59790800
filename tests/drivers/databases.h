// Real databases for the drivers' tests, each empty and of its own, gone with the test process.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <memory>
#include <string>

#include "drivers/session.h"
#include "tests/servers/mariadb_server.h"
#include "tests/servers/postgres_server.h"

namespace mig {

// The servers of this process, one each, with TCP, passwords and TLS.
inline PostgresServer& Server() {
  static PostgresServer server({.tcp = true, .tls = true, .fsync = false});
  return server;
}

inline MariadbServer& MariadbServerOfTests() {
  static MariadbServer server({.tcp = true, .tls = true, .flush = false});
  return server;
}

// An empty folder that goes with the object.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "mig-drivers-XXXXXX").string();
    path_ = mkdtemp(name.data());
  }
  ~TemporaryFolder() { std::filesystem::remove_all(path_); }
  TemporaryFolder(const TemporaryFolder&) = delete;

  const std::string& path() const { return path_; }
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

inline TargetUrl Parse(const std::string& url,
                       const std::map<std::string, std::string>& environment = {}) {
  auto parsed = ParseTargetUrl(url, {"/", environment});
  EXPECT_TRUE(parsed) << url << ": " << parsed.error().message;
  return parsed ? *parsed : TargetUrl();
}

inline std::unique_ptr<Session> MustOpen(const TargetUrl& url) {
  auto session = OpenSession(url, IfMissing::kCreate);
  if (session) return *std::move(session);
  ADD_FAILURE() << session.error().message;
  std::abort();
}

inline SqlResult MustExecute(Session& session, const SqlCommand& command) {
  auto result = session.Execute(command);
  EXPECT_TRUE(result) << command.sql << ": " << (result ? "" : result.error().message);
  return result ? *std::move(result) : SqlResult();
}

// The error of a call that must fail.
template <typename T>
Error ErrorOf(const Result<T>& result) {
  EXPECT_FALSE(result) << "it succeeded";
  return result ? Error{Reason::kInternal, "none"} : result.error();
}

// The only cell of the only row.
inline SqlValue Cell(Session& session, const SqlCommand& command) {
  SqlResult result = MustExecute(session, command);
  if (result.rows.size() != 1 || result.rows[0].empty()) {
    ADD_FAILURE() << command.sql << " gave " << result.rows.size() << " rows";
    return nullptr;
  }
  return result.rows[0][0];
}

// An empty database and its url.
class Database {
 public:
  explicit Database(Dialect dialect) {
    static int count = 0;
    std::string name = "test_" + std::to_string(++count);
    switch (dialect) {
      case Dialect::kSqlite:
        url_ = Parse("sqlite:" + (folder_ / "test.db"));
        break;
      case Dialect::kPostgresql:
        MustExecute(*MustOpen(Parse(Server().Url())), {"CREATE DATABASE " + name});
        url_ = Parse(Server().Url(name));
        break;
      case Dialect::kMariadb:
        MustExecute(*MustOpen(Parse(MariadbServerOfTests().Url())), {"CREATE DATABASE " + name});
        url_ = Parse(MariadbServerOfTests().Url(name));
        break;
    }
  }

  const TargetUrl& url() const { return url_; }
  std::unique_ptr<Session> Open() const { return MustOpen(url_); }

 private:
  TemporaryFolder folder_;
  TargetUrl url_;
};

}  // namespace mig
