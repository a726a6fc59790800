// What LocksOf says of PostgreSQL's statements, against the locks that the server itself takes for
// them, and against the files that it writes; and of MariaDB's, against the algorithms that the
// server takes for them.
#include <algorithm>
#include <map>
#include <set>

#include "drivers/sql/classify.h"
#include "drivers/sql/locks.h"
#include "tests/drivers/databases.h"
#include "tests/drivers/sql/locks_cases.h"

namespace mig {
namespace {

constexpr const char* kSetUp[] = {
    "CREATE TABLE s (id integer PRIMARY KEY, name text)",
    "CREATE TABLE s2 (id integer)",
    "CREATE TABLE t (id integer PRIMARY KEY, a text, other integer NOT NULL)",
    "CREATE UNIQUE INDEX t_other ON t (other)",
    "ALTER TABLE t ADD CONSTRAINT positive CHECK (id > 0) NOT VALID",
    "INSERT INTO s SELECT i, i::text FROM generate_series(1, 5) i",
    "INSERT INTO t SELECT i + 10, i::text, i FROM generate_series(1, 5) i",
    "CREATE TABLE parted (id integer) PARTITION BY RANGE (id)",
    "CREATE TABLE part PARTITION OF parted FOR VALUES FROM (0) TO (10)",
    "CREATE TABLE loose (id integer)",
    "CREATE VIEW v AS SELECT id FROM s2",
    "CREATE MATERIALIZED VIEW m AS SELECT id FROM s",
    "CREATE DOMAIN over_zero AS integer CHECK (VALUE > 0)",
    "CREATE FUNCTION shop_default() RETURNS integer LANGUAGE sql VOLATILE AS 'SELECT 1'",
};

// In the order of strength, as pg_locks calls them.
const std::map<std::string, int> kStrength = {{"AccessShareLock", 1},
                                              {"RowShareLock", 2},
                                              {"RowExclusiveLock", 3},
                                              {"ShareLock", 5},
                                              {"ShareUpdateExclusiveLock", 4},
                                              {"ShareRowExclusiveLock", 6},
                                              {"ExclusiveLock", 7},
                                              {"AccessExclusiveLock", 8}};

// "ACCESS EXCLUSIVE" as pg_locks writes it.
std::string InPgLocks(const std::string& mode) {
  std::string name;
  bool starts = true;
  for (const char c : mode) {
    if (c != ' ') name += starts ? c : static_cast<char>(c - 'A' + 'a');
    starts = c == ' ';
  }
  return name + "Lock";
}

std::string TextIn(const SqlValue& cell) {
  const auto* text = std::get_if<std::string>(&cell);
  const auto* number = std::get_if<std::int64_t>(&cell);
  return text != nullptr ? *text : number != nullptr ? std::to_string(*number) : "";
}

using ByName = std::map<std::string, std::string>;

class Server15 {
 public:
  Server15() : session_(database_.Open()) {
    for (const char* sql : kSetUp) MustExecute(*session_, {sql});
  }

  // The strongest lock of each relation that was there before, and whose file changed.
  bool Try(const std::string& statement, ByName& locks, std::set<std::string>& rewritten) {
    const ByName before = Files();
    EXPECT_TRUE(session_->Begin());
    const bool ran = session_->Execute({statement}).has_value();
    if (ran) {
      locks = StrongestLocks();
      for (const auto& [oid, file] : Files()) {
        const auto old = before.find(oid);
        if (old != before.end() && old->second != file) rewritten.insert(NameOfOid(oid));
      }
    }
    EXPECT_TRUE(session_->Rollback());
    std::erase_if(locks, [&](const auto& lock) { return !before.contains(lock.first); });
    ByName named;
    for (const auto& [oid, mode] : locks) named[NameOfOid(oid)] = mode;
    locks = named;
    return ran;
  }

 private:
  ByName Files() {
    return Read(
        "SELECT oid::text, relfilenode::text FROM pg_class WHERE relnamespace = "
        "'public'::regnamespace AND relkind IN ('r', 'p', 'v', 'm')");
  }
  ByName StrongestLocks() {
    ByName strongest;
    const SqlResult held = MustExecute(
        *session_, {"SELECT relation::text, mode FROM pg_locks WHERE pid = pg_backend_pid() AND "
                    "locktype = 'relation'"});
    for (const auto& row : held.rows) {
      std::string& mode = strongest[TextIn(row[0])];
      if (mode.empty() || kStrength.at(TextIn(row[1])) > kStrength.at(mode)) mode = TextIn(row[1]);
    }
    return strongest;
  }
  ByName Read(const std::string& sql) {
    ByName pairs;
    for (const auto& row : MustExecute(*session_, {sql}).rows)
      pairs[TextIn(row[0])] = TextIn(row[1]);
    return pairs;
  }
  std::string NameOfOid(const std::string& oid) {
    return TextIn(Cell(*session_, {"SELECT relname::text FROM pg_class WHERE oid = " + oid}));
  }

