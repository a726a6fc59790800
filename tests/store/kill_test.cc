// kill -9 of a process that commits: every commit it acknowledged is there afterwards.
//
// The child is this very test binary, told by the environment to run CommittingChild and to write
// the number of each acknowledged move to its standard error.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <thread>

#include "store/objects.h"
#include "store/refs.h"
#include "store/rocks_kv.h"
#include "tests/scratch_directory.h"
#include "tests/store/some_revisions.h"

namespace mig {
namespace {

constexpr char kStoreVariable[] = "MIG_TEST_COMMITTING_CHILD";

RocksOptions SmallTables() { return {.flush_bytes = 20000}; }

// One push: an object, then the ref that names it.
Result<Ref> Push(Kv& kv, const Ref& now) {
  const std::string name = "r" + std::to_string(now.move_number + 1);
  const Revision revision = MakeRevision(name, now.heads);
  TRY(Objects(kv).Put("shop", revision));
  return Refs(kv).CompareAndSwap("shop", now, {IdOf(revision)}, By(name));
}

TEST(CommittingChild, AcknowledgesMovesUntilItIsKilled) {
  const char* store = std::getenv(kStoreVariable);
  if (!store) GTEST_SKIP() << "runs only as a child of KillNine";
  const auto kv = RocksKv::Open(store, SmallTables());
  ASSERT_TRUE(kv) << kv.error().message;
  Ref now = *Refs(**kv).Get("shop", "main");
  for (;;) {
    const auto moved = Push(**kv, now);
    ASSERT_TRUE(moved) << moved.error().message;
    now = *moved;
    std::fprintf(stderr, "%d\n", static_cast<int>(now.move_number));
  }
}

class Child {
 public:
  explicit Child(const std::string& store) {
    int ends[2];
    EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_adddup2(&actions, ends[1], STDERR_FILENO);
    ::posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    ::setenv(kStoreVariable, store.c_str(), 1);
    std::string name = "store_test";
    std::string filter = "--gtest_filter=CommittingChild.*";
    char* arguments[] = {name.data(), filter.data(), nullptr};
    EXPECT_EQ(::posix_spawn(&pid_, "/proc/self/exe", &actions, nullptr, arguments, environ), 0);
    ::unsetenv(kStoreVariable);
    ::posix_spawn_file_actions_destroy(&actions);
    ::close(ends[1]);
    output_ = ::fdopen(ends[0], "r");
  }
  ~Child() { std::fclose(output_); }

  // The last move acknowledged, waiting for one; 0 at the end of the output.
  std::uint64_t NextAcknowledged() {
    char line[64];
    return std::fgets(line, sizeof line, output_) ? std::strtoull(line, nullptr, 10) : 0;
  }

  void Kill() {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }

 private:
  pid_t pid_ = 0;
  FILE* output_ = nullptr;
};

TEST(KillNine, LosesNoAcknowledgedMoveAndLeavesNoHalfOne) {
  ScratchDirectory directory;
  const std::string store = directory.path() / "store";
  {
    const auto kv = RocksKv::Open(store);
    const Revision base = MakeRevision("r1");
    ASSERT_TRUE(Objects(**kv).Put("shop", base));
    ASSERT_TRUE(Refs(**kv).Create("shop", "main", {IdOf(base)}, By("r1")));
  }
  std::mt19937 random(11);
  for (int round = 0; round < 6; ++round) {
    Child child(store);
    std::uint64_t acknowledged = child.NextAcknowledged();
    ASSERT_GT(acknowledged, 0u);
    std::this_thread::sleep_for(std::chrono::milliseconds(random() % 150));
    child.Kill();
    while (const std::uint64_t next = child.NextAcknowledged()) acknowledged = next;

    const auto kv = RocksKv::Open(store, SmallTables());
    ASSERT_TRUE(kv) << kv.error().message;
    const Ref now = *Refs(**kv).Get("shop", "main");
    EXPECT_GE(now.move_number, acknowledged);
    EXPECT_LE(now.move_number, acknowledged + 1) << "one may have been on its way";
    const auto log = Refs(**kv).Log("shop", "main", 0, 1000000);
    ASSERT_EQ(log->size(), now.move_number);
    for (const RefMove& move : *log) EXPECT_TRUE(Objects(**kv).Get(move.to.front()));
  }
}

}  // namespace
}  // namespace mig
