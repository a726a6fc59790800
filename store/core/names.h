// What revisions, labels and refs may be called.
//
//     name         [A-Za-z0-9_][A-Za-z0-9_.]{0,127}: safe in every file system, shell and
//                  revision expression
//     label        [A-Za-z0-9_][A-Za-z0-9_.-]{0,127}
//     ref          parts joined by `/`, as `git check-ref-format` wants them, in ASCII:
//                  `team-a/prices`
//     placeholder  [A-Za-z_][A-Za-z0-9_]*
//
// `head heads base current` mean something in revision expressions, in any case: no revision, label
// or ref has them, and no ref starts with `refs/`. Names and labels are unique ignoring case,
// because some file systems cannot tell `Users.sql` from `users.sql`.
#pragma once

#include <string>
#include <string_view>

#include "store/core/result.h"

namespace mig {

// Errors of the three: kNameInvalid, saying which rule is broken; detail `name`.
Result<void> CheckRevisionName(std::string_view name);
Result<void> CheckLabel(std::string_view label);
Result<void> CheckRefName(std::string_view ref);

// The name, cut to what any may be, as a message may show it: neither a control character nor half
// a letter reaches a terminal or a log.
std::string ShownName(std::string_view name);

// What may stand between `${` and `}`.
bool IsPlaceholderName(std::string_view name);

// `head`, `heads`, `base` or `current`, in any case.
bool IsReservedWord(std::string_view word);

// Equal for exactly those names that differ in nothing but case. Names are ASCII, and so is this.
std::string NameKey(std::string_view name);

}  // namespace mig
