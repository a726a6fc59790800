// A revision as people write it: a SQL file with a header and sections (the specification is
// docs/formats.md).
//
//     -- message: create products table
//     -- parents: 20261120093000_create_users
//     -- created: 2026-11-22T08:15:30Z
//
//     -- mig:up lock_timeout=5s
//     CREATE TABLE products (id bigint PRIMARY KEY);
//
//     -- mig:down
//     DROP TABLE products;
//
// Parents and dependencies are names here; daemon/plan/link.h turns them into ids. A line that
// starts with `-- mig:` is a section mark wherever it stands, before any SQL is looked at; a line
// that nearly is one is an error, because taken for a comment it would run the next section's SQL
// as part of this one.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "store/core/dialect.h"
#include "store/core/result.h"
#include "store/core/revision.h"

namespace mig {

// The `-- key: value` lines. Every key may be absent (empty here) and stands at most once.
struct RevisionHeader {
  std::string message;
  std::vector<std::string> parents;  // names, as written; none: a base
  std::vector<std::string> depends;  // names or labels
  std::vector<std::string> labels;
  std::vector<std::string> aliases;  // other exact names, e.g. the id it has in Alembic
  std::string author;
  std::string created;  // UTC, "2026-11-22T08:15:30Z": text order is time order

  friend bool operator==(const RevisionHeader&, const RevisionHeader&) = default;
};

enum class SectionKind { kUp, kDown, kVerify };

struct SectionOptions {
  bool transaction = true;   // off: each statement by itself
  bool foreign_keys = true;  // SQLite; off: checked before the commit instead of row by row
  // Absent: the executor's default. Zero: no limit.
  std::optional<std::chrono::milliseconds> lock_timeout;
  std::optional<std::chrono::milliseconds> statement_timeout;
  std::optional<Dialect> dialect;  // absent: for all
  // Why the SQL below is not all that the revision does: whoever would run it is refused. Empty: it
  // is.
  std::string unrendered = {};

  friend bool operator==(const SectionOptions&, const SectionOptions&) = default;
};

struct Section {
  SectionKind kind = SectionKind::kUp;
  SectionOptions options;
  std::string sql;  // without blank lines before it and white space after it; may be empty
  int line = 0;     // the line of the file where `sql` starts, from 1

  friend bool operator==(const Section&, const Section&) = default;
};

struct RevisionFile {
  std::string path;  // as given; for messages
  std::string name;  // the path's last part without `.sql`
  RevisionHeader header;
  std::vector<Section> sections;            // in file order, at least one up
  std::optional<std::string> irreversible;  // why; then there is no down section
  std::string body;                         // the whole text, normalised: Revision::body

  // Where the header lists names, for messages about them; 0 where it does not.
  int parents_line = 0;
  int depends_line = 0;
  int labels_line = 0;
  int aliases_line = 0;
};

// Reads the bytes of a file. Errors: kLimitExceeded (limits.h), else kFileInvalid with the details
// file, line, column.
Result<RevisionFile> ParseRevisionFile(std::string_view path, std::string_view bytes);

// The file a stored revision was made from; its path is `<name>.sql`. Errors: as above.
Result<RevisionFile> FileOf(const Revision& revision);

// The text of a new file with the name, header, sections and irreversible of `file` (path, body and
// lines are not looked at). What is written reads back as exactly those values. Errors:
// kInvalidArgument for values that no file can hold, e.g. a message of two lines; kLimitExceeded.
Result<std::string> WriteRevisionFile(const RevisionFile& file);

// The text of `file` with these parents in its header and every other line as it was.
std::string WithParents(const RevisionFile& file, const std::vector<std::string>& parents);

// The sections of a kind that count in a dialect, in order. They live as long as `file`.
std::vector<const Section*> SectionsFor(const RevisionFile& file, SectionKind kind,
                                        Dialect dialect);

// The first of these sections whose SQL was not rendered; null where all of them were.
const Section* FindUnrendered(const RevisionFile& file, SectionKind kind, Dialect dialect);

// Whether the revision can be taken back there: it has a down section for the dialect.
bool IsReversible(const RevisionFile& file, Dialect dialect);

}  // namespace mig
