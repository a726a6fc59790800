#include "drivers/target_url.h"

#include <gmock/gmock.h>

#include <fstream>

#include "drivers/postgres_parameters.h"
#include "tests/drivers/databases.h"

namespace mig {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsSupersetOf;
using testing::Not;
using testing::Pair;

using Environment = std::map<std::string, std::string>;

std::string SqlitePath(const std::string& url) {
  auto parsed = ParseTargetUrl(url, {"/srv", {}});
  EXPECT_TRUE(parsed) << url;
  return parsed ? parsed->path : "";
}

Error UrlError(const std::string& url) { return ErrorOf(ParseTargetUrl(url, {"/srv", {}})); }

// What libpq would be told, less what only names files of the home directory.
Environment Parameters(const std::string& url, const Environment& environment = {}) {
  Environment parameters = Parse(url, environment).parameters;
  for (const char* file : {"passfile", "sslcert", "sslkey", "sslrootcert", "sslcrl"})
    parameters.erase(file);
  return parameters;
}

TEST(SqliteUrl, IsRelativeToTheFileThatNamesItUnlessAbsolute) {
  EXPECT_EQ(SqlitePath("sqlite:dev.db"), "/srv/dev.db");
  EXPECT_EQ(SqlitePath("sqlite:../data/dev.db"), "/data/dev.db");
  EXPECT_EQ(SqlitePath("sqlite:/var/lib/dev.db"), "/var/lib/dev.db");
}

TEST(SqliteUrl, HasThreeSlashesForRelativeAndFourForAbsoluteAsInSqlalchemy) {
  EXPECT_EQ(SqlitePath("sqlite:///dev.db"), "/srv/dev.db");
  EXPECT_EQ(SqlitePath("sqlite:////var/dev.db"), "/var/dev.db");
  EXPECT_EQ(SqlitePath("sqlite+pysqlite:///dev.db"), "/srv/dev.db");
}

TEST(SqliteUrl, IsTakenLiterally) {
  EXPECT_EQ(SqlitePath("sqlite:my 100%25 #1.db"), "/srv/my 100%25 #1.db");
}

TEST(SqliteUrl, RefusesMemoryHostsAndParameters) {
  for (const char* url : {"sqlite::memory:", "sqlite://", "sqlite:///:memory:", "sqlite:",
                          "sqlite:///", "sqlite://dev.db", "sqlite:dev.db?mode=ro"}) {
    EXPECT_EQ(UrlError(url).reason, Reason::kUrlInvalid) << url;
  }
}

TEST(SqliteUrl, NeedsAFolderToBeRelativeTo) {
  EXPECT_EQ(ErrorOf(ParseTargetUrl("sqlite:dev.db", {"", {}})).reason, Reason::kUrlInvalid);
}

TEST(TargetUrl, RefusesWhatItDoesNotKnow) {
  EXPECT_EQ(UrlError("oracle://x").reason, Reason::kUnsupported);
  for (const char* url : {"", "dev.db", "postgresql:x", "SQLITE:dev.db"}) {
    EXPECT_THAT(UrlError(url).reason, testing::AnyOf(Reason::kUrlInvalid, Reason::kUnsupported))
        << url;
  }
  EXPECT_EQ(UrlError(std::string("sqlite:a\0b", 10)).reason, Reason::kUrlInvalid);
}

TEST(PostgresUrl, RefusesAnUnknownSslMode) {
  EXPECT_EQ(UrlError("postgresql://db/shop?sslmode=bogus").reason, Reason::kUrlInvalid);
  EXPECT_TRUE(ParseTargetUrl("postgresql://db/shop?sslmode=verify-full", {"/", {}}));
}

TEST(PostgresUrl, IsReadByLibpq) {
  Environment expected = {{"host", "db"},       {"port", "5433"},   {"user", "al ice"},
                          {"password", "p@ss"}, {"dbname", "shop"}, {"sslmode", "require"}};
  std::string rest = "://al%20ice:p%40ss@db:5433/shop?sslmode=require";
  for (const char* scheme :
       {"postgresql", "postgres", "postgresql+psycopg2", "postgresql+asyncpg"}) {
    EXPECT_EQ(Parameters(scheme + rest), expected) << scheme;
  }
  EXPECT_EQ(Parameters("host=db port=5433 user='al ice' password=p@ss dbname=shop sslmode=require"),
            expected);
}

TEST(PostgresUrl, TakesWhatItLeavesOutFromItsOwnersEnvironment) {
  Environment environment = {{"PGHOST", "envhost"},
                             {"PGUSER", "envuser"},
                             {"PGPASSWORD", "envpass"},
                             {"PGOPTIONS", "-c geqo=off"},
                             {"PGAPPNAME", "app"},
                             {"PGSSLMODE", "verify-full"},
                             {"PGPORT", ""},
                             {"UNRELATED", "x"}};
  EXPECT_EQ(Parameters("postgresql://urluser@/shop", environment),
            (Environment{{"user", "urluser"},
                         {"dbname", "shop"},
                         {"host", "envhost"},
                         {"password", "envpass"},
                         {"options", "-c geqo=off"},
                         {"application_name", "app"},
                         {"sslmode", "verify-full"}}));
}

TEST(PostgresUrl, NeverReadsTheEnvironmentOfThisProcess) {
  setenv("PGHOST", "daemons-own", 1);
  EXPECT_EQ(Parameters("postgresql://u@/d").count("host"), 0u);
  unsetenv("PGHOST");
}

TEST(PostgresUrl, HasOptionsThatAreCutAsTheServerCutsThem) {
  EXPECT_THAT(SettingsInOptions(R"( -c search_path=a,\ b\\ -cgeqo=off  --statement-timeout=5s )"
                                "-c x.y=a=b -e -c"),
              ElementsAre(Pair("search_path", "a, b\\"), Pair("geqo", "off"),
                          Pair("statement_timeout", "5s"), Pair("x.y", "a=b")));
  EXPECT_THAT(SettingsInOptions(""), ElementsAre());
}

TEST(PostgresUrl, FindsFilesInItsOwnersHome) {
  auto parameters = Parse("postgresql://db/shop", {{"HOME", "/home/ann"}}).parameters;
  EXPECT_EQ(parameters["passfile"], "/home/ann/.pgpass");
  EXPECT_EQ(parameters["sslrootcert"], "/home/ann/.postgresql/root.crt");
  parameters = Parse("postgresql://db/shop?passfile=/x", {{"HOME", "/home/ann"}}).parameters;
  EXPECT_EQ(parameters["passfile"], "/x");
}

TEST(PostgresUrl, NamesFilesRelativeToTheFileThatNamesIt) {
  const Environment environment = {{"HOME", "/home/ann"}, {"PGSSLCERT", "tls/ann.crt"}};
  auto parsed = ParseTargetUrl(
      "postgresql://db/shop?passfile=./pass&sslrootcert=../ca.pem&sslkey=/etc/ann.key",
      {"/srv/shop", environment});
  ASSERT_TRUE(parsed);
  EXPECT_THAT(
      parsed->parameters,
      IsSupersetOf({Pair("passfile", "/srv/shop/pass"), Pair("sslrootcert", "/srv/ca.pem"),
                    Pair("sslcert", "/srv/shop/tls/ann.crt"), Pair("sslkey", "/etc/ann.key"),
                    Pair("sslcrl", "/home/ann/.postgresql/root.crl")}));
  EXPECT_THAT(parsed->redacted, HasSubstr("passfile=.%2Fpass"));
}

TEST(PostgresUrl, KeepsWhatStandsInPlaceOfAFile) {
  auto parsed = ParseTargetUrl("postgresql://db/shop?sslrootcert=system&sslkey=pkcs11:ann",
                               {"/srv/shop", {{"HOME", "/home/ann"}}});
  ASSERT_TRUE(parsed);
  EXPECT_THAT(parsed->parameters,
              IsSupersetOf({Pair("sslrootcert", "system"), Pair("sslkey", "pkcs11:ann")}));
}

class ServiceFile : public testing::Test {
 protected:
  void Write(const std::string& name, const std::string& text) {
    std::ofstream(home_ / name) << text;
  }
  Error ServiceError(const std::string& url) {
    return ErrorOf(ParseTargetUrl(url, {"/", {{"HOME", home_.path().string()}}}));
  }

