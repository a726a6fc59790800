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
  if (error.hint.empty() && !values.target.empty()) {
    error.hint = "write it below [targets." + values.target +
                 ".placeholders] in mig.toml, in migd.toml where the daemon serves the target; a "
                 "backslash in front makes it text";
  }
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

bool BeginsWord(std::string_view text, std::size_t at) {
  return IsWordByte(text[at]) && (at == 0 || !IsWordByte(text[at - 1]));
}

// The word that the byte at `at` belongs to, if any.
std::string_view WordAround(std::string_view text, std::size_t at) {
  std::size_t begin = at;
  std::size_t end = at;
  while (end < text.size() && IsWordByte(text[end])) ++end;
  while (end > at && begin > 0 && IsWordByte(text[begin - 1])) --begin;
  return text.substr(begin, end - begin);
}

struct Hidden {
  std::string value;  // in lower case, as names are folded
  std::string name;
};

struct Told {
  const Hidden* one = nullptr;
  std::size_t bytes = 0;
};

// How much of the text from `at` on, up to the end of a word, is a part of the value.
std::size_t PartAt(std::string_view text, std::size_t at, std::string_view value) {
  std::size_t most = 0;
  for (std::size_t from = 0; from < value.size(); ++from) {
    if (!BeginsWord(value, from)) continue;
    const auto differ = std::ranges::mismatch(text.substr(at), value.substr(from));
    auto end = static_cast<std::size_t>(differ.in1 - text.begin());
    const auto cuts_word = [&] {
      return end < text.size() && IsWordByte(text[end - 1]) && IsWordByte(text[end]);
    };
    while (end > at && (text[end - 1] == ' ' || cuts_word())) --end;
    most = std::max(most, end - at);
  }
  return most;
}

bool IsQuoted(std::string_view text, std::size_t begin, std::size_t end) {
  constexpr std::string_view kQuotes = "\"'`";
  const auto quote = [&](std::size_t at) { return kQuotes.find(text[at]) != kQuotes.npos; };
  const std::string_view behind = text.substr(end);
  if (behind.empty() && begin == 0) return true;  // all that there is
  return (begin > 0 && quote(begin - 1)) || (!behind.empty() && quote(end)) ||
         behind.starts_with("...");
}

bool IsProse(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c == ' ' || (c >= 'a' && c <= 'z'); });
}

// Which value the text at `at` tells of: one that stands there, else one of which a part does.
Told ToldAt(std::string_view text, std::size_t at, const std::vector<Hidden>& hidden,
            const ValuesUsed& used) {
  const std::string_view word = WordAround(text, at);
  const auto is_written = [&](std::size_t bytes) {
    return text.data() + at + bytes <= word.data() + word.size() && used.written.contains(word);
  };
  for (const Hidden& one : hidden) {
    const std::size_t bytes = one.value.size();
    const bool whole = bytes >= kShortestHidden && text.substr(at).starts_with(one.value);
    if ((whole || (BeginsWord(text, at) && word == one.value)) && !is_written(bytes))
      return {&one, bytes};
  }
  if (!BeginsWord(text, at)) return {};
  Told told;
  for (const Hidden& one : hidden) {
    const std::size_t bytes = PartAt(text, at, one.value);
    if (bytes >= kShortestHidden && bytes > told.bytes) told = {&one, bytes};
  }
  const bool is_own = IsProse(text.substr(at, told.bytes)) && !IsQuoted(text, at, at + told.bytes);
  return is_own || is_written(told.bytes) ? Told() : told;
}

// Longest first, so that no part of a value shows beside a shorter one. What is hidden already
// stays as it is.
std::vector<Hidden> ToHide(const ValuesUsed& used) {
  std::vector<Hidden> hidden;
  for (const ValueUsed& one : used.values) {
    const std::string value = AsciiLower(one.value);
    hidden.push_back({AsciiLower("${" + one.name + "}"), one.name});
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

void CollectWritten(const PlaceholderValues& values, std::string_view text, ValuesUsed& used) {
  std::vector<std::string> hidden;
  for (const auto& [name, value] : values.values) hidden.push_back(AsciiLower(value));
  const std::string lower = AsciiLower(text);
  for (std::size_t at = 0; at < lower.size(); ++at) {
    const std::string_view word = WordAround(lower, at);
    const auto meets = [word](const std::string& value) {
      const bool within = value.size() >= kShortestHidden && word.find(value) != word.npos;
      return within || value.find(word) != value.npos;
    };
    if (!word.empty() && std::ranges::any_of(hidden, meets)) used.written.emplace(word);
    at += word.size();
  }
}

void CollectUsed(const PlaceholderValues& values, Dialect dialect, std::string_view sql,
                 ValuesUsed& used) {
  std::size_t done = 0;
  for (const Placeholder& found : PlaceholdersIn(dialect, sql)) {
    CollectWritten(values, sql.substr(done, found.begin - done), used);
    done = found.end;
    const auto value = values.values.find(std::string(found.name));
    if (found.is_text || value == values.values.end()) continue;
    const auto at = std::ranges::lower_bound(used.values, value->first, {}, &ValueUsed::name);
    if (at != used.values.end() && at->name == value->first) continue;
    used.values.insert(
        at, {value->first, value->second, DigestOf(values, value->first, value->second)});
  }
  CollectWritten(values, sql.substr(done), used);
}

std::string DigestsOf(const ValuesUsed& used) {
  std::string text;
  for (const ValueUsed& one : used.values)
    text += (text.empty() ? "" : " ") + one.name + "=" + one.digest;
  return text;
}

std::string Concealed(std::string text, const ValuesUsed& used) {
  if (used.empty()) return text;
  const std::vector<Hidden> hidden = ToHide(used);
  const std::string lower = AsciiLower(text);
  std::string shown;
  for (std::size_t at = 0; at < text.size();) {
    const Told told = ToldAt(lower, at, hidden, used);
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
  static const std::set<std::string_view> kOwnWords = {
      "allow", "changed", "db_code",  "differs",     "file",     "line",   "name",
      "part",  "plan",    "position", "sqlite_code", "sqlstate", "target", "url"};
  if (error.reason == Reason::kConsentMissing) return error;  // its kinds have to be repeated
  error.message = Concealed(std::move(error.message), used);
  error.hint = Concealed(std::move(error.hint), used);
  for (auto& [key, detail] : error.details) {
    if (!kOwnWords.contains(key)) detail = Concealed(std::move(detail), used);
  }
  return error;
}

}  // namespace mig
