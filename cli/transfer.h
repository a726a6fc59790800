// Sending revisions from one daemon to another, through this process: it holds one message of them
// at a time.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "cli/client.h"
#include "store/core/result.h"

namespace mig {

struct ObjectList {
  std::vector<std::string> ids;    // parents and dependencies first
  std::vector<std::string> heads;  // of the whole view
};

// All of a view but `haves` and what is below them. `ask` makes the call.
Result<ObjectList> ListAll(
    const v1::View& view, const std::vector<std::string>& haves,
    const std::function<Result<v1::ListObjectsResponse>(const v1::ListObjectsRequest&)>& ask);

// Those of `ids` that `daemon` lacks, in their order.
Result<std::vector<std::string>> MissingIn(Client& daemon, const std::string& project,
                                           const std::vector<std::string>& ids);

// The canonical texts of revisions of a view, in the order of `ids`, one after the other. The first
// error of `each` is the answer.
Result<void> ReadTexts(Client& from, const v1::View& view, const std::vector<std::string>& ids,
                       const std::function<Result<void>(const std::string& text)>& each);

// Sends objects of a view of `from` to a project of `to`. `sent` hears how many are through. When
// it breaks off, what was sent stays, and the next MissingIn leaves it out.
Result<void> SendObjects(Client& from, const v1::View& view, const std::vector<std::string>& ids,
                         Client& to, const std::string& project,
                         const std::function<void(std::size_t)>& sent);

}  // namespace mig
