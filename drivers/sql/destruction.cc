#include "drivers/sql/destruction.h"

#include <algorithm>
#include <iterator>
#include <limits>
#include <optional>
#include <utility>

#include "drivers/sql/statement_tokens.h"
#include "store/core/ascii.h"

namespace mig {
namespace {

constexpr DestructionKind kKinds[] = {
    {"drop_table", "DROP TABLE, CREATE OR REPLACE TABLE"},
    {"drop_column", "DROP COLUMN, DROP ATTRIBUTE of a type"},
    {"drop_schema", "DROP SCHEMA"},
    {"drop_database", "DROP DATABASE"},
    {"drop_type", "DROP TYPE, DROP DOMAIN"},
    {"drop_sequence", "DROP SEQUENCE"},
    {"drop_extension", "DROP EXTENSION"},
    {"drop_owned", "DROP OWNED BY"},
    {"drop_partition", "DROP PARTITION of a table"},
    {"drop_history", "DROP SYSTEM VERSIONING of a table"},
    {"drop_cascade", "DROP of anything else with CASCADE"},
    {"truncate", "TRUNCATE, DISCARD TABLESPACE"},
    {"delete_all",
     "DELETE without WHERE, DELETE in a MERGE without AND, ALTER IGNORE TABLE with a unique key, "
     "ENGINE=BLACKHOLE"},
    {"update_all", "UPDATE without WHERE"},
    {"change_type", "another type for a column, where the new one may not hold every value"},
    {"dynamic_sql", "EXECUTE or PREPARE of what is no plain literal: what it runs cannot be read"},
};

// Blocks in blocks beyond this are taken for what cannot be read.
constexpr int kDeepest = 8;
// So often each token may be looked at, on average: no text takes more than time in its size.
constexpr std::size_t kMostLooks = 64;

class Reader {
 public:
  Reader(Dialect dialect, std::string_view text, int depth = 0)
      : depth_(depth),
        dialect_(dialect),
        text_(text),
        tokens_(dialect, text, std::numeric_limits<std::size_t>::max()) {}

  // Of one statement.
  std::vector<Destruction> Read() {
    const std::size_t at = BehindPrefix(0);
    // MariaDB runs blocks outside of routines, too.
    const bool block = tokens_.HasWords(at, {"begin", "not", "atomic"}) ||
                       tokens_.IsAnyWord(at, {"if", "case", "loop", "while", "repeat", "for"});
    if (dialect_ == Dialect::kMariadb && block) {
      ReadBody(at, false);
    } else {
      ReadFrom(at);
    }
    return std::move(found_);
  }

  // Of the body of a block.
  std::vector<Destruction> ReadBody() {
    ReadBody(0, true);
    return std::move(found_);
  }

 private:
  // `begins`: whether a statement starts there.
  void ReadBody(std::size_t at, bool begins) {
    const bool mariadb = dialect_ == Dialect::kMariadb;
    for (; at < tokens_.size(); ++at) {
      const bool opens = at > 0 && tokens_.IsWord(at - 1, "for");  // OPEN cursor FOR EXECUTE
      if (!mariadb && (begins || opens) && tokens_.IsWord(at, "execute")) {
        Text(at + 1);
      } else if (begins) {
        ReadFrom(at);
      }
      begins = tokens_.IsSymbol(at, ";") || (mariadb && tokens_.IsWord(at, "do")) ||
               tokens_.IsAnyWord(at, {"begin", "then", "else", "loop", "repeat", "atomic", "in"});
    }
  }

  void Add(std::string_view kind, std::string object, std::string table) {
    found_.push_back({std::string(kind), std::move(object), std::move(table)});
  }

  // The name at `at`, which moves behind it; empty where there is none.
  std::string Name(std::size_t& at) const {
    std::string name = tokens_.NameAsWritten(at);
    at = tokens_.SkipName(at);
    return name;
  }
  void Skip(std::size_t& at, std::initializer_list<std::string_view> words) const {
    if (tokens_.HasWords(at, words)) at += words.size();
  }
  bool EndsAt(std::size_t at) const { return at >= tokens_.size() || tokens_.IsSymbol(at, ";"); }
  bool HasBeforeEnd(std::size_t at, std::string_view word) const {
    for (; !EndsAt(at); ++at) {
      if (tokens_.IsWord(at, word)) return true;
    }
    return false;
  }

