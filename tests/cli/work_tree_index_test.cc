#include "cli/work_tree_index.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <limits>
#include <set>

#include "cli/file.h"
#include "cli/work_tree.h"
#include "store/core/sha256.h"
#include "tests/scratch_directory.h"

namespace mig {
namespace {

namespace fs = std::filesystem;

const std::string kHashA(64, 'a');
const std::string kHashB(64, 'b');
const std::string kHashD(64, 'd');

WorkTreeIndex SmallIndex() {
  WorkTreeIndex index;
  index.begun = 900;
  index.digest = kHashD;
  index.files = {{"m/a.sql", {100, 200, 3, 7}, kHashA}, {"m/b b.sql", {-5, 201, 4, 8}, kHashB}};
  return index;
}

TEST(WorkTreeIndex, IsLinesThatEndInTheirOwnHash) {
  const std::string text = "mig-index 1\n900 " + kHashD + "\n" + kHashA + " 100 200 3 7 m/a.sql" +
                           '\0' + kHashB + " -5 201 4 8 m/b b.sql" + '\0';
  EXPECT_EQ(EncodeIndex(SmallIndex()), text + Hex(Sha256(text)));
}

TEST(WorkTreeIndex, ReadsBackWhatItWrote) {
  const std::optional<WorkTreeIndex> read = DecodeIndex(EncodeIndex(SmallIndex()));
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->begun, 900);
  EXPECT_EQ(read->digest, kHashD);
  ASSERT_EQ(read->files.size(), 2u);
  EXPECT_EQ(read->files[1].path, "m/b b.sql");
  EXPECT_EQ(read->files[1].stamp, (FileStamp{-5, 201, 4, 8}));
  EXPECT_EQ(read->files[1].sha256, kHashB);
}

TEST(WorkTreeIndex, IsNothingWhereverItWasCutOrChanged) {
  const std::string text = EncodeIndex(SmallIndex());
  for (std::size_t at = 0; at < text.size(); ++at) {
    EXPECT_FALSE(DecodeIndex(text.substr(0, at)).has_value()) << "cut at " << at;
    std::string changed = text;
    changed[at] = static_cast<char>(changed[at] ^ 1);
    EXPECT_FALSE(DecodeIndex(changed).has_value()) << "changed at " << at;
  }
}

TEST(WorkTreeIndex, WithAValidHashOverNonsenseIsNothing) {
  const std::string line = kHashA + " 1 1 1 1 a.sql" + '\0';
  const std::string begin = "mig-index 1\n900 " + kHashD + "\n";
  for (const std::string& body :
       {std::string("mig-index 1\n"), std::string("mig-index 1\nx ") + kHashD + "\n",
        begin + "short 1 1 1 1 a.sql" + '\0', begin + kHashA + " 1 1 1 a.sql" + '\0',
        begin + kHashA + " 1 1 1 1 a.sql", begin + kHashA + " 1 1 1 99999999999999999999 a" + '\0',
        begin + kHashB + " 1 1 1 1 b.sql" + '\0' + line}) {
    EXPECT_FALSE(DecodeIndex(body + Hex(Sha256(body))).has_value()) << body;
  }
}

TEST(WorkTreeIndex, CoversAFileThatIsAsItWasAndWasLeftAloneSince) {
  const WorkTreeIndex index = SmallIndex();
  const IndexedFile& file = index.files[0];
  EXPECT_TRUE(index.Covers(file, {100, 200, 3, 7}));
  EXPECT_FALSE(index.Covers(file, {101, 200, 3, 7})) << "modified";
  EXPECT_FALSE(index.Covers(file, {100, 201, 3, 7})) << "its time was set";
  EXPECT_FALSE(index.Covers(file, {100, 200, 4, 7})) << "grown";
  EXPECT_FALSE(index.Covers(file, {100, 200, 3, 8})) << "replaced";
}

TEST(WorkTreeIndex, DoesNotCoverAFileOfTheTickInWhichItWasBegun) {
  WorkTreeIndex index = SmallIndex();
  index.begun = 200;
  EXPECT_FALSE(index.Covers(index.files[0], {100, 200, 3, 7}));
  index.files[0].stamp = {900, 100, 3, 7};
  EXPECT_FALSE(index.Covers(index.files[0], {900, 100, 3, 7})) << "a time in the future";
}

// Which files of a folder are opened while this lives, as the kernel tells.
class Openings {
 public:
  explicit Openings(const std::string& folder) : descriptor_(::inotify_init1(IN_NONBLOCK)) {
    EXPECT_GE(::inotify_add_watch(descriptor_, folder.c_str(), IN_OPEN), 0);
  }
  ~Openings() { ::close(descriptor_); }
  Openings(const Openings&) = delete;

