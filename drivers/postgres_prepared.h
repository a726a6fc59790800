// The statements that a session keeps prepared on the server: those of mig's own that recur with
// every revision, which cost more to analyse and plan than to run.
//
// Scripts can reach them (DEALLOCATE ALL), so that whoever finds one gone keeps none any more.
#pragma once

#include <map>
#include <span>
#include <string>

#include "drivers/session.h"

namespace mig {

class PostgresPrepared {
 public:
  struct Statement {
    std::string name;
    bool there = false;  // the server has it
  };

  // What the command runs as, null for one that is not kept. Lives as long as this object.
  Statement* For(const SqlCommand& command);

  bool empty() const;  // the server has none

  // The server has none any more.
  void Forget();

  // Whether `error`, whose command_index is of `commands`, says of one of them that it is gone, or
  // that a script took its name; For() then answers null from now on.
  bool GivesUpAfter(const Error& error, std::span<const SqlCommand> commands);

 private:
  std::map<std::string, Statement> statements_;  // by their SQL
  bool given_up_ = false;
};

}  // namespace mig
