// What a person reads when a PostgreSQL target cannot be opened, and what libpq's own files and
// variables do.
#include "drivers/postgres_connection.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "tests/drivers/databases.h"

namespace mig {
namespace {

using testing::ContainsRegex;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;

class PostgresConnectionTest : public testing::Test {
 protected:
  PostgresConnectionTest() {
    environment_ = {{"HOME", home_.path().string()}, {"PGUSER", "postgres"}};
  }

  Result<std::unique_ptr<Session>> Open(const std::string& url) {
    return OpenSession(Parse(url, environment_), IfMissing::kFail);
  }
  // The error of opening, which must not give away a password.
  Error OpenError(const std::string& url) {
    Error error = ErrorOf(Open(url));
    std::string all = error.message + HintOf(error);
    for (const auto& [key, value] : error.details) all += value;
    EXPECT_THAT(all, Not(HasSubstr("hunter2")));
    return error;
  }
  std::string TcpAddress() { return "127.0.0.1:" + Server().port(); }
  void WritePrivate(const std::string& name, const std::string& text) {
    std::ofstream(home_ / name) << text;
    chmod((home_ / name).c_str(), 0600);
  }

  ScratchDirectory home_;
  std::map<std::string, std::string> environment_;
};

TEST_F(PostgresConnectionTest, AWrongPasswordIsRefused) {
  Error error = OpenError("postgresql://postgres:hunter2-wrong@" + TcpAddress() + "/postgres");
  EXPECT_EQ(error.reason, Reason::kDatabaseRefused);
  EXPECT_THAT(error.message, HasSubstr("password authentication failed"));
  EXPECT_THAT(error.message, HasSubstr("postgresql://postgres@127.0.0.1"));
}

TEST_F(PostgresConnectionTest, OfAServerThatDoesNotAnswerTheLastWordsAreTheSystems) {
  EXPECT_THAT(OpenError("postgresql://127.0.0.1:1/postgres").message,
              EndsWith("port 1 failed: Connection refused"));
  EXPECT_THAT(
      OpenError("postgresql://127.0.0.1:1,127.0.0.1:2/postgres").message,
      ContainsRegex("port 1 failed: Connection refused; .*port 2 failed: Connection refused$"));
}

TEST_F(PostgresConnectionTest, AMissingPasswordIsRefused) {
  Error error = OpenError("postgresql://postgres@" + TcpAddress() + "/postgres");
  EXPECT_EQ(error.reason, Reason::kDatabaseRefused);
  EXPECT_THAT(error.message, HasSubstr("no password supplied"));
}

TEST_F(PostgresConnectionTest, AnUnknownDatabaseOrRoleIsRefused) {
  Error error = OpenError(Server().Url("nowhere"));
  EXPECT_EQ(error.reason, Reason::kDatabaseRefused);
  EXPECT_THAT(error.message, HasSubstr("database \"nowhere\" does not exist"));
  error = OpenError("postgresql://nobody:hunter2@/postgres?host=" + Server().folder() +
                    "&port=" + Server().port());
  EXPECT_EQ(error.reason, Reason::kDatabaseRefused);
}

TEST_F(PostgresConnectionTest, NoServerIsUnreachable) {
  EXPECT_EQ(OpenError("postgresql://a:hunter2@127.0.0.1:1/x").reason, Reason::kDatabaseUnreachable);
  Error error = OpenError("postgresql://a:hunter2@/x?host=/nonexistent");
  EXPECT_EQ(error.reason, Reason::kDatabaseUnreachable);
  EXPECT_THAT(error.message, HasSubstr("/nonexistent"));
  EXPECT_EQ(OpenError("postgresql://a:hunter2@no-such-host.invalid/x").reason,
            Reason::kDatabaseUnreachable);
}

TEST_F(PostgresConnectionTest, TheStaleSocketOfAKilledServerIsUnreachable) {
  PostgresServer killed({.fsync = false});
  std::string url = killed.Url();
  ASSERT_TRUE(Open(url));
  killed.Kill();
  ASSERT_TRUE(std::filesystem::exists(killed.folder() + "/.s.PGSQL." + killed.port()));
  Error error = OpenError(url);
  EXPECT_EQ(error.reason, Reason::kDatabaseUnreachable);
  EXPECT_THAT(error.message, HasSubstr("Connection refused"));
}

TEST_F(PostgresConnectionTest, AServerThatNeverAnswersIsGivenUp) {
  int listener = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  ASSERT_EQ(bind(listener, reinterpret_cast<sockaddr*>(&address), size), 0);
  ASSERT_EQ(listen(listener, 1), 0);
  getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size);
  Error error =
      OpenError("postgresql://a:hunter2@127.0.0.1:" + std::to_string(ntohs(address.sin_port)) +
                "/x?connect_timeout=2");
  close(listener);
  EXPECT_EQ(error.reason, Reason::kDatabaseUnreachable);
  EXPECT_THAT(error.message, HasSubstr("timeout expired"));
}

TEST_F(PostgresConnectionTest, ThePasswordMayComeFromTheUrlOrTheOwnersEnvironment) {
  EXPECT_TRUE(Open(Server().TcpUrlWithPassword()));
  environment_["PGPASSWORD"] = PostgresServer::Password();
  EXPECT_TRUE(Open(Server().TcpUrl()));
}

TEST_F(PostgresConnectionTest, ThePasswordMayComeFromTheOwnersPgpass) {
  WritePrivate(".pgpass", "127.0.0.1:*:*:postgres:" + PostgresServer::Password() + "\n");
  EXPECT_TRUE(Open(Server().TcpUrl()));
}

TEST_F(PostgresConnectionTest, ThePasswordMayComeFromANamedPassfile) {
  WritePrivate("elsewhere", "127.0.0.1:*:*:postgres:" + PostgresServer::Password() + "\n");
  EXPECT_TRUE(Open(Server().TcpUrl() + "?passfile=" + (home_ / "elsewhere")));
  environment_["PGPASSFILE"] = home_ / "elsewhere";
  EXPECT_TRUE(Open(Server().TcpUrl()));
}

TEST_F(PostgresConnectionTest, EverythingMayComeFromAService) {
  WritePrivate(".pg_service.conf", "[shop]\nhost=127.0.0.1\nport=" + Server().port() +
                                       "\nuser=postgres\ndbname=postgres\npassword=" +
                                       PostgresServer::Password() + "\n");
  EXPECT_TRUE(Open("postgresql://?service=shop"));
  environment_["PGSERVICE"] = "shop";
  EXPECT_TRUE(Open("postgresql:///postgres"));
}

TEST_F(PostgresConnectionTest, TlsIsUsedAndCheckedAsAskedFor) {
  auto uses_tls = [&](const std::string& settings) {
    auto session = Open(Server().TcpUrlWithPassword() + settings);
    EXPECT_TRUE(session) << settings << ": " << (session ? "" : session.error().message);
    return session ? Cell(**session, {"SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()"})
                   : SqlValue();
  };
  EXPECT_EQ(uses_tls("?sslmode=disable"), SqlValue("f"));
  EXPECT_EQ(uses_tls("?sslmode=require"), SqlValue("t"));
  EXPECT_EQ(uses_tls("?sslmode=verify-full&sslrootcert=" + Server().certificate()), SqlValue("t"));
  environment_["PGSSLMODE"] = "require";
  EXPECT_EQ(uses_tls(""), SqlValue("t"));
}

TEST_F(PostgresConnectionTest, ACertificateThatCannotBeCheckedIsNotTrusted) {
  Error error = OpenError(Server().TcpUrlWithPassword() + "?sslmode=verify-full");
  EXPECT_EQ(error.reason, Reason::kDatabaseUnreachable);
  EXPECT_THAT(error.message, HasSubstr("root.crt"));
  EXPECT_THAT(HintOf(error), HasSubstr("sslmode=verify-full"));
}

TEST_F(PostgresConnectionTest, AServerWithoutTlsIsNotUsedWhereTlsIsRequired) {
  PostgresServer plain({.tcp = true, .fsync = false});
  EXPECT_TRUE(Open(plain.TcpUrlWithPassword()));
  Error error = OpenError(plain.TcpUrlWithPassword() + "?sslmode=require");
  EXPECT_EQ(error.reason, Reason::kDatabaseUnreachable);
  EXPECT_THAT(error.message, HasSubstr("does not support SSL"));
  EXPECT_THAT(HintOf(error), HasSubstr("TLS"));
}

}  // namespace
}  // namespace mig
