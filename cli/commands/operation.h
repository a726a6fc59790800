// Operations on a target, as the API's messages.
#pragma once

#include <string>
#include <vector>

#include "mig/v1/run.pb.h"

namespace mig {

v1::Operation UpgradeTo(const std::string& revision);
v1::Operation DowngradeTo(const std::string& revision);
v1::Operation StampTo(const std::vector<std::string>& revisions, bool purge);
v1::Operation StampFromAlembic();
v1::Operation Reapply();
v1::Operation ResolveAs(const std::string& revision, v1::Operation::Resolve::Answer answer);

}  // namespace mig
