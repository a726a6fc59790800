// The golden cases of the splitter: split/DIALECT/NN_name.sql, and beside each what comes out.
#pragma once

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "store/core/dialect.h"

namespace mig {

struct SplitCase {
  Dialect dialect;
  std::filesystem::path sql;

  std::filesystem::path golden() const {
    return std::filesystem::path(sql).replace_extension("golden");
  }
};

inline std::string ReadFile(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

inline std::vector<SplitCase> SplitCases(Dialect dialect) {
  std::vector<SplitCase> cases;
  std::filesystem::path folder =
      std::filesystem::path(MIG_TEST_DATA) / "drivers/sql/split" / NameOf(dialect);
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() == ".sql") cases.push_back({dialect, entry.path()});
  }
  std::ranges::sort(cases, {}, &SplitCase::sql);
  return cases;
}

}  // namespace mig
