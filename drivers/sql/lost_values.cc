#include "drivers/sql/lost_values.h"

#include <algorithm>
#include <iterator>
#include <limits>
#include <utility>
#include <vector>

#include "drivers/sql/statement_tokens.h"
#include "store/core/ascii.h"

namespace mig {
namespace {

constexpr char kInsertId[] = "last_insert_id()";

StatementTokens TokensOf(std::string_view statement) {
  return StatementTokens(Dialect::kMariadb, statement, std::numeric_limits<std::size_t>::max());
}

bool IsSet(const StatementTokens& tokens) {
  return tokens.IsWord(0, "set") && !tokens.IsWord(1, "statement");
}

bool Inserts(const StatementTokens& tokens) {
  return tokens.IsAnyWord(0, {"insert", "replace", "load"});
}

// Its text does not tell what becomes of a variable that it mentions.
bool RunsBody(const StatementTokens& tokens) {
  return tokens.IsAnyWord(0, {"call", "begin", "if", "case", "loop", "repeat", "while", "for"});
}

// The body of a routine runs another time.
bool Defines(const StatementTokens& tokens) {
  const std::size_t table = tokens.Find(1, {"table"});
  return tokens.IsAnyWord(0, {"create", "alter"}) && table > 4;
}

bool IsPlainName(const Token& token) {
  return token.kind == TokenKind::kWord || token.kind == TokenKind::kQuotedName ||
         token.kind == TokenKind::kString;
}

// The variable whose `@` is at `at`: `@name`, without quotes; empty where none is.
std::string VariableAt(const StatementTokens& tokens, std::size_t at) {
  const Token name = tokens.at(at + 1);
  if (!tokens.IsSymbol(at, "@") || !IsPlainName(name) || name.begin != tokens.at(at).end) return "";
  const bool account =
      at > 0 && IsPlainName(tokens.at(at - 1)) && tokens.at(at - 1).end == tokens.at(at).begin;
  if (account) return "";
  std::string_view text = tokens.Text(at + 1);
  if (name.kind != TokenKind::kWord) text = text.substr(1, text.size() - 2);
  return "@" + AsciiLower(text);
}

bool ReadsInsertId(const StatementTokens& tokens, std::size_t at) {
  if (at > 0 && tokens.IsSymbol(at - 1, "@@"))
    return tokens.IsAnyWord(at, {"last_insert_id", "identity"});
  return tokens.IsWord(at, "last_insert_id") && tokens.IsSymbol(at + 1, "(") &&
         tokens.IsSymbol(at + 2, ")");
}

// LAST_INSERT_ID(expression)
bool AssignsInsertId(const StatementTokens& tokens, std::size_t at) {
  return tokens.IsWord(at, "last_insert_id") && tokens.IsSymbol(at + 1, "(") &&
         !tokens.IsSymbol(at + 2, ")");
}

// What is another value in another session, or each time.
bool DiffersElsewhere(const StatementTokens& tokens, std::size_t at) {
  if (tokens.IsSymbol(at + 1, "(") &&
      tokens.IsAnyWord(at, {"row_count", "found_rows", "connection_id", "uuid", "uuid_short",
                            "sys_guid", "rand", "nextval", "lastval", "setval"}))
    return true;
  return tokens.IsAnyWord(at, {"next", "previous"}) && tokens.HasWords(at + 1, {"value", "for"});
}

struct Mention {
  std::string name;
  bool assigned = false;
};

// What a statement reads and assigns, in the order in which it does.
class MentionReader {
 public:
  explicit MentionReader(const StatementTokens& tokens) : tokens_(tokens), set_(IsSet(tokens)) {}

  std::vector<Mention> Read() {
    if (Defines(tokens_)) return {};
    for (std::size_t at = 0; at < tokens_.size(); ++at) {
      if (ReadsInsertId(tokens_, at)) mentions_.push_back({kInsertId});
      if (AssignsInsertId(tokens_, at)) assigned_.push_back({kInsertId, true});
      Take(at);
      depth_ += tokens_.IsSymbol(at, "(") ? 1 : tokens_.IsSymbol(at, ")") ? -1 : 0;
      if (set_ && depth_ == 0 && tokens_.IsSymbol(at, ",")) EndAssignments();
    }
    EndAssignments();
    return std::move(mentions_);
  }

 private:
  void Take(std::size_t at) {
    const std::string name = VariableAt(tokens_, at);
    if (!name.empty()) {
      const bool assigned = IsAssigned(at);
      (assigned ? assigned_ : mentions_).push_back({name, assigned});
    } else if (!tokens_.IsSymbol(at, ",") && (at == 0 || !tokens_.IsSymbol(at - 1, "@"))) {
      into_ = tokens_.IsWord(at, "into");
    }
  }

  bool IsAssigned(std::size_t at) const {
    if (into_ || tokens_.IsSymbol(at + 2, ":=")) return true;
    const bool first = at == 1 || (at > 0 && tokens_.IsSymbol(at - 1, ","));
    return set_ && depth_ == 0 && first && tokens_.IsSymbol(at + 2, "=");
  }

  void EndAssignments() {
    std::ranges::move(assigned_, std::back_inserter(mentions_));
    assigned_.clear();
  }

  const StatementTokens& tokens_;
  const bool set_;
  int depth_ = 0;
  bool into_ = false;  // nothing but variables since INTO
  std::vector<Mention> mentions_;
  std::vector<Mention> assigned_;  // once the expression was read
};

}  // namespace

void LostValues::Ran(std::string_view statement) {
  const StatementTokens tokens = TokensOf(statement);
  const std::vector<Mention> mentions = MentionReader(tokens).Read();
  bool lost = !IsSet(tokens);
  for (std::size_t at = 0; at < tokens.size(); ++at) lost = lost || DiffersElsewhere(tokens, at);
  for (const Mention& mention : mentions) {
    const bool assigned = mention.assigned || RunsBody(tokens);
    if (!assigned) {
      lost = lost || lost_.contains(mention.name);
    } else if (lost) {
      lost_.insert(mention.name);
    } else {
      lost_.erase(mention.name);
    }
  }
  if (Inserts(tokens) || RunsBody(tokens)) lost_.insert(kInsertId);
}

std::string LostValues::ReadBy(std::string_view statement) {
  const StatementTokens tokens = TokensOf(statement);
  for (const Mention& mention : MentionReader(tokens).Read()) {
    if (mention.assigned) {
      lost_.erase(mention.name);
    } else if (lost_.contains(mention.name)) {
      return mention.name == kInsertId ? "LAST_INSERT_ID()" : mention.name;
    }
  }
  if (Inserts(tokens)) lost_.erase(kInsertId);
  return "";
}

}  // namespace mig
