// Golden examples of docs/formats.md, "Key layout".
#include <gmock/gmock.h>

#include "store/core/limits.h"
#include "store/core/sha256.h"
#include "store/memory_kv.h"
#include "store/objects.h"
#include "store/record.h"
#include "store/refs.h"
#include "store/runs.h"
#include "store/target_records.h"
#include "tests/store/some_revisions.h"

namespace mig {
namespace {

using testing::ElementsAre;

const std::string kId = "2a6b1b2c1f0ff8c8fb3ccf6b7a1cf7a7a4d2bd0cb9ea4a0d1ab2f3d1a4f9c0ee";

std::vector<std::string> Dump(Kv& kv) {
  std::vector<std::string> lines;
  const auto entries = ScanAll(kv, "", "");
  for (const auto& [key, value] : *entries) lines.push_back(key + " = " + value);
  return lines;
}

TEST(Layout, OfAnObjectIsItsTextAndItsName) {
  MemoryKv kv;
  const Revision revision{"a", {}, {}, "x\n"};
  const std::string id = Hex(Sha256("mig-revision 1\nname a\nsize 2\n\nx\n"));
  ASSERT_TRUE(Objects(kv).Put("shop", revision));
  EXPECT_THAT(Dump(kv), ElementsAre("named/shop/a/" + id + " = ",
                                    "object/" + id + " = mig-revision 1\nname a\nsize 2\n\nx\n"));
}

TEST(Layout, OfANameSaysWhenItsObjectWasStored) {
  MemoryKv kv;
  const Revision revision{"a", {}, {}, "x\n"};
  ASSERT_TRUE(Objects(kv, [] { return "2026-11-22T08:15:30.000Z"; }).Put("shop", revision));
  EXPECT_EQ(Dump(kv)[0], "named/shop/a/" + IdOf(revision).hex() + " = 2026-11-22T08:15:30.000Z");
}

TEST(Layout, OfATargetIsWhatItWasLastSeenAt) {
  MemoryKv kv;
  const TargetRecord target = {
      "shop", "0123abcd", "sqlite:/srv/shop.db", "2026-11-22T08:15:30Z", {*Id::FromHex(kId)}};
  ASSERT_TRUE(TargetRecords(kv).Put(target, "", "w1"));
  EXPECT_THAT(Dump(kv), ElementsAre("epoch/refs = w1",
                                    "target/shop/0123abcd = mig-target 1\n"
                                    "target 19 sqlite:/srv/shop.db\n"
                                    "at 20 2026-11-22T08:15:30Z\nhead 64 " +
                                        kId + "\n"));
}

TEST(Layout, OfALargeObjectIsItsParts) {
  MemoryKv kv;
  const Revision revision{"a", {}, {}, std::string(600000, 'x')};
  const std::string text = CanonicalText(revision);
  const std::string id = IdOf(revision).hex();
  ASSERT_TRUE(Objects(kv).Put("shop", revision));
  EXPECT_THAT(Dump(kv), ElementsAre("chunk/" + id + "/0000000000000000 = " + text.substr(0, 523264),
                                    "chunk/" + id + "/0000000000000001 = " + text.substr(523264),
                                    "named/shop/a/" + id + " = ",
                                    "object/" + id + " = mig-chunked 1\nsize 6 600035\n"));
}

TEST(Layout, OfARefIsItsStateAndItsMoves) {
  MemoryKv kv;
  const Mover by{"m1", "token ci", "2026-11-22T08:15:30Z", "ann"};
  ASSERT_TRUE(Refs(kv).Create("shop", "team-a/x", {*Id::FromHex(kId)}, by));
  EXPECT_THAT(
      Dump(kv),
      ElementsAre(
          "epoch/refs = m1",
          "move/shop/team-a/x:0000000000000001 = mig-move 1\nnumber 1 1\nmove 2 m1\n"
          "actor 8 token ci\nauthor 3 ann\nat 20 2026-11-22T08:15:30Z\nprotected 1 0\nto 64 " +
              kId + "\n",
          "ref/shop/team-a/x = mig-ref 1\nnumber 1 1\nmove 2 m1\nprotected 1 0\nhead 64 " + kId +
              "\n"));
}

TEST(Layout, OfARunIsItsRecordItsPlaceInTimeAndItsEvents) {
  MemoryKv kv;
  mig::Run run;
  run.id = "r1";
  run.project = "shop";
  run.target = "shop/dev";
  run.operation = "upgrade head";
  run.actor = "ann";
  run.started_at = "2026-11-22T08:15:30Z";
  ASSERT_TRUE(Runs(kv).Begin(run));
  ASSERT_TRUE(Runs(kv).Append("r1", {{26, "bytes"}}));
  EXPECT_THAT(
      Dump(kv),
      ElementsAre("event/r1/000000000000001a = bytes", "recent/7973-88-77T91:84:69Z/r1 = shop/dev",
                  "run/r1 = mig-run 1\nid 2 r1\nproject 4 shop\ntarget 8 shop/dev\nurl 0 \n"
                  "operation 12 upgrade head\nactor 3 ann\nstate 7 running\n"
                  "started 20 2026-11-22T08:15:30Z\nfinished 0 \nreason 0 \nmessage 0 \n",
                  "unended/r1 = "));
}

TEST(Record, DecodesExactlyWhatItEncodes) {
  const Record record = Record("run").Add("id", "a\nb c 3 ").Add("number", std::uint64_t{0});
  const auto decoded = Record::Decode("run", record.Encode());
  ASSERT_TRUE(decoded);
  EXPECT_EQ(*decoded->Text("id"), "a\nb c 3 ");
  EXPECT_EQ(*decoded->Number("number"), 0u);
  EXPECT_EQ(decoded->Encode(), record.Encode());
}

TEST(Record, ReportsAnythingElse) {
  for (const char* bad :
       {"", "mig-ref 1\n", "mig-run 2\n", "mig-run 1\nid", "mig-run 1\nid 1\n",
        "mig-run 1\nid 2 a\n", "mig-run 1\nid 1 ab\n", "mig-run 1\nid 01 a\n",
        "mig-run 1\nid x a\n", "mig-run 1\nID 1 a\n", "mig-run 1\nid 99999999999999999999 a\n",
        "mig-run 1\n\n", "mig-run 1\nid 1 a"}) {
    const auto decoded = Record::Decode("run", bad);
    ASSERT_FALSE(decoded) << bad;
    EXPECT_EQ(decoded.error().reason, Reason::kCorruption) << bad;
  }
}

TEST(Record, ReportsAFieldThatIsMissingTwiceThereOrOfAnotherKind) {
  const Record record = Record("run").Add("id", "a").Add("id", "b").Add("head", "c");
  EXPECT_EQ(record.Text("id").error().reason, Reason::kCorruption);
  EXPECT_EQ(record.Text("state").error().reason, Reason::kCorruption);
  EXPECT_EQ(record.Number("head").error().reason, Reason::kCorruption);
  EXPECT_EQ(record.Ids("head").error().reason, Reason::kCorruption);
}

}  // namespace
}  // namespace mig
