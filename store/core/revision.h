// A revision as an immutable object: what is hashed, stored, sent and kept in the target.
//
// Canonical text (the specification is docs/formats.md; it never changes silently):
//
//     mig-revision 1\n
//     name <name>\n
//     parent <64 hex>\n      each parent, sorted, without repeats
//     depends <64 hex>\n     each dependency, sorted, without repeats
//     size <bytes of body>\n
//     \n
//     <body>
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "store/core/id.h"
#include "store/core/result.h"

namespace mig {

struct Revision {
  std::string name;
  std::vector<Id> parents;  // sorted, distinct
  std::vector<Id> depends;  // sorted, distinct
  std::string body;         // the revision file's text (normalised: no BOM, LF line ends)

  friend bool operator==(const Revision&, const Revision&) = default;
};

// What it stands on: its parents, then its dependencies.
std::vector<Id> LinksOf(const Revision& revision);

// The bytes whose SHA-256 is the revision's id.
std::string CanonicalText(const Revision& revision);
Id IdOf(const Revision& revision);

// The inverse of CanonicalText; strict, so that CanonicalText(*Decode(x)) == x for every x it
// accepts. Errors: kCorruption naming the offset.
Result<Revision> DecodeRevision(std::string_view canonical_text);

}  // namespace mig
