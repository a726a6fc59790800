// The splitter against the servers' own readings: libpg_query's two splitters, and the tails of
// sqlite3_prepare_v2.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <pg_query.h>
#include <sqlite3.h>

#include <memory>
#include <optional>
#include <random>

#include "drivers/sql/split.h"
#include "tests/drivers/sql/split_cases.h"

namespace mig {
namespace {

using Spans = std::vector<StatementSpan>;

// ---- PostgreSQL

using PgSplit = PgQuerySplitResult (*)(const char*);

// libpg_query keeps comments in front of a statement and behind it; a statement of ours must be all
// there is in one of its own.
std::optional<Spans> SplitByPgQuery(PgSplit split, const std::string& sql) {
  PgQuerySplitResult result = split(sql.c_str());
  std::optional<Spans> spans;
  if (result.error == nullptr) {
    spans.emplace();
    for (int i = 0; i < result.n_stmts; ++i) {
      auto begin = static_cast<std::size_t>(result.stmts[i]->stmt_location);
      spans->push_back({begin, begin + static_cast<std::size_t>(result.stmts[i]->stmt_len)});
    }
  }
  pg_query_free_split_result(result);
  return spans;
}

// Empty when the two agree: as many statements, and each of ours within theirs, with nothing but
// trivia around it.
std::string DifferenceFrom(const Spans& theirs, const std::string& sql) {
  auto ours = SplitStatements(Dialect::kPostgresql, sql);
  if (!ours) return "we refuse: " + ours.error().message;
  if (ours->size() != theirs.size()) {
    return std::to_string(ours->size()) + " statements, not " + std::to_string(theirs.size());
  }
  for (std::size_t i = 0; i < theirs.size(); ++i) {
    const StatementSpan& mine = (*ours)[i];
    if (mine.begin < theirs[i].begin || mine.end > theirs[i].end) {
      return "another place for `" + std::string(mine.TextIn(sql)) + "`";
    }
    std::string before = sql.substr(theirs[i].begin, mine.begin - theirs[i].begin);
    std::string after = sql.substr(mine.end, theirs[i].end - mine.end);
    auto around = SplitStatements(Dialect::kPostgresql, before + "\n" + after);
    if (!around || !around->empty()) return "tokens left out: `" + before + "`, `" + after + "`";
  }
  return "";
}

// COPY FROM stdin and TO stdout parse, but only a client can carry them out.
bool NeedsClient(const SplitCase& golden) {
  const std::string name = golden.sql.stem().string();
  return name.find("copy_from_stdin") != name.npos || name.find("copy_to_stdout") != name.npos;
}

TEST(SplitOracle, AgreesWithThePostgresqlParserOnEveryGoldenItParses) {
  int parsed = 0;
  for (const SplitCase& golden : SplitCases(Dialect::kPostgresql)) {
    std::string sql = ReadFile(golden.sql);
    auto theirs = SplitByPgQuery(pg_query_split_with_parser, sql);
    if (!theirs || NeedsClient(golden)) continue;
    ++parsed;
    EXPECT_EQ(DifferenceFrom(*theirs, sql), "") << golden.sql;
  }
  EXPECT_GE(parsed, 35);
}

// What libpg_query's scanner-based splitter does not know: it stops at semicolons in BEGIN ATOMIC,
// and it does not mind `\`.
bool ScannerCanTell(const std::string& sql) {
  auto parsed = SplitByPgQuery(pg_query_split_with_parser, sql);
  return parsed && sql.find("tomic") == sql.npos && sql.find("TOMIC") == sql.npos;
}

TEST(SplitOracle, AgreesWithThePostgresqlScannerOnEveryGoldenItParses) {
  int scanned = 0;
  for (const SplitCase& golden : SplitCases(Dialect::kPostgresql)) {
    std::string sql = ReadFile(golden.sql);
    if (!ScannerCanTell(sql) || NeedsClient(golden)) continue;
    auto theirs = SplitByPgQuery(pg_query_split_with_scanner, sql);
    ASSERT_TRUE(theirs);
    ++scanned;
    EXPECT_EQ(DifferenceFrom(*theirs, sql), "") << golden.sql;
  }
  EXPECT_GE(scanned, 30);
}

class Fragments {
 public:
  Fragments(std::vector<std::string> choices, unsigned seed)
      : choices_(std::move(choices)), random_(seed) {}

  std::string Next(std::size_t most) {
    std::string text;
    for (std::size_t n = 1 + random_() % most; n > 0; --n) {
      text += choices_[random_() % choices_.size()];
    }
    return text;
  }