  std::size_t BehindWord(std::size_t at, std::string_view word) const {
    while (!EndsAt(at) && !tokens_.IsWord(at, word)) ++at;
    return at + 1;
  }
  // Behind what may stand in front of a statement.
  std::size_t BehindPrefix(std::size_t at) const {
    const bool postgresql = dialect_ == Dialect::kPostgresql;
    while (true) {
      if (tokens_.IsSymbol(at, "(")) {
        ++at;
      } else if (tokens_.IsNamePart(at) && tokens_.IsSymbol(at + 1, ":")) {  // a label
        at += 2;
      } else if (postgresql && tokens_.IsWord(at, "prepare")) {
        at = BehindWord(at, "as");
      } else if (tokens_.HasWords(at, {"set", "statement"})) {
        at = BehindWord(at, "for");
      } else {
        return at;
      }
    }
  }

  void ReadFrom(std::size_t at) {
    at = BehindPrefix(at);
    if (tokens_.IsWord(at, "drop")) return Drop(at + 1);
    if (tokens_.IsWord(at, "alter")) return Alter(at + 1);
    if (tokens_.IsWord(at, "truncate")) return Truncate(at + 1);
    if (tokens_.IsWord(at, "create")) return Create(at + 1);
    if (tokens_.IsWord(at, "do") && dialect_ == Dialect::kPostgresql) return Do(at + 1);
    if (tokens_.IsWord(at, "explain") && !HasBeforeEnd(at, "analyze")) return;
    if (dialect_ == Dialect::kMariadb) {
      if (tokens_.HasWords(at, {"execute", "immediate"})) return Text(at + 2);
      if (tokens_.IsWord(at, "prepare")) return Text(BehindWord(at, "from"));
      if (tokens_.IsWord(at, "analyze")) return Modify(at);
    }
    if (tokens_.IsAnyWord(at, {"delete", "update", "with", "insert", "select", "explain", "merge",
                               "copy", "values"}))
      Modify(at);
  }

  // DROP kind [CONCURRENTLY] [IF EXISTS] name, ... [CASCADE]
  void Drop(std::size_t at) {
    struct Dropped {
      std::initializer_list<std::string_view> words;
      std::string_view kind;
    };
    static const Dropped kDrops[] = {
        {{"table"}, "drop_table"},        {{"foreign", "table"}, "drop_table"},
        {{"tables"}, "drop_table"},       {{"schema"}, "drop_schema"},
        {{"database"}, "drop_database"},  {{"type"}, "drop_type"},
        {{"domain"}, "drop_type"},        {{"sequence"}, "drop_sequence"},
        {{"extension"}, "drop_extension"}};
    if (tokens_.HasWords(at, {"owned", "by"})) {
      std::size_t name = at + 2;
      return Add("drop_owned", Name(name), "");
    }
    for (const Dropped& drop : kDrops) {
      if (!tokens_.HasWords(at, drop.words)) continue;
      at += drop.words.size();
      // In MariaDB a schema is a database.
      const bool database = drop.kind == "drop_schema" && dialect_ == Dialect::kMariadb;
      return DropNames(at, database ? "drop_database" : drop.kind);
    }
    if (HasBeforeEnd(at, "cascade")) {
      for (; !EndsAt(at) && tokens_.IsNamePart(at + 1) && !tokens_.IsSymbol(at + 1, "."); ++at) {
        if (tokens_.IsAnyWord(at + 1, {"cascade"})) break;
      }
      Add("drop_cascade", Name(at), "");
    }
  }

  void DropNames(std::size_t at, std::string_view kind) {
    Skip(at, {"if", "exists"});
    while (true) {
      const std::string name = Name(at);
      if (name.empty()) return;
      Add(kind, name, kind == "drop_table" ? name : "");
      if (!tokens_.IsSymbol(at, ",")) return;
      ++at;
    }
  }

