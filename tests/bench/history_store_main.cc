// A store with one long history, and the same history for Git.
//
//     history_store N DIR     makes the store DIR: ref main of project bench has N revisions
//     history_store N --git   writes the stream that `git fast-import` reads
//
// The history is the same for a number, everywhere: one in five revisions merges, one in five
// branches off, up to sixteen heads are open at a time, a few bases begin on their own, some
// revisions have a label, some depend on another; the last ones merge all heads into one. Git's has
// the same commits and parents, without dependencies. Revisions are stored, the ref is made, and
// the graph index is filled by the functions that the daemon calls.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include "store/core/revision.h"
#include "store/graph_file.h"
#include "store/graph_index.h"
#include "store/objects.h"
#include "store/refs.h"
#include "store/rocks_kv.h"

namespace mig {
namespace {

constexpr std::size_t kMostHeads = 16;
constexpr int kLearnedAtOnce = 20'000;

struct Drawn {
  std::vector<int> parents;  // numbers of earlier revisions
  std::optional<int> depends;
  bool labelled = false;
};

// Calls `add` with each revision in turn.
void Draw(int count, const std::function<void(int number, const Drawn&)>& add) {
  std::mt19937 random(7);  // NOLINT: the same history each time
  std::vector<int> heads, first_parent;
  const auto pick = [&] { return random() % heads.size(); };
  const auto take = [&](std::size_t index) {
    const int head = heads[index];
    heads.erase(heads.begin() + static_cast<std::ptrdiff_t>(index));
    return head;
  };
  for (int number = 0; number < count; ++number) {
    Drawn drawn;
    const auto chance = random() % 1000;
    const int left = count - number;
    const bool joining = left < static_cast<int>(heads.size());
    if (heads.empty() || (chance == 999 && heads.size() < kMostHeads && !joining)) {
      // A base.
    } else if (heads.size() > 1 && (joining || chance < 200)) {
      drawn.parents = {take(pick()), take(pick())};
    } else if (chance < 400 && heads.size() < kMostHeads && !joining) {
      const int head = heads[pick()];
      drawn.parents = {first_parent[static_cast<std::size_t>(head)]};
      if (drawn.parents[0] < 0)
        drawn.parents = {take(
            static_cast<std::size_t>(std::find(heads.begin(), heads.end(), head) - heads.begin()))};
    } else {
      drawn.parents = {take(pick())};
    }
    if (number > 0 && random() % 100 == 0)
      drawn.depends = static_cast<int>(random() % static_cast<unsigned>(number));
    drawn.labelled = random() % 1000 == 0;
    first_parent.push_back(drawn.parents.empty() ? -1 : drawn.parents[0]);
    heads.push_back(number);
    add(number, drawn);
  }
}

std::string TimeOf(int number, const char* format) {
  const std::time_t seconds = 1'500'000'000 + std::time_t{number} * 60;
  std::tm time{};
  ::gmtime_r(&seconds, &time);
  char text[32];
  std::strftime(text, sizeof text, format, &time);
  return text;
}

std::string NameOf(int number) {
  return fmt::format("{}_change_{}", TimeOf(number, "%Y%m%d%H%M%S"), number);
}

std::string BodyOf(int number, const Drawn& drawn) {
  std::string body = fmt::format("-- message: change {}\n", number);
  std::string parents;
  for (const int parent : drawn.parents) parents += (parents.empty() ? "" : ", ") + NameOf(parent);
  if (!parents.empty()) body += "-- parents: " + parents + "\n";
  if (drawn.depends) body += "-- depends: " + NameOf(*drawn.depends) + "\n";
  if (drawn.labelled) body += fmt::format("-- labels: label_{}\n", number);
  return body + fmt::format(
                    "-- author: Shop Team <shop@example.com>\n-- created: {}\n\n-- mig:up\nALTER "
                    "TABLE t ADD "
                    "COLUMN c{} integer;\n\n-- mig:down\nALTER TABLE t DROP COLUMN c{};\n",
                    TimeOf(number, "%Y-%m-%dT%H:%M:%SZ"), number, number);
}

[[noreturn]] void Fail(const Error& error) {
  fmt::print(stderr, "history_store: {}\n", error.message);
  std::exit(1);
}

class StoreFiller {
 public:
  StoreFiller(Kv& kv, const std::filesystem::path& path)
      : objects_(kv), refs_(kv), index_(objects_, GraphFileOf(path)) {}

  void Add(int number, const Drawn& drawn) {
    Revision revision{NameOf(number), {}, {}, BodyOf(number, drawn)};
    for (const int parent : drawn.parents) revision.parents.push_back(IdAt(parent));
    if (drawn.depends) revision.depends.push_back(IdAt(*drawn.depends));
    std::sort(revision.parents.begin(), revision.parents.end());
    const Id id = IdOf(revision);
    for (const int parent : drawn.parents) std::erase(heads_, IdAt(parent));
    heads_.push_back(id);
    ids_.push_back(id);
    waiting_.push_back({id, std::move(revision)});
    if (waiting_.size() == kLearnedAtOnce) Flush();
  }

  void Finish() {
    Flush();
    std::sort(heads_.begin(), heads_.end());
    const auto made =
        refs_.Create("bench", "main", heads_, {"made", "bench", "2026-01-05T09:02:00Z"});
    if (!made) Fail(made.error());
  }

 private:
  const Id& IdAt(int number) const { return ids_[static_cast<std::size_t>(number)]; }

  void Flush() {
    const auto stored = objects_.Put("bench", waiting_);
    if (!stored) Fail(stored.error());
    waiting_.clear();
    const auto learned = index_.Reaching(heads_);
    if (!learned) Fail(learned.error());
    fmt::print(stderr, "\r{} revisions", ids_.size());
  }

  Objects objects_;
  Refs refs_;
  GraphIndex index_;
  std::vector<Id> ids_, heads_;
  std::vector<NamedObject> waiting_;
};

void WriteForGit(int count) {
  Draw(count, [](int number, const Drawn& drawn) {
    const std::string message = fmt::format("change {}\n", number);
    fmt::print("commit refs/heads/main\nmark :{}\ncommitter B <b@x> {} +0000\ndata {}\n{}",
               number + 1, 1'500'000'000 + std::int64_t{number} * 60, message.size(), message);
    const char* verb = "from";
    // Without a parent, fast-import would go on from the branch's last commit.
    if (drawn.parents.empty() && number > 0)
      fmt::print("from 0000000000000000000000000000000000000000\n");
    for (const int parent : drawn.parents) {
      fmt::print("{} :{}\n", verb, parent + 1);
      verb = "merge";
    }
    if (number < 50) fmt::print("M 100644 inline f{}\ndata 2\n{}\n", number, number % 10);
    fmt::print("\n");
  });
  fmt::print("done\n");
}

int Main(int count, const std::string& where) {
  if (where == "--git") {
    WriteForGit(count);
    return 0;
  }
  auto kv = RocksKv::Open(where);
  if (!kv) Fail(kv.error());
  StoreFiller filler(**kv, where);
  Draw(count, [&](int number, const Drawn& drawn) { filler.Add(number, drawn); });
  filler.Finish();
  fmt::print(stderr, "\n");
  return 0;
}

}  // namespace
}  // namespace mig

int main(int argc, char** argv) {
  const int count = argc == 3 ? std::atoi(argv[1]) : 0;
  if (count > 0) return mig::Main(count, argv[2]);
  std::fputs("usage: history_store N DIR|--git\n", stderr);
  return 2;
}
