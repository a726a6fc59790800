// What a statement destroys: data that no down section brings back. On a protected target each kind
// has to be consented to by its name (docs/policies.md).
//
// Read off the statement's tokens, so that a statement newer than this program is judged by what it
// says, and off those of the statements within it: in a WITH, behind PREPARE, SET STATEMENT and
// EXPLAIN ANALYZE, in a block, in a string that is executed. What a called function or procedure
// does does not stand in the statement, and what EXECUTE runs was told with its PREPARE. Pure and
// thread-safe.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "store/core/dialect.h"

namespace mig {

struct Destruction {
  std::string kind;    // of AllDestructions(): "drop_table"
  std::string object;  // as written: "public.users", "users.email"; may be empty
  std::string table;   // whose rows are lost, as written; empty where no table's are

  friend bool operator==(const Destruction&, const Destruction&) = default;
};

struct DestructionKind {
  std::string_view kind;
  std::string_view meaning;  // "DROP TABLE, and what replaces a table"
};
std::span<const DestructionKind> AllDestructions();

// In the order in which they stand. `statement` is one statement, as SplitStatements gives it.
std::vector<Destruction> DestructionsOf(Dialect dialect, std::string_view statement);

}  // namespace mig
