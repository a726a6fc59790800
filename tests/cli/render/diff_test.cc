#include "cli/render/diff.h"

#include <gmock/gmock.h>

#include <random>

namespace mig {
namespace {

std::string Diff(std::string_view from, std::string_view to) {
  return UnifiedDiff("a/x.sql", from, "b/x.sql", to, Style(false));
}

TEST(UnifiedDiff, OfEqualTextsIsEmpty) { EXPECT_EQ(Diff("a\nb\n", "a\nb\n"), ""); }

TEST(UnifiedDiff, ShowsThreeLinesAroundAChange) {
  EXPECT_EQ(Diff("1\n2\n3\n4\n5\n6\n7\n8\n9\n", "1\n2\n3\n4\nfive\n6\n7\n8\n9\n"),
            "--- a/x.sql\n+++ b/x.sql\n@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+five\n 6\n 7\n 8\n");
}

TEST(UnifiedDiff, SplitsWhatIsFarApart) {
  EXPECT_EQ(
      Diff("a\n1\n2\n3\n4\n5\n6\n7\nb\n", "1\n2\n3\n4\n5\n6\n7\n"),
      "--- a/x.sql\n+++ b/x.sql\n@@ -1,4 +1,3 @@\n-a\n 1\n 2\n 3\n@@ -6,4 +5,3 @@\n 5\n 6\n 7\n"
      "-b\n");
}

TEST(UnifiedDiff, OfANewFileComesFromNothing) {
  EXPECT_EQ(UnifiedDiff("", "", "b/x.sql", "a\n", Style(false)),
            "--- /dev/null\n+++ b/x.sql\n@@ -0,0 +1 @@\n+a\n");
}

TEST(UnifiedDiff, ShowsControlCharactersToATerminalAlone) {
  const auto diff = [](const Style& style) {
    return UnifiedDiff("a", "-\n", "b", "\x1b[2J\n", style);
  };
  EXPECT_EQ(diff(Style(false, true)), "--- a\n+++ b\n@@ -1 +1 @@\n--\n+\\x1b[2J\n");
  EXPECT_EQ(diff(Style(false, false)), "--- a\n+++ b\n@@ -1 +1 @@\n--\n+\x1b[2J\n");
  EXPECT_NE(UnifiedDiff("a", "\x1b\n", "b", "\\x1b\n", Style(false, true)), "");
}

TEST(LineEdits, LeadFromOneTextToTheOther) {
  std::mt19937 random(3);
  const auto text = [&] {
    std::string lines;
    for (auto i = random() % 12; i > 0; --i)
      lines += std::string(1, "abc"[random() % 3]) + "\n";
    return lines;
  };
  for (int round = 0; round < 500; ++round) {
    const std::string from = text(), to = text();
    std::string old_text, new_text;
    for (const LineEdit& edit : LineEdits(from, to)) {
      if (edit.kind != LineEdit::Kind::kAdded) old_text += std::string(edit.line) + "\n";
      if (edit.kind != LineEdit::Kind::kRemoved) new_text += std::string(edit.line) + "\n";
    }
    ASSERT_EQ(old_text, from);
    ASSERT_EQ(new_text, to);
  }
}

}  // namespace
}  // namespace mig
