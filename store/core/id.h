// A revision's identity: the SHA-256 of its canonical text (docs/formats.md).
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mig {

class Id {
 public:
  using Bytes = std::array<std::uint8_t, 32>;

  Id() = default;  // all zero: no revision has it
  explicit Id(const Bytes& bytes) : bytes_(bytes) {}

  // The id of 64 lower-case hex digits; nullopt for anything else.
  static std::optional<Id> FromHex(std::string_view hex);

  const Bytes& bytes() const { return bytes_; }
  std::string hex() const;
  // The first 12 digits, as people are shown ids.
  std::string short_hex() const { return hex().substr(0, 12); }

  friend auto operator<=>(const Id&, const Id&) = default;

 private:
  Bytes bytes_{};
};

std::vector<std::string> HexOf(const std::vector<Id>& ids);

}  // namespace mig

template <>
struct std::hash<mig::Id> {
  std::size_t operator()(const mig::Id& id) const noexcept;
};
