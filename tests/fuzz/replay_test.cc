// Every fuzz target over its corpus, as ordinary tests.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string_view>
#include <vector>

namespace mig {

#define MIG_FUZZ_TARGET(function, folder) void function(std::string_view input);
#include "fuzz_targets.inc"
#undef MIG_FUZZ_TARGET

namespace {

struct Target {
  const char* folder;
  void (*run)(std::string_view input);
};

constexpr Target kTargets[] = {
#define MIG_FUZZ_TARGET(function, folder) {folder, function},
#include "fuzz_targets.inc"
#undef MIG_FUZZ_TARGET
};

void PrintTo(const Target& target, std::ostream* out) { *out << target.folder; }

class FuzzReplay : public testing::TestWithParam<Target> {};

TEST_P(FuzzReplay, KeepsItsPromisesOnTheCorpus) {
  std::vector<std::filesystem::path> paths;
  const auto folder = std::filesystem::path(MIG_CORPUS) / GetParam().folder;
  for (const auto& entry : std::filesystem::directory_iterator(folder))
    paths.push_back(entry.path());
  ASSERT_FALSE(paths.empty());
  std::sort(paths.begin(), paths.end());
  for (const auto& path : paths) {
    SCOPED_TRACE(path);
    std::ifstream file(path, std::ios::binary);
    ASSERT_TRUE(file);
    GetParam().run(std::string(std::istreambuf_iterator<char>(file), {}));
  }
}

INSTANTIATE_TEST_SUITE_P(Targets, FuzzReplay, testing::ValuesIn(kTargets),
                         [](const auto& target) { return std::string(target.param.folder); });

}  // namespace
}  // namespace mig