  std::set<std::string> Names() {
    std::set<std::string> names;
    alignas(inotify_event) char buffer[65536];
    for (ssize_t size; (size = ::read(descriptor_, buffer, sizeof buffer)) > 0;) {
      for (char* at = buffer; at < buffer + size;) {
        const auto* event = reinterpret_cast<const inotify_event*>(at);
        if (event->len > 0) names.insert(event->name);
        at += sizeof *event + event->len;
      }
    }
    return names;
  }

 private:
  const int descriptor_;
};

class IndexedWorkTree : public testing::Test {
 protected:
  IndexedWorkTree() {
    config_.root = directory_.path().string();
    config_.project = "shop";
    fs::create_directory(folder());
    Write("a.sql", "one");
    Write("b.sql", "two");
  }

  std::string folder() const { return config_.root + "/migrations"; }
  std::string PathOf(const std::string& file) const { return folder() + "/" + file; }
  std::string index_path() const { return config_.root + "/.mig/index"; }

  void Write(const std::string& file, const std::string& text) {
    std::ofstream(PathOf(file)) << text;
  }

  FileStamp StampOf(const std::string& path) const {
    struct stat status {};
    EXPECT_EQ(::stat(path.c_str(), &status), 0) << path;
    return FileStamp::Of(status);
  }

  // Until the file system's clock has moved on from the last change of a file.
  void AwaitTick() const {
    std::int64_t last = 0;
    for (const auto& entry : fs::directory_iterator(folder()))
      last = std::max(last, StampOf(entry.path()).changed);
    const std::string probe = config_.root + "/probe";
    do {
      fs::remove(probe);
      std::ofstream(probe) << "";
    } while (StampOf(probe).changed <= last);
  }

  // The listing of the files as they are, without any index.
  std::string TrueDigest() {
    std::vector<WorkTreeFile> files;
    for (const auto& entry : fs::directory_iterator(folder())) {
      files.push_back({"migrations/" + entry.path().filename().string(),
                       Hex(Sha256(*ReadFile(entry.path()))), 0});
    }
    std::ranges::sort(files, {}, &WorkTreeFile::path);
    return DigestOf(files);
  }

  // Reads the work tree, checks what it found, and answers which files it opened.
  std::set<std::string> Opened() {
    const std::string expected = TrueDigest();
    Openings openings(folder());
    const Result<WorkTree> tree = ReadWorkTree(config_);
    std::set<std::string> names = openings.Names();
    EXPECT_TRUE(tree.has_value());
    EXPECT_EQ(tree->digest, expected);
    return names;
  }

  void SetTime(const std::string& file, std::int64_t nanoseconds) {
    const timespec time = {nanoseconds / 1'000'000'000, nanoseconds % 1'000'000'000};
    const timespec times[2] = {time, time};
    ASSERT_EQ(::utimensat(AT_FDCWD, PathOf(file).c_str(), times, 0), 0);
  }

  // A tree that was read, so that its index covers all its files.
  void Settle() {
    AwaitTick();
    ASSERT_THAT(Opened(), testing::ElementsAre("a.sql", "b.sql"));
    ASSERT_THAT(Opened(), testing::IsEmpty());
  }

