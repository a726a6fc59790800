#include "daemon/plan/consent.h"

#include <gtest/gtest.h>

namespace mig {
namespace {

Loss DropTable(const std::string& table) { return {"r", {"drop_table", table, table}, "7 rows"}; }
Loss DropColumn() { return {"r", {"drop_column", "t.a", "t"}, ""}; }

TEST(Consent, IsNotAskedForWhereNothingIsLost) { EXPECT_TRUE(CheckConsent("prod", {}, {})); }

TEST(Consent, NamesTheKindsThatAreMissingAndTheWholeFlag) {
  const auto refused =
      CheckConsent("prod", {DropTable("a"), DropColumn(), DropTable("b")}, {"drop_column"});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().reason, Reason::kConsentMissing);
  EXPECT_EQ(refused.error().details.at("allow"), "drop_table");
  EXPECT_EQ(refused.error().details.at("losses"),
            "drop_table a (7 rows), in r\ndrop_table b (7 rows), in r");
  EXPECT_EQ(refused.error().hint, "if that is meant: --allow drop_column,drop_table");
}

TEST(Consent, IsByNameAndForAllOfAKind) {
  EXPECT_TRUE(CheckConsent("prod", {DropTable("a"), DropColumn(), DropTable("b")},
                           {"drop_column", "drop_table"}));
  EXPECT_FALSE(CheckConsent("prod", {DropTable("a")}, {"truncate"}));
}

TEST(Consent, KnowsItsKinds) {
  EXPECT_TRUE(CheckKinds({"drop_table", "delete_all"}));
  const auto refused = CheckKinds({"drop_tabel"});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().reason, Reason::kInvalidArgument);
  EXPECT_NE(refused.error().hint.find("drop_table"), std::string::npos);
}

}  // namespace
}  // namespace mig
