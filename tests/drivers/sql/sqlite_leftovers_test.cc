#include "drivers/sql/sqlite_leftovers.h"

#include <gmock/gmock.h>

namespace mig {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::string> UndoOf(std::initializer_list<std::string_view> statements) {
  SqliteLeftovers left;
  for (const std::string_view statement : statements) left.Collect(statement);
  std::vector<std::string> undo = left.UndoObjects();
  for (std::string& one : left.UndoSettings()) undo.push_back(std::move(one));
  EXPECT_THAT(left.UndoObjects(), IsEmpty());
  EXPECT_THAT(left.UndoSettings(), IsEmpty());
  return undo;
}

TEST(SqliteLeftovers, OfTemporaryObjectsAreDroppedTheLastOneFirst) {
  EXPECT_THAT(UndoOf({"CREATE TEMP TABLE a (id)", "CREATE TABLE temp.\"b c\" AS SELECT 1",
                      "create temporary view IF NOT EXISTS v AS SELECT 1",
                      "CREATE VIRTUAL TABLE temp.f USING fts5(x)",
                      "CREATE TEMP TRIGGER g AFTER INSERT ON t BEGIN SELECT 1; END"}),
              ElementsAre("DROP TRIGGER IF EXISTS temp.g", "DROP TABLE IF EXISTS temp.f",
                          "DROP view IF EXISTS temp.v", "DROP TABLE IF EXISTS temp.\"b c\"",
                          "DROP TABLE IF EXISTS temp.a"));
}

TEST(SqliteLeftovers, OfPragmasAreSetBack) {
  EXPECT_THAT(UndoOf({"PRAGMA case_sensitive_like = ON", "PRAGMA main.recursive_triggers(1)"}),
              ElementsAre("PRAGMA recursive_triggers = 0", "PRAGMA case_sensitive_like = 0"));
}

TEST(SqliteLeftovers, OfAttachingAreDetachedUnlessTheyAreAlready) {
  EXPECT_THAT(UndoOf({"ATTACH 'x' AS y", "ATTACH DATABASE 'z' AS \"w\"", "DETACH DATABASE y"}),
              ElementsAre("DETACH \"w\""));
}

TEST(SqliteLeftovers, AreNoneWhereNothingIsOfTheSession) {
  EXPECT_THAT(UndoOf({"PRAGMA user_version = 3", "PRAGMA table_info(t)",
                      "PRAGMA recursive_triggers", "CREATE TABLE temporary_things (id)",
                      "CREATE TABLE main.t (id)", "CREATE INDEX temp.i ON t (id)", "SELECT 1", ""}),
              IsEmpty());
}

}  // namespace
}  // namespace mig
