#include "cli/alembic_project.h"

#include <gmock/gmock.h>

#include "cli/alembic_export.h"
#include "cli/alembic_interpreter.h"

namespace mig {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

// A project of these lines of an export.
AlembicProject Project(const std::vector<std::string>& lines,
                       const std::string& dialect = "sqlite") {
  AlembicReader reader;
  for (const std::string& line : lines) EXPECT_TRUE(reader.Take(line)) << line;
  EXPECT_TRUE(reader.Take(R"({"kind":"end","dialect":")" + dialect +
                          R"(","version_table":"alembic_version","url":null})"));
  return std::move(reader).Project().value();
}

// A revision as the export writes it; `more` are members that differ from the usual.
std::string Line(const std::string& id, const std::string& upgrade, const std::string& downgrade,
                 const std::string& more = "") {
  return R"({"kind":"revision","id":")" + id +
         R"(","down":[],"depends":[],"labels":[],"message":"Add users!","notes":"","created":"","path":"versions/)" +
         id + R"(.py","upgrade":)" + upgrade + R"(,"downgrade":)" + downgrade + more + "}";
}

std::string Text(const std::vector<AlembicProject>& projects) {
  auto files = FilesOf(projects);
  EXPECT_TRUE(files) << (files ? "" : files.error().message);
  return files ? WriteRevisionFile(files->back().file).value() : "";
}

constexpr char kNothing[] = R"({"sections":[]})";

TEST(AlembicProject, MakesARevisionFile) {
  const std::string users =
      Line("1a2b",
           R"x({"sections":[
          {"transaction":true,
           "statements":["CREATE TABLE users (id int)","-- only a note","SELECT 1 -- done"]},
          {"transaction":false,"statements":["CREATE INDEX CONCURRENTLY i ON users (id)"]}]})x",
           R"({"sections":[{"transaction":true,"statements":["DROP TABLE users"]}]})",
           R"(,"labels":["shop"],"notes":"Of all\n\nshops.","created":"2021-03-04T05:06:07Z")");
  EXPECT_EQ(Text({Project({users})}),
            R"(-- message: Add users!
-- labels: shop
-- aliases: 1a2b
-- created: 2021-03-04T05:06:07Z

-- mig:up
-- Of all
--
-- shops.

CREATE TABLE users (id int);

-- only a note

SELECT 1 -- done
;

-- mig:up transaction=off
CREATE INDEX CONCURRENTLY i ON users (id);

-- mig:down
DROP TABLE users;
)");
}

TEST(AlembicProject, RebuildsATableOfSqliteWithoutForeignKeys) {
  const std::string line = Line(
      "1a2b",
      R"x({"sections":[{"transaction":true,"statements":["CREATE TABLE _alembic_tmp_a (id int)",
          "DROP TABLE a","ALTER TABLE _alembic_tmp_a RENAME TO a"]}]})x",
      R"({"sections":[{"transaction":true,"statements":["DROP TABLE a"]}]})");
  EXPECT_THAT(Text({Project({line})}),
              AllOf(HasSubstr("\n-- mig:up foreign_keys=off\n"), HasSubstr("\n-- mig:down\n")));
  EXPECT_THAT(Text({Project({line}, "postgresql")}), HasSubstr("\n-- mig:up\n"));
}

TEST(AlembicProject, KeepsTextThatWouldPassForAPlaceholder) {
  const std::string line =
      Line("1a2b",
           R"x({"sections":[{"transaction":true,"statements":[
          "INSERT INTO mails VALUES ('Dear ${name}, ${', '$${amount}')",
          "DO $${b}$$", "-- ${c}"]}]})x",
           R"({"sections":[{"transaction":true,"statements":["DROP TABLE \"${d}\""]}]})");
  EXPECT_EQ(Text({Project({line}, "postgresql")}),
            R"(-- message: Add users!
-- aliases: 1a2b

-- mig:up
INSERT INTO mails VALUES ('Dear \${name}, ${', '$\${amount}');

DO $${b}$$;

-- ${c}

-- mig:down
DROP TABLE "\${d}";
)");
}