  ScratchDirectory directory_;
  Config config_;
};

TEST_F(IndexedWorkTree, OpensNoFileThatIsUnchanged) {
  AwaitTick();
  EXPECT_THAT(Opened(), testing::ElementsAre("a.sql", "b.sql"));
  EXPECT_THAT(Opened(), testing::IsEmpty());
  EXPECT_EQ(ReadWorkTree(config_)->files[1].size, 3);
}

TEST_F(IndexedWorkTree, OpensEveryFileWhenToldToIgnoreTheIndex) {
  Settle();
  Openings openings(folder());
  EXPECT_EQ(ReadWorkTree(config_, Index::kIgnore)->digest, TrueDigest());
  EXPECT_THAT(openings.Names(), testing::ElementsAre("a.sql", "b.sql"));
}

TEST_F(IndexedWorkTree, ReadsOnlyTheFileThatWasEdited) {
  Settle();
  Write("b.sql", "and more");
  EXPECT_THAT(Opened(), testing::ElementsAre("b.sql"));
}

TEST_F(IndexedWorkTree, SeesAnEditOfTheSameSizeWhoseTimeWasSetBack) {
  Settle();
  const FileStamp before = StampOf(PathOf("b.sql"));
  Write("b.sql", "TWO");
  SetTime("b.sql", before.modified);
  EXPECT_THAT(Opened(), testing::ElementsAre("b.sql"));
}

TEST_F(IndexedWorkTree, ReadsATouchedFileOnce) {
  Settle();
  SetTime("a.sql", 1'000'000'000);
  AwaitTick();
  EXPECT_THAT(Opened(), testing::ElementsAre("a.sql"));
  EXPECT_THAT(Opened(), testing::IsEmpty());
}

TEST_F(IndexedWorkTree, SeesARename) {
  Settle();
  fs::rename(PathOf("a.sql"), PathOf("c.sql"));
  EXPECT_THAT(Opened(), testing::ElementsAre("c.sql"));
}

TEST_F(IndexedWorkTree, SeesTwoFilesThatChangedPlaces) {
  Settle();
  fs::rename(PathOf("a.sql"), PathOf("c.sql"));
  fs::rename(PathOf("b.sql"), PathOf("a.sql"));
  fs::rename(PathOf("c.sql"), PathOf("b.sql"));
  EXPECT_THAT(Opened(), testing::ElementsAre("a.sql", "b.sql"));
}

TEST_F(IndexedWorkTree, SeesAReplacementOfTheSameSizeAndTime) {
  Settle();
  const FileStamp before = StampOf(PathOf("b.sql"));
  Write("new.sql", "TWO");
  SetTime("new.sql", before.modified);
  fs::rename(PathOf("new.sql"), PathOf("b.sql"));
  EXPECT_THAT(Opened(), testing::ElementsAre("b.sql"));
}

TEST_F(IndexedWorkTree, SeesAddedAndRemovedFiles) {
  Settle();
  Write("c.sql", "three");
  EXPECT_THAT(Opened(), testing::ElementsAre("c.sql"));
  fs::remove(PathOf("a.sql"));
  fs::remove(PathOf("c.sql"));
  EXPECT_THAT(Opened(), testing::IsEmpty());
}

// What an edit in the tick in which the file was hashed leaves behind: the stamp that the index
// has, and other bytes.
TEST_F(IndexedWorkTree, ReadsAFileAgainThatMayHaveChangedInTheSameTick) {
  WorkTreeIndex index;
  index.digest = kHashD;
  index.begun = std::numeric_limits<std::int64_t>::max();
  for (const char* file : {"a.sql", "b.sql"}) {
    index.files.push_back({"migrations/" + std::string(file), StampOf(PathOf(file)), kHashA});
    index.begun = std::min(index.begun, index.files.back().stamp.changed);
  }
  fs::create_directory(config_.root + "/.mig");
  std::ofstream(index_path()) << EncodeIndex(index);
  EXPECT_THAT(Opened(), testing::ElementsAre("a.sql", "b.sql"));
}

// The counterpart: it is the index that decides, not luck.
TEST_F(IndexedWorkTree, BelievesAnIndexThatWasBegunLater) {
  WorkTreeIndex index;
  index.digest = kHashD;
  for (const char* file : {"a.sql", "b.sql"}) {
    index.files.push_back({"migrations/" + std::string(file), StampOf(PathOf(file)), kHashA});
    index.begun = std::max(index.begun, index.files.back().stamp.changed + 1);
  }
  fs::create_directory(config_.root + "/.mig");
  std::ofstream(index_path()) << EncodeIndex(index);
  EXPECT_EQ(ReadWorkTree(config_)->digest, kHashD);
}

TEST_F(IndexedWorkTree, IgnoresADamagedIndexAndWritesAnotherOne) {
  Settle();
  std::ofstream(index_path()) << "mig-index 1\n";
  EXPECT_THAT(Opened(), testing::ElementsAre("a.sql", "b.sql"));
  EXPECT_THAT(Opened(), testing::IsEmpty());
}

TEST_F(IndexedWorkTree, WorksWhereNoIndexCanBeWritten) {
  std::ofstream(config_.root + "/.mig") << "in the way";
  AwaitTick();
  EXPECT_THAT(Opened(), testing::ElementsAre("a.sql", "b.sql"));
  EXPECT_THAT(Opened(), testing::ElementsAre("a.sql", "b.sql"));
}

TEST_F(IndexedWorkTree, LeavesNothingBesideTheIndex) {
  Settle();
  Write("b.sql", "and more");
  Opened();
  fs::remove(PathOf("a.sql"));
  fs::create_directory(PathOf("a.sql"));
  EXPECT_FALSE(ReadWorkTree(config_).has_value());
  std::set<std::string> names;
  for (const auto& entry : fs::directory_iterator(config_.root + "/.mig"))
    names.insert(entry.path().filename());
  EXPECT_THAT(names, testing::ElementsAre(".gitignore", "index"));
}

TEST_F(IndexedWorkTree, TellsThatAListedFileHasChangedSince) {
  const WorkTree tree = *ReadWorkTree(config_);
  EXPECT_EQ(ReadListed(config_, tree.files[0])->value(), "one");
  Write("a.sql", "ONE");
  EXPECT_FALSE(ReadListed(config_, tree.files[0])->has_value());
  fs::remove(PathOf("a.sql"));
  EXPECT_EQ(ReadListed(config_, tree.files[0]).error().reason, Reason::kFileUnreadable);
}

}  // namespace
}  // namespace mig
