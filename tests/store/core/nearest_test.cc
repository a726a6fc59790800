#include "store/core/nearest.h"

#include <gtest/gtest.h>

namespace mig {
namespace {

const std::vector<std::string_view> kWords = {"message", "parents", "depends", "labels"};

TEST(Nearest, FindsTypingMistakes) {
  EXPECT_EQ(Nearest("mesage", kWords), "message");
  EXPECT_EQ(Nearest("parent", kWords), "parents");
  EXPECT_EQ(Nearest("depneds", kWords), "depends");
  EXPECT_EQ(Nearest("LABELS", kWords), "labels");
  EXPECT_EQ(Nearest("lables", kWords), "labels");
}

TEST(Nearest, DoesNotGuessWildly) {
  EXPECT_EQ(Nearest("author", kWords), "");
  EXPECT_EQ(Nearest("", kWords), "");
  EXPECT_EQ(Nearest("up", {"down"}), "");
  EXPECT_EQ(Nearest("a", {"b"}), "");
  EXPECT_EQ(Nearest("create_users_table_x", {"create_users_table"}), "create_users_table");
  EXPECT_EQ(Nearest("create_users_table_xyz", {"create_users_table"}), "");
}

TEST(Nearest, CountsASwapAsOneEdit) {
  EXPECT_EQ(Nearest("pu", {"up"}), "up");
  EXPECT_EQ(Nearest("abc", {"xbc", "bac"}), "xbc");
}

TEST(DidYouMean, AsksOrIsSilent) {
  EXPECT_EQ(DidYouMean("mesage", kWords), "did you mean `message`?");
  EXPECT_EQ(DidYouMean("zzz", kWords), "");
}

}  // namespace
}  // namespace mig
