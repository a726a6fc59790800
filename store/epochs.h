// How the collection of garbage and whoever leads to objects keep out of each other's way.
//
// Two keys hold a word each, that was never used before: `epoch/gc`, rewritten by each commit that
// deletes objects, and `epoch/refs`, rewritten by each commit that leads to objects anew (a ref's
// move, a target's current revisions). Who leads to objects reads the first word before looking
// which of them are stored, and requires it when committing: nothing that was seen was deleted
// since. Who deletes reads the second word before looking what is led to, and requires it with each
// deletion: nothing more is led to since.
#pragma once

#include <string>

#include "store/core/result.h"
#include "store/kv.h"

namespace mig::epochs {

inline constexpr char kGc[] = "epoch/gc";
inline constexpr char kRefs[] = "epoch/refs";

// The word at `key` now; empty: there is none yet. Errors: those of Kv.
Result<std::string> Read(Kv& kv, const std::string& key);

// That the word is still the one that was read.
Condition Unchanged(const std::string& key, const std::string& word);

// The error for who was overtaken by a collection: kRefMoved, so that who moves a ref begins again.
Error Overtaken();

}  // namespace mig::epochs
