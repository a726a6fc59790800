// The statements that a session keeps prepared on the server: those of mig's own that recur with
// every revision, which cost more to analyse and plan than to run.
//
// Scripts can reach them (DEALLOCATE ALL), so that whoever finds one gone keeps none any more.
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>

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

  // To be told the command tag of every statement that is not kept: some prepare others, or run
  // what may.
  void Saw(std::string_view tag);
  // Whether the server may have statements that are not ours, since NoOthers().
  bool may_be_others() const { return may_be_others_; }
  void NoOthers() { may_be_others_ = false; }

  // The server has none any more.
  void Forget();

  // Whether `error`, whose command_index is of `commands`, says of one of them that it is gone, or
  // that a script took its name; For() then answers null from now on.
  bool GivesUpAfter(const Error& error, std::span<const SqlCommand> commands);

 private:
  std::map<std::string, Statement> statements_;  // by their SQL
  bool given_up_ = false;
  bool may_be_others_ = false;
};

}  // namespace mig
