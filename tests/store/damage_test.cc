// Damage to a store's files: whatever bit is flipped or byte cut off, what is read is what was
// acknowledged, or kCorruption names the file.
#include <gmock/gmock.h>

#include <cstdlib>
#include <fstream>
#include <random>
#include <sstream>

#include "store/objects.h"
#include "store/refs.h"
#include "store/rocks_kv.h"
#include "tests/scratch_directory.h"
#include "tests/store/some_revisions.h"

namespace mig {
namespace {

namespace fs = std::filesystem;

// Flips tried for each file; MIG_SOAK multiplies it.
int FlipsOfAFile() {
  const char* soak = std::getenv("MIG_SOAK");
  return 4 * (soak ? std::max(1, std::atoi(soak)) : 1);
}

std::string Read(const fs::path& path) {
  std::ostringstream content;
  content << std::ifstream(path).rdbuf();
  return content.str();
}

void Replace(const fs::path& path, const std::string& content) {
  std::ofstream(path, std::ios::trunc) << content;
}

RocksOptions SmallTables() { return {.flush_bytes = 3000}; }

Result<void> Fill(Kv& kv, int from, int to) {
  Objects objects(kv);
  Refs refs(kv);
  for (int i = from; i < to; ++i) {
    const std::string name = "r" + std::to_string(i);
    const Revision revision = MakeRevision(name, {}, std::string(300, static_cast<char>('a' + i)));
    TRY(objects.Put("shop", revision));
    TRY(refs.Create("shop", name, {IdOf(revision)}, By(name)));
  }
  return {};
}

// What a power cut leaves of a store, and what had been acknowledged then.
struct Image {
  fs::path path;
  std::vector<KeyValue> content;
};

// `tail`: how many pushes were made after the last opening.
Image MakeImage(const fs::path& directory, int tail) {
  const fs::path live = directory / "live";
  {
    auto kv = RocksKv::Open(live, SmallTables());
    EXPECT_TRUE(Fill(**kv, 0, 8));
  }
  auto kv = RocksKv::Open(live, SmallTables());
  EXPECT_TRUE(Fill(**kv, 8, 8 + tail));
  Image image{directory / "image", *ScanAll(**kv, "", "")};
  fs::copy(live, image.path, fs::copy_options::recursive);
  return image;
}

// Opens the store and reads everything: as acknowledged, or damage that is reported by name.
void ExpectWholeOrReported(const fs::path& store, const Image& image, const std::string& what) {
  const auto check = [&](const Error& error) {
    EXPECT_EQ(error.reason, Reason::kCorruption) << what << ": " << error.message;
    EXPECT_THAT(error.message, testing::HasSubstr(store.string() + "/")) << what;
  };
  auto opened = RocksKv::Open(store, SmallTables());
  if (!opened) return check(opened.error());
  const auto content = ScanAll(**opened, "", "");
  if (!content) return check(content.error());
  ASSERT_EQ(content->size(), image.content.size()) << what << ": lost in silence";
  EXPECT_TRUE(*content == image.content) << what << ": damage was served";
}

class Damage : public testing::TestWithParam<int> {
 protected:
  // Calls `damage` with the content of each file of the image many times; tries each result.
  template <typename Change>
  void TryOnEachFile(Change change) {
    const Image image = MakeImage(directory_.path(), GetParam());
    std::vector<fs::path> files;
    for (const auto& entry : fs::recursive_directory_iterator(image.path)) {
      if (entry.is_regular_file()) files.push_back(fs::relative(entry.path(), image.path));
    }
    std::sort(files.begin(), files.end());
    for (const fs::path& file : files) {
      const std::string whole = Read(image.path / file);
      if (whole.empty()) continue;
      for (int round = 0; round < FlipsOfAFile(); ++round) {
        const fs::path store = directory_.path() / "damaged";
        fs::remove_all(store);
        fs::copy(image.path, store, fs::copy_options::recursive);
        std::string content = whole;
        const std::string what = change(&content, round);
        Replace(store / file, content);
        ExpectWholeOrReported(store, image, file.string() + " " + what);
      }
    }
  }

  // In memory where there is such a place: thousands of stores are opened, and none needs a disk.
  ScratchDirectory directory_{fs::exists("/dev/shm") ? fs::path("/dev/shm")
                                                     : fs::temp_directory_path()};
  std::mt19937 random_{static_cast<unsigned>(GetParam()) + 1};
};

// In the log of the last opening: nothing, one push, and enough for tables of their own.
INSTANTIATE_TEST_SUITE_P(AfterPushes, Damage, testing::Values(0, 1, 9));

TEST_P(Damage, OfOneBitIsReportedOrHarmless) {
  TryOnEachFile([this](std::string* content, int round) {
    // Half of the flips near the end, where a log is most easily taken for torn.
    const std::size_t reach =
        round % 2 ? std::min<std::size_t>(content->size(), 250) : content->size();
    const std::size_t at = content->size() - 1 - random_() % reach;
    const int bit = static_cast<int>(random_() % 8);
    (*content)[at] = static_cast<char>((*content)[at] ^ (1 << bit));
    return "bit " + std::to_string(bit) + " of byte " + std::to_string(at);
  });
}

TEST_P(Damage, ByLostBytesAtTheEndIsReportedOrHarmless) {
  TryOnEachFile([this](std::string* content, int round) {
    const std::size_t reach =
        round % 2 ? std::min<std::size_t>(content->size(), 250) : content->size();
    const std::size_t lost = round == 0 ? 1 : 1 + random_() % reach;
    content->resize(content->size() - lost);
    return "without its last " + std::to_string(lost) + " bytes";
  });
}

TEST_P(Damage, ByALostByteInsideIsReportedOrHarmless) {
  TryOnEachFile([this](std::string* content, int) {
    const std::size_t at = random_() % content->size();
    content->erase(at, 1);
    return "without byte " + std::to_string(at);
  });
}

TEST(DamageOfTheLog, InTheLastAcknowledgedCommitIsNeverTakenForATornTail) {
  ScratchDirectory directory;
  const Image image = MakeImage(directory.path(), 1);
  fs::path log;
  for (const auto& entry : fs::directory_iterator(image.path / "db")) {
    if (entry.path().extension() == ".log" && entry.file_size() > 0) log = entry.path();
  }
  ASSERT_FALSE(log.empty());
  std::string content = Read(log);
  content.pop_back();
  Replace(log, content);
  for (int attempt = 0; attempt < 2; ++attempt) {
    const auto opened = RocksKv::Open(image.path);
    ASSERT_FALSE(opened) << "attempt " << attempt;
    EXPECT_EQ(opened.error().reason, Reason::kCorruption);
    EXPECT_THAT(opened.error().message, testing::HasSubstr("acknowledged"));
  }
}

TEST(DamageOfTheLog, InACommitThatWasNeverAcknowledgedIsDroppedInSilence) {
  ScratchDirectory directory;
  const Image image = MakeImage(directory.path(), 1);
  for (const auto& entry : fs::directory_iterator(image.path / "db")) {
    if (entry.path().extension() != ".log" || entry.file_size() == 0) continue;
    Replace(entry.path(), Read(entry.path()) + std::string("\x12\x34\x56\x78\x40\x00\x01torn", 11));
  }
  ExpectWholeOrReported(image.path, image, "a torn tail");
  EXPECT_TRUE(RocksKv::Open(image.path));
}

}  // namespace
}  // namespace mig
