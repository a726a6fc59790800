#include "store/core/slug.h"

#include <gtest/gtest.h>

namespace mig {
namespace {

TEST(SlugOf, JoinsLettersAndDigitsByUnderscores) {
  EXPECT_EQ(SlugOf("Add a Price!"), "add_a_price");
  EXPECT_EQ(SlugOf("  2nd: drop `users`.name  "), "2nd_drop_users_name");
  EXPECT_EQ(SlugOf("Größe"), "gr_e");
  EXPECT_EQ(SlugOf("…"), "");
}

TEST(SlugOf, IsCutBetweenWords) {
  EXPECT_EQ(SlugOf("make the columns of the products table all"),
            "make_the_columns_of_the_products_table");
  EXPECT_EQ(SlugOf(std::string(40, 'x') + " y"), std::string(40, 'x'));
  EXPECT_EQ(SlugOf(std::string(40, 'x') + "!"), std::string(40, 'x'));
}

TEST(SlugOf, CutsAWordThatIsTooLong) {
  EXPECT_EQ(SlugOf(std::string(50, 'X')), std::string(40, 'x'));
}

}  // namespace
}  // namespace mig
