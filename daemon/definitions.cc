#include "daemon/definitions.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <sstream>
#include <vector>

#include "daemon/bookkeeping.h"
#include "daemon/lease.h"
#include "drivers/mariadb_dump.h"
#include "drivers/sql/quoted_name.h"
#include "store/core/sha256.h"

namespace mig {
namespace {

using Kind = SqlObject::Kind;

std::string_view WordsOf(Kind kind) {
  switch (kind) {
    case Kind::kTable:
      return "CREATE TABLE";
    case Kind::kTrigger:
      return "CREATE TRIGGER";
    case Kind::kProcedure:
      return "CREATE PROCEDURE";
    case Kind::kFunction:
      return "CREATE FUNCTION";
    case Kind::kPackage:
      return "CREATE PACKAGE";
    case Kind::kPackageBody:
      return "CREATE PACKAGE BODY";
    case Kind::kEvent:
      return "CREATE EVENT";
    case Kind::kDatabase:
      return "CREATE DATABASE";
    case Kind::kUser:
      return "CREATE USER";
    case Kind::kGrants:
      return "GRANTS FOR";
  }
  return "";
}

std::string QuestionOf(const SqlObject& object) {
  const bool account = object.kind == Kind::kUser || object.kind == Kind::kGrants;
  std::string name = account ? object.name : QuoteName(object.name, Dialect::kMariadb);
  if (!object.schema.empty()) name = QuoteName(object.schema, Dialect::kMariadb) + "." + name;
  return fmt::format("SHOW {} {}", WordsOf(object.kind), name);
}

// The codes by which a server says that there is no such table, routine, trigger, event, database,
// user or grant.
bool SaysAbsent(const Error& error) {
  constexpr std::array<std::string_view, 9> kCodes = {"1146", "1305", "1360", "1539", "1049",
                                                      "1133", "1141", "1449", "1347"};
  const auto code = error.details.find("db_code");
  return code != error.details.end() && std::ranges::find(kCodes, code->second) != kCodes.end();
}

// Of several columns those that hold definitions; others hold times and settings of this session.
bool IsDefinition(const std::string& column) {
  return column.starts_with("Create ") || column == "SQL Original Statement";
}

std::string DigestOf(const SqlResult& shown) {
  std::string text;
  for (const auto& row : shown.rows) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      const bool all = shown.columns.size() == 1 || IsDefinition(shown.columns[i]);
      if (!all) continue;
      if (std::holds_alternative<std::nullptr_t>(row[i])) return "?";
      text += WithoutNextValue(TextOf(row[i])) + "\n";
    }
  }
  return text.empty() ? "-" : Hex(Sha256(text)).substr(0, 16);
}

std::vector<std::string> WordsIn(std::string_view text) {
  std::istringstream in{std::string(text)};
  std::vector<std::string> words;
  for (std::string word; in >> word;) words.push_back(word);
  return words;
}

}  // namespace

Result<std::string> DefinitionsOf(Session& session, std::span<const SqlObject> objects) {
  std::string words;
  for (const SqlObject& object : objects) {
    auto shown = session.Execute({QuestionOf(object)});
    std::string word = "?";
    if (shown) {
      word = DigestOf(*shown);
    } else if (SaysAbsent(shown.error())) {
      word = "-";
    } else if (shown.error().reason == Reason::kDatabaseUnreachable ||
               shown.error().reason == Reason::kCancelled) {
      return std::move(shown).error();
    }
    words += (words.empty() ? "" : " ") + word;
  }
  return words;
}

DefinitionChange CompareDefinitions(std::string_view before, std::string_view after) {
  const std::vector<std::string> was = WordsIn(before);
  const std::vector<std::string> is = WordsIn(after);
  if (was.empty() || was.size() != is.size()) return DefinitionChange::kUnseen;
  std::size_t changed = 0;
  for (std::size_t i = 0; i < was.size(); ++i) {
    if (was[i] == "?" || is[i] == "?") return DefinitionChange::kUnseen;
    if (was[i] != is[i]) ++changed;
  }
  if (changed == 0) return DefinitionChange::kNone;
  return changed == was.size() ? DefinitionChange::kAll : DefinitionChange::kSome;
}

}  // namespace mig
