// Numbers of things as people read them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace mig {

// "1 run is active", "3 runs are active".
std::string Counted(std::int64_t count, std::string_view one, std::string_view many);

// "1 ref", "3 refs": of a noun that takes an s.
std::string Counted(std::int64_t count, std::string_view noun);

}  // namespace mig
