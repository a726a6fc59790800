// Targets and daemons as text.
#pragma once

#include <string>

#include "mig/v1/admin.pb.h"
#include "mig/v1/target.pb.h"

namespace mig {

std::string RenderTarget(const v1::DescribeTargetResponse& target, const std::string& name);
std::string RenderDaemon(const v1::GetDaemonResponse& daemon);

}  // namespace mig
