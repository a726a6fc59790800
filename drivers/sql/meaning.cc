#include "drivers/sql/meaning.h"

#include <vector>

#include "drivers/sql/lexer.h"
#include "drivers/sql/split.h"
#include "store/core/ascii.h"

namespace mig {
namespace {

// The pieces of a string continued on the next line, with one line break between them. `text`
// starts at its prefix or quote.
void AppendContinuedString(std::string_view text, std::string* out) {
  std::size_t open = text.find('\'');
  bool backslashes = text.starts_with('E') || text.starts_with('e');
  out->append(text.substr(0, open));
  while (open != text.npos) {
    std::size_t close = open + 1;
    while (text[close] != '\'' || (close + 1 < text.size() && text[close + 1] == '\'')) {
      close += text[close] == '\'' || (backslashes && text[close] == '\\') ? 2 : 1;
    }
    out->append(text.substr(open, close + 1 - open));
    // Only white space and line comments are left before the next piece; a comment may hold a
    // quote.
    open = close + 1;
    while (open < text.size() && text[open] != '\'') {
      open = text.substr(open, 2) == "--" ? text.find_first_of("\n\r", open) : open + 1;
    }
    if (open >= text.size()) return;
    *out += '\n';
  }
}

class MeaningWriter {
 public:
  MeaningWriter(Dialect dialect, std::string_view script) : dialect_(dialect), script_(script) {}

  // The tokens of a statement.
  void AddStatement(const StatementSpan& span) {
    Lexer lexer(dialect_, span.TextIn(script_));
    for (Result<Token> token = lexer.Next(); token && token->kind != TokenKind::kEnd;
         token = lexer.Next()) {
      Add(*token, span.TextIn(script_));
    }
    open_ = true;
  }

  // What lies between two statements, of which only hints count, in front of the `;` or behind it.
  void AddGap(std::string_view gap) {
    Lexer lexer(dialect_, gap);
    for (Result<Token> token = lexer.Next(); token && token->kind != TokenKind::kEnd;
         token = lexer.Next()) {
      if (token->kind == TokenKind::kHint) Add(*token, gap);
      if (IsSymbol(*token, gap, ";")) EndStatement();
    }
    EndStatement();
  }

  std::string Take() { return std::move(text_); }

 private:
  void Add(const Token& token, std::string_view text) {
    if (!text_.empty() && text_.back() != '\n' && !IsCallOfMariadb(token, text)) text_ += ' ';
    std::string_view written = token.TextIn(text);
    if (dialect_ == Dialect::kPostgresql && token.kind == TokenKind::kWord) {
      text_ += AsciiLower(written);
    } else if (dialect_ == Dialect::kPostgresql && token.kind == TokenKind::kString) {
      AppendContinuedString(written, &text_);
    } else {
      text_ += written;
    }
  }

  // MariaDB takes COUNT(*) for a call and COUNT (*) for a column, so there a missing space stays
  // missing.
  bool IsCallOfMariadb(const Token& token, std::string_view text) const {
    return dialect_ == Dialect::kMariadb && IsSymbol(token, text, "(") && token.begin > 0 &&
           std::string_view(" \t\n\r/").find(text[token.begin - 1]) == std::string_view::npos;
  }

  void EndStatement() {
    if (open_) text_ += " ;\n";
    open_ = false;
  }

  Dialect dialect_;
  std::string_view script_;
  std::string text_;
  bool open_ = false;
};

}  // namespace

Result<std::string> MeaningText(Dialect dialect, std::string_view script) {
  std::vector<StatementSpan> statements = TRY(SplitStatements(dialect, script));
  MeaningWriter writer(dialect, script);
  std::size_t end = 0;
  for (const StatementSpan& statement : statements) {
    writer.AddGap(script.substr(end, statement.begin - end));
    writer.AddStatement(statement);
    end = statement.end;
  }
  writer.AddGap(script.substr(end));
  return writer.Take();
}

}  // namespace mig
