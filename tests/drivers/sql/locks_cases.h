// The statements of tests/drivers/sql/locks, each with what LocksOf says about it.
#pragma once

#include <gtest/gtest.h>

#include <fstream>
#include <string>
#include <vector>

namespace mig {

struct LocksCase {
  std::string statement;
  std::string sentence;
};

// A statement a line, and below it, indented, the sentence.
inline std::vector<LocksCase> LocksCases(const std::string& file) {
  std::ifstream in(file);
  EXPECT_TRUE(in) << file;
  std::vector<LocksCase> cases;
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with("  ")) {
      cases.back().sentence = line.substr(2);
    } else {
      cases.push_back({line, ""});
    }
  }
  return cases;
}

}  // namespace mig
