// What is kept of a view and a target together, and that no answer is older than its question.
#include "daemon/joined_history.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "tests/daemon/scene.h"

namespace mig {
namespace {

class JoinedHistoryTest : public testing::Test {
 protected:
  void SetUp() override {
    scene_.Draw("a; b: a; c: b");
    ASSERT_EQ(scene_.Upgrade(), "done");
  }

  void EditComment(const std::string& name) {
    scene_.Replace(name, "-- mig:up\n", "-- mig:up\n-- Prices are in cents.\n");
  }
  JoinedHistoryPtr History(JoinedHistories& kept) {
    const auto view = scene_.engine().views().Find(scene_.View());
    EXPECT_TRUE(view);
    auto target = Open(*AddressOf(scene_.target(), {}), IfMissing::kFail);
    EXPECT_TRUE(target);
    const auto state = ReadState(*target);
    EXPECT_TRUE(state);
    const auto history = kept.Of(*view, *target, *state);
    EXPECT_TRUE(history) << history.error().message;
    return *history;
  }
  JoinedHistories Keeping(std::size_t most, std::size_t most_bytes = 1 << 20) {
    return JoinedHistories(scene_.engine().objects(), most, most_bytes);
  }
  // "2 applied", of a daemon that was asked before.
  std::string Status() {
    const auto status = scene_.engine().Status(scene_.View(), scene_.target());
    if (!status) return status.error().message;
    return fmt::format("{} applied, {} pending, {} others", status->applied, status->pending,
                       status->files.size() - static_cast<std::size_t>(status->pending));
  }

  Scene scene_{Dialect::kSqlite};
};

TEST_F(JoinedHistoryTest, OfFilesThatAreAsAppliedIsTheView) {
  JoinedHistories kept = Keeping(8);
  const auto history = History(kept);
  EXPECT_THAT(history->foreign(), testing::IsEmpty());
  EXPECT_TRUE(history->WithNamesOfTarget()->graph().IsSame(history->view()->catalog.graph()));
}

TEST_F(JoinedHistoryTest, IsMadeOnceForTheSameFilesAndRows) {
  JoinedHistories kept = Keeping(8);
  EditComment("b");
  const auto first = History(kept);
  EXPECT_EQ(first->foreign().size(), 2);  // b and c as they were applied
  EXPECT_EQ(History(kept), first);
  EXPECT_TRUE(first->WithNamesOfView()->graph().IsSame(first->WithNamesOfView()->graph()));
  EXPECT_FALSE(first->WithNamesOfView()->graph().IsSame(first->WithNamesOfTarget()->graph()));
}

TEST_F(JoinedHistoryTest, IsAnotherOneWhenFilesOrRowsAreOthers) {
  JoinedHistories kept = Keeping(8);
  EditComment("b");
  const auto first = History(kept);
  ASSERT_EQ(scene_.Downgrade("b"), "done");
  const auto downgraded = History(kept);
  EXPECT_EQ(downgraded->foreign().size(), 1);
  EditComment("a");
  EXPECT_EQ(History(kept)->foreign().size(), 2);
}

TEST_F(JoinedHistoryTest, IsForgottenForThoseThatWereLookedAtLater) {
  EditComment("b");
  const std::string text = scene_.Text("c");
  for (const std::size_t most : {1, 2}) {
    JoinedHistories kept = Keeping(most);
    const auto first = History(kept);
    EditComment("c");
    EXPECT_NE(History(kept), first);
    scene_.Write("c", text);
    EXPECT_EQ(History(kept) == first, most == 2);
  }
}

TEST_F(JoinedHistoryTest, IsNotKeptWhereItIsTooLarge) {
  JoinedHistories kept = Keeping(8, 1000);
  EditComment("b");
  const auto first = History(kept);
  EXPECT_GT(first->bytes(), 1000);
  EXPECT_NE(History(kept), first);
}

TEST_F(JoinedHistoryTest, AnswersAreOfWhatAnotherDaemonLeft) {
  EditComment("c");
  EXPECT_EQ(Status(), "2 applied, 0 pending, 1 others");
  const auto other = scene_.Beside();
  ASSERT_EQ(other->Downgrade("b"), "done");
  EXPECT_EQ(Status(), "2 applied, 1 pending, 0 others");
  ASSERT_EQ(other->Downgrade("a"), "done");
  EXPECT_EQ(Status(), "1 applied, 2 pending, 0 others");
  ASSERT_EQ(other->Upgrade("b"), "done");
  EXPECT_EQ(Status(), "2 applied, 1 pending, 0 others");
}

}  // namespace
}  // namespace mig
