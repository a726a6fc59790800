// Which table a statement of SQLite drops, or makes, as far as the rebuild of a table goes ("Making
// Other Kinds Of Table Schema Changes", lang_altertable.html): names without schema and quotes, in
// lower case; empty for every other statement. Pure.
#pragma once

#include <string>
#include <string_view>

namespace mig {

// DROP TABLE.
std::string SqliteTableDropped(std::string_view statement);

// CREATE TABLE, and ALTER TABLE ... RENAME TO. Not that of a temporary table.
std::string SqliteTableMade(std::string_view statement);

}  // namespace mig
