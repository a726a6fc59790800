// What SQLite's statements leave in their session that changes what later ones do, as statements
// that take it away: for whoever cannot open a new session. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace mig {

class SqliteLeftovers {
 public:
  void Collect(std::string_view statement);

  // To be run outside of a transaction, the last one's first; forgotten then. Temporary objects:
  std::vector<std::string> UndoObjects();
  // What is attached, and what PRAGMAs set:
  std::vector<std::string> UndoSettings();

 private:
  std::vector<std::string> objects_;
  std::vector<std::string> settings_;
};

}  // namespace mig
