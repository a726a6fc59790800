#include <algorithm>
#include <iterator>
#include <string>
#include <unordered_set>

#include "drivers/sql/classify.h"
#include "drivers/sql/statement_tokens.h"
#include "store/core/ascii.h"

namespace mig {
namespace {

constexpr std::size_t kLongestVerb = 60;
constexpr std::string_view kEllipsis = "...";

// What may stand between the verb and the first name. Whatever is not here is taken for that name.
constexpr std::string_view kKeywords[] = {
    "access",
    "aggregate",
    "alter",
    "analyze",
    "as",
    "atomic",
    "attach",
    "authorization",
    "begin",
    "binary",
    "call",
    "cast",
    "check",
    "close",
    "cluster",
    "collation",
    "column",
    "comment",
    "commit",
    "concurrently",
    "constraint",
    "conversion",
    "copy",
    "create",
    "cursor",
    "data",
    "database",
    "deallocate",
    "declare",
    "default",
    "definer",
    "delete",
    "detach",
    "discard",
    "do",
    "domain",
    "drop",
    "end",
    "event",
    "execute",
    "exists",
    "explain",
    "extension",
    "external",
    "family",
    "for",
    "foreign",
    "from",
    "full",
    "function",
    "global",
    "grant",
    "group",
    "if",
    "ignore",
    "import",
    "in",
    "index",
    "insert",
    "into",
    "is",
    "isolation",
    "language",
    "large",
    "local",
    "lock",
    "mapping",
    "materialized",
    "merge",
    "method",
    "not",
    "object",
    "on",
    "only",
    "operator",
    "option",
    "options",
    "or",
    "owned",
    "perform",
    "policy",
    "pragma",
    "prepare",
    "prepared",
    "privileges",
    "procedural",
    "procedure",
    "publication",
    "reassign",
    "recursive",
    "refresh",
    "reindex",
    "release",
    "rename",
    "replace",
    "reset",
    "revoke",
    "role",
    "rollback",
    "routine",
    "rule",
    "savepoint",
    "schema",
    "security",
    "select",
    "sequence",
    "server",
    "session",
    "set",
    "start",
    "statistics",
    "subscription",
    "system",
    "table",
    "tables",
    "tablespace",
    "temp",
    "temporary",
    "text",
    "to",
    "transaction",
    "transform",
    "trigger",
    "truncate",
    "trusted",
    "type",
    "unique",
    "unlogged",
    "unlock",
    "update",
    "user",
    "usage",
    "vacuum",
    "values",
    "verbose",
    "view",
    "virtual",
    "with",
    "work",
    "xa",
    "all",
    "large",
    "search",
    "template",
    "parser",
    "dictionary",
    "configuration",
};

// Verbs behind which no name says what the statement is about.
bool StandsAlone(const StatementTokens& tokens, std::size_t at) {
  return tokens.IsAnyWord(at, {"select", "with", "values", "do", "explain"});
}

bool IsKeyword(std::string_view text) {
  static const std::unordered_set<std::string_view> kAll(std::begin(kKeywords),
                                                         std::end(kKeywords));
  return kAll.contains(AsciiLower(text));
}

std::string AsciiUpper(std::string_view text) {
  std::string upper(text);
  for (char& c : upper) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  return upper;
}

enum class FirstName { kShown, kLeftOut };

std::string FirstWords(const StatementTokens& tokens, FirstName name) {
  std::string words;
  std::size_t at = 0;
  while (tokens.IsSymbol(at, "(")) ++at;
  for (; tokens.IsNamePart(at); ++at) {
    bool keyword = tokens.at(at).kind == TokenKind::kWord && IsKeyword(tokens.Text(at)) &&
                   !tokens.IsSymbol(at + 1, ".");
    if (!keyword && name == FirstName::kLeftOut) break;
    if (!words.empty()) words += ' ';
    if (!keyword) return words + tokens.NameAsWritten(at);
    words += AsciiUpper(tokens.Text(at));
    if (StandsAlone(tokens, at)) break;
  }
  return words;
}

// The bytes of the UTF-8 character that starts `text`; 0 if it is none.
std::size_t CharacterSize(std::string_view text) {
  auto lead = static_cast<unsigned char>(text[0]);
  std::size_t size = lead < 0x80 ? 1 : lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC2 ? 2 : 0;
  if (size > text.size() || lead > 0xF4) return 0;
  for (std::size_t i = 1; i < size; ++i) {
    if ((static_cast<unsigned char>(text[i]) & 0xC0) != 0x80) return 0;
  }
  return size;
}

std::string Printable(std::string_view text) {
  std::string shown;
  while (!text.empty()) {
    std::size_t size = CharacterSize(text);
    std::size_t room = kLongestVerb - (text.size() > size ? kEllipsis.size() : 0);
    if (shown.size() + std::max<std::size_t>(size, 1) > room &&
        shown.size() + text.size() > kLongestVerb) {
      return shown + std::string(kEllipsis);
    }
    bool control = size == 1 && (static_cast<unsigned char>(text[0]) < ' ' || text[0] == '\x7F');
    shown += size == 0 || control ? "?" : std::string(text.substr(0, size));
    text.remove_prefix(std::max<std::size_t>(size, 1));
  }
  return shown;
}

}  // namespace

std::string DisplayVerb(Dialect dialect, std::string_view statement) {
  return Printable(FirstWords(StatementTokens(dialect, statement), FirstName::kShown));
}

std::string DisplayKeywords(Dialect dialect, std::string_view statement) {
  return Printable(FirstWords(StatementTokens(dialect, statement), FirstName::kLeftOut));
}

}  // namespace mig