TEST(AlembicProject, CallsParentsAndDependenciesByTheirNewNames) {
  const std::string text =
      Text({Project({Line("1a2b", kNothing, kNothing),
                     Line("3c4d", kNothing, kNothing,
                          R"(,"down":["1a2b"],"depends":["1a2b","shop"],"message":"")")})});
  EXPECT_EQ(text,
            "-- parents: 1a2b_add_users\n-- depends: 1a2b_add_users, shop\n-- aliases: 3c4d\n\n"
            "-- mig:up\n\n-- mig:down\n");
}

TEST(AlembicProject, CallsARevisionAsTheFileIsThatHasItsId) {
  const std::vector<RevisionFile> present = {
      ParseRevisionFile("old/shops.sql", "-- aliases: shops0, 1a2b\n\n-- mig:up\n").value(),
      ParseRevisionFile("old/3c4d.sql", "-- mig:up\n").value()};
  const auto files =
      FilesOf(
          {Project({Line("1a2b", kNothing, kNothing),
                    Line("3c4d", kNothing, kNothing, R"(,"down":["1a2b"])"),
                    Line("5e6f", kNothing, kNothing, R"(,"down":["3c4d"],"depends":["1a2b"])")})},
          present)
          .value();
  ASSERT_EQ(files.size(), 3u);
  EXPECT_EQ(files[0].file.name, "shops");
  EXPECT_EQ(files[0].present, &present[0]);
  EXPECT_EQ(files[0].text,
            "-- message: Add users!\n-- aliases: 1a2b\n\n-- mig:up\n\n-- mig:down\n");
  EXPECT_EQ(files[1].file.name, "3c4d");
  EXPECT_EQ(files[1].present, &present[1]);
  EXPECT_THAT(files[1].file.header.parents, ElementsAre("shops"));
  EXPECT_EQ(files[2].file.name, "5e6f_add_users");
  EXPECT_EQ(files[2].present, nullptr);
  EXPECT_THAT(files[2].file.header.parents, ElementsAre("3c4d"));
  EXPECT_THAT(files[2].file.header.depends, ElementsAre("shops"));
}

TEST(AlembicProject, TellsWhereTheFileThatIsThereHasOtherParents) {
  const std::vector<RevisionFile> present = {
      ParseRevisionFile("shops.sql", "-- aliases: 1a2b\n\n-- mig:up\n").value(),
      ParseRevisionFile("3c4d.sql", "-- parents: 1a2b\n\n-- mig:up\n").value(),
      ParseRevisionFile("5e6f.sql", "-- parents: shops\n\n-- mig:up\n").value()};
  const auto files = FilesOf({Project({Line("1a2b", kNothing, kNothing),
                                       Line("3c4d", kNothing, kNothing, R"(,"down":["1a2b"])"),
                                       Line("5e6f", kNothing, kNothing, R"(,"down":["3c4d"])"),
                                       Line("7a8b", kNothing, kNothing, R"(,"down":["5e6f"])")})},
                             present)
                         .value();
  ASSERT_EQ(files.size(), 4u);
  EXPECT_FALSE(files[0].has_other_parents);
  EXPECT_FALSE(files[1].has_other_parents);
  EXPECT_TRUE(files[2].has_other_parents);
  EXPECT_FALSE(files[3].has_other_parents);
}

