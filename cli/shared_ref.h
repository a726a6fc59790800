// What push, pull, fetch and clone have in common: which ref, and bringing it here.
#pragma once

#include <string>
#include <vector>

#include "cli/context.h"
#include "store/core/result.h"

namespace mig {

// The ref that --ref names, else the Git branch of the work tree, else, outside of Git, "main".
// Errors: kUsage where Git's HEAD is detached, as in most checkouts of CI: no branch is meant.
Result<std::string> RefOf(Context& context);

// "remotes/origin/main": where the work tree's daemon notes what a ref of a remote is; the ref
// itself where that daemon is the remote.
std::string TrackingRef(const Remote& remote, const std::string& ref);

// A ref of a remote as it is now; unset where there is none of this name.
Result<std::optional<v1::Ref>> FindRef(Remote& remote, const std::string& ref);

// The same; where there is none, what a push would make it of: no heads, and the policy that the
// remote has for it.
Result<v1::Ref> RefToPush(Remote& remote, const std::string& ref);

struct Fetched {
  std::string ref;
  std::vector<v1::RefHead> old_heads;  // as noted before; none: it is new here
  std::vector<v1::RefHead> heads;      // none: the remote has it no more
  std::size_t revisions = 0;           // how many were sent
};

// Brings what a ref of the remote reaches into the store of the work tree's daemon, and notes where
// it is. `ref` is what the remote said of it; of one it has no more only the name counts.
Result<Fetched> Fetch(Context& context, Remote& remote, const v1::Ref& ref);

// The refs, by their names alone, that were noted of the remote and that it has no more. `now`: all
// that it has.
Result<std::vector<v1::Ref>> GoneRefs(Context& context, const Remote& remote,
                                      const v1::ListRefsResponse& now);

}  // namespace mig
