#include "store/core/sha256.h"

// OpenSSL's plain functions are deprecated in favour of EVP, whose look-up of an algorithm reads a
// configuration file and fills tables: 5 million instructions, more than all else that a small
// command does. The code that hashes is the same.
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/sha.h>

namespace mig {

Digest Sha256(std::string_view bytes) {
  Digest digest;
  SHA256_CTX context;
  SHA256_Init(&context);
  SHA256_Update(&context, bytes.data(), bytes.size());
  SHA256_Final(digest.data(), &context);
  return digest;
}

Digest HmacSha256(std::string_view key, std::string_view bytes) {
  constexpr std::size_t kBlock = 64;
  const auto text = [](const Digest& digest) {
    return std::string(reinterpret_cast<const char*>(digest.data()), digest.size());
  };
  std::string block = key.size() > kBlock ? text(Sha256(key)) : std::string(key);
  block.resize(kBlock);
  const auto with = [&](char pad) {
    std::string padded = block;
    for (char& c : padded) c = static_cast<char>(c ^ pad);
    return padded;
  };
  return Sha256(with(0x5C) + text(Sha256(with(0x36).append(bytes))));
}

std::string Hex(std::string_view bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string hex(2 * bytes.size(), '0');
  char* to = hex.data();
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    *to++ = kDigits[byte >> 4];
    *to++ = kDigits[byte & 15];
  }
  return hex;
}

std::string Hex(const Digest& digest) {
  return Hex(std::string_view(reinterpret_cast<const char*>(digest.data()), digest.size()));
}

bool IsSha256(std::string_view text) {
  return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

}  // namespace mig
