// The user locks (GET_LOCK) that stand for a name, for whoever looks at a server's locks.
#pragma once

#include <array>
#include <string>
#include <string_view>

namespace mig {

// In the order in which they are taken; whoever has the name holds one of them at every moment.
// Names of user locks count on the whole server, ignore case and are at most 64 characters long.
std::array<std::string, 2> MariadbUserLocks(std::string_view name);

}  // namespace mig
