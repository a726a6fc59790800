// The text that decides whether an edit of a script is cosmetic: same text, same meaning.
#pragma once

#include <string>
#include <string_view>

#include "store/core/dialect.h"
#include "store/core/result.h"

namespace mig {

// The statements of `script`, each as its tokens with one space between them and ` ;` and a newline
// after them. The caller hashes it.
//
// Left out: comments, white space, empty statements, the last statement's missing `;`, and
// MariaDB's DELIMITER lines. Kept: comments that some server or extension obeys, which are `/*! ...
// */`, `/*M! ... */` and `/*+ ... */` in every dialect. A PostgreSQL string continued on the next
// line keeps one line break between its pieces.
//
// ASCII letters of keywords and unquoted names are folded to lower case for PostgreSQL only, whose
// server does exactly that before it looks at them, so that upper-casing keywords is cosmetic.
// SQLite shows a name in the case it was created with, and MariaDB's table names are files: there,
// a change of case counts as a change. Literals, numbers and quoted names are never touched: too
// many changes of meaning are reported rather than one too few.
//
// The text is itself a script with the same tokens, so two scripts share it only if their tokens
// are the same. Errors: those of SplitStatements.
Result<std::string> MeaningText(Dialect dialect, std::string_view script);

}  // namespace mig