  void Create(std::size_t at) {
    if (tokens_.HasWords(at, {"or", "replace"})) Replace(at + 2);
    while (tokens_.IsAnyWord(at, {"global", "local", "temporary", "temp", "unlogged"})) ++at;
    if (tokens_.IsWord(at, "table")) Modify(at);  // behind its AS
  }

  void Replace(std::size_t at) {
    std::size_t behind = at + 1;
    const std::string name = Name(behind);
    if (tokens_.IsWord(at, "table")) Add("drop_table", name, name);
    if (tokens_.IsWord(at, "sequence")) Add("drop_sequence", name, "");
    if (tokens_.IsAnyWord(at, {"database", "schema"})) Add("drop_database", name, "");
  }

  void Truncate(std::size_t at) {
    Skip(at, {"table"});
    while (true) {
      Skip(at, {"only"});
      const std::string name = Name(at);
      if (name.empty()) return;
      Add("truncate", name, name);
      if (tokens_.IsSymbol(at, "*")) ++at;
      if (!tokens_.IsSymbol(at, ",")) return;
      ++at;
    }
  }

  // ---- ALTER

  void Alter(std::size_t at) {
    const std::size_t start = at;
    while (tokens_.IsAnyWord(at, {"online", "ignore", "foreign"})) ++at;
    const bool table = tokens_.IsWord(at, "table");
    if (!table && !tokens_.IsWord(at, "type")) return;
    ++at;
    Skip(at, {"if", "exists"});
    Skip(at, {"only"});
    const std::string name = Name(at);
    if (tokens_.IsSymbol(at, "*")) ++at;
    if (dialect_ == Dialect::kMariadb) SkipWait(at);
    if (dialect_ == Dialect::kMariadb && table) DropRows(start, name);
    int depth = 0;
    for (bool begins = true; !EndsAt(at); ++at) {
      if (begins && depth == 0) {
        if (table) {
          AlterTable(at, name);
        } else if (tokens_.HasWords(at, {"drop", "attribute"})) {
          DropColumn(at + 2, name);
        }
      }
      depth += tokens_.IsSymbol(at, "(") ? 1 : tokens_.IsSymbol(at, ")") ? -1 : 0;
      begins = tokens_.IsSymbol(at, ",");
    }
  }

  // Rows that a unique key forbids, where that is no error, or all of them.
  void DropRows(std::size_t at, const std::string& table) {
    bool drops =
        HasBeforeEnd(at, "ignore") && (HasBeforeEnd(at, "unique") || HasBeforeEnd(at, "primary"));
    for (; !EndsAt(at); ++at) {
      if (!tokens_.IsWord(at, "engine")) continue;
      const std::string_view engine = tokens_.Text(tokens_.IsSymbol(at + 1, "=") ? at + 2 : at + 1);
      constexpr std::string_view kNone = "blackhole";
      const bool quoted = engine.size() == kNone.size() + 2;
      drops = drops || EqualsIgnoringCase(quoted ? engine.substr(1, kNone.size()) : engine, kNone);
    }
    if (drops) Add("delete_all", table, table);
  }

  // WAIT seconds, NOWAIT
  void SkipWait(std::size_t& at) const {
    if (tokens_.IsWord(at, "nowait")) {
      ++at;
    } else if (tokens_.IsWord(at, "wait") && tokens_.at(at + 1).kind == TokenKind::kNumber) {
      at += 2;
    }
  }

  void AlterTable(std::size_t at, const std::string& table) {
    if (tokens_.IsWord(at, "drop")) return DropPart(at + 1, table);
    const bool discards = tokens_.HasWords(at, {"discard", "tablespace"}) ||
                          tokens_.HasWords(at, {"discard", "partition"});
    if (discards || tokens_.HasWords(at, {"truncate", "partition"}))
      return Add("truncate", table, table);
    const bool changes =
        tokens_.IsAnyWord(at, {"modify", "change"}) || tokens_.HasWords(at, {"convert", "to"});
    if (dialect_ == Dialect::kMariadb && changes) {
      std::size_t name = at + 1;
      Skip(name, {"column"});
      Skip(name, {"if", "exists"});
      const bool one = !tokens_.IsWord(at, "convert");
      return Add("change_type", one ? table + "." + Name(name) : table, table);
    }
    if (tokens_.IsWord(at, "alter")) AlterColumn(at + 1, table);
  }

