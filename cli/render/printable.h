// Text of others (a database, a revision, another client) as a terminal may be given it.
#pragma once

#include <string>
#include <string_view>

namespace mig {

// `text` with each byte of a control character, and each that is not UTF-8, as `\x1b`; but for line
// feeds and tabs. What a terminal would take for a command is shown, and not obeyed.
std::string Printable(std::string_view text);

// The same on one line: line feeds and tabs are shown, too.
std::string PrintableLine(std::string_view text);

}  // namespace mig
