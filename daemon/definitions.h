// What a MariaDB server says of the things a statement names: remembered before the statement
// begins, and compared after a crash.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "drivers/session.h"
#include "drivers/sql/classify.h"
#include "store/core/result.h"

namespace mig {

// One word for each object, separated by blanks: 16 hex digits of SHA-256 over its definition (SHOW
// CREATE ..., less the table's next AUTO_INCREMENT), `-` where there is none, `?` where this user
// may not see it. Errors: those of Session.
Result<std::string> DefinitionsOf(Session& session, std::span<const SqlObject> objects);

enum class DefinitionChange { kNone, kAll, kSome, kUnseen };
// Of two such texts for the same objects. kUnseen: one cannot be told. Pure.
DefinitionChange CompareDefinitions(std::string_view before, std::string_view after);

}  // namespace mig
