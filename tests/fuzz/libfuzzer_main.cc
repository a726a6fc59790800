// One fuzz target as libFuzzer wants it; MIG_FUZZ_FUNCTION is the target's function.
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace mig {
void MIG_FUZZ_FUNCTION(std::string_view input);
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  mig::MIG_FUZZ_FUNCTION({reinterpret_cast<const char*>(data), size});
  return 0;
}
