#include "cli/work_tree.h"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "cli/file.h"
#include "store/core/limits.h"
#include "store/core/sha256.h"
#include "tests/scratch_directory.h"
#include "tests/without_threads.h"

namespace mig {
namespace {

namespace fs = std::filesystem;

class WorkTreeTest : public testing::Test {
 protected:
  WorkTreeTest() {
    config_.root = directory_.path().string();
    config_.project = "shop";
    fs::create_directory(config_.root + "/migrations");
  }

  void Write(const std::string& path, const std::string& text) {
    fs::create_directories(fs::path(config_.root + "/" + path).parent_path());
    std::ofstream(config_.root + "/" + path) << text;
  }

  std::vector<std::string> Paths() {
    Result<WorkTree> tree = ReadWorkTree(config_);
    EXPECT_TRUE(tree.has_value()) << (tree ? "" : tree.error().message);
    std::vector<std::string> paths;
    if (tree) std::ranges::transform(tree->files, std::back_inserter(paths), &WorkTreeFile::path);
    return paths;
  }

  ScratchDirectory directory_;
  Config config_;
};

TEST_F(WorkTreeTest, ListsSqlFilesSortedAndNothingElse) {
  Write("migrations/b.sql", "b");
  Write("migrations/a.sql", "a");
  Write("migrations/.hidden.sql", "x");
  Write("migrations/notes.md", "x");
  Write("migrations/deeper/c.sql", "x");
  EXPECT_THAT(Paths(), testing::ElementsAre("migrations/a.sql", "migrations/b.sql"));
}

TEST_F(WorkTreeTest, KnowsWhatMayBeMeantForARevisionAndIsNone) {
  Write("migrations/a.sql", "a");
  Write("migrations/B.SQL", "x");
  Write("migrations/deeper/c.sql", "x");
  Write("migrations/notes/read.me", "x");
  Write("migrations/.git/d.sql", "x");
  for (int reading = 1; reading <= 2; ++reading)  // the second one knows the files already
    EXPECT_THAT(ReadWorkTree(config_)->left_out,
                testing::ElementsAre("migrations/B.SQL", "migrations/deeper/"));
  config_.migrations = {"migrations", "./migrations/deeper"};
  EXPECT_THAT(ReadWorkTree(config_)->left_out, testing::ElementsAre("migrations/B.SQL"));
}

TEST_F(WorkTreeTest, ListsSeveralFoldersInOneOrder) {
  config_.migrations = {"z", "migrations/", "./z"};
  Write("z/a.sql", "a");
  Write("migrations/b.sql", "b");
  EXPECT_THAT(Paths(), testing::ElementsAre("migrations/b.sql", "z/a.sql"));
}

TEST_F(WorkTreeTest, IsKnownByTheHashOfItsListing) {
  Write("migrations/a.sql", "one");
  std::string listing = "migrations/a.sql" + std::string(1, '\0') + Hex(Sha256("one")) + "\n";
  EXPECT_EQ(ReadWorkTree(config_)->digest, Hex(Sha256(listing)));
  Write("migrations/a.sql", "two");
  EXPECT_NE(ReadWorkTree(config_)->digest, Hex(Sha256(listing)));
}

TEST_F(WorkTreeTest, IsReadWhereNoThreadCanBeStarted) {
  constexpr std::size_t kWorthThreads = 1500;
  for (std::size_t i = 0; i < kWorthThreads; ++i)
    Write("migrations/" + std::to_string(i) + ".sql", "");
  fs::permissions(config_.root, fs::perms(0755));
  ExpectWithoutThreads([&] {
    const Result<WorkTree> tree = ReadWorkTree(config_);
    return tree && tree->files.size() == kWorthThreads;
  });
}

TEST_F(WorkTreeTest, HasNoFilesInAFolderThatIsNotThereAndSaysWhichOneThatIs) {
  config_.migrations = {"nowhere", "migrations"};
  Write("migrations/a.sql", "a");
  for (int reading = 1; reading <= 2; ++reading) {  // the second one knows the files already
    const Result<WorkTree> tree = ReadWorkTree(config_);
    ASSERT_TRUE(tree.has_value()) << tree.error().message;
    EXPECT_EQ(tree->files.size(), 1U);
    EXPECT_THAT(tree->missing_folders, testing::ElementsAre("nowhere"));
  }
  EXPECT_FALSE(fs::exists(config_.root + "/nowhere"));
}

TEST_F(WorkTreeTest, RefusesWhatIsThereAndNoFolderThatCanBeRead) {
  Write("file", "in the way");
  fs::create_symlink("gone", config_.root + "/link");
  for (const char* folder : {"file", "file/below", "link"}) {
    config_.migrations = {folder};
    const Result<WorkTree> tree = ReadWorkTree(config_);
    ASSERT_FALSE(tree.has_value()) << folder;
    EXPECT_EQ(tree.error().reason, Reason::kFileUnreadable);
    EXPECT_THAT(tree.error().message, testing::HasSubstr(folder));
  }
}

TEST_F(WorkTreeTest, RefusesAFileThatIsTooLargeWithoutReadingIt) {
  Write("migrations/a.sql", "");
  fs::resize_file(config_.root + "/migrations/a.sql", kMaxFileBytes + 1);
  Result<WorkTree> tree = ReadWorkTree(config_);
  ASSERT_FALSE(tree.has_value());
  EXPECT_EQ(tree.error().reason, Reason::kLimitExceeded);
}

TEST_F(WorkTreeTest, RefusesAFileNameThatIsNoFile) {
  fs::create_directory(config_.root + "/migrations/a.sql");
  Result<WorkTree> tree = ReadWorkTree(config_);
  ASSERT_FALSE(tree.has_value());
  EXPECT_EQ(tree.error().reason, Reason::kFileUnreadable);
}

TEST_F(WorkTreeTest, CreateFileNeverOverwrites) {
  std::string path = config_.root + "/x.sql";
  EXPECT_TRUE(CreateFile(path, "first").has_value());
  Result<void> again = CreateFile(path, "second");
  ASSERT_FALSE(again.has_value());
  EXPECT_EQ(again.error().reason, Reason::kFileExists);
  EXPECT_EQ(*ReadFile(path), "first");
}

TEST_F(WorkTreeTest, WritingLeavesNoOtherFileBehind) {
  std::string path = config_.root + "/migrations/x.sql";
  EXPECT_TRUE(CreateFile(path, "first").has_value());
  EXPECT_TRUE(ReplaceFile(path, "second").has_value());
  (void)CreateFile(path, "third");
  EXPECT_EQ(*ReadFile(path), "second");
  EXPECT_EQ(std::distance(fs::directory_iterator(config_.root + "/migrations"), {}), 1);
}

}  // namespace
}  // namespace mig
