#include "store/graph_index.h"

#include <gmock/gmock.h>

#include <fstream>
#include <random>
#include <set>
#include <sstream>

#include "store/core/reach.h"
#include "store/memory_kv.h"
#include "tests/scratch_directory.h"
#include "tests/store/some_revisions.h"

namespace mig {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::string BodyOf(int second, const std::string& label) {
  return "-- message: change " + std::to_string(second) + (label.empty() ? "" : "\n-- labels: ") +
         label + "\n-- created: 2026-01-05T09:02:" + (second < 10 ? "0" : "") +
         std::to_string(second) + "Z\n\n-- mig:up\nSELECT 1;\n";
}

std::string Read(const std::filesystem::path& path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

void Write(const std::filesystem::path& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

class GraphIndexTest : public ::testing::Test {
 protected:
  Id Store(const std::string& name, std::vector<Id> parents, std::vector<Id> depends = {},
           const std::string& label = "") {
    std::sort(parents.begin(), parents.end());
    Revision revision = MakeRevision(name, parents, BodyOf(stored_++ % 60, label));
    revision.depends = std::move(depends);
    EXPECT_TRUE(objects_.Put("shop", revision));
    return IdOf(revision);
  }

  std::filesystem::path file() const { return directory_.path() / "graph"; }

  // What a new process makes of the file: every member with its parents, and who is a head.
  std::string Told(const std::vector<Id>& heads) {
    GraphIndex index(objects_, file());
    return Told(index, heads);
  }

  static std::string Told(GraphIndex& index, const std::vector<Id>& heads) {
    const auto graph = index.Reaching(heads);
    if (!graph) return graph.error().message;
    std::string text;
    for (Position p = 0; p < graph->size(); ++p) {
      if (!graph->Has(p)) continue;
      const Node node = graph->node(p);
      text += node.name + "[" + node.created + "," + node.message;
      for (const std::string& label : node.labels) text += ",@" + label;
      text += "]:";
      for (Position below : graph->parents(p)) text += " " + graph->name(below);
      for (Position below : graph->depends(p)) text += " +" + graph->name(below);
      text += graph->children(p).empty() ? " head\n" : "\n";
    }
    return text;
  }

  MemoryKv kv_;
  Objects objects_{kv_};
  ScratchDirectory directory_;
  int stored_ = 0;
};

TEST_F(GraphIndexTest, KnowsWhatHeadsLeadTo) {
  const Id a = Store("a", {}, {}, "shop");
  const Id b = Store("b", {a});
  const Id c = Store("c", {a}, {b});
  EXPECT_EQ(Told({c}),
            "a[2026-01-05T09:02:00Z,change 0,@shop]:\n"
            "b[2026-01-05T09:02:01Z,change 1]: a head\n"
            "c[2026-01-05T09:02:02Z,change 2]: a +b head\n");
}

TEST_F(GraphIndexTest, AsksTheStoreForNothingItKnows) {
  const Id a = Store("a", {});
  const Id b = Store("b", {a});
  const std::string told = Told({b});
  MemoryKv empty;
  Objects nothing(empty);
  GraphIndex index(nothing, file());
  EXPECT_EQ(Told(index, {b}), told);
}

TEST_F(GraphIndexTest, GrowsWithoutChangingWhatWasAnswered) {
  GraphIndex index(objects_, file());
  const Id a = Store("a", {});
  const Graph before = index.Reaching({a}).value();
  const Id b = Store("b", {a});
  const Graph after = index.Reaching({b}).value();
  EXPECT_EQ(before.count(), 1u);
  EXPECT_THAT(before.children(0), IsEmpty());
  EXPECT_EQ(after.count(), 2u);
  EXPECT_THAT(after.children(0), ElementsAre(1));
  EXPECT_EQ(index.Reaching({a})->count(), 1u);
}

TEST_F(GraphIndexTest, KeepsUnrelatedHistoriesApart) {
  GraphIndex index(objects_, file());
  const Id ours = Store("users", {}, {}, "shop");
  const Id theirs = Store("users", {ours}, {}, "shop");
  const Id other = Store("orders", {});
  ASSERT_TRUE(index.Reaching({theirs, other}));
  EXPECT_EQ(index.Reaching({ours})->FindName("users"), index.all().FindId(ours));
  EXPECT_EQ(index.Reaching({theirs})->FindName("users"), index.all().FindId(theirs));
  EXPECT_FALSE(index.Reaching({other})->FindName("users"));
}

TEST_F(GraphIndexTest, NamesAnObjectThatIsNotThere) {
  const Id gone = IdNamed("gone");
  const Id b = Store("b", {gone});
  const auto graph = GraphIndex(objects_, file()).Reaching({b});
  ASSERT_FALSE(graph);
  EXPECT_EQ(graph.error().reason, Reason::kNoSuchObject);
  EXPECT_EQ(graph.error().details.at("id"), gone.hex());
}

TEST_F(GraphIndexTest, WorksWithoutAFile) {
  const Id a = Store("a", {});
  GraphIndex nowhere(objects_, "");
  EXPECT_EQ(nowhere.Reaching({a})->count(), 1u);
  GraphIndex unwritable(objects_, directory_.path() / "missing" / "graph");
  EXPECT_EQ(unwritable.Reaching({a})->count(), 1u);
}

class DamagedGraphFile : public GraphIndexTest {
 protected:
  void SetUp() override {
    const Id a = Store("a", {}, {}, "shop");
    const Id b = Store("b", {a});
    heads_ = {Store("c", {a, b}, {a})};
    told_ = Told(heads_);
    bytes_ = Read(file());
  }

  std::vector<Id> heads_;
  std::string told_, bytes_;
};

TEST_F(DamagedGraphFile, TornAnywhereIsLearnedAgain) {
  for (std::size_t cut = 0; cut <= bytes_.size(); ++cut) {
    Write(file(), bytes_.substr(0, cut));
    ASSERT_EQ(Told(heads_), told_) << "cut at " << cut;
    ASSERT_EQ(Read(file()), bytes_) << "cut at " << cut;
  }
}

TEST_F(DamagedGraphFile, FlippedAnywhereIsLearnedAgain) {
  for (std::size_t at = 0; at < bytes_.size(); ++at) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string flipped = bytes_;
      flipped[at] = static_cast<char>(flipped[at] ^ (1 << bit));
      Write(file(), flipped);
      ASSERT_EQ(Told(heads_), told_) << "bit " << bit << " of byte " << at;
      ASSERT_EQ(Read(file()), bytes_) << "bit " << bit << " of byte " << at;
    }
  }
}

TEST_F(DamagedGraphFile, DeletedIsLearnedAgain) {
  std::filesystem::remove(file());
  EXPECT_EQ(Told(heads_), told_);
  EXPECT_EQ(Read(file()), bytes_);
}

TEST_F(DamagedGraphFile, WithAForeignTailIsCutThere) {
  Write(file(), bytes_ + "and something else that is long enough to be a frame of its own");
  EXPECT_EQ(Told(heads_), told_);
  EXPECT_EQ(Read(file()), bytes_);
}

TEST_F(DamagedGraphFile, GoesOnAfterItWasCut) {
  Write(file(), bytes_.substr(0, bytes_.size() - 1));
  const Id d = Store("d", heads_);
  const std::string told = Told({d});
  EXPECT_EQ(Told({d}), told);
  EXPECT_EQ(Read(file()).substr(0, bytes_.size()), bytes_);
}

TEST(GraphFile, IsAsDocumented) {
  MemoryKv kv;
  Objects objects(kv);
  ScratchDirectory directory;
  const Revision a = MakeRevision("a", {}, "-- message: hi\n\n-- mig:up\n");
  ASSERT_TRUE(objects.Put("shop", a));
  const Revision b = MakeRevision("b", {IdOf(a)}, "-- labels: l\n\n-- mig:up\n");
  ASSERT_TRUE(objects.Put("shop", b));
  ASSERT_TRUE(GraphIndex(objects, directory.path() / "graph").Reaching({IdOf(b)}));
  const auto bytes_of = [](const Id& id) {
    return std::string(id.bytes().begin(), id.bytes().end());
  };
  using std::string_literals::operator""s;
  const std::string of_a = "\0\0\0\0\0\0\0\0"s + bytes_of(IdOf(a)) + "\1a\0\2hi\0\0"s;
  const std::string of_b = "\1\0\0\0\0\0\0\0\0\0\0\0"s + bytes_of(IdOf(b)) + "\1b\0\0\1\1l\0"s;
  const std::string file = Read(directory.path() / "graph");
  ASSERT_EQ(file.substr(0, 12), "mig-graph 2\n");
  ASSERT_EQ(file.substr(12, 4), std::string(1, static_cast<char>(of_a.size())) + "\0\0\0"s);
  EXPECT_EQ(file.substr(20, of_a.size()), of_a);
  EXPECT_EQ(file.substr(20 + of_a.size() + 8), of_b);
}

// Random histories, learned push by push and by several processes, against the same at once.
TEST_F(GraphIndexTest, OfRandomHistoriesIsTheSameHoweverItWasLearned) {
  std::mt19937 random(21);
  for (int round = 0; round < 20; ++round) {
    std::filesystem::remove(file());
    std::vector<Id> ids;
    for (int i = 0; i < 40; ++i) {
      std::vector<Id> parents, depends;
      if (i > 0 && random() % 10 > 0) parents.push_back(ids[random() % ids.size()]);
      const Id other = i > 0 ? ids[random() % ids.size()] : Id();
      if (!parents.empty() && random() % 4 == 0 && other != parents[0]) parents.push_back(other);
      if (i > 0 && random() % 8 == 0) depends.push_back(ids[random() % ids.size()]);
      ids.push_back(Store("r" + std::to_string(round) + "_" + std::to_string(i), parents, depends));
      if (random() % 3 > 0) continue;
      ASSERT_TRUE(GraphIndex(objects_, file()).Reaching({ids.back()}));
    }
    std::sort(ids.begin(), ids.end());
    const auto lines = [](const std::string& told) {
      std::set<std::string> sorted;
      std::istringstream stream(told);
      for (std::string line; std::getline(stream, line);) sorted.insert(line);
      return sorted;
    };
    GraphIndex at_once(objects_, "");
    ASSERT_EQ(lines(Told(ids)), lines(Told(at_once, ids)));
  }
}

}  // namespace
}  // namespace mig
