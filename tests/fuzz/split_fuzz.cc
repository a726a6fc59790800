#include <algorithm>
#include <string>

#include "drivers/sql/classify.h"
#include "drivers/sql/destruction.h"
#include "drivers/sql/locks.h"
#include "drivers/sql/meaning.h"
#include "drivers/sql/split.h"
#include "tests/fuzz/fuzz.h"

namespace mig {
namespace {

void CheckError(const Error& error) {
  Require(error.reason == Reason::kSqlUnterminated || error.reason == Reason::kSqlClientCommand,
          "a script is split, or refused for one of two reasons");
  Require(std::stoi(error.details.at("line")) > 0, "lines count from 1");
  Require(std::stoi(error.details.at("column")) > 0, "columns count from 1");
}

void CheckStatement(Dialect dialect, std::string_view statement) {
  (void)CheckAllowed(dialect, statement);
  (void)Classify(dialect, statement);
  const StatementLocks locks = LocksOf(dialect, statement);
  for (const LockTaken& lock : locks.locks) {
    Require(!lock.mode.empty() && !lock.object.empty(), "a lock has a mode and is on something");
  }
  for (const Destruction& one : DestructionsOf(dialect, statement)) {
    Require(
        std::ranges::any_of(AllDestructions(), [&](const auto& k) { return k.kind == one.kind; }),
        "a destruction is of a kind that can be consented to");
  }
  Require(DisplayVerb(dialect, statement).size() <= 60, "a verb fits a line");
}

void CheckSplit(Dialect dialect, std::string_view script) {
  const auto statements = SplitStatements(dialect, script);
  if (!statements) return CheckError(statements.error());
  std::size_t end = 0;
  for (const StatementSpan& span : *statements) {
    Require(end <= span.begin && span.begin < span.end, "statements follow each other");
    Require(span.end <= script.size(), "statements lie in the script");
    end = span.end;
    CheckStatement(dialect, span.TextIn(script));
  }
  Require(MeaningText(dialect, script).has_value(), "what can be split has a meaning");
}

}  // namespace

// The first byte chooses the dialect.
void FuzzSplit(std::string_view input) {
  if (input.empty()) return;
  constexpr Dialect kDialects[] = {Dialect::kPostgresql, Dialect::kSqlite, Dialect::kMariadb};
  CheckSplit(kDialects[static_cast<unsigned char>(input[0]) % 3], input.substr(1));
}

}  // namespace mig
