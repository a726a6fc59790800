#include "daemon/plan/placeholder_values.h"

#include <algorithm>
#include <set>

#include "drivers/sql/placeholder.h"
#include "store/core/ascii.h"
#include "store/core/nearest.h"
#include "store/core/sha256.h"

namespace mig {
namespace {

constexpr std::size_t kShortestHidden = 4;  // within other text
constexpr std::size_t kDigestDigits = 32;

Error Missing(const PlaceholderValues& values, std::string_view sql, const Placeholder& found) {
  const std::string name(found.name);
  const std::string where = values.target.empty() ? "the target" : "target " + values.target;
  Error error{Reason::kPlaceholderMissing, where + " has no value for ${" + name + "}"};
  const auto end = sql.begin() + static_cast<std::ptrdiff_t>(found.begin);
  error.details = {{"placeholder", name},
                   {"line", std::to_string(1 + std::count(sql.begin(), end, '\n'))}};
  std::vector<std::string_view> known;
  for (const auto& [other, value] : values.values) known.push_back(other);
  error.hint = DidYouMean(name, known);
  return error;
}

std::string DigestOf(const PlaceholderValues& values, const std::string& name,
                     const std::string& value) {
  const Digest digest = HmacSha256(values.key, "mig-placeholder 1\n" + name + "\n" + value);
  return Hex(digest).substr(0, kDigestDigits);
}

std::string WithoutDoubledQuotes(std::string text) {
  for (std::size_t at = text.find("''"); at != std::string::npos; at = text.find("''", at + 1))
    text.erase(at, 1);
  return text;
}

bool IsWordByte(char c) {
  return static_cast<unsigned char>(c) >= 0x80 || c == '_' || IsAsciiAlphanumeric(c);
}

// Behind the word that starts at `at`; `at` itself where none does.
std::size_t EndOfWord(std::string_view text, std::size_t at) {
  if (at > 0 && IsWordByte(text[at - 1])) return at;
  std::size_t end = at;
  while (end < text.size() && IsWordByte(text[end])) ++end;
  return end;
}

struct Hidden {
  std::string value;  // in lower case, as names are folded
  std::string name;
};

struct Told {
  const Hidden* one = nullptr;
  std::size_t bytes = 0;
};

// Which value the text at `at` tells of: one that stands there, else one of which the word there is
// a part.
Told ToldAt(std::string_view text, std::size_t at, const std::vector<Hidden>& hidden) {
  const std::string_view word = text.substr(at, EndOfWord(text, at) - at);
  for (const Hidden& one : hidden) {
    const bool whole =
        one.value.size() >= kShortestHidden && text.substr(at).starts_with(one.value);
    if (whole || (!word.empty() && word == one.value)) return {&one, one.value.size()};
  }
  if (word.size() < kShortestHidden) return {};
  for (const Hidden& one : hidden) {
    if (one.value.find(word) != std::string::npos) return {&one, word.size()};
  }
  return {};
}

// Longest first, so that no part of a value shows beside a shorter one.
std::vector<Hidden> ToHide(const ValuesUsed& used) {
  std::vector<Hidden> hidden;
  for (const ValueUsed& one : used) {
    const std::string value = AsciiLower(one.value);
    hidden.push_back({value, one.name});
    if (std::string plain = WithoutDoubledQuotes(value); plain != value)
      hidden.push_back({std::move(plain), one.name});
  }
  std::ranges::stable_sort(
      hidden, [](const Hidden& a, const Hidden& b) { return a.value.size() > b.value.size(); });
  return hidden;
}

}  // namespace

Result<std::string> WithValues(const PlaceholderValues& values, Dialect dialect,
                               std::string_view sql) {
  std::string text;
  std::size_t done = 0;
  for (const Placeholder& found : PlaceholdersIn(dialect, sql)) {
    text += sql.substr(done, found.begin - done);
    done = found.end;
    if (found.is_text) {
      text += sql.substr(found.begin + 1, found.end - found.begin - 1);
      continue;
    }
    const auto value = values.values.find(std::string(found.name));
    if (value == values.values.end()) return Missing(values, sql, found);
    text += value->second;
  }
  return text.append(sql.substr(done));
}

void CollectUsed(const PlaceholderValues& values, Dialect dialect, std::string_view sql,
                 ValuesUsed& used) {
  for (const Placeholder& found : PlaceholdersIn(dialect, sql)) {
    const auto value = values.values.find(std::string(found.name));
    if (found.is_text || value == values.values.end()) continue;
    const auto at = std::ranges::lower_bound(used, value->first, {}, &ValueUsed::name);
    if (at != used.end() && at->name == value->first) continue;
    used.insert(at, {value->first, value->second, DigestOf(values, value->first, value->second)});
  }
}

std::string DigestsOf(const ValuesUsed& used) {
  std::string text;
  for (const ValueUsed& one : used) text += (text.empty() ? "" : " ") + one.name + "=" + one.digest;
  return text;
}

std::string Concealed(std::string text, const ValuesUsed& used) {
  if (used.empty()) return text;
  const std::vector<Hidden> hidden = ToHide(used);
  const std::string lower = AsciiLower(text);
  std::string shown;
  for (std::size_t at = 0; at < text.size();) {
    const Told told = ToldAt(lower, at, hidden);
    if (told.one == nullptr) {
      shown += text[at++];
    } else {
      shown += "${" + told.one->name + "}";
      at += told.bytes;
    }
  }
  return shown;
}

Error Concealed(Error error, const ValuesUsed& used) {
  static const std::set<std::string_view> kPlaces = {"file", "line",     "column",
                                                     "name", "position", "sqlstate"};
  error.message = Concealed(std::move(error.message), used);
  error.hint = Concealed(std::move(error.hint), used);
  for (auto& [key, detail] : error.details) {
    if (!kPlaces.contains(key)) detail = Concealed(std::move(detail), used);
  }
  return error;
}

}  // namespace mig
