#include "store/rocks_kv.h"

#include <gmock/gmock.h>
#include <sys/mount.h>
#include <unistd.h>

#include <fstream>
#include <map>
#include <sstream>

#include "store/core/limits.h"
#include "store/objects.h"
#include "store/refs.h"
#include "store/rocks_errors.h"
#include "tests/scratch_directory.h"
#include "tests/store/some_revisions.h"

namespace mig {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

std::unique_ptr<RocksKv> MustOpen(const fs::path& path, const RocksOptions& options = {}) {
  auto opened = RocksKv::Open(path, options);
  EXPECT_TRUE(opened) << opened.error().message;
  return opened ? *std::move(opened) : nullptr;
}

Result<Outcome> Put(Kv& kv, const std::string& key, const std::string& value) {
  Batch batch;
  batch.writes = {Write::Put(key, value)};
  return kv.Commit(batch);
}

std::string Read(const fs::path& path) {
  std::ostringstream content;
  content << std::ifstream(path).rdbuf();
  return content.str();
}

// Bytes that no compression makes smaller.
std::string Noise(std::size_t size, unsigned seed) {
  std::string noise(size, '\0');
  std::uint64_t state = seed + 1;
  for (char& c : noise) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    c = static_cast<char>(state >> 56);
  }
  return noise;
}

// A small file system of its own, when this process may mount one.
class SmallDisk {
 public:
  explicit SmallDisk(const std::string& size)
      : mounted_(::mount("tmpfs", path().c_str(), "tmpfs", 0, ("size=" + size).c_str()) == 0) {}
  ~SmallDisk() {
    if (mounted_) ::umount(path().c_str());
  }

  bool mounted() const { return mounted_; }
  const fs::path& path() const { return directory_.path(); }

  // Takes all room but `left` bytes.
  void FillUpTo(std::uint64_t left) {
    const std::uint64_t free = fs::space(path()).available;
    std::ofstream(path() / "filler") << std::string(free - left, 'x');
  }
  void MakeRoom() { fs::remove(path() / "filler"); }

 private:
  ScratchDirectory directory_;
  const bool mounted_;
};

TEST(RocksKv, KeepsWhatWasCommittedAcrossOpenings) {
  ScratchDirectory directory;
  ASSERT_TRUE(Put(*MustOpen(directory.path() / "a/b/store"), "a", "1"));
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(*GetOne(*MustOpen(directory.path() / "a/b/store"), "a"), "1");
  }
}

TEST(RocksKv, RefusesASecondOpeningNamingDirectoryAndProcess) {
  ScratchDirectory directory;
  const auto first = MustOpen(directory.path());
  const auto second = RocksKv::Open(directory.path());
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().reason, Reason::kStoreLocked);
  EXPECT_THAT(second.error().message, HasSubstr(directory.path().string()));
  EXPECT_EQ(second.error().details.at("pid"), std::to_string(::getpid()));
}

TEST(RocksKv, IsFreeAgainAfterItWasClosed) {
  ScratchDirectory directory;
  MustOpen(directory.path()).reset();
  MustOpen(directory.path()).reset();
}

TEST(RocksKv, LeavesAStoreOfAnotherFormatUnchanged) {
  ScratchDirectory directory;
  ASSERT_TRUE(Put(*MustOpen(directory.path()), "a", "1"));
  // As `printf 'mig-store 2' | sha256sum` says.
  const std::string format = "mig-store 2 f4dafeeb\n";
  std::ofstream(directory.path() / "FORMAT") << format;
  const std::string seal = Read(directory.path() / "SEAL");
  const std::string current = Read(directory.path() / "db/CURRENT");
  const auto opened = RocksKv::Open(directory.path());
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().reason, Reason::kStoreFormat) << opened.error().message;
  EXPECT_THAT(opened.error().message, HasSubstr("format 2"));
  EXPECT_EQ(Read(directory.path() / "FORMAT"), format);
  EXPECT_EQ(Read(directory.path() / "SEAL"), seal);
  EXPECT_EQ(Read(directory.path() / "db/CURRENT"), current);
}

TEST(RocksKv, SaysWhereItCannotBeMade) {
  ScratchDirectory directory;
  std::ofstream(directory.path() / "file") << "x";
  const auto opened = RocksKv::Open(directory.path() / "file/store");
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().reason, Reason::kStoreUnavailable);
  EXPECT_THAT(opened.error().message, HasSubstr("file/store"));
}

TEST(RocksError, NamesTheKindOfAFailureOnce) {
  const auto message = [](const rocksdb::Status& status) {
    return RocksError("read", status, "/s/db").message;
  };
  EXPECT_EQ(message(rocksdb::Status::Corruption("Corruption: IO error: No such file", "/s/db/7")),
            "cannot read the store: Corruption: IO error: No such file: /s/db/7");
  EXPECT_EQ(message(rocksdb::Status::IOError("bad", "/s/db/7")),
            "cannot read the store: IO error: bad: /s/db/7");
}

