#include "daemon/plan/placeholder_values.h"

#include <gtest/gtest.h>

namespace mig {
namespace {

PlaceholderValues Values(std::map<std::string, std::string> values, std::string key = "key") {
  return {std::move(values), std::move(key), "prod"};
}

ValuesUsed Used(const PlaceholderValues& values, std::string_view sql) {
  ValuesUsed used;
  CollectUsed(values, Dialect::kSqlite, sql, used);
  return used;
}

std::string Concealed(const std::string& text, const std::string& value,
                      const std::string& sql = "${x}") {
  return Concealed(text, Used(Values({{"x", value}}), sql));
}

TEST(WithValues, PutsThemInAsTheyAre) {
  const auto values = Values({{"schema", "shop"}, {"rest", "TABLESPACE 'fast'"}, {"none", ""}});
  EXPECT_EQ(*WithValues(values, Dialect::kPostgresql,
                        "CREATE TABLE ${schema}.t (a text DEFAULT '\\${schema}') ${rest}${none}"),
            "CREATE TABLE shop.t (a text DEFAULT '${schema}') TABLESPACE 'fast'");
}

TEST(WithValues, DoNotTakeAValueForAPlaceholder) {
  EXPECT_EQ(*WithValues(Values({{"a", "'${b}'"}, {"b", "1"}}), Dialect::kSqlite, "SELECT ${a}"),
            "SELECT '${b}'");
}

TEST(WithValues, NameTheMissingOneItsLineAndTheNearest) {
  const auto missing = WithValues(Values({{"schema", "shop"}}), Dialect::kSqlite,
                                  "SELECT 1,\n  '${schema}',\n '${shema}'");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().reason, Reason::kPlaceholderMissing);
  EXPECT_EQ(missing.error().message, "target prod has no value for ${shema}");
  EXPECT_EQ(missing.error().details.at("placeholder"), "shema");
  EXPECT_EQ(missing.error().details.at("line"), "3");
  EXPECT_EQ(missing.error().hint, "did you mean `schema`?");
}

TEST(WithValues, NameTheSectionForOneThatIsNearNone) {
  const auto missing = WithValues(Values({{"schema", "shop"}}), Dialect::kSqlite, "SELECT ${user}");
  ASSERT_FALSE(missing);
  const std::string& hint = missing.error().hint;
  EXPECT_TRUE(hint.starts_with("write it below [targets.prod.placeholders]")) << hint;
}

TEST(ValuesUsed, AreThoseOfTheTextEachOnceAndByName) {
  const auto values = Values({{"a", "1"}, {"b", "2"}, {"c", "3"}});
  const ValuesUsed used = Used(values, "SELECT ${c}, ${a}, ${c}, ${missing}, '\\${b}'");
  const auto& two = used.values;
  ASSERT_EQ(two.size(), 2U);
  EXPECT_EQ(two[0].name + two[0].value + two[1].name + two[1].value, "a1c3");
  EXPECT_EQ(DigestsOf(used), "a=" + two[0].digest + " c=" + two[1].digest);
}

TEST(ValuesUsed, HaveDigestsThatDifferByNameValueAndKey) {
  const auto digest = [](const std::string& name, const std::string& value,
                         const std::string& key) {
    return Used(Values({{name, value}}, key), "${" + name + "}").values.at(0).digest;
  };
  const std::string one = digest("a", "1", "key");
  EXPECT_EQ(one.size(), 32U);
  EXPECT_EQ(one, digest("a", "1", "key"));
  EXPECT_NE(one, digest("b", "1", "key"));
  EXPECT_NE(one, digest("a", "2", "key"));
  EXPECT_NE(one, digest("a", "1", "yek"));
}

TEST(Concealed, HidesAValueWhereverItStands) {
  EXPECT_EQ(Concealed("role \"shop_owner\" does not exist", "shop_owner"),
            "role \"${x}\" does not exist");
  EXPECT_EQ(Concealed("role \"shop_owner\" does not exist", "Shop_Owner"),
            "role \"${x}\" does not exist");
  EXPECT_EQ(Concealed("table t_prod_1 is there", "prod"), "table t_${x}_1 is there");
  EXPECT_EQ(Concealed("near \"it's secret\"", "it''s secret"), "near \"${x}\"");
}

TEST(Concealed, HidesThePartsOfAValueThatWasCut) {
  EXPECT_EQ(Concealed("near 'hunt", "my hunter2"), "near '${x}");
  EXPECT_EQ(Concealed("syntax error at \"hunter2\"", "'my' hunter2"), "syntax error at \"${x}\"");
  EXPECT_EQ(Concealed("near 'PASSWORD correct horse bat' at line 1", "correct horse battery"),
            "near 'PASSWORD ${x}' at line 1");
  EXPECT_EQ(Concealed("contains (1, correct horse...)", "correct horse battery"),
            "contains (1, ${x}...)");
  EXPECT_EQ(Concealed("hunter", "hunter-two"), "${x}");
}

TEST(Concealed, HidesPartsThatAreNoWordsOfALanguageWithoutQuotes) {
  EXPECT_EQ(Concealed("no such column: hunter2", "my-hunter2!"), "no such column: ${x}");
  EXPECT_EQ(Concealed("no such table: shop_t", "main.shop_t"), "no such table: ${x}");
}

TEST(Concealed, LeavesTheWordsOfSentences) {
  EXPECT_EQ(Concealed("CREATE TABLE t in revision a failed: must be owner of table t",
                      "shop_table_owner"),
            "CREATE TABLE t in revision a failed: must be owner of table t");
  EXPECT_EQ(Concealed("a failed: relation \"t\" already exists", "relation-exists.failed.internal"),
            "a failed: relation \"t\" already exists");
  EXPECT_EQ(Concealed("relation \"t\" does not exist", "what does not exist"),
            "relation \"t\" does not exist");
}

TEST(Concealed, LeavesTheWordsThatAreWrittenBesidePlaceholders) {
  EXPECT_EQ(Concealed("relation \"shop\" already exists", "shop_owner"),
            "relation \"${x}\" already exists");
  EXPECT_EQ(Concealed("relation \"shop\" already exists", "shop_owner",
                      "CREATE TABLE Shop (); ALTER TABLE Shop OWNER TO ${x}"),
            "relation \"shop\" already exists");
  EXPECT_EQ(Concealed("CREATE TABLE shop", "Shop", "CREATE TABLE shop (a text DEFAULT '${x}')"),
            "CREATE TABLE shop");
  EXPECT_EQ(Concealed("CREATE TABLE workshop", "shop", "CREATE TABLE workshop (${x} text)"),
            "CREATE TABLE workshop");
  EXPECT_EQ(Concealed("no t_shop", "shop", "CREATE TABLE t_${x} (shop text)"), "no t_${x}");
  EXPECT_EQ(Concealed("near \"one secret\"", "one secret", "SELECT one, secret, ${x}"),
            "near \"${x}\"");
}

TEST(Concealed, LeavesTheNamesThatStandForValues) {
  EXPECT_EQ(Concealed("no ${x}, no x", "x"), "no ${x}, no ${x}");
}

TEST(Concealed, LeavesTheRestReadable) {
  EXPECT_EQ(Concealed("function f has no function g", "production"),
            "function f has no function g");
  EXPECT_EQ(Concealed("syntax error at x", "x"), "syntax error at ${x}");
  EXPECT_EQ(Concealed("syntax error at a", ""), "syntax error at a");
  EXPECT_EQ(Concealed("nothing is hidden", ValuesUsed{}), "nothing is hidden");
}

TEST(Concealed, HidesTheLongerOfTwoValues) {
  const ValuesUsed used = Used(Values({{"db", "shop"}, {"owner", "shop_owner"}}), "${db} ${owner}");
  EXPECT_EQ(Concealed("shop_owner of shop", used), "${owner} of ${db}");
}

TEST(Concealed, LeavesAnErrorsPlaceInItsFile) {
  const ValuesUsed used = Used(Values({{"x", "migrations"}}), "${x}");
  const Error error = Concealed(Error{Reason::kStatementFailed,
                                      "no migrations",
                                      {{"file", "migrations/a.sql"}, {"column", "migrations"}},
                                      "migrations"},
                                used);
  EXPECT_EQ(error.message, "no ${x}");
  EXPECT_EQ(error.hint, "${x}");
  EXPECT_EQ(error.details.at("file"), "migrations/a.sql");
  EXPECT_EQ(error.details.at("column"), "${x}");
}

TEST(Concealed, LeavesWhatAnErrorSaysInWordsOfItsOwn) {
  const ValuesUsed used = Used(Values({{"x", "rows"}, {"y", "drop_table"}}), "${x} ${y}");
  const Error changed = Concealed(Error{Reason::kPlanChanged, "", {{"differs", "rows"}}}, used);
  EXPECT_EQ(changed.details.at("differs"), "rows");
  const Error refused =
      Concealed(Error{Reason::kConsentMissing, "", {}, "--allow drop_table"}, used);
  EXPECT_EQ(refused.hint, "--allow drop_table");
}

}  // namespace
}  // namespace mig
