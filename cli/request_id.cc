#include "cli/request_id.h"

#include <random>

namespace mig {

std::string NewRequestId() {
  static constexpr char kHex[] = "0123456789abcdef";
  std::random_device device;
  std::string id;
  while (id.size() < 32) id += kHex[device() & 15U];
  return id;
}

}  // namespace mig
