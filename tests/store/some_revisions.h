// Revisions and moves for tests of the store.
#pragma once

#include <string>
#include <vector>

#include "store/core/revision.h"
#include "store/refs.h"

namespace mig {

inline Revision MakeRevision(const std::string& name, std::vector<Id> parents = {},
                             std::string body = "-- mig:up\nSELECT 1;\n") {
  return {name, std::move(parents), {}, std::move(body)};
}

// The id of a revision called `name`: an id that need not be stored.
inline Id IdNamed(const std::string& name) { return IdOf(MakeRevision(name)); }

inline Mover By(const std::string& move_id) {
  return {move_id, "ann@example.com", "2026-11-22T08:15:30Z"};
}

}  // namespace mig