TEST(AlembicProject, MarksWhatIsNotSql) {
  const std::string reads =
      R"({"sections":[{"transaction":true,"statements":["ALTER TABLE a ADD b int"]}],
      "unrendered":"it reads what a statement returns","line":21,"source":"def upgrade():\n    pass\n"})";
  const AlembicProject project = Project({Line("1a2b", reads, kNothing)});
  EXPECT_EQ(Text({project}),
            R"(-- message: Add users!
-- aliases: 1a2b

-- mig:up
ALTER TABLE a ADD b int;

-- mig:up unrendered: it reads what a statement returns (versions/1a2b.py:21)
-- This is what Alembic runs. Write it as SQL, and take `unrendered: ...` out of the mark
-- above.
--
-- def upgrade():
--     pass

-- mig:down
)");
  const auto files = FilesOf({project}).value();
  ASSERT_EQ(files[0].unrendered.size(), 1u);
  EXPECT_EQ(files[0].unrendered[0].line, 21);
  EXPECT_EQ(files[0].unrendered[0].path, "versions/1a2b.py");
}

TEST(AlembicProject, TakesNoLineOfNotesForAMark) {
  const std::string text = Text({Project(
      {Line("1a2b", kNothing, kNothing, R"(,"notes":"mig:down\nMIG : up\nmig is good")")})});
  EXPECT_THAT(text, HasSubstr("-- mig:up\n-- : mig:down\n-- : MIG : up\n-- mig is good\n"));
}

TEST(AlembicProject, NamesThePythonFileThatNoFileCanBeMadeOf) {
  const auto files = FilesOf({Project(
      {Line("1a2b", R"({"sections":[{"transaction":true,"statements":["a\n-- mig:down"]}]})",
            kNothing)})});
  ASSERT_FALSE(files);
  EXPECT_THAT(files.error().message, HasSubstr("versions/1a2b.py: "));
}

TEST(AlembicProject, TellsWhatIsAnotherThingEachTime) {
  const auto files =
      FilesOf({Project({Line("1a2b", R"({"sections":[],"varies":true})", kNothing),
                        Line("3c4d", kNothing, R"({"sections":[],"varies":true})")})})
          .value();
  EXPECT_THAT(files[0].varying, ElementsAre(SectionKind::kUp));
  EXPECT_THAT(files[1].varying, ElementsAre(SectionKind::kDown));
}

TEST(AlembicProject, SaysWhyThereIsNoWayBack) {
  EXPECT_THAT(Text({Project(
                  {Line("1a2b", kNothing, R"({"sections":[],"irreversible":"rows are\ngone"})")})}),
              HasSubstr("-- mig:irreversible rows are gone\n"));
}

TEST(AlembicProject, OfTwoDialectsDividesWhatDiffers) {
  const auto project = [](const std::string& type, const std::string& dialect) {
    return Project({Line("1a2b",
                         R"({"sections":[{"transaction":true,"statements":["CREATE TABLE a (b )" +
                             type + R"x()"]}]})x",
                         R"({"sections":[{"transaction":true,"statements":["DROP TABLE a"]}]})")},
                   dialect);
  };
  EXPECT_EQ(Text({project("serial", "postgresql"), project("integer", "sqlite")}),
            R"(-- message: Add users!
-- aliases: 1a2b

-- mig:up dialect=postgresql
CREATE TABLE a (b serial);

-- mig:up dialect=sqlite
CREATE TABLE a (b integer);

-- mig:down
DROP TABLE a;
)");
}

TEST(AlembicProject, RefusesIdsAndLabelsThatAreNoNames) {
  const auto id = FilesOf({Project({Line("a b", kNothing, kNothing)})});
  ASSERT_FALSE(id);
  EXPECT_EQ(id.error().reason, Reason::kNameInvalid);
  EXPECT_THAT(id.error().message, HasSubstr("versions/a b.py: `a b` cannot be a revision name"));
  const auto label = FilesOf({Project({Line("ab", kNothing, kNothing, R"(,"labels":["x y"])")})});
  ASSERT_FALSE(label);
  EXPECT_EQ(label.error().details.at("name"), "x y");
}

