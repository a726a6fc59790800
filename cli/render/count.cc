#include "cli/render/count.h"

namespace mig {

std::string Counted(std::int64_t count, std::string_view one, std::string_view many) {
  return std::to_string(count) + " " + std::string(count == 1 ? one : many);
}

std::string Counted(std::int64_t count, std::string_view noun) {
  return Counted(count, noun, std::string(noun) + "s");
}

}  // namespace mig