  ScratchDirectory home_;
};

TEST_F(ServiceFile, StandsBetweenUrlAndEnvironment) {
  Write(
      ".pg_service.conf",
      "# ours\n[other]\nhost=wrong\n\n [shop] \n host=svc\nport=1111\nuser=svcuser\n[z]\nuser=z\n");
  Environment environment = {
      {"HOME", home_.path().string()}, {"PGPORT", "2222"}, {"PGDATABASE", "envdb"}};
  Environment expected = {
      {"host", "svc"}, {"port", "1111"}, {"user", "urluser"}, {"dbname", "envdb"}};
  EXPECT_EQ(Parameters("postgresql://urluser@?service=shop", environment), expected);
  environment["PGSERVICE"] = "shop";
  EXPECT_EQ(Parameters("postgresql://urluser@", environment), expected);
}

TEST_F(ServiceFile, IsFoundByPgservicefile) {
  Write("services", "[shop]\nhost=svc\n");
  EXPECT_THAT(Parameters("service=shop", {{"PGSERVICEFILE", home_ / "services"}}),
              ElementsAre(Pair("host", "svc")));
}

TEST_F(ServiceFile, IsRelativeToTheFileThatNamesTheUrl) {
  Write("services", "[shop]\nhost=svc\n");
  auto parsed =
      ParseTargetUrl("service=shop", {home_.path().string(), {{"PGSERVICEFILE", "./services"}}});
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->parameters["host"], "svc");
}

