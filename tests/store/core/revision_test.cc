#include "store/core/revision.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "store/core/sha256.h"

namespace mig {
namespace {

// Computed with Python's hashlib from the format's description. They never change: a database full
// of ids depends on them.
constexpr char kEmpty[] = "892d909dbac451a30a090cecce1f564c685df23a287142535bd15a3a9d392b9a";
constexpr char kUsers[] = "bc7e3789c2d67659905cde4d976642ea949eaa6843e0183d7fc9ac6a27498f6a";
constexpr char kPrices[] = "3499189131dd39d089788728ce0a06554700c90359a3d6efbafa17dfc0be364b";
constexpr char kMerge[] = "930566fd7c24b1459ad2d0c9a41d182b0c7170452dfc5f0c5a6c961d7852d75c";

Id FromHex(const std::string& hex) { return Id::FromHex(hex).value(); }

Revision Users() {
  return {"20261120093000_create_users",
          {},
          {},
          "-- message: create users\n\n-- mig:up\nCREATE TABLE users (id bigint PRIMARY KEY);\n\n"
          "-- mig:down\nDROP TABLE users;\n"};
}

Revision Merge() {
  return {"merge", {FromHex(kEmpty), FromHex(kUsers)}, {FromHex(kPrices)}, "-- mig:up\n"};
}

TEST(IdOf, IsTheSameOnEveryMachineForEver) {
  EXPECT_EQ(IdOf({"a", {}, {}, ""}).hex(), kEmpty);
  EXPECT_EQ(IdOf(Users()).hex(), kUsers);
  const Revision prices = {"20261122081530_prices",
                           {FromHex(kUsers)},
                           {},
                           "-- message: Preise in €\n-- parents: 20261120093000_create_users\n\n"
                           "-- mig:up\n"};
  EXPECT_EQ(IdOf(prices).hex(), kPrices);
  EXPECT_EQ(IdOf(Merge()).hex(), kMerge);
}

TEST(IdOf, DependsOnEveryField) {
  const Revision merge = Merge();
  Revision name = merge, parents = merge, depends = merge, body = merge, moved = merge;
  name.name = "Merge";
  parents.parents.pop_back();
  depends.depends = {FromHex(kUsers)};
  body.body += "\n";
  moved.parents = {FromHex(kUsers)}, moved.depends = {FromHex(kPrices), FromHex(kEmpty)};
  for (const Revision& other : {name, parents, depends, body, moved}) {
    EXPECT_NE(IdOf(other), IdOf(merge));
  }
}

TEST(CanonicalText, IsWhatTheFormatSays) {
  EXPECT_EQ(CanonicalText(Merge()), std::string("mig-revision 1\n"
                                                "name merge\n"
                                                "parent ") +
                                        kEmpty + "\nparent " + kUsers + "\ndepends " + kPrices +
                                        "\nsize 10\n\n-- mig:up\n");
}

Revision RandomRevision(std::mt19937& random) {
  const auto up_to = [&random](unsigned most) { return random() % (most + 1); };
  const auto ids = [&] {
    std::vector<Id> some;
    for (auto left = up_to(4); left > 0; --left)
      some.push_back(Id(Sha256(std::to_string(random()))));
    std::sort(some.begin(), some.end());
    return some;
  };
  static constexpr std::string_view kLetters = "abcXYZ019_.";
  Revision revision{"r", ids(), ids(), ""};
  for (auto left = up_to(100); left > 0; --left)
    revision.name += kLetters[random() % kLetters.size()];
  for (auto left = up_to(200); left > 0; --left) revision.body += static_cast<char>(random());
  return revision;
}

TEST(DecodeRevision, IsTheInverseOfCanonicalText) {
  std::mt19937 random(1);
  for (int i = 0; i < 2000; ++i) {
    const Revision revision = RandomRevision(random);
    const Result<Revision> decoded = DecodeRevision(CanonicalText(revision));
    ASSERT_TRUE(decoded) << decoded.error().message;
    ASSERT_EQ(*decoded, revision);
  }
}

TEST(DecodeRevision, NoticesEveryMissingByte) {
  const std::string text = CanonicalText(Merge());
  for (std::size_t size = 0; size < text.size(); ++size) {
    EXPECT_FALSE(DecodeRevision(text.substr(0, size))) << size;
  }
}

// A changed byte is either noticed, or decodes to another revision: two texts never mean the same
// one.
TEST(DecodeRevision, NeverReadsTwoTextsAlike) {
  const std::string text = CanonicalText(Merge());
  for (std::size_t at = 0; at < text.size(); ++at) {
    for (int byte = 0; byte < 256; byte += 5) {
      std::string changed = text;
      changed[at] = static_cast<char>(byte);
      const Result<Revision> decoded = DecodeRevision(changed);
      if (!decoded) continue;
      ASSERT_EQ(CanonicalText(*decoded), changed);
    }
  }
}

struct Damage {
  std::string text;
  int offset;
  std::string what;
};

TEST(DecodeRevision, NamesTheOffsetAndTheDamage) {
  const std::string a(64, 'a'), b(64, 'b');
  const Damage damages[] = {
      {"", 0, "no `mig-revision 1` here"},
      {"mig-revision 2\nname a\nsize 0\n\n", 0, "no `mig-revision 1` here"},
      {"mig-revision 1\nname head\nsize 0\n\n", 20, "this is not a revision's name"},
      {"mig-revision 1\nname a", 20, "the line does not end"},
      {"mig-revision 1\nname a\nparent " + std::string(64, 'A') + "\nsize 0\n\n", 29,
       "this is not an id"},
      {"mig-revision 1\nname a\nparent " + std::string(64, '0') + "\nsize 0\n\n", 29,
       "this is not an id"},
      {"mig-revision 1\nname a\nparent " + b + "\nparent " + a + "\nsize 0\n\n", 101,
       "the ids are not sorted and distinct"},
      {"mig-revision 1\nname a\nparent " + a + "\nparent " + a + "\nsize 0\n\n", 101,
       "the ids are not sorted and distinct"},
      {"mig-revision 1\nname a\ndepends " + a + "\nparent " + b + "\nsize 0\n\n", 95,
       "no `size ` here"},
      {"mig-revision 1\nname a\nsize 00\n\n", 27, "this is not a size"},
      {"mig-revision 1\nname a\nsize +0\n\n", 27, "this is not a size"},
      {"mig-revision 1\nname a\nsize \n\n", 27, "this is not a size"},
      {"mig-revision 1\nname a\nsize 99999999999999999999\n\n", 27, "this is not a size"},
      {"mig-revision 1\nname a\nsize 1\nx", 29, "an empty line is missing"},
      {"mig-revision 1\nname a\nsize 1\n\nxy", 30, "the body has 2 bytes, not 1"},
      {"mig-revision 1\nname a\nsize 3\n\nxy", 30, "the body has 2 bytes, not 3"},
  };
  for (const Damage& damage : damages) {
    const Result<Revision> decoded = DecodeRevision(damage.text);
    ASSERT_FALSE(decoded) << damage.text;
    EXPECT_EQ(decoded.error().reason, Reason::kCorruption);
    EXPECT_EQ(decoded.error().message, "a revision's canonical text is damaged at byte " +
                                           std::to_string(damage.offset) + ": " + damage.what);
    EXPECT_EQ(decoded.error().details.at("offset"), std::to_string(damage.offset));
  }
}

}  // namespace
}  // namespace mig
