// `${NAME}` in SQL: where a value of the target's configuration is put in (docs/placeholders.md).
//
// `${` before anything but a name (store/core/names.h) and `}` is SQL like any other. So is what
// stands in a comment, and what the `$` of a dollar quote's own tag seems to begin: `$${a}$$` is a
// string. A backslash in front makes it text: `\${NAME}` becomes `${NAME}`.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "store/core/dialect.h"

namespace mig {

struct Placeholder {
  std::size_t begin = 0;  // byte offsets into the script; a backslash that goes is part of it
  std::size_t end = 0;
  std::string_view name;  // views the script
  bool is_text = false;
};

// In order. What follows a token that does not end is not looked at.
std::vector<Placeholder> PlaceholdersIn(Dialect dialect, std::string_view script);

// The script that means, once values are put in, what `script` says as it stands.
std::string WithoutPlaceholders(Dialect dialect, std::string_view script);

}  // namespace mig
