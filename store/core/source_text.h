// The text of a file as `mig` hashes, stores and runs it, and places in it.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "store/core/error.h"
#include "store/core/result.h"

namespace mig {

// What separates the words of a line.
inline constexpr std::string_view kBlanks = " \t";

// A place in a text. Both count from 1, the column in bytes.
struct Place {
  int line = 1;
  int column = 1;

  friend bool operator==(const Place&, const Place&) = default;
};

Place PlaceOf(std::string_view text, std::size_t offset);

// Where the first byte stands that is no part of a UTF-8 sequence (RFC 3629: shortest forms, no
// surrogates).
std::optional<std::size_t> FindInvalidUtf8(std::string_view bytes);

// kFileInvalid at a place of a file: the message is "FILE:LINE:COLUMN: WHAT", the details are file,
// line and column.
Error FileError(std::string_view path, Place place, std::string_view what, std::string hint = "");

// The bytes of the file at `path` as text: leading byte order marks are dropped and CRLF becomes
// LF, nothing else changes. Normalising twice is normalising once. Errors: kLimitExceeded
// (limits.h); kFileInvalid for what is not UTF-8, a NUL or a lone CR, at its place.
Result<std::string> NormaliseText(std::string_view path, std::string_view bytes);

}  // namespace mig
