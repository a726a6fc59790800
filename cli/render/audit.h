// A target's log, and what an audit of it found, as text.
#pragma once

#include <string>

#include "cli/render/style.h"
#include "mig/v1/target.pb.h"

namespace mig {

// A sentence about the whole, then a line for each finding.
std::string RenderAudit(const v1::VerifyAuditResponse& audit, const std::string& target,
                        const Style& style);

// A table, in the order given; with `verbose` a block for each row.
std::string RenderLog(const v1::ListLogResponse& log, bool verbose, const Style& style);

}  // namespace mig
