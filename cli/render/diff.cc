#include "cli/render/diff.h"

#include <fmt/format.h>

#include <algorithm>

namespace mig {
namespace {

using Lines = std::vector<std::string_view>;
using Kind = LineEdit::Kind;

constexpr std::size_t kContext = 3;
constexpr int kMostEdits = 2000;

Lines LinesOf(std::string_view text) {
  Lines lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    lines.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

void Replace(const Lines& from, const Lines& to, std::vector<LineEdit>& edits) {
  for (const std::string_view line : from) edits.push_back({Kind::kRemoved, line});
  for (const std::string_view line : to) edits.push_back({Kind::kAdded, line});
}

// The furthest reaching paths of each number of edits; `furthest[k + offset]` is how far the path
// on diagonal k came in `from`.
class Search {
 public:
  Search(const Lines& from, const Lines& to)
      : from_(from), to_(to), most_(std::min<int>(kMostEdits, Size(from) + Size(to))) {}

  // False: given up.
  bool Run() {
    std::vector<int> furthest(static_cast<std::size_t>(2 * most_ + 3), 0);
    for (int edits = 0; edits <= most_; ++edits) {
      rounds_.push_back(furthest);
      for (int k = -edits; k <= edits; k += 2) {
        const bool down = Down(furthest, k, edits);
        int x = down ? At(furthest, k + 1) : At(furthest, k - 1) + 1;
        while (x < Size(from_) && x - k < Size(to_) && from_[Index(x)] == to_[Index(x - k)]) ++x;
        At(furthest, k) = x;
        if (x >= Size(from_) && x - k >= Size(to_)) return true;
      }
    }
    return false;
  }

  // REQUIRES: Run() was true.
  std::vector<LineEdit> Path() {
    std::vector<LineEdit> edits;
    int x = Size(from_), y = Size(to_);
    for (int round = static_cast<int>(rounds_.size()) - 1; round >= 0; --round) {
      std::vector<int>& furthest = rounds_[Index(round)];
      const int k = x - y;
      const bool down = Down(furthest, k, round);
      const int before_x = round == 0 ? 0 : At(furthest, down ? k + 1 : k - 1);
      const int before_y = round == 0 ? 0 : before_x - (down ? k + 1 : k - 1);
      while (x > before_x && y > before_y) {
        edits.push_back({Kind::kKept, from_[Index(--x)]});
        --y;
      }
      if (round == 0) break;
      edits.push_back(down ? LineEdit{Kind::kAdded, to_[Index(--y)]}
                           : LineEdit{Kind::kRemoved, from_[Index(--x)]});
    }
    std::reverse(edits.begin(), edits.end());
    return edits;
  }

 private:
  static int Size(const Lines& lines) { return static_cast<int>(lines.size()); }
  static std::size_t Index(int i) { return static_cast<std::size_t>(i); }
  int& At(std::vector<int>& furthest, int k) const { return furthest[Index(k + most_ + 1)]; }
  // Whether the path to diagonal k comes from above: a line is added.
  bool Down(std::vector<int>& furthest, int k, int edits) const {
    return k == -edits || (k != edits && At(furthest, k - 1) < At(furthest, k + 1));
  }

  const Lines& from_;
  const Lines& to_;
  const int most_;
  std::vector<std::vector<int>> rounds_;  // what was before each number of edits
};

// Lines [begin, end) of the edits, with where they are in both texts.
std::string Hunk(const std::vector<LineEdit>& edits, std::size_t begin, std::size_t end,
                 const Style& style) {
  const auto count = [&](std::size_t first, std::size_t last, Kind other) {
    return std::count_if(edits.begin() + static_cast<std::ptrdiff_t>(first),
                         edits.begin() + static_cast<std::ptrdiff_t>(last),
                         [&](const LineEdit& edit) { return edit.kind != other; });
  };
  const auto range = [&](Kind other) {
    const auto lines = count(begin, end, other);
    const auto before = count(0, begin, other);
    const auto start = lines == 0 ? before : before + 1;
    return lines == 1 ? fmt::format("{}", start) : fmt::format("{},{}", start, lines);
  };
  std::string text =
      style.Cyan(fmt::format("@@ -{} +{} @@", range(Kind::kAdded), range(Kind::kRemoved))) + "\n";
  for (std::size_t i = begin; i < end; ++i) {
    const std::string line = style.Shown(edits[i].line);
    if (edits[i].kind == Kind::kKept) text += " " + line + "\n";
    if (edits[i].kind == Kind::kRemoved) text += style.Red("-" + line) + "\n";
    if (edits[i].kind == Kind::kAdded) text += style.Green("+" + line) + "\n";
  }
  return text;
}

}  // namespace

std::vector<LineEdit> LineEdits(std::string_view from, std::string_view to) {
  const Lines old_lines = LinesOf(from), new_lines = LinesOf(to);
  Search search(old_lines, new_lines);
  if (search.Run()) return search.Path();
  std::vector<LineEdit> edits;
  Replace(old_lines, new_lines, edits);
  return edits;
}

std::string UnifiedDiff(const std::string& from_name, std::string_view from,
                        const std::string& to_name, std::string_view to, const Style& style) {
  const std::vector<LineEdit> edits = LineEdits(from, to);
  const auto changed = [&](std::size_t i) { return edits[i].kind != Kind::kKept; };
  std::string text;
  for (std::size_t i = 0; i < edits.size(); ++i) {
    if (!changed(i)) continue;
    const std::size_t begin = i - std::min(i, kContext);
    std::size_t last = i;
    while (i < edits.size() && i - last <= 2 * kContext) {
      if (changed(i)) last = i;
      ++i;
    }
    text += Hunk(edits, begin, std::min(edits.size(), last + kContext + 1), style);
    i = last + kContext;
  }
  if (text.empty()) return text;
  const auto name = [](const std::string& given) { return given.empty() ? "/dev/null" : given; };
  return style.Bold("--- " + name(from_name)) + "\n" + style.Bold("+++ " + name(to_name)) + "\n" +
         text;
}

}  // namespace mig
