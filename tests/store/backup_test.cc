#include "store/backup.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <memory>

#include "store/objects.h"
#include "store/rocks_kv.h"
#include "tests/scratch_directory.h"
#include "tests/store/some_revisions.h"

namespace mig {
namespace {

namespace fs = std::filesystem;

class StoreBackup : public ::testing::Test {
 protected:
  StoreBackup() {
    auto kv = RocksKv::Open(folder_ / "store");
    EXPECT_TRUE(kv) << kv.error().message;
    kv_ = *std::move(kv);
    EXPECT_TRUE(Objects(*kv_).Put("shop", MakeRevision("a")));
  }

  Result<CopiedStore> BackUp(
      const std::string& copy,
      const CopyProgress& progress = [](const CheckCounts&) { return true; }) {
    return BackUpStore(*kv_, folder_ / "store", folder_ / copy, progress);
  }

  ScratchDirectory folder_;
  std::unique_ptr<RocksKv> kv_;
};

TEST_F(StoreBackup, IsMadeAtAFolderWhoseNameEndsWithASlash) {
  const auto made = BackUp("copy/");
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_TRUE(fs::exists(folder_ / "copy/FORMAT"));
  EXPECT_FALSE(fs::exists(folder_ / "copy.partial"));
}

TEST_F(StoreBackup, LeavesAnotherOneToTheSameFolderAlone) {
  int refused = 0;
  const auto made = BackUp("copy", [&](const CheckCounts&) {
    const auto other = BackUp("copy");
    EXPECT_EQ(other ? Reason::kInternal : other.error().reason, Reason::kFileExists);
    ++refused;
    return true;
  });
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_GT(refused, 0);
  EXPECT_TRUE(fs::exists(folder_ / "copy/FORMAT"));
}

TEST_F(StoreBackup, RemovesWhatAnInterruptedOneLeft) {
  fs::create_directories(folder_ / "copy.partial/db");
  ASSERT_TRUE(BackUp("copy"));
  EXPECT_FALSE(fs::exists(folder_ / "copy.partial"));
}

}  // namespace
}  // namespace mig