TEST_F(ServiceFile, ErrorsNameServiceAndLine) {
  Write(".pg_service.conf", "[shop]\nhost=svc\nsecret-without-equals\n[odd]\ncolour=red\n");
  EXPECT_THAT(ServiceError("service=shop").message, HasSubstr("line 3"));
  EXPECT_THAT(ServiceError("service=shop").message, Not(HasSubstr("secret")));
  EXPECT_THAT(ServiceError("service=odd").message, HasSubstr("`colour`"));
  EXPECT_THAT(ServiceError("service=none").message, HasSubstr("`none`"));
}

TEST(RedactedUrl, ShowsWhereItLeadsWithoutSecrets) {
  auto redacted = [](const std::string& url, const Environment& environment = {}) {
    return Parse(url, environment).redacted;
  };
  EXPECT_EQ(redacted("postgresql://ann:hunter2@db:5433/shop?sslmode=require&sslpassword=hunter2"),
            "postgresql://ann@db:5433/shop?sslmode=require");
  EXPECT_EQ(redacted("host=/run/postgresql user=ann password=hunter2 dbname=shop"),
            "postgresql://ann@/shop?host=%2Frun%2Fpostgresql");
  EXPECT_EQ(redacted("postgresql:///shop", {{"PGHOST", "db"}, {"PGPASSWORD", "hunter2"}}),
            "postgresql://db/shop");
  EXPECT_EQ(redacted("mysql+pymysql://ann:hunter2@db:3306/shop?charset=utf8"),
            "mariadb://ann@db:3306/shop");
  EXPECT_EQ(redacted("sqlite:/x/dev.db"), "sqlite:/x/dev.db");
}

