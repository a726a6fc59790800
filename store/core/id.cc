#include "store/core/id.h"

#include <cstring>

#include "store/core/sha256.h"

namespace mig {
namespace {

// The value of a lower-case hex digit, or -1.
int ValueOf(char digit) {
  if (digit >= '0' && digit <= '9') return digit - '0';
  if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
  return -1;
}

}  // namespace

std::optional<Id> Id::FromHex(std::string_view hex) {
  Bytes bytes;
  if (hex.size() != 2 * bytes.size()) return std::nullopt;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const int high = ValueOf(hex[2 * i]);
    const int low = ValueOf(hex[2 * i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    bytes[i] = static_cast<std::uint8_t>(high * 16 + low);
  }
  return Id(bytes);
}

std::string Id::hex() const { return Hex(bytes_); }

std::vector<std::string> HexOf(const std::vector<Id>& ids) {
  std::vector<std::string> hex;
  hex.reserve(ids.size());
  for (const Id& id : ids) hex.push_back(id.hex());
  return hex;
}

}  // namespace mig

// An id is a hash already.
std::size_t std::hash<mig::Id>::operator()(const mig::Id& id) const noexcept {
  std::size_t value;
  std::memcpy(&value, id.bytes().data(), sizeof(value));
  return value;
}
