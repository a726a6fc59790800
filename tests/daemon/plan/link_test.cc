#include "daemon/plan/link.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>

#include "store/core/sha256.h"

namespace mig {
namespace {

// A file in one line: "NAME: PARENTS; depends=...; labels=...; created=SECOND".
RevisionFile File(std::string_view line) {
  const auto trimmed = [](std::string_view text) {
    const std::size_t begin = std::min(text.find_first_not_of(' '), text.size());
    return text.substr(begin, text.find_last_not_of(' ') + 1 - begin);
  };
  const std::size_t colon = line.find(':');
  const std::string name(trimmed(line.substr(0, colon)));
  std::string header, rest(colon == std::string_view::npos ? "" : line.substr(colon + 1));
  for (std::size_t begin = 0; begin <= rest.size();) {
    const std::size_t end = std::min(rest.find(';', begin), rest.size());
    const std::string_view part = trimmed(std::string_view(rest).substr(begin, end - begin));
    const std::size_t equals = part.find('=');
    if (equals == std::string_view::npos) {
      header += "-- parents: " + std::string(part) + "\n";
    } else {
      const std::string key(part.substr(0, equals)), value(part.substr(equals + 1));
      header += "-- " + key + ": " +
                (key == "created" ? "2026-01-01T00:00:" + value + "Z" : value) + "\n";
    }
    begin = end + 1;
  }
  return ParseRevisionFile("m/" + name + ".sql", header + "-- mig:up\n").value();
}

std::vector<RevisionFile> Files(const std::vector<std::string_view>& lines) {
  std::vector<RevisionFile> files;
  for (const std::string_view line : lines) files.push_back(File(line));
  return files;
}

std::vector<LinkedRevision> Linked(const std::vector<std::string_view>& lines) {
  Result<std::vector<LinkedRevision>> linked = Link(Files(lines), {});
  EXPECT_TRUE(linked) << linked.error().message;
  return linked ? std::move(linked).value() : std::vector<LinkedRevision>();
}

std::string NamesOf(const std::vector<LinkedRevision>& linked) {
  std::string names;
  for (const LinkedRevision& one : linked) names += (names.empty() ? "" : " ") + one.revision.name;
  return names;
}

Error ErrorOf(const std::vector<std::string_view>& lines, const StoredRevisions& stored = {}) {
  Result<std::vector<LinkedRevision>> linked = Link(Files(lines), stored);
  EXPECT_FALSE(linked);
  return linked ? Error{Reason::kInternal, "linked"} : linked.error();
}

TEST(Link, OfNothingIsNothing) { EXPECT_TRUE(Linked({}).empty()); }

TEST(Link, PutsParentsAndDependenciesFirst) {
  EXPECT_EQ(NamesOf(Linked({"c: b", "b: a", "a", "d: c; depends=e", "e: f", "f"})), "a b c f e d");
}

TEST(Link, OrdersTheUnrelatedByTimeThenName) {
  EXPECT_EQ(NamesOf(Linked({"z: ; created=01", "b: ; created=02", "a: ; created=02", "m"})),
            "m z a b");
  EXPECT_EQ(
      NamesOf(Linked({"child: late; created=01", "late: ; created=09", "other: ; created=05"})),
      "other late child");
}

TEST(Link, DoesNotDependOnTheOrderOfFiles) {
  std::vector<std::string_view> lines = {"a", "b: a; created=03", "c: a; created=02", "d: b, c",
                                         "e: ; depends=b"};
  const std::string expected = NamesOf(Linked(lines));
  EXPECT_EQ(expected, "a c b d e");
  std::sort(lines.begin(), lines.end());
  do {
    ASSERT_EQ(NamesOf(Linked(lines)), expected);
  } while (std::next_permutation(lines.begin(), lines.end()));
}

TEST(Link, BindsRevisionsByTheirIds) {
  const std::vector<LinkedRevision> linked =
      Linked({"a", "b", "merge: b, a; depends=c", "c: ; labels=billing"});
  std::map<std::string, Id> ids;
  for (const LinkedRevision& one : linked) {
    ids[one.revision.name] = one.id;
    EXPECT_EQ(one.id, IdOf(one.revision));
    EXPECT_EQ(one.revision.body, one.file.body);
    EXPECT_EQ(one.revision.name, one.file.name);
  }
  const Revision& merge = linked.back().revision;
  ASSERT_EQ(merge.name, "merge");
  std::vector<Id> parents = {ids["a"], ids["b"]};
  std::sort(parents.begin(), parents.end());
  EXPECT_EQ(merge.parents, parents);
  EXPECT_EQ(merge.depends, std::vector<Id>{ids["c"]});
}

TEST(Link, GivesDescendantsOfAnEditedFileOtherIds) {
  const auto ids = [](std::string_view root) {
    std::map<std::string, std::string> found;
    for (const LinkedRevision& one :
         Linked({root, "child: root", "user: ; depends=root", "other"})) {
      found[one.revision.name] = one.id.hex();
    }
    return found;
  };
  auto before = ids("root"), after = ids("root: ; author=somebody");
  EXPECT_NE(before["root"], after["root"]);
  EXPECT_NE(before["child"], after["child"]);
  EXPECT_NE(before["user"], after["user"]);
  EXPECT_EQ(before["other"], after["other"]);
}

TEST(Link, ResolvesDependenciesByLabel) {
  const std::vector<LinkedRevision> linked =
      Linked({"a: ; labels=billing-base", "b: ; depends=billing-base"});
  EXPECT_EQ(linked[1].revision.depends, std::vector<Id>{linked[0].id});
}

TEST(Link, CountsOneDependencyNamedTwiceOnce) {
  const std::vector<LinkedRevision> linked = Linked({"a: ; labels=l", "b: a; depends=a, l"});
  EXPECT_EQ(linked[1].revision.parents, std::vector<Id>{linked[0].id});
  EXPECT_EQ(linked[1].revision.depends, std::vector<Id>{linked[0].id});
}

Id FakeId(std::string_view text) { return Id(Sha256(text)); }

// A store that knows `gone`, and the label `old-label`.
const StoredRevisions kStored = {[](std::string_view name) -> std::optional<Id> {
                                   if (name != "gone") return std::nullopt;
                                   return FakeId("gone");
                                 },
                                 [](std::string_view label) -> std::optional<Id> {
                                   if (label != "old-label") return std::nullopt;
                                   return FakeId("labelled");
                                 }};

TEST(Link, TakesFromTheStoreWhatHasNoFile) {
  const auto linked =
      Link(Files({"a: gone; depends=old-label", "b: a; depends=gone"}), kStored).value();
  EXPECT_EQ(linked[0].revision.parents, std::vector<Id>{FakeId("gone")});
  EXPECT_EQ(linked[0].revision.depends, std::vector<Id>{FakeId("labelled")});
  EXPECT_EQ(linked[1].revision.depends, std::vector<Id>{FakeId("gone")});
}

TEST(Link, PrefersAFileToTheStore) {
  const auto linked = Link(Files({"gone", "b: gone"}), kStored).value();
  ASSERT_EQ(NamesOf(linked), "gone b");
  EXPECT_EQ(linked[1].revision.parents, std::vector<Id>{linked[0].id});
}

struct BadFiles {
  std::vector<std::string_view> lines;
  Reason reason;
  std::string message;
  std::string hint = "";
};

TEST(Link, NamesWhatIsWrongWhere) {
  const BadFiles cases[] = {
      {{"Users", "users"},
       Reason::kDuplicateName,
       "m/Users.sql and m/users.sql have, ignoring case, the same name"},
      {{"a: ; labels=x", "b: ; labels=X"},
       Reason::kDuplicateLabel,
       "m/b.sql:2: the label `X` is declared in m/a.sql:2 too"},
      {{"a", "b: ; labels=x, A"},
       Reason::kDuplicateLabel,
       "m/b.sql:2: the label `A` is the name of m/a.sql"},
      {{"create_users", "b: create_user"},
       Reason::kMissingParent,
       "m/b.sql:1: the parent `create_user` is in no file",
       "did you mean `create_users`?"},
      {{"Users", "b: users"},
       Reason::kMissingParent,
       "m/b.sql:1: the parent `users` is in no file",
       "did you mean `Users`?"},
      {{"a: ; labels=x", "b: x"},
       Reason::kMissingParent,
       "m/b.sql:1: the parent `x` is in no file",
       "it is a label: name the revision, `a`"},
      {{"a: ; labels=billing", "b: ; depends=biling"},
       Reason::kMissingDependency,
       "m/b.sql:2: the dependency `biling` is in no file",
       "did you mean `billing`?"},
      {{"a: a"}, Reason::kSelfLoop, "m/a.sql:1: `a` names itself as its parent"},
      {{"a: ; depends=a"}, Reason::kDependencySelfLoop, "m/a.sql:2: `a` depends on itself"},
      {{"a: ; labels=x; depends=x"},
       Reason::kDependencySelfLoop,
       "m/a.sql:3: `a` depends on itself"},
      {{"a: b", "b: a", "c"},
       Reason::kCycle,
       "the parents of these revisions lead in a circle: a -> b -> a"},
      {{"out: c", "c: b", "b: a", "a: c, in", "in"},
       Reason::kCycle,
       "the parents of these revisions lead in a circle: a -> c -> b -> a"},
      {{"a: b; depends=c", "b: a", "c: ; depends=a"},
       Reason::kCycle,
       "the parents of these revisions lead in a circle: a -> b -> a"},
      {{"a", "b: a; depends=c", "c: b"},
       Reason::kDependencyCycle,
       "the parents and dependencies of these revisions lead in a circle: b -> c -> b"},
  };
  for (const BadFiles& bad : cases) {
    const Error error = ErrorOf(bad.lines);
    EXPECT_EQ(error.reason, bad.reason) << bad.message;
    EXPECT_EQ(error.message, bad.message);
    EXPECT_EQ(error.hint, bad.hint) << bad.message;
  }
}

TEST(Link, PutsTheFactsOfAnErrorIntoItsDetails) {
  using Details = std::map<std::string, std::string>;
  EXPECT_EQ(ErrorOf({"a: x"}).details,
            (Details{{"file", "m/a.sql"}, {"line", "1"}, {"name", "x"}}));
  EXPECT_EQ(ErrorOf({"A", "a"}).details,
            (Details{{"file", "m/a.sql"}, {"other_file", "m/A.sql"}, {"name", "a"}}));
  EXPECT_EQ(ErrorOf({"a: ; labels=x", "b: ; labels=x"}).details, (Details{{"file", "m/b.sql"},
                                                                          {"line", "2"},
                                                                          {"other_file", "m/a.sql"},
                                                                          {"other_line", "2"},
                                                                          {"name", "x"}}));
  EXPECT_EQ(ErrorOf({"a: b", "b: a"}).details, (Details{{"file", "m/a.sql"}, {"names", "a,b"}}));
}

TEST(Link, SaysSoWhenTwoFoldersHoldOneName) {
  std::vector<RevisionFile> files = Files({"a", "a"});
  files[1].path = "n/a.sql";
  const auto linked = Link(std::move(files), {});
  ASSERT_FALSE(linked);
  EXPECT_EQ(linked.error().message, "m/a.sql and n/a.sql have the same name");
}

TEST(Link, AllowsALabelThatIsItsOwnRevisionsName) {
  EXPECT_EQ(Linked({"a: ; labels=a"}).size(), 1u);
}

// Random graphs: order and ids against what the definitions say.
TEST(Link, HoldsItsPromisesOnRandomGraphs) {
  std::mt19937 random(3);
  for (int round = 0; round < 200; ++round) {
    const auto size = 1 + random() % 20;
    std::vector<std::string> lines;
    for (std::size_t i = 0; i < size; ++i) {
      std::string line = "r" + std::to_string(i) + ": ", depends;
      for (std::size_t j = 0; j < i; ++j) {
        if (random() % 5 == 0) line += (line.back() == ' ' ? "" : ",") + ("r" + std::to_string(j));
        if (random() % 9 == 0) depends += (depends.empty() ? "" : ",") + ("r" + std::to_string(j));
      }
      lines.push_back(line + "; depends=" + depends + "; created=0" +
                      std::to_string(random() % 10));
    }
    std::shuffle(lines.begin(), lines.end(), random);
    const auto linked = Linked({lines.begin(), lines.end()});
    ASSERT_EQ(linked.size(), size);
    std::map<Id, std::string> name_of;
    for (const LinkedRevision& one : linked) {
      std::vector<std::string> expected = one.file.header.parents, bound;
      for (const Id& id : one.revision.parents) bound.push_back(name_of.at(id));
      std::sort(expected.begin(), expected.end());
      std::sort(bound.begin(), bound.end());
      ASSERT_EQ(bound, expected);
      for (const Id& id : one.revision.depends) ASSERT_TRUE(name_of.contains(id));
      name_of[one.id] = one.revision.name;
    }
  }
}

// 100,000 files in one chain, each depending on another, shuffled: below a second without
// sanitizers, hashing included. What is quadratic would hardly end.
TEST(Link, TakesAHundredThousandFilesInItsStride) {
  std::vector<RevisionFile> files(100'000);
  for (std::size_t i = 0; i < files.size(); ++i) {
    files[i].name = "r" + std::to_string(i);
    files[i].path = files[i].name + ".sql";
    if (i > 0) files[i].header.parents = {"r" + std::to_string(i - 1)};
    if (i > 9) files[i].header.depends = {"r" + std::to_string(i / 2)};
  }
  std::shuffle(files.begin(), files.end(), std::mt19937(5));
  const auto linked = Link(std::move(files), {});
  ASSERT_TRUE(linked);
  EXPECT_EQ(linked->back().revision.name, "r99999");
}

TEST(Link, FindsParentsAndDependenciesByAlias) {
  const auto linked = Linked({"a:; aliases=1a2b", "b: 1a2b", "c: b; depends=1a2b"});
  ASSERT_EQ(NamesOf(linked), "a b c");
  EXPECT_EQ(linked[1].revision.parents, std::vector<Id>{linked[0].id});
  EXPECT_EQ(linked[2].revision.depends, std::vector<Id>{linked[0].id});
}

TEST(Link, AnAliasBelongsToOneRevision) {
  EXPECT_EQ(ErrorOf({"a:; aliases=x", "b:; aliases=X"}).reason, Reason::kDuplicateName);
  const Error taken = ErrorOf({"a:; aliases=b", "b"});
  EXPECT_EQ(taken.message, "m/a.sql:2: the alias `b` is a name of m/b.sql too");
  EXPECT_EQ(taken.hint,
            "take the alias out of one of the two files, or delete the one that is too many");
  EXPECT_EQ(ErrorOf({"a:; aliases=x", "b:; labels=x"}).reason, Reason::kDuplicateLabel);
  EXPECT_EQ(NamesOf(Linked({"a:; aliases=a"})), "a");
}

}  // namespace
}  // namespace mig
