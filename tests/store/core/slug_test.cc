#include "store/core/slug.h"

#include <gtest/gtest.h>

namespace mig {
namespace {

TEST(SlugOf, JoinsLettersAndDigitsByUnderscores) {
  EXPECT_EQ(SlugOf("Add a Price!"), "add_a_price");
  EXPECT_EQ(SlugOf("  2nd: drop `users`.name  "), "2nd_drop_users_name");
  EXPECT_EQ(SlugOf("Überschrift größer"), "uberschrift_grosser");
  EXPECT_EQ(SlugOf("Σ of 2×3"), "of_2_3");
  EXPECT_EQ(SlugOf("…"), "");
}

TEST(WithoutAccents, KeepsTheLettersBelowThem) {
  EXPECT_EQ(WithoutAccents("Ænderung Łódź, İstanbul: ñ ÿ ſ ß"),
            "AEnderung Lodz, Istanbul: n y s ss");
  EXPECT_EQ(WithoutAccents("La\xCC\x88"
                           "dchen"),
            "Ladchen")
      << "as macOS writes names of folders";
  EXPECT_EQ(WithoutAccents("×÷ Ω € ü\xC3"
                           "A\xC3"),
            "×÷ Ω € u\xC3"
            "A\xC3");
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