TEST(RedactedUrl, NamesTheSameDatabase) {
  for (const char* url : {"postgresql://ann@db:5433/sh%20op",
                          "postgresql://a%40b@h1,h2:1,2/x?target_session_attrs=any",
                          "postgresql:///x?host=/run", "postgresql://[::1]:5/x"}) {
    EXPECT_EQ(Parameters(Parse(url).redacted), Parameters(url)) << url;
  }
}

TEST(MariadbUrl, IsReadWithItsParameters) {
  EXPECT_THAT(Parameters("mariadb://ann:p%40ss@db:3306/shop?charset=utf8mb4&ssl-ca=%2Fca.pem"),
              ElementsAre(Pair("charset", "utf8mb4"), Pair("dbname", "shop"), Pair("host", "db"),
                          Pair("password", "p@ss"), Pair("port", "3306"), Pair("ssl_ca", "/ca.pem"),
                          Pair("user", "ann")));
  EXPECT_THAT(Parameters("mysql:///shop?socket=%2Frun%2Fs"),
              ElementsAre(Pair("dbname", "shop"), Pair("unix_socket", "/run/s")));
}

TEST(MariadbUrl, NamesFilesRelativeToTheFileThatNamesIt) {
  auto parsed =
      ParseTargetUrl("mariadb://db/shop?ssl_ca=ca.pem&ssl_key=/etc/ann.key", {"/srv", {}});
  ASSERT_TRUE(parsed);
  EXPECT_THAT(parsed->parameters,
              IsSupersetOf({Pair("ssl_ca", "/srv/ca.pem"), Pair("ssl_key", "/etc/ann.key")}));
}

TEST(MariadbUrl, HasAddressesOfIpv6InBrackets) {
  EXPECT_THAT(Parameters("mariadb://u@[::1]:3306/db"),
              ElementsAre(Pair("dbname", "db"), Pair("host", "::1"), Pair("port", "3306"),
                          Pair("user", "u")));
  EXPECT_THAT(Parameters("mariadb://[fe80::2]/db"),
              ElementsAre(Pair("dbname", "db"), Pair("host", "fe80::2")));
  EXPECT_EQ(Parse("mariadb://u@[::1]:3306/db").redacted, "mariadb://u@[::1]:3306/db");
  for (const char* url : {"mariadb://[::1/db", "mariadb://[::1]3306/db", "mariadb://[::1]:x/db"})
    EXPECT_EQ(UrlError(url).reason, Reason::kUrlInvalid) << url;
}

TEST(MariadbUrl, TakesWhatTheClientTakesFromItsSurroundings) {
  EXPECT_THAT(
      Parameters("mariadb:///shop", {{"HOME", "/home/ann"},
                                     {"MYSQL_HOST", "db"},
                                     {"MYSQL_TCP_PORT", "3307"},
                                     {"MYSQL_UNIX_PORT", "/run/s"},
                                     {"MYSQL_PWD", "hunter2"}}),
      ElementsAre(Pair("dbname", "shop"), Pair("default_host", "db"),
                  Pair("default_password", "hunter2"), Pair("default_port", "3307"),
                  Pair("default_unix_socket", "/run/s"), Pair("option_file", "/home/ann/.my.cnf")));
}

TEST(MariadbUrl, RefusesWhatItDoesNotKnow) {
  for (const char* url : {"mariadb://db/shop?colour=red", "mariadb://db/shop?charset=latin1",
                          "mariadb://db/shop?sql_mode=ANSI", "mariadb://db/shop?sql_mode='",
                          "mariadb://db/shop?sql-mode=strict_all_tables,ansi_quotes"}) {
    EXPECT_EQ(UrlError(url).reason, Reason::kUrlInvalid) << url;
  }
}

