// `migd token`: makes, lists and revokes the tokens of a store, beside a running daemon or without
// one.
#pragma once

#include <string>
#include <vector>

#include "daemon/world.h"
#include "store/core/result.h"

namespace mig {

struct TokenCommand {
  enum class Verb { kAdd, kList, kRevoke };
  Verb verb = Verb::kList;
  std::string name = {};
  std::vector<std::string> projects = {};
  bool read_only = false;
  bool json = false;
};

// Does it to the store in `folder`; the answer is the text for stdout. The text of kAdd is the only
// place where the token is ever seen. Errors: those of TokenFile;
// kFileUnreadable for kList without a store.
Result<std::string> RunTokenCommand(const TokenCommand& command, const std::string& folder,
                                    const World& world);

}  // namespace mig