  void DropPart(std::size_t at, const std::string& table) {
    if (tokens_.IsWord(at, "column")) return DropColumn(at + 1, table);
    if (tokens_.IsWord(at, "partition")) return Add("drop_partition", table, table);
    if (tokens_.HasWords(at, {"system", "versioning"})) return Add("drop_history", table, table);
    // Only MariaDB has more than one of these. Elsewhere they are names, whatever follows them.
    const bool mariadb = dialect_ == Dialect::kMariadb;
    const bool other = tokens_.IsWord(at, "constraint") ||
                       (mariadb && tokens_.IsAnyWord(at, {"index", "key", "primary", "foreign",
                                                          "check", "period"}));
    // A column may be called like one of these where no name follows the word.
    if (!other || EndsAt(at + 1) || tokens_.IsSymbol(at + 1, ",")) DropColumn(at, table);
  }

  void DropColumn(std::size_t at, const std::string& table) {
    Skip(at, {"if", "exists"});
    Add("drop_column", table + "." + Name(at), table);
  }

  // ALTER [COLUMN] name [SET DATA] TYPE type
  void AlterColumn(std::size_t at, const std::string& table) {
    Skip(at, {"column"});
    const std::string column = Name(at);
    Skip(at, {"set", "data"});
    if (!tokens_.IsWord(at, "type")) return;
    ++at;
    Skip(at, {"pg_catalog"});
    if (tokens_.IsSymbol(at, ".")) ++at;
    const bool text = tokens_.IsAnyWord(at, {"text", "varchar"}) ||
                      tokens_.HasWords(at, {"character", "varying"});
    const std::size_t behind = at + (tokens_.IsWord(at, "character") ? 2 : 1);
    // Text without a length holds whatever there was.
    if (text && (EndsAt(behind) || tokens_.IsSymbol(behind, ","))) return;
    Add("change_type", table + "." + column, table);
  }

  // ---- Rows

  // DELETE, UPDATE and MERGE wherever they run: at the start, or in a WITH.
  void Modify(std::size_t start) {
    bool begins = true;
    for (std::size_t at = start; !EndsAt(at); ++at, ++scanned_) {
      if (scanned_ > kMostLooks * (tokens_.size() + 1)) return Add("dynamic_sql", "", "");
      if (begins && tokens_.IsWord(at, "delete")) Delete(at + 1);
      if (begins && tokens_.IsWord(at, "update")) Update(at + 1);
      if (begins && tokens_.IsWord(at, "merge")) Merge(at + 1);
      begins = tokens_.IsSymbol(at, "(") || tokens_.IsSymbol(at, ")") ||
               tokens_.IsAnyWord(at, {"explain", "analyze", "verbose", "json"});
    }
  }

  // Whether `word` stands at the depth of `at` before the clause ends.
  bool HasAtThisDepth(std::size_t at, std::string_view word) {
    for (int depth = 0; !EndsAt(at); ++at, ++scanned_) {
      if (depth == 0 && tokens_.IsWord(at, word)) return true;
      if (tokens_.IsSymbol(at, "(")) ++depth;
      if (tokens_.IsSymbol(at, ")") && --depth < 0) return false;
    }
    return false;
  }

  void Delete(std::size_t at) {
    while (tokens_.IsAnyWord(at, {"low_priority", "quick", "ignore", "history"})) ++at;
    if (!HasAtThisDepth(at, "from") || HasAtThisDepth(at, "where")) return;
    Skip(at, {"from"});
    Skip(at, {"only"});
    const std::string table = Name(at);
    Add("delete_all", table, table);
  }

