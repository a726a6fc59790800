// Revision expressions: the words people use for revisions, and what they stand for.
//
//     expression := [BRANCH "@"] SYMBOL
//                 | [BRANCH "@"] [SYMBOL] ("+"|"-") DIGITS
//                 | "@" TARGET
//                 | "refs/" NAME
//     SYMBOL     := "head" | "heads" | "base" | "current" | WORD
//
// A WORD is a name, a label, an alias, an id, or a prefix of one.
//
// Precedence of a WORD: exact name or alias, exact label, full id, unique prefix of a name or label
// of more than three characters, unique prefix (4 hex digits or more) of an id. An exact label wins
// over reading its tail as `-N`.
//
// Meaning is Alembic's (docs/alembic-differences.md lists where it is not): `head` is the one head
// by parent links, `heads` are those that nothing depends on either, `BRANCH@heads` the heads by
// parent links that share BRANCH's lineage; a label alone is the revision that declares it; `base`
// is nothing. Parsing is strict: what is no expression as a whole is none.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "store/core/graph.h"
#include "store/core/reach.h"

namespace mig {

// N revisions up (positive) or down (negative).
using Steps = int;

struct Expression {
  enum class Kind { kWord, kHead, kHeads, kBase, kCurrent, kNothing, kTarget, kRef };

  Kind kind = Kind::kWord;  // kNothing: only a relative part, as in "+1" or "BRANCH@-1"
  std::string text;         // all of it, for messages
  std::string branch;       // before "@"; empty: none
  std::string symbol;       // the WORD, the TARGET or the NAME
  std::optional<Steps> relative;
  bool down = false;  // the sign is "-": tells "-0" from "+0"
};

// Errors: kNoSuchRevision, saying what is wrong with the text.
Result<Expression> ParseExpression(std::string_view text);

// The same, knowing the words of a graph: a text that is an exact name, alias or label there is
// that word.
Result<Expression> ParseExpression(const Graph& graph, std::string_view text);

// The expression with each revision that it names put as `spell` puts it: the sides of `A:B`,
// `A..B` and `A...B`, and what `^` leaves out. Errors: those of `spell`.
Result<std::string> WithEach(std::string_view expression,
                             const std::function<Result<std::string>(const std::string&)>& spell);

// What a target's version rows say. `unknown` are rows that the graph does not have, as text. Order
// carries no meaning.
struct Current {
  Positions rows;
  std::vector<std::string> unknown = {};
};

// Rows as a target stores them, looked up in a graph.
Current CurrentFrom(const Graph& graph, const std::vector<Id>& rows);

// The rows. Errors: kUnknownApplied when one is not in the graph.
Result<Positions> KnownRows(const Current& current);

// Resolves expressions that need nothing but the graph (an absolute one; `-N` and `BRANCH@-N` are N
// below each head, as in `show -1`) or, for `current`, the rows. Forms relative to the rows belong
// to the commands: see daemon/plan.
//
// Errors of all: kNoSuchRevision (with near misses in the hint), kAmbiguousPrefix, kNoSuchBranch,
// kNotInBranch, kMultipleHeads, kAmbiguousWalk, kRelativeTooFar, kUnknownApplied.
class Resolver {
 public:
  // REQUIRES: `graph` outlives the Resolver.
  explicit Resolver(const Graph& graph) : graph_(graph) {}

  // Every revision an expression stands for: several for `heads`, none for `base`.
  Result<Positions> Many(std::string_view text) const;
  Result<Positions> Many(const Expression& expression) const;
  // The one it stands for; nullopt for `base`. kMultipleHeads when there are several.
  Result<std::optional<Position>> One(const Expression& expression) const;
  // The revision that a BRANCH names. kNoSuchBranch.
  Result<Position> Branch(std::string_view branch) const;
  // A word, looked up within the lineage of `branch` unless that is empty.
  Result<Position> Word(std::string_view word, std::string_view branch = {}) const;

  // The members of `set` that share the lineage of what `against` (a BRANCH, or any expression)
  // stands for; all of them for `base`. An empty set does not ask whether the words of `against`
  // exist.
  Result<Positions> InLineage(const Positions& set, std::string_view against,
                              Follow follow = Follow::kParents) const;

  // Where a walk of N steps from `start` ends. `start` nullopt is below the bases for a walk up and
  // above the heads for a walk down. With `branch`, a walk up keeps to its lineage. Beyond the last
  // revision the walk ends as kBeyond or, if `clamp`, stays where it is. Errors: kAmbiguousWalk
  // where there are several ways.
  struct Walked {
    enum class End { kRevision, kBase, kBeyond } end;
    Position revision = 0;  // for kRevision
  };
  Result<Walked> Walk(std::optional<Position> start, Steps steps, std::string_view branch = {},
                      bool clamp = false) const;

  // Does the expression say `-N` or `BRANCH@-N`? Then BelowHeads walks N down from each head that
  // carries the label BRANCH.
  static bool IsBelowHeads(const Expression& expression);
  Result<std::vector<Walked>> BelowHeads(const Expression& expression) const;

 private:
  Result<Positions> VersionedHeads(std::string_view branch) const;
  Result<std::optional<Position>> OneHead(std::string_view branch) const;
  Result<void> CheckMember(Position p, std::string_view branch) const;
  Result<Position> PrefixOf(std::string_view word, std::string_view branch) const;
  Result<Positions> Inside(Positions set, std::string_view branch) const;
  // The revisions `against` stands for, without asking whether they are in its BRANCH; the BRANCH
  // itself is one too.
  Result<Positions> LineageOf(std::string_view against, bool words_matter) const;

  const Graph& graph_;
};

// Labels that hold at a revision: those declared by it and by its ancestors along parents, and
// those that come down a chain without branch or merge point from a descendant.
std::vector<std::string> LabelsAt(const Graph& graph, Position revision);

}  // namespace mig