  Database database_{Dialect::kPostgresql};
  std::unique_ptr<Session> session_;
};

bool Concerns(const LockTaken& lock) {
  return !lock.is_new && lock.object.find(' ') == std::string::npos;
}

TEST(LocksOracle, PostgresqlTakesTheLocksThatAreForetold) {
  Server15 server;
  int tried = 0;
  for (const LocksCase& one : LocksCases(MIG_TEST_DATA "/drivers/sql/locks/postgresql.txt")) {
    SCOPED_TRACE(one.statement);
    const StatementLocks told = LocksOf(Dialect::kPostgresql, one.statement);
    if (!told.analysed || !Classify(Dialect::kPostgresql, one.statement).runs_in_transaction)
      continue;
    ByName locks;
    std::set<std::string> rewritten;
    ASSERT_TRUE(server.Try(one.statement, locks, rewritten)) << "it fails";
    ++tried;
    for (const LockTaken& lock : told.locks) {
      if (!Concerns(lock)) continue;
      const std::string name = lock.object.substr(lock.object.find('.') + 1);
      EXPECT_EQ(locks[name], InPgLocks(lock.mode)) << name;
    }
    // Nothing stronger than reading is kept from the reader.
    for (const auto& [name, mode] : locks) {
      const bool said = std::ranges::any_of(told.locks, [&, n = name](const LockTaken& lock) {
        return lock.object == n || lock.object.ends_with("." + n) ||
               lock.object.find(' ') != std::string::npos;
      });
      EXPECT_TRUE(said || kStrength.at(mode) <= 3) << name << " " << mode;
    }
    const bool may = told.work == TableWork::kRewrites || told.work == TableWork::kMayRewrite ||
                     one.statement.starts_with("TRUNCATE");
    EXPECT_TRUE(rewritten.empty() || may);
    const bool must = told.work == TableWork::kRewrites;
    EXPECT_TRUE(!must || !rewritten.empty());
  }
  EXPECT_GT(tried, 50);
}

// Whether the server changes a table of InnoDB in that way.
bool MariadbTakes(Session& session, const std::string& statement, const std::string& algorithm) {
  MustExecute(session, {"DROP TABLE IF EXISTS t, s"});
  MustExecute(session, {"CREATE TABLE s (id int PRIMARY KEY) ENGINE=InnoDB"});
  MustExecute(session, {"CREATE TABLE t (x int, a varchar(9)) ENGINE=InnoDB CHARACTER SET latin1"});
  MustExecute(session, {"INSERT INTO s VALUES (1), (2)"});
  MustExecute(session, {"INSERT INTO t VALUES (1, 'a'), (2, 'b')"});
  return session.Execute({statement + ", ALGORITHM=" + algorithm}).has_value();
}

TEST(LocksOracle, MariadbTakesTheAlgorithmsThatAreForetold) {
  const Database database(Dialect::kMariadb);
  const auto session = database.Open();
  const std::map<std::string, std::string> better = {{"COPY", "INPLACE"}, {"INPLACE", "INSTANT"}};
  int tried = 0;
  for (const LocksCase& one : LocksCases(MIG_TEST_DATA "/drivers/sql/locks/mariadb.txt")) {
    SCOPED_TRACE(one.statement);
    const StatementLocks told = LocksOf(Dialect::kMariadb, one.statement);
    const bool names_one = one.statement.find("ALGORITHM") != std::string::npos;
    const bool drops = one.statement.find("DROP") != std::string::npos;  // what is not there
    if (!one.statement.starts_with("ALTER") || told.algorithm.empty() || names_one || drops)
      continue;
    ++tried;
    EXPECT_TRUE(MariadbTakes(*session, one.statement, told.algorithm));
    if (told.work == TableWork::kMayRewrite || told.algorithm == "INSTANT") continue;
    EXPECT_FALSE(MariadbTakes(*session, one.statement, better.at(told.algorithm)));
  }
  EXPECT_GT(tried, 10);
}

}  // namespace
}  // namespace mig
