// An Alembic project, as its own Alembic wrote it down (cli/alembic_export.py), and the revision
// files that it becomes.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "store/core/dialect.h"
#include "store/core/result.h"
#include "store/core/revision_file.h"

namespace mig {

// upgrade() or downgrade() of one revision, in one dialect.
struct AlembicDirection {
  struct Part {
    bool transaction = true;  // off: it stood in an autocommit block
    std::vector<std::string> statements;
  };
  std::vector<Part> parts;
  std::string unrendered;    // why it is not all that the function does; empty: it is
  std::string irreversible;  // why there is no way back; empty: there is, or nobody says so
  int line = 0;              // of the file, where `unrendered` arose
  std::string source;        // the function's text, where it was not rendered
  bool varies = false;       // what it says is another thing each time: a clock's, or random
  friend bool operator==(const AlembicDirection&, const AlembicDirection&);
};

struct AlembicRevision {
  std::string id;
  std::vector<std::string> down;     // ids
  std::vector<std::string> depends;  // ids or labels
  std::vector<std::string> labels;
  std::string message;
  std::string notes;    // what else the docstring says
  std::string created;  // "2026-11-22T08:15:30Z", or empty
  std::string path;     // relative to the project
  AlembicDirection upgrade;
  AlembicDirection downgrade;
};

struct AlembicProject {
  std::string alembic_version;
  std::size_t count = 0;
  std::optional<Dialect> dialect;
  std::string url;            // as the configuration file has it; empty: env.py finds it elsewhere
  std::string version_table;  // "TABLE" or "SCHEMA.TABLE"
  std::vector<AlembicRevision> revisions;  // parents first
};

// Reads the export line by line. Errors: kUnsupported for what the export says it cannot do, or for
// a dialect mig does not know; kInternal for a line that is none, or lacks what it must have.
class AlembicReader {
 public:
  Result<void> Take(std::string_view line);
  // The statements of the project are as a revision file has to write them: `${NAME}`, which is no
  // placeholder to Alembic, as `\${NAME}`. REQUIRES: all lines were taken.
  Result<AlembicProject> Project() &&;
  const AlembicProject& so_far() const { return project_; }

 private:
  AlembicProject project_;
  bool ended_ = false;
};

// One direction that needs a person.
struct Unrendered {
  SectionKind kind = SectionKind::kUp;
  std::string why;
  std::string path;  // of Alembic's file
  int line = 0;
};

struct ImportedFile {
  std::string alembic_id;
  std::string alembic_path;
  RevisionFile file;                      // name, header, sections and irreversible
  const RevisionFile* present = nullptr;  // the one that has the id already; the caller's
  bool has_other_parents = false;         // `present`, than Alembic says now
  std::string text;                       // of the file
  std::vector<Unrendered> unrendered;
  std::vector<SectionKind> varying;  // written as they were this time
};

// The files of a project that was exported in one dialect, or in several: then what differs stands
// in sections of its own. A revision is called `<id>_<message>`; its id is an alias. One whose id
// is a name or an alias of a file in `present`, those that are there already, is called as that
// file is. Errors: kNameInvalid for an id or a label that cannot be one here, or a name that would
// be of two revisions; kUnsupported where the exports are not of the same revisions;
// kInvalidArgument and kLimitExceeded for one that no file can hold.
Result<std::vector<ImportedFile>> FilesOf(const std::vector<AlembicProject>& projects,
                                          const std::vector<RevisionFile>& present = {});

}  // namespace mig
