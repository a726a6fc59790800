#include "cli/render/printable.h"

#include <gtest/gtest.h>

namespace mig {
namespace {

TEST(Printable, LeavesTextAsItIs) {
  EXPECT_EQ(Printable("a\n\tprice in \xE2\x82\xAC, caf\xC3\xA9"),
            "a\n\tprice in \xE2\x82\xAC, caf\xC3\xA9");
  EXPECT_EQ(Printable(""), "");
}

TEST(Printable, ShowsWhatATerminalWouldObey) {
  EXPECT_EQ(Printable("\x1B[31mred\r\a\x7F"), "\\x1b[31mred\\x0d\\x07\\x7f");
  EXPECT_EQ(Printable(std::string_view("a\0b", 3)), "a\\x00b");
  EXPECT_EQ(Printable("\xC2\x9B"
                      "31m \xC2\xA0"),
            "\\xc2\\x9b31m \xC2\xA0");
}

TEST(Printable, ShowsBytesThatAreNotUtf8) {
  EXPECT_EQ(Printable("caf\xE9, \xFF\xFE."), "caf\\xe9, \\xff\\xfe.");
  EXPECT_EQ(Printable("\xC2"), "\\xc2");
}

TEST(PrintableLine, IsOneLine) { EXPECT_EQ(PrintableLine("a\nb\tc"), "a\\x0ab\\x09c"); }

}  // namespace
}  // namespace mig
