// A revision that a run left in the middle, as text.
#pragma once

#include <string>

#include "cli/render/style.h"
#include "mig/v1/run.pb.h"

namespace mig {

// How far it came, part by part, the statement in doubt in full, and what to do next.
std::string RenderUnfinished(const v1::Unfinished& unfinished, const Style& style);

}  // namespace mig
