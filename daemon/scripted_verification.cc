#include "daemon/scripted_verification.h"

#include <fmt/format.h>

#include "daemon/client_delimiter.h"
#include "daemon/foreign_keys.h"
#include "daemon/statement_batch.h"
#include "drivers/sql/classify.h"
#include "drivers/sql/quoted_name.h"

namespace mig {
namespace {

// A dollar quote that the text does not hold.
std::string DollarQuoted(const std::string& text, std::string tag) {
  while (text.find("$" + tag) != std::string::npos) tag += "_";
  return "$" + tag + "$" + text + "$" + tag + "$";
}

// A row of one column is written `(cell)`; with more columns it has commas, and NULL is nothing.
std::string ForPostgresql(const std::string& sql, const std::string& complaint) {
  const std::string body = fmt::format(
      "DECLARE\n  answer record;\n  answers bigint := 0;\n  last text;\nBEGIN\n"
      "  FOR answer IN EXECUTE {} LOOP\n    answers := answers + 1;\n    last := answer::text;\n"
      "  END LOOP;\n  IF answers = 1 AND last ~ '^[(](f|[-+]*(0+[.]?0*|[.]0+))[)]$' THEN\n"
      "    RAISE EXCEPTION USING MESSAGE = {};\n  END IF;\nEND",
      DollarQuoted(sql, "query"), DollarQuoted(complaint, "complaint"));
  return "DO LANGUAGE plpgsql " + DollarQuoted(body, "mig_verify") + ";\n";
}

std::string ForSqlite(const std::string& sql, const std::string& complaint) {
  return fmt::format(
      "CREATE TEMP TABLE mig_verify (no integer CONSTRAINT {} CHECK (no = 0));\n"
      "INSERT INTO temp.mig_verify WITH mig_answers(answer) AS (\n{}\n) SELECT count(*) = 1 AND "
      "coalesce(max(answer = 'f' OR (instr(answer, '0') > 0 AND replace(ltrim(answer, '+-'), '0', "
      "'') IN ('', '.'))), 0) FROM (SELECT CAST(answer AS text) AS answer FROM mig_answers "
      "LIMIT 2);\nDROP TABLE temp.mig_verify;\n",
      QuoteName(complaint, Dialect::kSqlite), sql);
}

// The condition is worked out in front of the block: within one, MariaDB 10.11 crashes at a WITH.
std::string ForMariadb(const std::string& sql, const std::string& complaint) {
  const std::string answer = fmt::format(
      "WITH mig_answers (answer) AS (\n{}\n) SELECT count(*) = 1 AND coalesce(max(CAST(answer AS "
      "binary) REGEXP '^(f|[-+]*(0+[.]?0*|[.]0+))$'), 0) INTO @mig_no FROM (SELECT answer FROM "
      "mig_answers LIMIT 2) AS "
      "mig_few",
      sql);
  const std::string message = WithLiterals(Dialect::kMariadb, {"$1", {complaint}});
  const std::string block = fmt::format(
      "BEGIN NOT ATOMIC\n  IF @mig_no THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = {}; END "
      "IF;\nEND",
      message);
  return Delimited(answer) + Delimited(block);
}

Error CannotTell(Dialect dialect, std::string_view why, std::string hint) {
  return {
      Reason::kUnsupported,
      fmt::format("this verification cannot be part of a script for {}: {}", NameOf(dialect), why),
      {},
      std::move(hint)};
}

Result<std::string> Scripted(Dialect dialect, const std::string& sql,
                             const std::string& complaint) {
  const QueryShape shape = ShapeOfQuery(dialect, sql);
  if (shape.kind == QueryShape::Kind::kNoQuery) return sql + ";\n";
  if (shape.kind == QueryShape::Kind::kUnknown)
    return CannotTell(dialect, "its client does not tell what it answers",
                      "write it as a plain SELECT");
  if (dialect == Dialect::kPostgresql) return ForPostgresql(sql, complaint);
  const bool mariadb = dialect == Dialect::kMariadb;
  if (shape.columns == 1) return mariadb ? ForMariadb(sql, complaint) : ForSqlite(sql, complaint);
  if (shape.columns > 1) return mariadb ? Delimited(sql) : sql + ";\n";
  return CannotTell(dialect, "`*` may stand for one column or for several", "name the columns");
}

}  // namespace

Result<std::string> ScriptedVerification(Dialect dialect, const RunStep& step,
                                         const PlannedStatement& verification) {
  const RevisionFile& file = step.file();
  const std::string& path = file.path.empty() ? file.name : file.path;
  auto scripted = Scripted(dialect, verification.sql,
                           fmt::format("{}:{}: the verification says no", path, verification.line));
  if (scripted) return scripted;
  return WithPlace(std::move(scripted).error(), step, verification);
}

std::string ScriptedForeignKeyCheck(const RunStep& step) {
  return ForSqlite("SELECT count(*) = 0 FROM pragma_foreign_key_check",
                   step.summary.name + " would leave foreign keys that lead nowhere");
}

std::string ScriptedRebuildCheck(const RunStep& step, std::span<const Unit> units) {
  std::string script;
  for (const Rebuild& rebuild : RebuildsOf(units)) {
    script += ForSqlite(fmt::format("SELECT NOT EXISTS ({})", rebuild.referring),
                        fmt::format("{}: {} would delete what other tables refer to: it needs "
                                    "foreign_keys=off",
                                    step.summary.name, rebuild.drop->verb));
  }
  return script;
}

}  // namespace mig
