// Alembic's version table, in a target that Alembic migrates or once did.
//
// The first run takes its rows over (daemon/alembic_plan.h). From then on mig_meta has, under the
// key `alembic_version`, what the table said when mig last looked at it or wrote it: a difference
// means that Alembic was used since.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "drivers/session.h"
#include "store/core/dialect.h"
#include "store/core/graph.h"
#include "store/core/result.h"

namespace mig {

// What a target's configuration says about it.
struct AlembicSetting {
  bool keep = false;  // keep the table up to date, so that Alembic can be used as well
  std::string
      table;  // "TABLE" or "SCHEMA.TABLE"; empty: alembic_version, where names are looked up
};
// `compat` is empty or "alembic". Errors: kConfigInvalid.
Result<AlembicSetting> AlembicSettingOf(std::string_view compat, std::string table);

// What a target's table says.
struct AlembicState {
  bool keep = false;
  bool found = false;             // the table is there
  std::string schema;             // where it is, or would be made; empty: where names are looked up
  std::vector<std::string> rows;  // Alembic's revision ids, sorted
  std::optional<std::string> remembered;  // ListOf(rows) as mig last knew them
  bool taken_over = false;                // mig has done nothing here yet: its rows are Alembic's
};

// What the names of the log's row end in that tells of such a taking over.
inline constexpr std::string_view kFromAlembic = " from alembic_version";

// The rows as one text, "1a2b, 3c4d".
std::string ListOf(const std::vector<std::string>& rows);

// The table as SQL commands. `schema` of a call is AlembicState::schema.
class AlembicTable {
 public:
  AlembicTable(Dialect dialect, const AlembicSetting& setting);

  const AlembicSetting& setting() const { return setting_; }
  // One row with the schema; none where there is no such table.
  SqlCommand Find() const;
  // One row with the schema where it would be made, empty where there is none. PostgreSQL.
  SqlCommand FindPlace() const;
  SqlCommand Read(const std::string& schema) const;
  // As Alembic makes it; harmless where it is.
  SqlCommand Create(const std::string& schema) const;
  SqlCommand Insert(const std::string& schema, const std::string& row) const;
  // The same, where the row is not there already: for scripts, which cannot look.
  SqlCommand InsertMissing(const std::string& schema, const std::string& row) const;
  SqlCommand Delete(const std::string& schema, const std::string& row) const;
  // Reads the row and keeps it as it is until the transaction ends.
  SqlCommand Lock(const std::string& schema, const std::string& row) const;

 private:
  std::string Qualified(const std::string& schema) const;

  Dialect dialect_;
  AlembicSetting setting_;
  std::string schema_;  // as configured
  std::string name_;
};

// Looks the table up and reads it. REQUIRES: no script's statement changed where the session looks
// names up. Errors: those of Session.
Result<AlembicState> ReadAlembic(Session& session, const AlembicTable& table);

// The revision that goes by this id in Alembic: by an alias, or by its name.
std::optional<Position> FindAlembicId(const Graph& graph, const std::string& id);
// What Alembic calls a revision. nullptr: Alembic does not know it.
const std::string* AlembicIdOf(const Node& node);

// The revisions of these rows, none of them below another. Errors: kUnknownApplied.
Result<std::vector<Position>> PositionsOfAlembic(const Graph& graph,
                                                 const std::vector<std::string>& rows);

}  // namespace mig