TEST(AlembicProject, RefusesANameOfTwoRevisions) {
  for (const std::string& message : std::vector<std::string>{"", "Of shops"}) {
    const auto files = FilesOf(
        {Project({Line("1a2b", kNothing, kNothing), Line("1a2b_add_users", kNothing, kNothing,
                                                         R"(,"message":")" + message + R"(")")})});
    ASSERT_FALSE(files) << message;
    EXPECT_EQ(files.error().reason, Reason::kNameInvalid);
    EXPECT_EQ(
        files.error().message,
        "versions/1a2b_add_users.py: `1a2b_add_users` would be a name of versions/1a2b.py too");
  }
}

TEST(AlembicProject, OfTwoDialectsHasTheSameRevisions) {
  const std::string one = Line("1a2b", kNothing, kNothing);
  const std::string other = Line("3c4d", kNothing, kNothing);
  for (const auto& lines :
       {std::vector{one}, std::vector{other, one}, std::vector<std::string>()}) {
    const auto files = FilesOf({Project({one, other}), Project(lines, "postgresql")});
    ASSERT_FALSE(files);
    EXPECT_EQ(files.error().reason, Reason::kUnsupported);
  }
}

TEST(AlembicReader, TellsWhatAlembicSaid) {
  AlembicReader reader;
  const auto taken = reader.Take(R"({"kind":"error","message":"no such module"})");
  ASSERT_FALSE(taken);
  EXPECT_EQ(taken.error().reason, Reason::kUnsupported);
  EXPECT_EQ(taken.error().message, "Alembic cannot be asked: no such module");
  EXPECT_FALSE(AlembicReader().Project());
  EXPECT_FALSE(AlembicReader().Take("Traceback"));
  for (const char* odd :
       {R"({"kind":"revision"})", R"({"kind":"revision","down":[1],"depends":[],"labels":[]})"}) {
    const auto read = AlembicReader().Take(odd);
    ASSERT_FALSE(read) << odd;
    EXPECT_EQ(read.error().reason, Reason::kInternal) << odd;
  }
}

TEST(AlembicReader, RefusesLinesThatLackSomething) {
  const std::string whole = Line("1a2b", kNothing, kNothing);
  for (const std::string& line :
       {std::string(R"({"kind":"revision"})"), Line("1a2b", "7", kNothing),
        Line("1a2b", R"({"sections":[7]})", kNothing),
        Line("1a2b", R"({"sections":[{"transaction":"on","statements":[]}]})", kNothing),
        Line("1a2b", kNothing, R"({"sections":[{"transaction":true,"statements":[7]}]})"),
        Line("1a2b", kNothing, kNothing, R"(,"down":"3c4d")"),
        Line("1a2b", kNothing, kNothing, R"(,"labels":[null])")}) {
    const auto taken = AlembicReader().Take(line);
    ASSERT_FALSE(taken) << line;
    EXPECT_EQ(taken.error().reason, Reason::kInternal);
  }
  EXPECT_TRUE(AlembicReader().Take(whole));
  EXPECT_TRUE(AlembicReader().Take(R"({"kind":"project","alembic":7,"count":"many"})"));
  AlembicReader ended;
  EXPECT_TRUE(ended.Take(R"({"kind":"end","dialect":7})"));
  EXPECT_FALSE(ended.Take(whole));
}

TEST(AlembicExport, IsPartOfTheBinary) {
  EXPECT_THAT(std::string(kAlembicExport), HasSubstr("import alembic\n"));
}

TEST(AnInterpreter, ThatFailsWithoutAWordIsSaidToHave) {
  AlembicCall call;
  call.folder = "/";
  const auto exported = ExportAlembic("/bin/false", call, std::nullopt, [](const auto&, auto) {});
  ASSERT_FALSE(exported);
  EXPECT_EQ(exported.error().message,
            "/bin/false cannot be asked for Alembic's revisions: it ended with status 1, and said "
            "nothing");
}

}  // namespace
}  // namespace mig