// Malformed in every way a password can make a url malformed.
TEST(UrlErrors, NeverQuoteThePassword) {
  for (const char* url :
       {"postgresql://ann:hunter2@x@db/shop", "postgresql://ann:hunter2/x@db/shop",
        "postgresql://ann:1/hunter2@db/shop", "postgresql://ann:%zzhunter2@db/shop",
        "postgresql://ann:hunter2#x@db:port/shop", "postgresql://ann:x@db:hunter2/shop",
        "postgresql://ann:x@db/s?hunter2", "host=db password=hunter2 hunter2",
        "host=db password='hunter2", "password hunter2=x", "hunter2", "mysql://ann:%hunter2@db/x",
        "mysql://ann:x/hunter2@db/x", "mysql://ann:hunter2", "sqlite://ann:hunter2@db/x"}) {
    Error error = UrlError(url);
    EXPECT_EQ(error.reason, Reason::kUrlInvalid) << url;
    EXPECT_THAT(error.message + HintOf(error), Not(HasSubstr("hunter2"))) << url;
    for (const auto& [key, value] : error.details)
      EXPECT_THAT(value, Not(HasSubstr("hunter2"))) << url;
  }
}

TEST(RedactSecrets, HidesPasswordsWhereverTextHoldsThem) {
  EXPECT_EQ(RedactSecrets("cannot connect to postgresql://ann:s3cret@db/x, retry"),
            "cannot connect to postgresql://ann:***@db/x, retry");
  EXPECT_EQ(RedactSecrets("host=db password=s3cret user=ann"), "host=db password=*** user=ann");
  EXPECT_EQ(RedactSecrets("password = 's3 cr\\'et' user=ann"), "password = '***' user=ann");
  EXPECT_EQ(RedactSecrets("?user=a&password=s3cret&x=1"), "?user=a&password=***&x=1");
  EXPECT_EQ(RedactSecrets("using password: YES)"), "using password: ***");
  EXPECT_EQ(RedactSecrets("PGPASSWORD=s3cret mig up"), "PGPASSWORD=*** mig up");
  EXPECT_EQ(RedactSecrets("CREATE ROLE a PASSWORD 's3''cret' LOGIN"),
            "CREATE ROLE a PASSWORD '***' LOGIN");
  EXPECT_EQ(RedactSecrets("near 'IDENTIFIED BY 's3cret' LOCK' at line 1"),
            "near 'IDENTIFIED BY '***' LOCK' at line 1");
  EXPECT_EQ(RedactSecrets("ALTER USER a identified\n by \"s3cret\""),
            "ALTER USER a identified\n by \"***\"");
  EXPECT_EQ(RedactSecrets("SET PASSWORD = PASSWORD('s3cret')"), "SET PASSWORD = ***");
  EXPECT_EQ(RedactSecrets("SET PASSWORD FOR 'ann'@'%' = 's3cret'"),
            "SET PASSWORD FOR 'ann'@'%' = '***'");
  EXPECT_EQ(RedactSecrets("IDENTIFIED VIA mysql_native_password USING PASSWORD( 's3cret' )"),
            "IDENTIFIED VIA mysql_native_password USING PASSWORD( '***' )");
  EXPECT_EQ(RedactSecrets("IDENTIFIED WITH caching_sha2_password BY 's3cret'"),
            "IDENTIFIED WITH caching_sha2_password BY '***'");
  EXPECT_EQ(RedactSecrets(R"({"password": "s3cret", "user": "a"})"),
            R"({"password": "***", "user": "a"})");
  EXPECT_EQ(RedactSecrets("a://u:p@q@h b://u:s@h"), "a://u:***@h b://u:***@h");
}

TEST(RedactSecrets, LeavesOtherTextAlone) {
  for (const char* text :
       {"", "password authentication failed for user \"ann\"", "http://localhost:80/x",
        "no password supplied", "no password for user \"ann\"", "password (if any)",
        "(using password: YES)", "Access denied for user 'a'@'b' (using password: NO)",
        "a user identified by its name", "postgresql://ann@db:5433/x", "password",
        "password=", "a://:"}) {
    EXPECT_EQ(RedactSecrets(text), text);
  }
}

}  // namespace
}  // namespace mig
