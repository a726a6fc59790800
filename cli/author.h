// Who writes revisions and asks for runs.
#pragma once

#include <string>

#include "cli/config.h"

namespace mig {

// "Name <address>": GIT_AUTHOR_NAME and GIT_AUTHOR_EMAIL, else what `git config` says, else the
// user's name alone; empty when nothing is known.
std::string AuthorOf(const Environment& environment);

}  // namespace mig
