// The words of a command line, sorted by a command's record.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "cli/command.h"

namespace mig {

// What was given to one command.
class Arguments {
 public:
  // Whether a switch or an option was given at all. `key` is Option::key().
  bool Has(std::string_view key) const { return values_.contains(key); }
  // The last value given; empty when none was.
  std::string Value(std::string_view key) const;
  std::vector<std::string> Values(std::string_view key) const;

  const std::vector<std::string>& operands() const { return operands_; }
  // Empty when there are fewer.
  std::string Operand(std::size_t index) const;

 private:
  friend Result<Arguments> ParseArguments(const Command&, const std::vector<std::string>&);

  std::map<std::string, std::vector<std::string>, std::less<>> values_;
  std::vector<std::string> operands_;
};

// The verb of a command line and everything else, options given before the verb included.
struct Words {
  std::string verb;  // empty: none was given
  std::vector<std::string> rest;
};
Words SplitVerb(const std::vector<std::string>& words);

// Words that start like a negative number (`-1`, `-3:current`) are never options. What the command,
// or that verb of it, would not hear is refused. Errors: kUsage, naming the option or operand, with
// the nearest option as hint; kUnsupported for an option of Alembic that has no place here.
Result<Arguments> ParseArguments(const Command& command, const std::vector<std::string>& words);

// The error; one of usage whose hint says nothing of its own hints at the help of the command.
Error PointingToHelp(const Command& command, Error error);

}  // namespace mig
