// How files and target compare, as text.
#pragma once

#include <string>

#include "cli/render/style.h"
#include "mig/v1/history.pb.h"

namespace mig {

std::string RenderStatus(const v1::GetStatusResponse& status, const std::string& target_name,
                         const Style& style);

// Whether anything is left to do or to look at.
bool HasFindings(const v1::GetStatusResponse& status);

}  // namespace mig
