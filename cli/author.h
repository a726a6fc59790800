// Who writes revisions and asks for runs, and when.
#pragma once

#include <string>

#include "cli/environment.h"

namespace mig {

// "Name <address>": GIT_AUTHOR_NAME and GIT_AUTHOR_EMAIL, else what `git config` says, else the
// user's name alone; empty when nothing is known.
std::string AuthorOf(const Environment& environment);

// The time that new revisions are said to be created at: $MIG_NOW (RFC 3339, UTC), with which names
// and ids can be made again; empty: whatever the daemon's clock says.
std::string CreatedAt(const Environment& environment);

}  // namespace mig
