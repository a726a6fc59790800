// The care of the store as text.
#pragma once

#include <cstdint>
#include <string>

#include "cli/render/style.h"
#include "mig/v1/store.pb.h"

namespace mig {

// "640 bytes", "12.3 MiB".
std::string RenderBytes(std::int64_t bytes);

// "120 revisions, 3 refs, 41 moves, 7 runs", with what was left over, if anything was.
std::string RenderCounts(const v1::StoreCounts& counts);

// How far a check is: "checked 4000 names, 120 revisions".
std::string RenderChecked(const v1::StoreCounts& counts);

// What is wrong, where, and what to do.
std::string RenderFinding(const v1::StoreFinding& finding, const Style& style);

// One line.
std::string RenderGarbage(const v1::CollectGarbageResponse::Garbage& garbage, bool removed);
std::string RenderCollected(const v1::CollectGarbageResponse::Counts& counts, bool removed);

std::string RenderImported(const v1::ImportProjectResponse& imported);

}  // namespace mig
