#include "drivers/sql/classify_mariadb.h"

#include <algorithm>
#include <optional>
#include <utility>

namespace mig {
namespace {

using Kind = SqlObject::Kind;

struct KindWord {
  std::string_view word;
  Kind kind;
};
constexpr KindWord kKindWords[] = {
    {"table", Kind::kTable},       {"view", Kind::kTable},      {"sequence", Kind::kTable},
    {"index", Kind::kTable},       {"trigger", Kind::kTrigger}, {"procedure", Kind::kProcedure},
    {"function", Kind::kFunction}, {"package", Kind::kPackage}, {"event", Kind::kEvent},
    {"database", Kind::kDatabase}, {"schema", Kind::kDatabase}, {"user", Kind::kUser},
    {"role", Kind::kGrants},
};

// What a CREATE, DROP or ALTER is about; `at` is behind the kind's word.
struct Subject {
  std::string_view word;
  Kind kind = Kind::kTable;
  std::size_t at = 0;
};

// Attributes (OR REPLACE, DEFINER = ..., UNIQUE, ...) stand between the verb and the kind.
std::optional<Subject> SubjectOf(const StatementTokens& tokens) {
  for (std::size_t at = 1; at < std::min<std::size_t>(tokens.size(), 24); ++at) {
    if (tokens.IsSymbol(at, "(")) break;
    for (const KindWord& known : kKindWords) {
      if (!tokens.IsWord(at, known.word)) continue;
      if (known.kind == Kind::kPackage && tokens.IsWord(at + 1, "body"))
        return Subject{known.word, Kind::kPackageBody, at + 2};
      return Subject{known.word, known.kind, at + 1};
    }
  }
  return std::nullopt;
}

std::size_t SkipIfExists(const StatementTokens& tokens, std::size_t at) {
  if (tokens.HasWords(at, {"if", "not", "exists"})) return at + 3;
  if (tokens.HasWords(at, {"if", "exists"})) return at + 2;
  return at;
}

bool IsAccount(Kind kind) { return kind == Kind::kUser || kind == Kind::kGrants; }

// `'ann'@'%'` as written; a place behind it in `at`.
std::string AccountAt(const StatementTokens& tokens, std::size_t& at) {
  std::string account(tokens.Text(at++));
  if (!tokens.IsSymbol(at, "@")) return account;
  account.append("@").append(tokens.Text(at + 1));
  at += 2;
  return account;
}

// The comma behind what an account is given: IDENTIFIED BY, REQUIRE and the like.
std::size_t SkipToComma(const StatementTokens& tokens, std::size_t at) {
  while (at < tokens.size() && !tokens.IsSymbol(at, ","))
    at = std::max(at + 1, tokens.SkipParentheses(at));
  return at;
}

// The names of a list `a, b.c, d` of one kind; empty where one of them cannot be read.
std::vector<SqlObject> ListAt(const StatementTokens& tokens, std::size_t at, Kind kind) {
  std::vector<SqlObject> objects;
  for (;; ++at) {
    if (IsAccount(kind)) {
      const bool cut = tokens.size() == StatementTokens::kMost;
      if (cut || at >= tokens.size()) return {};
      objects.push_back({kind, "", AccountAt(tokens, at)});
      at = SkipToComma(tokens, at);
    } else {
      auto name = tokens.MariadbName(at);
      if (!name) return {};
      objects.push_back({kind, name->schema, name->name});
      at = name->end;
    }
    if (!tokens.IsSymbol(at, ",")) return objects;
  }
}

// `[INDEX] name ON table`
std::vector<SqlObject> TableBehindOn(const StatementTokens& tokens, std::size_t at) {
  return ListAt(tokens, tokens.Find(at, {"on"}) + 1, Kind::kTable);
}

// Those that are there afterwards and were not, or the other way round: a name that is given away
// and taken again may stand for another thing with the same definition.
std::vector<SqlObject> WithoutTraded(const std::vector<SqlObject>& objects) {
  std::vector<SqlObject> changed;
  for (const SqlObject& object : objects) {
    if (std::ranges::count(objects, object) % 2 == 1 &&
        std::ranges::find(changed, object) == changed.end())
      changed.push_back(object);
  }
  return changed;
}

// a TO b [, c TO d]
std::vector<SqlObject> RenamedAt(const StatementTokens& tokens, std::size_t at, Kind kind) {
  std::vector<SqlObject> objects;
  while (at < tokens.size()) {
    std::size_t to = tokens.Find(at, {"to"});
    auto from = ListAt(tokens, at, kind);
    auto into = ListAt(tokens, to + 1, kind);
    if (from.empty() || into.empty()) return {};
    objects.push_back(from[0]);
    objects.push_back(into[0]);
    std::size_t comma = to + 1;
    while (comma < tokens.size() && !tokens.IsSymbol(comma, ",")) ++comma;
    at = comma + 1;
  }
  return WithoutTraded(objects);
}

// ALTER TABLE a ... RENAME [TO | AS | =] b, ALTER EVENT a ... RENAME TO b
std::optional<SqlObject> NewName(const StatementTokens& tokens, std::size_t at, Kind kind) {
  for (at = tokens.Find(at, {"rename"}); at < tokens.size(); at = tokens.Find(at + 1, {"rename"})) {
    if (tokens.IsAnyWord(at + 1, {"column", "index", "key"})) continue;
    bool to = tokens.IsAnyWord(at + 1, {"to", "as"}) || tokens.IsSymbol(at + 1, "=");
    auto name = tokens.MariadbName(at + (to ? 2 : 1));
    if (name) return SqlObject{kind, name->schema, name->name};
  }
  return std::nullopt;
}

StatementTraits Commits(bool repeatable, Probe probe, bool fails_wholly) {
  StatementTraits traits;
  traits.runs_in_transaction = false;
  traits.repeatable = repeatable;
  traits.probe = std::move(probe);
  traits.fails_wholly = fails_wholly;
  return traits;
}

StatementTraits Commits(bool repeatable, std::vector<SqlObject> objects) {
  Probe probe;
  const bool one = objects.size() == 1 && !IsAccount(objects[0].kind);
  if (!objects.empty()) probe.kind = Probe::Kind::kDefinitionsChanged;
  probe.objects = std::move(objects);
  return Commits(repeatable, std::move(probe), one);
}

// Runs what its text does not show.
StatementTraits Opaque() { return Commits(false, Probe(), false); }
StatementTraits Harmless() { return Commits(true, Probe(), true); }

// Statements that change rows and not the definition.
bool ChangesUnseen(const StatementTokens& tokens, const Subject& subject) {
  if (subject.word == "sequence") return true;
  for (std::size_t at = subject.at; at < tokens.size(); ++at) {
    if (tokens.HasWords(at, {"truncate", "partition"}) ||
        tokens.HasWords(at, {"exchange", "partition"}) ||
        tokens.HasWords(at, {"discard", "tablespace"}) ||
        tokens.HasWords(at, {"import", "tablespace"}) ||
        tokens.HasWords(at, {"discard", "partition"}) ||
        tokens.HasWords(at, {"import", "partition"})) {
      return true;
    }
  }
  return false;
}

StatementTraits ClassifyMariadbCreate(const StatementTokens& tokens) {
  auto subject = SubjectOf(tokens);
  if (!subject) return Opaque();
  bool temporary = tokens.Find(1, {"temporary"}) < subject->at;
  if (temporary) return {};
  bool replaces = tokens.HasWords(1, {"or", "replace"});
  std::size_t name = SkipIfExists(tokens, subject->at);
  bool keeps = name == subject->at + 3;
  // A table that is made anew loses its rows: that is not to happen twice.
  bool destroys = replaces && subject->kind == Kind::kTable && subject->word != "view" &&
                  subject->word != "index";
  if (destroys) return Opaque();
  auto objects =
      subject->word == "index" ? TableBehindOn(tokens, name) : ListAt(tokens, name, subject->kind);
  if (!IsAccount(subject->kind) && objects.size() > 1) objects.resize(1);
  return Commits(keeps || replaces, std::move(objects));
}

StatementTraits ClassifyMariadbDrop(const StatementTokens& tokens) {
  if (tokens.IsWord(1, "temporary") || tokens.IsWord(1, "prepare")) return {};
  auto subject = SubjectOf(tokens);
  if (!subject) return Opaque();
  std::size_t name = SkipIfExists(tokens, subject->at);
  bool index = subject->word == "index";
  return Commits(name != subject->at,
                 index ? TableBehindOn(tokens, name) : ListAt(tokens, name, subject->kind));
}

StatementTraits ClassifyMariadbAlter(const StatementTokens& tokens) {
  auto subject = SubjectOf(tokens);
  if (!subject || ChangesUnseen(tokens, *subject)) return Opaque();
  auto objects = ListAt(tokens, SkipIfExists(tokens, subject->at), subject->kind);
  if (subject->kind == Kind::kUser) return Commits(true, std::move(objects));
  if (objects.size() > 1) objects.resize(1);
  bool wholly = !objects.empty();
  if (subject->kind == Kind::kTable || subject->kind == Kind::kEvent) {
    auto renamed = NewName(tokens, subject->at, subject->kind);
    if (renamed) objects.push_back(*renamed);
  }
  StatementTraits traits = Commits(false, std::move(objects));
  traits.fails_wholly = wholly;
  return traits;
}

StatementTraits ClassifyTruncate(const StatementTokens& tokens) {
  auto objects = ListAt(tokens, tokens.IsWord(1, "table") ? 2 : 1, Kind::kTable);
  if (objects.empty()) return Opaque();
  return Commits(false, Probe{Probe::Kind::kTableEmptied, "", "", "", std::move(objects)}, true);
}

StatementTraits ClassifyRename(const StatementTokens& tokens) {
  bool user = tokens.IsWord(1, "user");
  StatementTraits traits =
      Commits(false, RenamedAt(tokens, SkipIfExists(tokens, 2), user ? Kind::kUser : Kind::kTable));
  traits.fails_wholly = !user;
  return traits;
}

StatementTraits ClassifyRevoke(const StatementTokens& tokens) {
  std::size_t from = tokens.Find(1, {"from"});
  return Commits(false, ListAt(tokens, from + 1, Kind::kGrants));
}

// SET STATEMENT variable = value, ... FOR statement
std::size_t BehindSetStatement(const StatementTokens& tokens) {
  return tokens.HasWords(0, {"set", "statement"}) ? tokens.Find(2, {"for"}) + 1 : 0;
}

// Of several assignments one may be of the session.
bool SetsOnlyGlobal(const StatementTokens& tokens) {
  if (!tokens.HasWords(0, {"set", "global"})) return false;
  for (std::size_t at = 2; at < tokens.size(); ++at) {
    if (tokens.IsSymbol(at, ",")) return false;
  }
  return true;
}

}  // namespace

StatementTraits ClassifyMariadb(const StatementTokens& whole) {
  const std::size_t first = BehindSetStatement(whole);
  if (first > 0) return ClassifyMariadb(whole.From(first));
  const StatementTokens& tokens = whole;
  if (tokens.IsWord(0, "create")) return ClassifyMariadbCreate(tokens);
  if (tokens.IsWord(0, "drop")) return ClassifyMariadbDrop(tokens);
  if (tokens.IsWord(0, "alter")) return ClassifyMariadbAlter(tokens);
  if (tokens.IsWord(0, "truncate")) return ClassifyTruncate(tokens);
  if (tokens.IsWord(0, "rename")) return ClassifyRename(tokens);
  if (tokens.IsWord(0, "revoke")) return ClassifyRevoke(tokens);
  if (tokens.IsWord(0, "grant")) return Harmless();
  if (tokens.HasWords(0, {"set", "password"}) || tokens.HasWords(0, {"set", "default"}))
    return Harmless();
  if (tokens.IsAnyWord(0, {"optimize", "check", "repair", "flush", "cache"})) return Harmless();
  if (tokens.IsWord(0, "analyze") && tokens.IsAnyWord(1, {"table", "local", "no_write_to_binlog"}))
    return Harmless();
  if (tokens.HasWords(0, {"load", "index"})) return Harmless();
  if (tokens.IsAnyWord(0, {"if", "case", "loop", "repeat", "while", "for"})) return Opaque();
  if (tokens.IsAnyWord(0, {"call", "execute", "begin", "install", "uninstall", "reset", "change",
                           "start", "stop", "shutdown"})) {
    return Opaque();
  }
  StatementTraits traits;
  traits.sets_session =
      tokens.IsAnyWord(0, {"set", "use", "prepare", "deallocate"}) && !SetsOnlyGlobal(tokens);
  return traits;
}

}  // namespace mig
