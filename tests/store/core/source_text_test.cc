#include "store/core/source_text.h"

#include <gtest/gtest.h>

#include "store/core/limits.h"

namespace mig {
namespace {

using namespace std::string_view_literals;

TEST(PlaceOf, CountsLinesAndBytesFromOne) {
  EXPECT_EQ(PlaceOf("ab\ncd", 0), (Place{1, 1}));
  EXPECT_EQ(PlaceOf("ab\ncd", 2), (Place{1, 3}));
  EXPECT_EQ(PlaceOf("ab\ncd", 3), (Place{2, 1}));
  EXPECT_EQ(PlaceOf("ab\ncd", 5), (Place{2, 3}));
  EXPECT_EQ(PlaceOf("\xE2\x82\xAC x", 4), (Place{1, 5}));
}

TEST(NormaliseText, DropsByteOrderMarkAndCarriageReturns) {
  EXPECT_EQ(*NormaliseText("a.sql",
                           "\xEF\xBB\xBF"
                           "a\r\nb\n\r\n"),
            "a\nb\n\n");
  EXPECT_EQ(*NormaliseText("a.sql",
                           "a\xEF\xBB\xBF"
                           "b"),
            "a\xEF\xBB\xBF"
            "b");
  EXPECT_EQ(*NormaliseText("a.sql", ""), "");
}

TEST(NormaliseText, TwiceIsOnce) {
  for (const char* text : {"\xEF\xBB\xBF\xEF\xBB\xBFx", "a\r\nb", "plain"}) {
    const std::string once = *NormaliseText("a.sql", text);
    EXPECT_EQ(*NormaliseText("a.sql", once), once);
  }
}

struct BadText {
  std::string_view bytes;
  std::string message;
};

TEST(NormaliseText, RefusesOtherBytesAtTheirPlace) {
  const BadText texts[] = {
      {"ab\nc\0d"sv, "m/a.sql:2:2: a NUL byte"},
      {"ab\rc"sv, "m/a.sql:1:3: a carriage return without a line feed"},
      {"ab\r\r\n"sv, "m/a.sql:1:3: a carriage return without a line feed"},
      {"a\r\nb\r"sv, "m/a.sql:2:2: a carriage return without a line feed"},
      {"\xEF\xBB\xBFx\xFF"sv, "m/a.sql:1:2: this byte is not UTF-8"},
      {"a\n\n  \x80"sv, "m/a.sql:3:3: this byte is not UTF-8"},
  };
  for (const BadText& bad : texts) {
    const Result<std::string> text = NormaliseText("m/a.sql", bad.bytes);
    ASSERT_FALSE(text) << bad.message;
    EXPECT_EQ(text.error().reason, Reason::kFileInvalid);
    EXPECT_EQ(text.error().message, bad.message);
    EXPECT_EQ(text.error().details.at("file"), "m/a.sql");
  }
}

// The edges of the table in RFC 3629, section 4.
TEST(FindInvalidUtf8, KnowsTheEdgesOfTheTable) {
  for (const char* good :
       {"\x7f", "\xC2\x80", "\xDF\xBF", "\xE0\xA0\x80", "\xED\x9F\xBF", "\xEE\x80\x80",
        "\xEF\xBF\xBF", "\xF0\x90\x80\x80", "\xF4\x8F\xBF\xBF"}) {
    EXPECT_EQ(FindInvalidUtf8(good), std::nullopt) << good;
  }
  for (const char* bad :
       {"\x80", "\xBF", "\xC0\x80", "\xC1\xBF", "\xC2", "\xC2\x41", "\xE0\x9F\x80", "\xED\xA0\x80",
        "\xE2\x82", "\xE2\x82\x41", "\xF0\x8F\x80\x80", "\xF4\x90\x80\x80", "\xF0\x90\x80",
        "\xF0\x90\x80\x41", "\xF5\x80\x80\x80", "\xFE", "\xFF"}) {
    EXPECT_EQ(FindInvalidUtf8(std::string("ok") + bad), 2u) << bad;
  }
}

TEST(NormaliseText, TakesTheLargestFileAndNoLargerOne) {
  EXPECT_TRUE(NormaliseText("a.sql", std::string(kMaxFileBytes, 'x')));
  const Result<std::string> text = NormaliseText("a.sql", std::string(kMaxFileBytes + 1, 'x'));
  ASSERT_FALSE(text);
  EXPECT_EQ(text.error().reason, Reason::kLimitExceeded);
  EXPECT_EQ(text.error().message,
            "a.sql has 16777217 bytes, more than the 16777216 a revision file may have");
}

}  // namespace
}  // namespace mig