 private:
  std::vector<std::string> choices_;
  std::mt19937 random_;
};

// Fragments that parse in many orders, so that most of the concatenations are read by the real
// parser.
const std::vector<std::string> kPostgresqlStatements = {
    "SELECT 1;",
    ";",
    "SELECT 'a;b', E'\\';', U&'\\0061;';",
    "/* ; /* ' */ \" */",
    "-- ; ' \" $$\n",
    "\n",
    "\t",
    "SELECT $$;'$$, $a$;$$;$a$;",
    "SELECT a$$b, \"x;\"\"y\" FROM t;",
    "SELECT 'a'\n';b', E'a'\n'\\';c';",
    "SELECT 1 +/* ; */ 2, 3 *-- ;\n 4;",
    "SELECT CASE WHEN a THEN b END AS end;",
    "CREATE RULE r AS ON INSERT TO t DO (SELECT 1; SELECT 2);",
    "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE a WHEN 1 THEN 2 END; SELECT 1 end; "
    "END;",
    "CREATE PROCEDURE p() BEGIN ATOMIC END;",
    "CREATE FUNCTION f(begin int) RETURNS int LANGUAGE sql AS 'SELECT 1; SELECT 2';",
    "BEGIN;",
    "END;",
    "CREATE TABLE atomic (\"end\" int, begin int);",
    "COPY stdin TO '/tmp/x';",
    "DO $x$ BEGIN; END $x$;",
    "SELECT b'01', X'1F', N';', 1.5e3, $1::int;",
    "SELECT - -1, @-1, 1 <> -2, a[1:2];",
};

TEST(SplitOracle, AgreesWithThePostgresqlParserOnRandomScripts) {
  Fragments fragments(kPostgresqlStatements, 1);
  int parsed = 0;
  for (int i = 0; i < 1000; ++i) {
    std::string sql = fragments.Next(8);
    auto theirs = SplitByPgQuery(pg_query_split_with_parser, sql);
    if (!theirs) continue;
    ++parsed;
    ASSERT_EQ(DifferenceFrom(*theirs, sql), "") << sql;
  }
  EXPECT_GT(parsed, 500);
}

// Pieces of tokens: hardly any of it parses, but the real scanner has an answer for all that it can
// close.
const std::vector<std::string> kPostgresqlPieces = {
    "'",    "''", "\"",  "$$", "$a$",       "$a",  "$1",  "a",   "e", "E'", "U&'",
    "u&\"", "x'", "n'",  "b",  "--",        "/*",  "*/",  "*",   "/", "+",  "-",
    "<",    "@",  "\n",  " ",  "; SELECT ", "(a)", "(;)", "\\'", "1", ".",  ":",
    "::",   "é",  "1.5", ",",  "\r",        "\f",  "|",   "=",   "%", "[",  "_",
};

// Where our reading differs on purpose: a `\` between tokens is a command of psql, and an open
// parenthesis holds all that follows.
bool RefusedOnPurpose(const std::string& sql) {
  auto ours = SplitStatements(Dialect::kPostgresql, sql);
  return !ours && (ours.error().reason == Reason::kSqlClientCommand ||
                   ours.error().message.find("parenthesis") != std::string::npos);
}

TEST(SplitOracle, AgreesWithThePostgresqlScannerOnRandomPieces) {
  Fragments fragments(kPostgresqlPieces, 2);
  int scanned = 0;
  for (int i = 0; i < 6000; ++i) {
    std::string sql = "SELECT " + fragments.Next(12);
    auto theirs = SplitByPgQuery(pg_query_split_with_scanner, sql);
    if (!theirs || RefusedOnPurpose(sql)) continue;
    ++scanned;
    ASSERT_EQ(DifferenceFrom(*theirs, sql), "") << sql;
  }
  EXPECT_GT(scanned, 1000);
}

// ---- SQLite

struct CloseSqlite {
  void operator()(sqlite3* database) const { sqlite3_close(database); }
  void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};

std::unique_ptr<sqlite3, CloseSqlite> OpenMemory() {
  sqlite3* database = nullptr;
  sqlite3_open(":memory:", &database);
  sqlite3_exec(
      database,
      "CREATE TABLE a (x, y, b); CREATE TABLE b (x, y); CREATE TABLE c (x); CREATE TABLE t (x);"
      "CREATE TABLE log (p, q); CREATE VIEW v AS SELECT x FROM a;",
      nullptr, nullptr, nullptr);
  return std::unique_ptr<sqlite3, CloseSqlite>(database);
}

// The chunks that prepare takes one by one, each with one statement and its `;`. Nothing when it
// refuses one.
std::optional<Spans> SplitByPrepare(const std::string& sql) {
  auto database = OpenMemory();
  Spans chunks;
  for (std::size_t begin = 0; begin < sql.size();) {
    sqlite3_stmt* prepared = nullptr;
    const char* tail = nullptr;
    int status = sqlite3_prepare_v2(database.get(), sql.data() + begin,
                                    static_cast<int>(sql.size() - begin), &prepared, &tail);
    std::unique_ptr<sqlite3_stmt, CloseSqlite> statement(prepared);
    if (status != SQLITE_OK) return std::nullopt;
    auto end = static_cast<std::size_t>(tail - sql.data());
    if (prepared != nullptr) {
      chunks.push_back({begin, end});
      sqlite3_step(prepared);
    }
    begin = end;
  }
  return chunks;
}

std::string DifferenceFromPrepare(const Spans& chunks, const std::string& sql) {
  auto ours = SplitStatements(Dialect::kSqlite, sql);
  if (!ours) return "we refuse: " + ours.error().message;
  if (ours->size() != chunks.size()) {
    return std::to_string(ours->size()) + " statements, not " + std::to_string(chunks.size());
  }
  for (std::size_t i = 0; i < chunks.size(); ++i) {
    const StatementSpan& mine = (*ours)[i];
    bool inside = chunks[i].begin <= mine.begin && mine.end <= chunks[i].end;
    std::string behind = inside ? sql.substr(mine.end, chunks[i].end - mine.end) : "";
    auto rest = SplitStatements(Dialect::kSqlite, behind);
    if (!inside || !rest || !rest->empty()) {
      return "another place for `" + std::string(mine.TextIn(sql)) + "`";
    }
  }
  return "";
}

TEST(SplitOracle, AgreesWithSqlitePrepareOnEveryGoldenItPrepares) {
  int prepared = 0;
  for (const SplitCase& golden : SplitCases(Dialect::kSqlite)) {
    std::string sql = ReadFile(golden.sql);
    auto theirs = SplitByPrepare(sql);
    // Prepare reads a comment that is never closed to the end; we wait for its end, as
    // sqlite3_complete does.
    if (!theirs || golden.sql.stem().string().ends_with("unterminated_comment")) continue;
    ++prepared;
    EXPECT_EQ(DifferenceFromPrepare(*theirs, sql), "") << golden.sql;
  }
  EXPECT_GE(prepared, 22);
}

const std::vector<std::string> kSqliteStatements = {
    "SELECT 1;",
    ";",
    "SELECT 'a;''b', \"x;\"\"y\", `c;`, 1 AS [d;[e];",
    "/* ; /* ' \" */",
    "-- ; ' \" [\n",
    "\n",
    "\r\n\f ",
    "\xEF\xBB\xBF",
    "CREATE TEMP TABLE IF NOT EXISTS trigger_log (begin_at, end_at);",
    "CREATE TRIGGER IF NOT EXISTS t1 AFTER INSERT ON a BEGIN SELECT CASE 1 WHEN 2 THEN 3 END; END;",
    "CREATE TEMP TRIGGER IF NOT EXISTS t2 AFTER INSERT ON a BEGIN SELECT 1 end; DELETE FROM b; "
    "END;",
    "EXPLAIN CREATE TRIGGER t3 AFTER INSERT ON a BEGIN SELECT 1; /* ; */ END -- ;\n;",
    "EXPLAIN QUERY PLAN SELECT 2;",
    "SAVEPOINT s; RELEASE s;",
    "SELECT x'00', ?1, :a, $b::c(d;e), 1.5e3, .5;",
    "SELECT 1 -- no end of line",
    "SELECT 1 +/* ; */ 2, 3 - -4;",
    "INSERT INTO a (x) VALUES ('END;');",
};

TEST(SplitOracle, AgreesWithSqlitePrepareOnRandomScripts) {
  Fragments fragments(kSqliteStatements, 3);
  int prepared = 0;
  for (int i = 0; i < 1000; ++i) {
    std::string sql = fragments.Next(8);
    auto theirs = SplitByPrepare(sql);
    if (!theirs) continue;
    ++prepared;
    ASSERT_EQ(DifferenceFromPrepare(*theirs, sql), "") << sql;
  }
  EXPECT_GT(prepared, 500);
}

const std::vector<std::string> kSqlitePieces = {
    "'", "''", "\"",      "`",    "[",   "]",       "a",        "x'",    "--",       "/*",     "*/",
    "*", "/",  "-",       "\n",   " ",   ";",       "(",        ")",     "1",        ".",      "::",
    "é", "\r", "SELECT ", "END ", "end", "CREATE ", "TRIGGER ", "TEMP ", "EXPLAIN ", "BEGIN ",
};

// sqlite3_complete is true when whatever follows begins a new statement. It wants something in
// front, and does not know variables, so there are none.
TEST(SplitOracle, EndsStatementsWhereSqliteCompleteDoes) {
  Fragments fragments(kSqlitePieces, 4);
  int complete = 0;
  for (int i = 0; i < 6000; ++i) {
    std::string sql = fragments.Next(12) + ";";
    auto ours = SplitStatements(Dialect::kSqlite, sql + "\nx");
    if (!ours && ours.error().reason == Reason::kSqlClientCommand) continue;
    bool ended = ours && ours->back().begin > sql.size();
    ASSERT_EQ(sqlite3_complete((";" + sql).c_str()) == 1, ended) << sql;
    complete += ended ? 1 : 0;
  }
  EXPECT_GT(complete, 1000);
}

}  // namespace
}  // namespace mig