  void Update(std::size_t at) {
    while (tokens_.IsAnyWord(at, {"low_priority", "ignore", "only"})) ++at;
    if (tokens_.IsWord(at, "or")) at += 2;  // SQLite: UPDATE OR IGNORE
    if (!HasAtThisDepth(at, "set") || HasAtThisDepth(at, "where")) return;
    const std::string table = Name(at);
    if (!table.empty()) Add("update_all", table, table);
  }

  // MERGE INTO table ... WHEN MATCHED [AND condition] THEN DELETE; an AND is what a WHERE is.
  void Merge(std::size_t at) {
    Skip(at, {"into"});
    Skip(at, {"only"});
    const std::string table = Name(at);
    bool narrowed = false;
    for (int depth = 0; !EndsAt(at) && depth >= 0; ++at, ++scanned_) {
      if (depth == 0 && tokens_.HasWords(at, {"when", "matched"})) narrowed = false;
      if (depth == 0 && tokens_.HasWords(at, {"when", "not", "matched"})) narrowed = false;
      if (depth == 0 && tokens_.IsWord(at, "and")) narrowed = true;
      if (depth == 0 && tokens_.HasWords(at, {"then", "delete"}) && !narrowed)
        return Add("delete_all", table, table);
      depth += tokens_.IsSymbol(at, "(") ? 1 : tokens_.IsSymbol(at, ")") ? -1 : 0;
    }
  }

  // ---- Statements in strings, and blocks

  bool IsText(std::size_t at) const {
    const TokenKind kind = tokens_.at(at).kind;
    return kind == TokenKind::kDollarString || kind == TokenKind::kString;
  }
  // What the string at `at` says; nothing where it is written with escapes or in pieces.
  std::optional<std::string> Said(std::size_t at) const {
    const std::string_view literal = tokens_.Text(at);
    const bool dollar = tokens_.at(at).kind == TokenKind::kDollarString;
    const std::size_t quote = dollar ? literal.find('$', 1) : literal.find_first_of("'\"");
    const std::size_t closing = dollar ? quote + 1 : 1;
    if (quote == std::string_view::npos || literal.size() < quote + 1 + closing) return "";
    const auto body = literal.substr(quote + 1, literal.size() - quote - 1 - closing);
    if (dollar) return std::string(body);
    const bool escapes = dialect_ == Dialect::kMariadb || quote > 0;
    if (escapes && body.find('\\') != std::string_view::npos) return std::nullopt;
    std::string text;
    for (std::size_t i = 0; i < body.size(); ++i) {
      text += body[i];
      if (body[i] != literal[quote]) continue;
      if (body.substr(++i, 1) != literal.substr(quote, 1)) return std::nullopt;  // continued
    }
    return text;
  }

  void Take(std::vector<Destruction> inner) {
    std::ranges::move(inner, std::back_inserter(found_));
  }

  // A statement that is given as a string: EXECUTE IMMEDIATE 'text' [USING ...].
  void Text(std::size_t at) {
    const bool alone = EndsAt(at + 1) || tokens_.IsAnyWord(at + 1, {"using", "into", "loop"});
    const auto said = IsText(at) && alone ? Said(at) : std::nullopt;
    if (!said || depth_ == kDeepest) return Add("dynamic_sql", "", "");
    Take(Reader(dialect_, *said, depth_ + 1).Read());
  }

  // DO [LANGUAGE name] 'body'
  void Do(std::size_t at) {
    if (depth_ == kDeepest) return Add("dynamic_sql", "", "");
    for (; !EndsAt(at); ++at) {
      if (!IsText(at)) continue;
      const auto body = Said(at);
      if (!body) return Add("dynamic_sql", "", "");
      Take(Reader(dialect_, *body, depth_ + 1).ReadBody());
    }
  }

  const int depth_;  // of blocks in blocks
  const Dialect dialect_;
  const std::string_view text_;
  const StatementTokens tokens_;
  std::size_t scanned_ = 0;  // tokens looked at again, behind a DELETE or UPDATE
  std::vector<Destruction> found_;
};

}  // namespace

std::span<const DestructionKind> AllDestructions() { return kKinds; }

std::vector<Destruction> DestructionsOf(Dialect dialect, std::string_view statement) {
  return Reader(dialect, statement).Read();
}

}  // namespace mig
