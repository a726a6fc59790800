#include "drivers/sql/locks.h"

#include <algorithm>
#include <optional>

#include "drivers/sql/statement_tokens.h"
#include "store/core/ascii.h"

namespace mig {
namespace {

// ---- MariaDB

struct DdlClause {
  std::initializer_list<std::string_view> words;
  std::string_view algorithm;
  TableWork work;
};

// In the order in which they are looked for; of several clauses of one statement the costliest
// counts. "InnoDB Online DDL Operations with the INSTANT / NOCOPY / INPLACE / COPY Alter
// Algorithm".
const DdlClause kClauses[] = {
    {{"convert", "to"}, "COPY", TableWork::kRewrites},
    {{"references"}, "COPY", TableWork::kRewrites},
    {{"modify"}, "COPY", TableWork::kMayRewrite},
    {{"change"}, "COPY", TableWork::kMayRewrite},
    {{"add", "primary"}, "INPLACE", TableWork::kRewrites},
    {{"drop", "primary"}, "COPY", TableWork::kRewrites},
    {{"engine"}, "INPLACE", TableWork::kRewrites},  // InnoDB, as the table has it already
    {{"force"}, "INPLACE", TableWork::kRewrites},
    {{"add", "fulltext"}, "INPLACE", TableWork::kMayRewrite},  // the table's first one does
    {{"add", "index"}, "INPLACE", TableWork::kScans},
    {{"add", "key"}, "INPLACE", TableWork::kScans},
    {{"add", "unique"}, "INPLACE", TableWork::kScans},
    {{"add", "spatial"}, "INPLACE", TableWork::kScans},
    {{"drop", "index"}, "INPLACE", TableWork::kNone},
    {{"drop", "key"}, "INPLACE", TableWork::kNone},
    {{"drop", "foreign"}, "INPLACE", TableWork::kNone},
    {{"add", "column"}, "INSTANT", TableWork::kNone},
    {{"drop", "column"}, "INSTANT", TableWork::kNone},
    {{"rename"}, "INSTANT", TableWork::kNone},
    {{"alter", "column"}, "INSTANT", TableWork::kNone},
    {{"comment"}, "INSTANT", TableWork::kNone},
};

// ALGORITHM=INPLACE, where the statement names one; a column may be called algorithm.
std::string AlgorithmNamed(const StatementTokens& tokens) {
  for (std::size_t at = tokens.Find(1, {"algorithm"}); at < tokens.size();
       at = tokens.Find(at + 1, {"algorithm"})) {
    const std::size_t value = tokens.IsSymbol(at + 1, "=") ? at + 2 : at + 1;
    for (const std::string_view known : {"INSTANT", "NOCOPY", "INPLACE", "COPY"}) {
      if (EqualsIgnoringCase(tokens.Text(value), known)) return std::string(known);
    }
  }
  return "";
}

// What the statement itself says counts for more than what is known of its kind.
void TakeAlgorithm(const StatementTokens& tokens, StatementLocks& report) {
  const std::string named = AlgorithmNamed(tokens);
  if (named.empty()) return;
  report.analysed = true;
  report.algorithm = named;
  if (named == "COPY") report.work = TableWork::kRewrites;
  if (named == "INSTANT" || named == "NOCOPY") report.work = TableWork::kNone;
}

// Kept by a hidden column of hashes.
bool IsUniqueByHash(const StatementTokens& tokens) {
  return tokens.Find(1, {"unique"}) < tokens.size() &&
         tokens.Find(1, {"using", "hash"}) < tokens.size();
}

// Whether a column is added of which the server decides by more than these words whether it copies.
bool AddsInDoubt(const StatementTokens& tokens, std::size_t from) {
  if (tokens.Find(from, {"add", "column"}) == tokens.size()) return false;
  for (std::size_t at = from; at < tokens.size(); ++at) {
    if (tokens.IsAnyWord(at, {"as", "auto_increment", "constraint", "generated", "key", "primary",
                              "serial", "unique"}) ||
        tokens.HasWords(at, {"add", "check"}) || tokens.HasWords(at, {"default", "next"}))
      return true;
    if (tokens.IsWord(at, "default") && tokens.IsSymbol(tokens.SkipName(at + 1), "(")) return true;
  }
  return false;
}

// The costliest clause; nothing where it is not known.
std::optional<DdlClause> ClauseOf(const StatementTokens& tokens, std::size_t from) {
  const auto has = [&](std::string_view word) { return tokens.Find(from, {word}) < tokens.size(); };
  const DdlClause copies = {{}, "COPY", TableWork::kRewrites};
  // ALTER IGNORE deletes rows while it copies them.
  if (tokens.Find(1, {"ignore"}) < from && (has("unique") || has("primary"))) return copies;
  if (IsUniqueByHash(tokens)) return copies;
  const std::size_t engine = tokens.Find(from, {"engine"});
  const bool equals = tokens.IsSymbol(engine + 1, "=");
  const std::size_t named = engine + (equals ? 2 : 1);
  if (engine < tokens.size() && !tokens.IsWord(named, "innodb")) {
    const bool known = equals && tokens.at(named).kind == TokenKind::kWord;
    return known ? std::optional(copies) : std::nullopt;
  }
  for (const DdlClause& clause : kClauses) {
    if (tokens.Find(from, clause.words) == tokens.size()) continue;
    if (clause.algorithm != "COPY" && AddsInDoubt(tokens, from)) return std::nullopt;
    return clause;
  }
  return std::nullopt;
}

StatementLocks AlterMariadbTable(const StatementTokens& tokens, std::size_t name_at) {
  StatementLocks report;
  report.locks = {{"exclusive metadata lock", tokens.NameAsWritten(name_at)}};
  if (const auto clause = ClauseOf(tokens, name_at + 1)) {
    report.analysed = true;
    report.algorithm = clause->algorithm;
    report.work = clause->work;
  }
  TakeAlgorithm(tokens, report);
  return report;
}

std::size_t BehindIfExists(const StatementTokens& tokens, std::size_t at) {
  if (tokens.HasWords(at, {"if", "not", "exists"})) return at + 3;
  return tokens.HasWords(at, {"if", "exists"}) ? at + 2 : at;
}

StatementLocks ExclusiveOnAll(const StatementTokens& tokens, std::size_t at) {
  StatementLocks report{true, {}, TableWork::kNone, ""};
  while (true) {
    std::string name = tokens.NameAsWritten(at);
    if (name.empty()) return report;
    at = tokens.SkipName(at);
    report.locks.push_back({"exclusive metadata lock", std::move(name)});
    if (!tokens.IsSymbol(at, ",")) return report;
    ++at;
  }
}

StatementLocks CreateInMariadb(const StatementTokens& tokens) {
  std::size_t at = tokens.HasWords(1, {"or", "replace"}) ? 3 : 1;
  const bool replaces = at == 3;
  const bool fulltext = tokens.IsWord(at, "fulltext");
  if (tokens.IsAnyWord(at, {"unique", "fulltext", "spatial"})) ++at;
  if (tokens.IsWord(at, "index")) {
    const std::size_t on = tokens.Find(at, {"on"});
    StatementLocks report = {true,
                             {{"exclusive metadata lock", tokens.NameAsWritten(on + 1)}},
                             fulltext ? TableWork::kMayRewrite : TableWork::kScans,
                             "INPLACE"};
    if (IsUniqueByHash(tokens)) {
      report.algorithm = "COPY";
      report.work = TableWork::kRewrites;
    }
    TakeAlgorithm(tokens, report);
    return report;
  }
  if (!tokens.IsWord(at, "table")) return {};
  StatementLocks report = {true, {}, TableWork::kNone, ""};
  const std::string name = tokens.NameAsWritten(BehindIfExists(tokens, at + 1));
  report.locks = {{"exclusive metadata lock", name, !replaces}};
  return report;
}

StatementLocks ReadMariadb(std::string_view statement) {
  const StatementTokens tokens(Dialect::kMariadb, statement);
  if (tokens.IsWord(0, "alter")) {
    std::size_t at = 1;
    while (tokens.IsAnyWord(at, {"online", "ignore"})) ++at;
    if (!tokens.IsWord(at, "table")) return {};
    return AlterMariadbTable(tokens, BehindIfExists(tokens, at + 1));
  }
  if (tokens.IsWord(0, "create")) return CreateInMariadb(tokens);
  if (tokens.HasWords(0, {"drop", "table"}))
    return ExclusiveOnAll(tokens, BehindIfExists(tokens, 2));
  if (tokens.IsWord(0, "truncate"))
    return ExclusiveOnAll(tokens, tokens.IsWord(1, "table") ? 2 : 1);
  if (!tokens.IsAnyWord(0, {"insert", "replace", "update", "delete"})) return {};
  std::size_t at = 1;
  while (tokens.IsAnyWord(at, {"low_priority", "high_priority", "delayed", "quick", "ignore"}))
    ++at;
  const bool deletes = tokens.IsWord(0, "delete");
  if (deletes && !tokens.IsWord(at, "from")) return {};
  if (tokens.IsWord(at, deletes ? "from" : "into")) ++at;
  return {true, {{"shared metadata lock", tokens.NameAsWritten(at)}}, TableWork::kNone, ""};
}

// ALTER TABLE [schema.]name DROP [COLUMN] name
bool DropsColumnInSqlite(const StatementTokens& tokens) {
  if (!tokens.HasWords(0, {"alter", "table"})) return false;
  const auto name = tokens.SqliteName(2);
  return name && tokens.IsWord(name->end, "drop");
}

}  // namespace

StatementLocks MariadbLocksOf(std::string_view statement) {
  StatementLocks report = ReadMariadb(statement);
  const bool readable =
      std::ranges::none_of(report.locks, [](const LockTaken& lock) { return lock.object.empty(); });
  return readable ? report : StatementLocks();
}

StatementLocks SqliteLocksOf(std::string_view statement) {
  const StatementTokens tokens(Dialect::kSqlite, statement);
  StatementLocks report{true, {{"write lock", "the whole database"}}, TableWork::kNone, ""};
  if (tokens.IsAnyWord(0, {"select", "values", "explain"})) {
    report.locks[0].mode = "read lock";
  } else if (tokens.IsWord(0, "pragma")) {
    report = {};
  } else if (tokens.IsAnyWord(0, {"attach", "detach"})) {
    report.locks.clear();
  } else if (tokens.IsWord(0, "vacuum") || DropsColumnInSqlite(tokens)) {
    report.work = TableWork::kRewrites;
  } else if (tokens.IsAnyWord(0, {"reindex", "analyze"}) ||
             tokens.HasWords(0, {"create", "index"}) ||
             tokens.HasWords(0, {"create", "unique", "index"})) {
    report.work = TableWork::kScans;
  }
  return report;
}

std::string_view SentenceOf(TableWork work) {
  switch (work) {
    case TableWork::kUnknown:
    case TableWork::kNone:
      return "";
    case TableWork::kScans:
      return "scans the table";
    case TableWork::kMayRewrite:
      return "may rewrite the table";
    case TableWork::kRewrites:
      return "rewrites the table";
  }
  return "";
}

StatementLocks LocksOf(Dialect dialect, std::string_view statement) {
  switch (dialect) {
    case Dialect::kPostgresql:
      return PostgresqlLocksOf(statement);
    case Dialect::kSqlite:
      return SqliteLocksOf(statement);
    case Dialect::kMariadb:
      return MariadbLocksOf(statement);
  }
  return {};
}

std::string SentenceOf(const StatementLocks& locks) {
  if (!locks.analysed) return "not analysed";
  std::string text;
  for (const LockTaken& lock : locks.locks) {
    text += (text.empty() ? "" : ", ") + lock.mode + " on " + lock.object;
    if (lock.is_new) text += " (new)";
  }
  if (text.empty()) text = "none";
  if (!locks.algorithm.empty()) text += "; " + locks.algorithm;
  if (const std::string_view work = SentenceOf(locks.work); !work.empty())
    text += "; " + std::string(work);
  return text;
}

}  // namespace mig
