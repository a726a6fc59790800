#include "store/core/revision_file.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <random>

#include "store/core/limits.h"

namespace mig {
namespace {

using std::chrono::milliseconds;

RevisionFile Parse(std::string_view text) {
  Result<RevisionFile> file = ParseRevisionFile("m/a.sql", text);
  EXPECT_TRUE(file) << file.error().message;
  return file ? *file : RevisionFile();
}

std::vector<std::string> SqlOf(const std::vector<const Section*>& sections) {
  std::vector<std::string> texts;
  for (const Section* section : sections) texts.push_back(section->sql);
  return texts;
}

constexpr std::string_view kProducts =
    "-- message: create products table\n"
    "-- parents: 20261120093000_create_users\n"
    "-- depends: billing_base, eu-prices\n"
    "-- labels: catalog\n"
    "-- author: Shop Team <shop@example.com>\n"
    "-- created: 2026-11-22T08:15:30Z\n"
    "\n"
    "-- mig:up\n"
    "CREATE TABLE products (id bigint PRIMARY KEY, name text NOT NULL);\n"
    "\n"
    "-- mig:up transaction=off lock_timeout=5s\n"
    "\n"
    "  CREATE INDEX CONCURRENTLY products_name\n"
    "    ON products (name);\n"
    "\n"
    "-- mig:verify\n"
    "SELECT count(*) = 0 FROM products;\n"
    "\n"
    "-- mig:down\n"
    "DROP TABLE products;\n";

TEST(ParseRevisionFile, ReadsHeaderAndSections) {
  const RevisionFile file =
      ParseRevisionFile("migrations/20261122081530_create_products_table.sql", kProducts).value();
  EXPECT_EQ(file.path, "migrations/20261122081530_create_products_table.sql");
  EXPECT_EQ(file.name, "20261122081530_create_products_table");
  EXPECT_EQ(file.body, kProducts);
  EXPECT_EQ(file.header, (RevisionHeader{.message = "create products table",
                                         .parents = {"20261120093000_create_users"},
                                         .depends = {"billing_base", "eu-prices"},
                                         .labels = {"catalog"},
                                         .aliases = {},
                                         .author = "Shop Team <shop@example.com>",
                                         .created = "2026-11-22T08:15:30Z"}));
  const SectionOptions off{.transaction = false,
                           .lock_timeout = milliseconds(5000),
                           .statement_timeout = {},
                           .dialect = {},
                           .unrendered = {}};
  const std::vector<Section> sections = {
      {SectionKind::kUp,
       {},
       "CREATE TABLE products (id bigint PRIMARY KEY, name text NOT NULL);",
       9},
      {SectionKind::kUp, off, "  CREATE INDEX CONCURRENTLY products_name\n    ON products (name);",
       13},
      {SectionKind::kVerify, {}, "SELECT count(*) = 0 FROM products;", 17},
      {SectionKind::kDown, {}, "DROP TABLE products;", 20}};
  EXPECT_EQ(file.sections, sections);
  EXPECT_EQ(file.irreversible, std::nullopt);
}

TEST(ParseRevisionFile, RemembersWhereNamesAreListed) {
  const RevisionFile file = Parse(kProducts);
  EXPECT_EQ(file.parents_line, 2);
  EXPECT_EQ(file.depends_line, 3);
  EXPECT_EQ(file.labels_line, 4);
  EXPECT_EQ(Parse("-- mig:up\n").parents_line, 0);
}

TEST(ParseRevisionFile, NeedsNothingButAnUpSection) {
  for (const char* text :
       {"-- mig:up", "-- mig:up\n", "\n--\n\t\n-- mig:up \t\n\n\n", "-- parents:\n-- mig:up\n"}) {
    const RevisionFile file = Parse(text);
    EXPECT_EQ(file.header, RevisionHeader()) << text;
    ASSERT_EQ(file.sections.size(), 1u) << text;
    EXPECT_EQ(file.sections[0].sql, "") << text;
  }
}

TEST(ParseRevisionFile, ReadsWindowsFilesAsTheyWouldBeElsewhere) {
  const RevisionFile file = Parse("\xEF\xBB\xBF-- message: x\r\n-- mig:up\r\nSELECT 1;\r\n");
  EXPECT_EQ(file.body, "-- message: x\n-- mig:up\nSELECT 1;\n");
  EXPECT_EQ(file.header.message, "x");
  EXPECT_EQ(file.sections[0].sql, "SELECT 1;");
}

TEST(ParseRevisionFile, SeesAMarkAlsoInsideAString) {
  const RevisionFile file = Parse("-- mig:up\nSELECT '\n-- mig:down\n';\n");
  ASSERT_EQ(file.sections.size(), 2u);
  EXPECT_EQ(file.sections[0].sql, "SELECT '");
  EXPECT_EQ(file.sections[1].sql, "';");
}

TEST(ParseRevisionFile, KeepsCommentsOfSections) {
  const RevisionFile file =
      Parse("-- mig:up\n-- why: because\n-- migrate it: now\nSELECT 1; -- end\n");
  EXPECT_EQ(file.sections[0].sql, "-- why: because\n-- migrate it: now\nSELECT 1; -- end");
  EXPECT_EQ(file.sections[0].line, 2);
}

TEST(ParseRevisionFile, ReadsEveryDuration) {
  const std::pair<const char*, int> durations[] = {
      {"0", 0},           {"0s", 0},           {"1ms", 1},
      {"500ms", 500},     {"5s", 5000},        {"2min", 120'000},
      {"3h", 10'800'000}, {"2d", 172'800'000}, {"2147483647ms", 2147483647}};
  for (const auto& [text, expected] : durations) {
    const RevisionFile file = Parse(std::string("-- mig:up statement_timeout=") + text + "\n");
    EXPECT_EQ(file.sections[0].options.statement_timeout, milliseconds(expected)) << text;
  }
}

TEST(ParseRevisionFile, ReadsWhyThereIsNoWayBack) {
  const RevisionFile file =
      Parse("-- mig:up\nDROP TABLE a;\n-- mig:irreversible  the rows: are gone \n\n-- really\n");
  EXPECT_EQ(file.irreversible, "the rows: are gone");
  EXPECT_EQ(file.sections.size(), 1u);
  EXPECT_FALSE(IsReversible(file, Dialect::kSqlite));
}

TEST(ParseRevisionFile, ReadsWhyASectionIsUnrendered) {
  const RevisionFile file = Parse(
      "-- mig:up\nSELECT 1;\n-- mig:up dialect=sqlite unrendered:  it reads  rows (a.py:3)\n"
      "-- see a.py\n-- mig:down unrendered: x\n");
  ASSERT_EQ(file.sections.size(), 3u);
  EXPECT_EQ(file.sections[0].options.unrendered, "");
  EXPECT_EQ(file.sections[1].options.unrendered, "it reads  rows (a.py:3)");
  EXPECT_EQ(file.sections[1].sql, "-- see a.py");
  EXPECT_EQ(FindUnrendered(file, SectionKind::kUp, Dialect::kSqlite), &file.sections[1]);
  EXPECT_EQ(FindUnrendered(file, SectionKind::kUp, Dialect::kPostgresql), nullptr);
  EXPECT_EQ(FindUnrendered(file, SectionKind::kDown, Dialect::kPostgresql), &file.sections[2]);
  EXPECT_EQ(WriteRevisionFile(file).value(),
            "-- mig:up\nSELECT 1;\n\n-- mig:up dialect=sqlite unrendered: it reads  rows (a.py:3)\n"
            "-- see a.py\n\n-- mig:down unrendered: x\n");
}

TEST(ParseRevisionFile, SectionsMayComeInAnyOrder) {
  const RevisionFile file =
      Parse("-- mig:irreversible gone\n-- mig:verify\nSELECT 1;\n-- mig:up\nSELECT 2;\n");
  EXPECT_EQ(file.irreversible, "gone");
  EXPECT_EQ(SqlOf(SectionsFor(file, SectionKind::kUp, Dialect::kSqlite)),
            std::vector<std::string>{"SELECT 2;"});
}

struct BadFile {
  std::string text;
  std::string place_and_what;
  std::string hint = "";
};

void PrintTo(const BadFile& bad, std::ostream* out) { *out << bad.text; }

class ParseErrors : public testing::TestWithParam<BadFile> {};

TEST_P(ParseErrors, NamePlaceCauseAndRemedy) {
  const Result<RevisionFile> file = ParseRevisionFile("m/a.sql", GetParam().text);
  ASSERT_FALSE(file);
  const Error& error = file.error();
  EXPECT_EQ(error.reason, Reason::kFileInvalid);
  EXPECT_EQ(error.message, "m/a.sql:" + GetParam().place_and_what);
  EXPECT_EQ(error.hint, GetParam().hint);
  EXPECT_EQ("m/a.sql:" + error.details.at("line") + ":" + error.details.at("column") + ":",
            error.message.substr(0, error.message.find(' ')));
  EXPECT_EQ(error.details.at("file"), "m/a.sql");
}

const BadFile kHeaderErrors[] = {
    {"-- mesage: x\n-- mig:up\n", "1:4: unknown key `mesage`", "did you mean `message`?"},
    {"-- Message: x\n-- mig:up\n", "1:4: unknown key `Message`", "did you mean `message`?"},
    {"-- ticket: x\n-- mig:up\n", "1:4: unknown key `ticket`",
     "the keys are message, parents, depends, labels, aliases, author, created"},
    {"\n-- replaces: x\n-- mig:up\n", "2:4: the key `replaces` is reserved and has no meaning yet"},
    {"-- author: x\n-- author: y\n-- mig:up\n",
     "2:4: the key `author` stands a second time, after line 1"},
    {"-- parents:\n-- parents: a\n-- mig:up\n",
     "2:4: the key `parents` stands a second time, after line 1"},
    {"-- a note\n-- mig:up\n", "1:1: a header line has the form `-- key: value`",
     "other comments go below the first section mark, e.g. `-- mig:up`"},
    {"-- see also: x\n-- mig:up\n", "1:1: a header line has the form `-- key: value`",
     "other comments go below the first section mark, e.g. `-- mig:up`"},
    {"--message: x\n-- mig:up\n", "1:1: a header line has the form `-- key: value`",
     "other comments go below the first section mark, e.g. `-- mig:up`"},
    {"-- message: x\n  CREATE TABLE a (b int);\n-- mig:up\n",
     "2:3: SQL before the first section mark", "put a line `-- mig:up` above it"},
    {"-- message: x\n<<<<<<< HEAD\n-- parents: a\n=======\n-- parents: b\n>>>>>>> b\n-- mig:up\n",
     "2:1: a merge left a conflict here",
     "settle it as in any other file, and take the marks of Git out"},
    {"-- message: a\x1b[2J\n-- mig:up\n", "1:14: a control character"},
    {"-- parents: a, b c\n-- mig:up\n", "1:16: `b c` cannot be a revision name: it holds ` `",
     "names are [A-Za-z0-9_][A-Za-z0-9_.]{0,127}; labels may also hold `-`"},
    {"-- parents: a-b\n-- mig:up\n", "1:13: `a-b` cannot be a revision name: it holds `-`",
     "names are [A-Za-z0-9_][A-Za-z0-9_.]{0,127}; labels may also hold `-`"},
    {"-- parents: a,, b\n-- mig:up\n", "1:15: a name is missing beside the comma"},
    {"-- parents: ,a\n-- mig:up\n", "1:13: a name is missing beside the comma"},
    {"-- depends: a,\n-- mig:up\n", "1:15: a name is missing beside the comma"},
    {"-- parents: a, b, A\n-- mig:up\n", "1:19: `A` stands twice in the list",
     "take one of them out"},
    {"-- labels: heads\n-- mig:up\n", "1:12: `heads` cannot be a label: the word is reserved",
     "names are [A-Za-z0-9_][A-Za-z0-9_.]{0,127}; labels may also hold `-`"},
    {"-- created: yesterday\n-- mig:up\n", "1:13: `yesterday` is no time",
     "a time looks like 2026-11-22T08:15:30Z, in UTC"},
    {"-- created: 2026-02-29T08:15:30Z\n-- mig:up\n", "1:13: `2026-02-29T08:15:30Z` is no time",
     "a time looks like 2026-11-22T08:15:30Z, in UTC"},
    {"-- created: 2026-02-28T24:00:00Z\n-- mig:up\n", "1:13: `2026-02-28T24:00:00Z` is no time",
     "a time looks like 2026-11-22T08:15:30Z, in UTC"},
    {"-- created: 2026-02-28 08:15:30Z\n-- mig:up\n", "1:13: `2026-02-28 08:15:30Z` is no time",
     "a time looks like 2026-11-22T08:15:30Z, in UTC"},
};
INSTANTIATE_TEST_SUITE_P(OfTheHeader, ParseErrors, testing::ValuesIn(kHeaderErrors));

const BadFile kMarkErrors[] = {
    {"", "1:1: there is no up section",
     "a revision has a line `-- mig:up`, with SQL below it unless it is a merge"},
    {"-- message: x\n", "2:1: there is no up section",
     "a revision has a line `-- mig:up`, with SQL below it unless it is a merge"},
    {"-- mig:down\nSELECT 1;", "2:10: there is no up section",
     "a revision has a line `-- mig:up`, with SQL below it unless it is a merge"},
    {"-- mig:pu\n", "1:8: unknown section `pu`", "did you mean `up`?"},
    {"-- mig:upgrade\n", "1:8: unknown section `upgrade`",
     "the sections are up, down, verify and irreversible"},
    {"-- mig:\n", "1:8: the section's name is missing right after `mig:`",
     "it looks like `-- mig:up` or `-- mig:down`"},
    {"-- mig: up\n", "1:8: the section's name is missing right after `mig:`",
     "it looks like `-- mig:up` or `-- mig:down`"},
    {"-- mig:up\n--mig:down\n", "2:1: this is nearly a section mark",
     "a mark starts its line with exactly `-- mig:`, e.g. `-- mig:up`"},
    {"-- mig:up\n  -- mig:down\n", "2:3: this is nearly a section mark",
     "a mark starts its line with exactly `-- mig:`, e.g. `-- mig:up`"},
    {"-- mig:up\n-- MIG :down\n", "2:1: this is nearly a section mark",
     "a mark starts its line with exactly `-- mig:`, e.g. `-- mig:up`"},
    {"--\tmig:up\n", "1:1: this is nearly a section mark",
     "a mark starts its line with exactly `-- mig:`, e.g. `-- mig:up`"},
    {"-- mig:up transction=off\n", "1:11: unknown option `transction`",
     "did you mean `transaction`?"},
    {"-- mig:up unrendered:\n", "1:11: `unrendered:` needs a reason",
     "it looks like `-- mig:up unrendered: it reads what it changes`"},
    {"-- mig:up\n-- mig:verify unrendered: x\n",
     "2:15: verify cannot be unrendered: leave the section out"},
    {"-- mig:up fast\n", "1:11: unknown option `fast`",
     "the options are transaction, foreign_keys, lock_timeout, statement_timeout, dialect"},
    {"-- mig:up transaction=of\n", "1:11: `of` is no value for transaction", "it is on or off"},
    {"-- mig:up transaction\n", "1:11: `transaction` has no value", "it is on or off"},
    {"-- mig:up transaction=on  transaction=on\n", "1:27: the option `transaction` stands twice"},
    {"-- mig:up lock_timeout=5\n", "1:11: `5` is no value for lock_timeout",
     "a time looks like 500ms, 5s, 2min or 1h, up to 24 days"},
    {"-- mig:up lock_timeout=-5s\n", "1:11: `-5s` is no value for lock_timeout",
     "a time looks like 500ms, 5s, 2min or 1h, up to 24 days"},
    {"-- mig:up lock_timeout=2147483648ms\n", "1:11: `2147483648ms` is no value for lock_timeout",
     "a time looks like 500ms, 5s, 2min or 1h, up to 24 days"},
    {"-- mig:up lock_timeout=600h\n", "1:11: `600h` is no value for lock_timeout",
     "a time looks like 500ms, 5s, 2min or 1h, up to 24 days"},
    {"-- mig:up statement_timeout=5 s\n", "1:11: `5` is no value for statement_timeout",
     "a time looks like 500ms, 5s, 2min or 1h, up to 24 days"},
    {"-- mig:up dialect=oracle\n", "1:11: `oracle` is no value for dialect",
     "it is postgresql, sqlite or mariadb"},
    {"-- mig:up\n-- mig:verify transaction=off\n",
     "2:15: verify has no option `transaction`: it runs in the last up's transaction"},
    {"-- mig:up\n-- mig:irreversible \n", "2:8: `-- mig:irreversible` needs a reason",
     "it looks like `-- mig:irreversible the old prices are gone`"},
    {"-- mig:up\n-- mig:irreversible a\n-- mig:irreversible b\n",
     "3:8: `irreversible` stands a second time"},
    {"-- mig:up\n-- mig:irreversible a\n-- mig:down\n",
     "3:8: a revision has down sections or is irreversible, not both", "take one of them out"},
    {"-- mig:up\n-- mig:down\n-- mig:irreversible a\n",
     "3:8: a revision has down sections or is irreversible, not both", "take one of them out"},
    {"-- mig:up\n-- mig:irreversible a\nDROP TABLE a;\n", "3:1: SQL below `-- mig:irreversible`",
     "there is nothing to run in it"},
    {"-- mig:up \x01\n", "1:11: a control character"},
};
INSTANTIATE_TEST_SUITE_P(OfSections, ParseErrors, testing::ValuesIn(kMarkErrors));

const BadFile kByteErrors[] = {
    {"-- mig:up\nSELECT '\xE4';\n", "2:9: this byte is not UTF-8", "save the file as UTF-8"},
    {std::string("-- mig:up\n\0", 11), "2:1: a NUL byte", "save the file as UTF-8"},
    {"-- mig:up\rSELECT 1;", "1:10: a carriage return without a line feed",
     "end lines with LF, or CRLF"},
};
INSTANTIATE_TEST_SUITE_P(OfBytes, ParseErrors, testing::ValuesIn(kByteErrors));

TEST(ParseRevisionFile, TakesItsNameFromThePath) {
  EXPECT_EQ(ParseRevisionFile("a.b.sql", "-- mig:up")->name, "a.b");
  EXPECT_EQ(ParseRevisionFile("/x/y.d/z.sql", "-- mig:up")->name, "z");
  const std::pair<const char*, const char*> bad[] = {
      {"m/a.txt", "m/a.txt:1:1: a revision file's name ends in `.sql`"},
      {"m/.sql", "m/.sql:1:1: `` cannot be a revision name: it is empty"},
      {"m/a b.sql", "m/a b.sql:1:1: `a b` cannot be a revision name: it holds ` `"},
      {"m/head.sql", "m/head.sql:1:1: `head` cannot be a revision name: the word is reserved"}};
  for (const auto& [path, message] : bad) {
    const Result<RevisionFile> file = ParseRevisionFile(path, "-- mig:up");
    ASSERT_FALSE(file) << path;
    EXPECT_EQ(file.error().message, message);
    EXPECT_EQ(file.error().reason, Reason::kFileInvalid);
  }
}

std::string Repeat(std::string_view text, std::size_t times) {
  std::string all;
  for (; times > 0; --times) all += text;
  return all;
}

std::string NamesUpTo(std::size_t count) {
  std::string names = "n0";
  for (std::size_t i = 1; i < count; ++i) names += ",n" + std::to_string(i);
  return names;
}

TEST(ParseRevisionFile, TakesAsMuchAsTheLimitsAllow) {
  EXPECT_TRUE(
      ParseRevisionFile("a.sql", "-- parents: " + NamesUpTo(kMaxListedNames) + "\n-- mig:up"));
  EXPECT_TRUE(ParseRevisionFile("a.sql", Repeat("\n", kMaxHeaderBytes) + "-- mig:up"));
  EXPECT_TRUE(ParseRevisionFile("a.sql", Repeat("-- mig:up\n", kMaxSections)));
}

TEST(ParseRevisionFile, RefusesMoreThanTheLimitsAllow) {
  const std::pair<std::string, std::string> files[] = {
      {"-- parents: " + NamesUpTo(kMaxListedNames + 1) + "\n-- mig:up",
       "a.sql:1: more than 1000 names in `parents`"},
      {Repeat("\n", kMaxHeaderBytes) + "--\n-- mig:up",
       "a.sql:65537: the header has more than 65536 bytes"},
      {"-- message: " + std::string(kMaxHeaderBytes, 'x'),
       "a.sql:1: the header has more than 65536 bytes"},
      {Repeat("-- mig:up\n", kMaxSections + 1), "a.sql:1001: more than 1000 sections"},
      {std::string(kMaxFileBytes + 1, '\n'),
       "a.sql has 16777217 bytes, more than the 16777216 a revision file may have"}};
  for (const auto& [text, message] : files) {
    const Result<RevisionFile> file = ParseRevisionFile("a.sql", text);
    ASSERT_FALSE(file) << message;
    EXPECT_EQ(file.error().reason, Reason::kLimitExceeded);
    EXPECT_EQ(file.error().message, message);
    EXPECT_EQ(file.error().details.at("file"), "a.sql");
  }
}

TEST(SectionsFor, LeavesOutThoseOfOtherDialects) {
  const RevisionFile file = Parse(
      "-- mig:up\nA;\n-- mig:up dialect=sqlite\nB;\n-- mig:up dialect=postgresql\nC;\n-- "
      "mig:up\nD;\n"
      "-- mig:down dialect=sqlite\nE;\n");
  const auto ups = [&file](Dialect dialect) {
    return SqlOf(SectionsFor(file, SectionKind::kUp, dialect));
  };
  EXPECT_EQ(ups(Dialect::kSqlite), (std::vector<std::string>{"A;", "B;", "D;"}));
  EXPECT_EQ(ups(Dialect::kPostgresql), (std::vector<std::string>{"A;", "C;", "D;"}));
  EXPECT_EQ(ups(Dialect::kMariadb), (std::vector<std::string>{"A;", "D;"}));
  EXPECT_TRUE(IsReversible(file, Dialect::kSqlite));
  EXPECT_FALSE(IsReversible(file, Dialect::kPostgresql));
}

TEST(FileOf, ReadsAStoredRevision) {
  const RevisionFile file = FileOf({"users", {}, {}, "-- message: x\n-- mig:up\n"}).value();
  EXPECT_EQ(file.name, "users");
  EXPECT_EQ(file.path, "users.sql");
  EXPECT_EQ(file.header.message, "x");
}

TEST(WriteRevisionFile, WritesWhatAPersonWouldWrite) {
  RevisionFile file;
  file.name = "20261122081530_create_products_table";
  file.header.message = "create products table";
  file.header.parents = {"a", "b"};
  file.header.created = "2026-11-22T08:15:30Z";
  file.sections = {{SectionKind::kUp, {}, "CREATE TABLE products (id bigint PRIMARY KEY);"},
                   {SectionKind::kUp,
                    {false, true, milliseconds(90'000), milliseconds(0), Dialect::kPostgresql, {}},
                    "CREATE INDEX CONCURRENTLY i ON products (id);"},
                   {SectionKind::kDown, {}, ""}};
  EXPECT_EQ(WriteRevisionFile(file).value(),
            "-- message: create products table\n"
            "-- parents: a, b\n"
            "-- created: 2026-11-22T08:15:30Z\n"
            "\n"
            "-- mig:up\n"
            "CREATE TABLE products (id bigint PRIMARY KEY);\n"
            "\n"
            "-- mig:up transaction=off lock_timeout=90s statement_timeout=0s dialect=postgresql\n"
            "CREATE INDEX CONCURRENTLY i ON products (id);\n"
            "\n"
            "-- mig:down\n");
}

TEST(WriteRevisionFile, RefusesWhatNoFileCanHold) {
  RevisionFile good;
  good.name = "a";
  good.sections = {{SectionKind::kUp, {}, "SELECT 1;"}};
  ASSERT_TRUE(WriteRevisionFile(good));

  std::vector<RevisionFile> bad(10, good);
  bad[0].header.message = "two\n-- labels: injected";
  bad[1].header.message = " blank before";
  bad[2].header.parents = {"a b"};
  bad[3].header.parents = {"a,b"};
  bad[4].header.created = "now";
  bad[5].sections[0].sql = "SELECT 1;\n-- mig:down\nDROP TABLE a;";
  bad[6].sections[0].sql = "SELECT 1;\n\n";
  bad[7].sections.clear();
  bad[8].irreversible = "";
  bad[9].name = "head";
  for (const RevisionFile& file : bad) {
    const Result<std::string> text = WriteRevisionFile(file);
    ASSERT_FALSE(text) << *text;
    EXPECT_EQ(text.error().reason, Reason::kInvalidArgument);
    EXPECT_EQ(text.error().details.at("name"), file.name);
  }
}

TEST(WriteRevisionFile, SaysWhichValueHoldsALineBreak) {
  RevisionFile file;
  file.name = "a";
  file.sections = {{SectionKind::kUp, {}, "SELECT 1;"}};
  file.header.message = "why\nand how";
  EXPECT_EQ(WriteRevisionFile(file).error().message,
            "the message of a revision is one line, and this one holds a line break");
  std::swap(file.header.message, file.header.author);
  EXPECT_EQ(WriteRevisionFile(file).error().message,
            "the author of a revision is one line, and this one holds a line break");
}

// Random values of everything a file can hold.
class RandomFile {
 public:
  explicit RandomFile(unsigned seed) : random_(seed) {}

  RevisionFile Make() {
    RevisionFile file;
    file.name = Name(0);
    file.header = {
        Text(), Names(), Names(), Names(), Names(), Text(), OneOf({"", "2026-11-22T08:15:30Z"})};
    const bool irreversible = UpTo(2) == 0;
    file.sections.push_back(MakeSection(SectionKind::kUp));
    for (unsigned left = UpTo(4); left > 0; --left) {
      const auto kind = static_cast<SectionKind>(UpTo(2));
      if (kind != SectionKind::kDown || !irreversible) file.sections.push_back(MakeSection(kind));
    }
    if (irreversible) file.irreversible = "because " + Text();
    while (file.irreversible && file.irreversible->back() == ' ') file.irreversible->pop_back();
    return file;
  }

 private:
  unsigned UpTo(unsigned most) { return static_cast<unsigned>(random_() % (most + 1)); }
  std::string OneOf(std::vector<std::string> words) {
    return words[UpTo(static_cast<unsigned>(words.size()) - 1)];
  }

  std::string Name(unsigned number) {
    return OneOf({"a", "B_2", "20261122_x.y", "_"}) + std::to_string(number);
  }

  std::vector<std::string> Names() {
    std::vector<std::string> names;
    for (unsigned left = UpTo(3); left > 0; --left) names.push_back(Name(left));
    return names;
  }

  std::string Text() {
    return OneOf({"", "x", "-- mig:up", "a: b, c", "Preise in €\tneu", "ends with --"});
  }

  SectionOptions Options(SectionKind kind) {
    SectionOptions options;
    options.transaction = kind == SectionKind::kVerify || UpTo(1) == 0;
    if (UpTo(1) == 0)
      options.lock_timeout =
          milliseconds(OneOf({"0", "1", "1"}) == "0" ? 0 : random_() % 10'000'000);
    options.foreign_keys = kind == SectionKind::kVerify || !options.transaction || UpTo(1) == 0;
    if (UpTo(1) == 0) options.statement_timeout = milliseconds(1000 * UpTo(7200));
    if (UpTo(1) == 0) options.dialect = static_cast<Dialect>(UpTo(2));
    return options;
  }

  Section MakeSection(SectionKind kind) {
    return {kind, Options(kind),
            OneOf({"", "SELECT 1;", "  SELECT\n\n  '-- mig:up';", "-- note: x\n-- y", "a\n\n\nb",
                   "'€'"}),
            0};
  }

  std::mt19937 random_;
};

TEST(WriteRevisionFile, ReadsBackAsWhatWasWritten) {
  RandomFile files(7);
  for (int i = 0; i < 500; ++i) {
    const RevisionFile file = files.Make();
    const Result<std::string> text = WriteRevisionFile(file);
    ASSERT_TRUE(text) << text.error().message;
    const Result<RevisionFile> read = ParseRevisionFile(file.name + ".sql", *text);
    ASSERT_TRUE(read) << read.error().message;
    ASSERT_EQ(read->name, file.name);
    ASSERT_EQ(read->header, file.header) << *text;
    ASSERT_EQ(read->irreversible, file.irreversible) << *text;
    ASSERT_EQ(read->sections.size(), file.sections.size()) << *text;
    for (std::size_t at = 0; at < file.sections.size(); ++at) {
      ASSERT_EQ(read->sections[at].kind, file.sections[at].kind) << *text;
      ASSERT_EQ(read->sections[at].options, file.sections[at].options) << *text;
      ASSERT_EQ(read->sections[at].sql, file.sections[at].sql) << *text;
    }
    ASSERT_EQ(WriteRevisionFile(*read).value(), *text);
  }
}

// The text of a file with other parents.
std::string Reparented(const std::string& text, const std::vector<std::string>& parents) {
  const Result<RevisionFile> file = ParseRevisionFile("a.sql", text);
  EXPECT_TRUE(file) << file.error().message;
  return WithParents(*file, parents);
}

TEST(WithParents, ReplacesTheLineThatHasThem) {
  EXPECT_EQ(Reparented("-- message: m\n-- parents: x\n-- author: A\n\n-- mig:up\n", {"y", "z"}),
            "-- message: m\n-- parents: y, z\n-- author: A\n\n-- mig:up\n");
}

TEST(WithParents, AddsALineBelowTheMessage) {
  EXPECT_EQ(Reparented("-- message: m\n-- author: A\n-- mig:up\n", {"y"}),
            "-- message: m\n-- parents: y\n-- author: A\n-- mig:up\n");
  EXPECT_EQ(Reparented("-- mig:up\n-- parents: of SQL\n", {"y"}),
            "-- parents: y\n-- mig:up\n-- parents: of SQL\n");
}

TEST(WithParents, OfNoneLeavesALineOut) {
  EXPECT_EQ(Reparented("-- parents: x\n-- mig:up\n", {}), "-- mig:up\n");
  EXPECT_EQ(Reparented("-- mig:up\n", {}), "-- mig:up\n");
}

}  // namespace
}  // namespace mig
