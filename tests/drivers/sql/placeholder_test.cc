#include "drivers/sql/placeholder.h"

#include <gtest/gtest.h>

namespace mig {
namespace {

constexpr Dialect kPostgresql = Dialect::kPostgresql;
constexpr Dialect kSqlite = Dialect::kSqlite;
constexpr Dialect kMariadb = Dialect::kMariadb;

// The script with every placeholder in brackets, and those that are text in braces.
std::string Marked(Dialect dialect, std::string_view script) {
  std::string text;
  std::size_t done = 0;
  for (const Placeholder& placeholder : PlaceholdersIn(dialect, script)) {
    text += script.substr(done, placeholder.begin - done);
    text += (placeholder.is_text ? "{" : "[") + std::string(placeholder.name) +
            (placeholder.is_text ? "}" : "]");
    done = placeholder.end;
  }
  return text.append(script.substr(done));
}

TEST(Placeholders, StandAnywhereInAStatement) {
  for (const Dialect dialect : {kPostgresql, kSqlite, kMariadb}) {
    EXPECT_EQ(Marked(dialect, "CREATE TABLE ${schema}.t_${ENV} (${a}${b} int)"),
              "CREATE TABLE [schema].t_[ENV] ([a][b] int)");
    EXPECT_EQ(Marked(dialect, "SELECT '${a} and ''${b}'''"), "SELECT '[a] and ''[b]'''");
  }
  EXPECT_EQ(Marked(kPostgresql, "GRANT ALL ON t TO \"${owner}\""), "GRANT ALL ON t TO \"[owner]\"");
  EXPECT_EQ(Marked(kMariadb, "GRANT ALL ON `${db}`.* TO x"), "GRANT ALL ON `[db]`.* TO x");
}

TEST(Placeholders, StandInTheBodiesOfPostgresqlToo) {
  EXPECT_EQ(Marked(kPostgresql, "DO $$ BEGIN PERFORM '${a}'; END $$"),
            "DO $$ BEGIN PERFORM '[a]'; END $$");
  EXPECT_EQ(Marked(kPostgresql, "DO $f$${a}$f$"), "DO $f$[a]$f$");
}

TEST(Placeholders, AreNotMadeOfTheTagsOfADollarQuote) {
  for (const char* script : {"SELECT $${a}$$", "SELECT $$x$${a}", "SELECT $f${a}$f$",
                             "SELECT $$$$, $${a}$$::text[]", "SELECT $${\"a\": 1}$$::jsonb"}) {
    EXPECT_EQ(Marked(kPostgresql, script), script);
  }
}

TEST(Placeholders, HaveANameAndAClosingBrace) {
  for (const char* script : {"SELECT '${}'", "SELECT '${a-b}'", "SELECT '${1a}'", "SELECT '${a'",
                             "SELECT '$a'", "SELECT '{a}'", "SELECT '${ a }'", "SELECT '${ä}'"}) {
    EXPECT_EQ(Marked(kSqlite, script), script);
  }
  EXPECT_EQ(Marked(kSqlite, "SELECT '${${a}'"), "SELECT '${[a]'");
}

TEST(Placeholders, AreNotLookedForInComments) {
  EXPECT_EQ(Marked(kPostgresql, "SELECT 1 -- ${a}\n, /* ${b} */ '${c}'"),
            "SELECT 1 -- ${a}\n, /* ${b} */ '[c]'");
  EXPECT_EQ(Marked(kMariadb, "SELECT 1 # ${a}\n, /*!50000 '${c}', */ 2"),
            "SELECT 1 # ${a}\n, /*!50000 '[c]', */ 2");
}

TEST(Placeholders, BehindABackslashAreText) {
  EXPECT_EQ(Marked(kSqlite, "SELECT '\\${a} ${b} \\\\${c}'"), "SELECT '{a} [b] \\{c}'");
}

TEST(WithoutPlaceholders, KeepsWhatTheScriptSays) {
  EXPECT_EQ(WithoutPlaceholders(kPostgresql, "SELECT '${a}', '\\${b}', $${c}$$ -- ${d}"),
            "SELECT '\\${a}', '\\\\${b}', $${c}$$ -- ${d}");
  EXPECT_EQ(WithoutPlaceholders(kSqlite, "SELECT 'a'"), "SELECT 'a'");
}

}  // namespace
}  // namespace mig
