// The advisory lock of a name, for whoever looks at a server's locks.
#pragma once

#include <cstdint>
#include <string_view>

namespace mig {

// The first eight bytes, most significant first, of SHA-256("mig-lock 1\n" + name). Locks of
// different databases of one server never meet.
std::int64_t PostgresLockKey(std::string_view name);

}  // namespace mig
