// What MariaDB's statements leave in their session besides its settings, by name: for whoever
// cannot reset a session and has to take them away one by one.
#pragma once

#include <set>
#include <string>
#include <string_view>

namespace mig {

struct LeftInSession {
  std::set<std::string> variables;         // `@a` and @`a b` as written; also those only read
  std::set<std::string> temporary_tables;  // without database and quotes
};

// Adds what this statement may leave. What it executes from strings or procedures is not seen.
void CollectLeft(std::string_view statement, LeftInSession& left);

}  // namespace mig
