// The text of a file as `mig` hashes, stores and runs it, and places in it.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "store/core/error.h"
#include "store/core/result.h"

namespace mig {

// A place in a text. Both count from 1, the column in bytes.
struct Place {
  int line = 1;
  int column = 1;

  friend bool operator==(const Place&, const Place&) = default;
};

Place PlaceOf(std::string_view text, std::size_t offset);

// kFileInvalid at a place of a file: the message is "FILE:LINE:COLUMN: WHAT", the details are file,
// line and column.
Error FileError(std::string_view path, Place place, std::string_view what, std::string hint = "");

// The bytes of the file at `path` as text: a leading byte order mark is dropped and CRLF becomes
// LF, nothing else changes. Normalising twice is normalising once. Errors: kLimitExceeded
// (limits.h); kFileInvalid for what is not UTF-8 (RFC 3629), a NUL or a lone CR, at its place.
Result<std::string> NormaliseText(std::string_view path, std::string_view bytes);

}  // namespace mig