TEST(RocksKv, ReportsEachFileThatIsMissing) {
  ScratchDirectory directory;
  const fs::path store = directory.path() / "store";
  ASSERT_TRUE(Put(*MustOpen(store), "a", "1"));
  for (const char* file : {"FORMAT", "SEAL", "db/CURRENT"}) {
    fs::rename(store / file, directory.path() / "aside");
    const auto opened = RocksKv::Open(store);
    ASSERT_FALSE(opened) << file;
    EXPECT_EQ(opened.error().reason, Reason::kCorruption) << opened.error().message;
    EXPECT_THAT(opened.error().message, HasSubstr((store / file).string()));
    fs::rename(directory.path() / "aside", store / file);
  }
  EXPECT_EQ(*GetOne(*MustOpen(store), "a"), "1");
}

TEST(RocksKv, GoesOnMakingAStoreWhoseMakingWasInterrupted) {
  ScratchDirectory directory;
  MustOpen(directory.path()).reset();
  fs::remove(directory.path() / "FORMAT");
  ASSERT_TRUE(Put(*MustOpen(directory.path()), "a", "1"));
  EXPECT_EQ(*GetOne(*MustOpen(directory.path()), "a"), "1");
}

TEST(RocksKv, ManyFlushesKeepEverything) {
  ScratchDirectory directory;
  const RocksOptions options{.flush_bytes = 1 << 16};
  {
    const auto kv = MustOpen(directory.path(), options);
    for (unsigned i = 0; i < 300; ++i) {
      ASSERT_TRUE(Put(*kv, std::to_string(i), Noise(5000, i)));
    }
    ASSERT_TRUE(kv->VerifyChecksums());
  }
  const auto kv = MustOpen(directory.path(), options);
  for (unsigned i = 0; i < 300; ++i) EXPECT_EQ(*GetOne(*kv, std::to_string(i)), Noise(5000, i));
}

TEST(RocksKv, RefusesCommitsBelowTheFloorAndGoesOnReading) {
  ScratchDirectory directory;
  ASSERT_TRUE(Put(*MustOpen(directory.path()), "a", "1"));
  const auto full = MustOpen(directory.path(), {.free_floor = UINT64_MAX});
  const auto refused = Put(*full, "a", "2");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().reason, Reason::kStoreFull);
  EXPECT_THAT(refused.error().message, HasSubstr("bytes left"));
  EXPECT_EQ(*GetOne(*full, "a"), "1");
}

TEST(RocksKv, OnAFullDiskRefusesAndWorksAgainWhenThereIsRoom) {
  SmallDisk disk("32m");
  if (!disk.mounted()) GTEST_SKIP() << "this process may not mount a file system";
  const auto kv = MustOpen(disk.path() / "store", {.free_floor = std::uint64_t{4} << 20});
  ASSERT_TRUE(Put(*kv, "a", "1"));
  disk.FillUpTo(3 << 20);
  const auto refused = Put(*kv, "a", "2");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().reason, Reason::kStoreFull);
  EXPECT_EQ(*GetOne(*kv, "a"), "1");
  disk.MakeRoom();
  ASSERT_TRUE(Put(*kv, "a", "2"));
}

// The disk is filled under the store's feet, beyond its floor: writes themselves fail.
TEST(RocksKv, ADiskThatFillsDuringCommitsLosesNothing) {
  for (std::uint64_t left : {0u, 100000u, 3000000u}) {
    SmallDisk disk("24m");
    if (!disk.mounted()) GTEST_SKIP() << "this process may not mount a file system";
    const RocksOptions options{.free_floor = 0, .flush_bytes = 1 << 20};
    auto kv = MustOpen(disk.path() / "store", options);
    std::map<std::string, std::string> acknowledged;
    ASSERT_TRUE(Put(*kv, "0", "first"));
    acknowledged["0"] = "first";
    disk.FillUpTo(left);
    std::optional<Error> failure;
    std::string unsure;
    for (unsigned i = 1; !failure; ++i) {
      ASSERT_LT(i, 100u);
      const std::string key = std::to_string(i);
      const std::string value = Noise(200000, i);
      const auto put = Put(*kv, key, value);
      if (put) acknowledged[key] = value;
      if (!put) failure = put.error();
      if (!put && put.error().reason == Reason::kOutcomeUnknown) unsure = key;
    }
    EXPECT_TRUE(failure->reason == Reason::kStoreFull || failure->reason == Reason::kOutcomeUnknown)
        << failure->message;
    EXPECT_THAT(failure->message, testing::AnyOf(HasSubstr("No space"), HasSubstr("bytes left")));
    const auto check = [&] {
      for (const auto& [key, value] : acknowledged) {
        const auto got = GetOne(*kv, key);
        ASSERT_TRUE(got) << got.error().message;
        EXPECT_TRUE(*got == value) << key;
      }
      EXPECT_LE(ScanAll(*kv, "", "")->size(), acknowledged.size() + (unsure.empty() ? 0 : 1));
    };
    check();
    disk.MakeRoom();
    const auto again = Put(*kv, "again", "1");
    ASSERT_TRUE(again) << again.error().message;
    acknowledged["again"] = "1";
    check();
    kv.reset();
    kv = MustOpen(disk.path() / "store", options);
    check();
  }
}

}  // namespace
}  // namespace mig
