// SHA-256 (FIPS 180-4), by OpenSSL.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace mig {

using Digest = std::array<std::uint8_t, 32>;

Digest Sha256(std::string_view bytes);
// With a secret key, which may be of any length (RFC 2104).
Digest HmacSha256(std::string_view key, std::string_view bytes);

// Lower-case hex digits of any bytes.
std::string Hex(std::string_view bytes);
std::string Hex(const Digest& digest);

// Whether a text is a digest as Hex writes it.
bool IsSha256(std::string_view text);

}  // namespace mig
