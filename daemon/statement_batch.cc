#include "daemon/statement_batch.h"

#include <fmt/format.h>

#include <algorithm>

#include "daemon/lease.h"

namespace mig {
namespace {

using Role = StatementBatch::Role;

// So that an ALTER TABLE that waits does not queue everybody behind it.
constexpr std::chrono::milliseconds kDefaultLockTimeout{5'000};

// PostgreSQL's ACTIVE_SQL_TRANSACTION and INVALID_TRANSACTION_TERMINATION: the statement cannot be
// in a transaction block.
bool RunsOnlyOutside(std::string_view sqlstate) {
  return sqlstate == "25001" || sqlstate == "2D000";
}

// SQLite deletes the rows first, which SQLITE_CONSTRAINT_FOREIGNKEY forbids.
bool DropsWhatOthersReferTo(const Error& error, const PlannedStatement& statement) {
  const auto code = error.details.find("sqlite_code");
  return code != error.details.end() && code->second == "787" &&
         statement.verb.starts_with("DROP TABLE");
}

std::string DowngradeHint(const RunStep& step) {
  return fmt::format(
      "a downgrade runs the text that was applied, so no edit of the file helps until `mig stamp "
      "--purge` with all that `mig current` names takes the files for what was applied; or make "
      "the "
      "database as that text expects it and repeat the command; or take the rest back by hand and "
      "`mig stamp` the revision below, where parts of it are recorded after `mig resolve {} "
      "--undone`",
      step.summary.name);
}

void Add(StatementBatch& batch, SqlCommand command, Role role,
         const PlannedStatement* statement = nullptr) {
  batch.commands.push_back(std::move(command));
  batch.roles.push_back(role);
  batch.statements.push_back(statement);
}

// MariaDB waits for locks in whole seconds; a session of ours waits for kDefaultLockTimeout anyway.
// What the session had is kept in variables, for MariadbTimeoutsBack. All of them are a script's:
// it is what the script sees that they change.
std::vector<SqlCommand> MariadbTimeouts(const SectionOptions& options) {
  std::vector<SqlCommand> settings;
  if (options.lock_timeout) {
    settings.push_back({.sql = "SET @mig_lock_wait_timeout = @@lock_wait_timeout, "
                               "@mig_innodb_lock_wait_timeout = @@innodb_lock_wait_timeout",
                        .scripted = true});
    constexpr std::int64_t kForever = 31'536'000;  // a year, the most that lock_wait_timeout takes
    const std::int64_t asked = (options.lock_timeout->count() + 999) / 1000;
    const std::int64_t seconds = asked == 0 ? kForever : std::min(asked, kForever);
    settings.push_back(
        {.sql = fmt::format("SET lock_wait_timeout = {0}, innodb_lock_wait_timeout = {0}", seconds),
         .scripted = true});
  }
  if (options.statement_timeout) {
    settings.push_back(
        {.sql = "SET @mig_max_statement_time = @@max_statement_time", .scripted = true});
    settings.push_back(
        {.sql = fmt::format("SET max_statement_time = {}",
                            static_cast<double>(options.statement_timeout->count()) / 1000),
         .scripted = true});
  }
  return settings;
}

std::vector<SqlCommand> MariadbTimeoutsBack(const SectionOptions& options) {
  std::vector<SqlCommand> settings;
  if (options.lock_timeout) {
    settings.push_back({.sql = "SET lock_wait_timeout = @mig_lock_wait_timeout, "
                               "innodb_lock_wait_timeout = @mig_innodb_lock_wait_timeout",
                        .scripted = true});
  }
  if (options.statement_timeout) {
    settings.push_back(
        {.sql = "SET max_statement_time = @mig_max_statement_time", .scripted = true});
  }
  return settings;
}

Error InFileOf(Error error, const RunStep& step) {
  error.details["name"] = step.summary.name;
  if (step.revision == nullptr) return error;  // a stamp
  error.details["file"] = step.file().path.empty() ? step.file().name : step.file().path;
  return error;
}

bool IsStatementError(Reason reason) {
  return reason == Reason::kStatementFailed || reason == Reason::kVerifyFailed ||
         reason == Reason::kDatabasePermission || reason == Reason::kDatabaseBusy ||
         reason == Reason::kDatabaseFull || reason == Reason::kCancelled;
}

// 0, 0.00, -0.0: no engine writes a zero with an exponent.
bool IsZero(std::string_view cell) {
  cell.remove_prefix(std::min(cell.find_first_not_of("+-"), cell.size()));
  const bool one_point = cell.find('.') == cell.rfind('.');
  return one_point && cell.find('0') != std::string_view::npos &&
         cell.find_first_not_of("0.") == std::string_view::npos;
}

// The line of the file at a character position within the statement.
int LineOf(const PlannedStatement& statement, const Error& error) {
  const auto found = error.details.find("position");
  if (found == error.details.end()) return statement.line;
  std::size_t left = std::stoul(found->second);
  int line = statement.line;
  for (const char c : statement.sql) {
    const bool starts_character = (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
    if (starts_character && --left == 0) break;
    if (c == '\n') ++line;
  }
  // Values may have lines of their own.
  const std::string& written = statement.written();
  const auto last = std::count(written.begin(), written.end(), '\n');
  return std::min(line, statement.line + static_cast<int>(last));
}

}  // namespace

StatementBatch BatchOf(const Bookkeeping& book, const Unit& unit, const RemovedRows& removed,
                       std::span<const PlannedStatement* const> settings) {
  StatementBatch batch;
  Add(batch, book.Fence(), Role::kFence);
  const bool scripted = !unit.empty();
  if (scripted) {
    for (SqlCommand& mark : book.MarkTransaction()) Add(batch, std::move(mark), Role::kSetting);
    for (const PlannedStatement* setting : settings)
      Add(batch, {.sql = setting->sql, .scripted = true}, Role::kSetting, setting);
  }
  const SectionOptions* options = nullptr;
  const auto enter = [&](const SectionOptions* section) {
    for (SqlCommand& setting : TimeoutsWithin(book.dialect(), section, options))
      Add(batch, std::move(setting), Role::kSetting);
    options = section;
  };
  const auto add = [&](const PlannedStatement& statement, Role role) {
    enter(statement.options);
    batch.commands.back().prompt = true;  // until it ends, this one has not begun
    Add(batch, {.sql = statement.sql, .prompt = true, .scripted = true}, role, &statement);
  };
  for (const PlannedStatement& statement : unit.statements) add(statement, Role::kStatement);
  for (const PlannedStatement& statement : unit.verifications) add(statement, Role::kVerification);
  enter(nullptr);
  if (scripted) {
    for (SqlCommand& mark : book.FindMark()) Add(batch, std::move(mark), Role::kMark);
  }
  for (SqlCommand& command : book.RegainRole()) Add(batch, std::move(command), Role::kSetting);
  if (removed.versions.empty()) {
    for (SqlCommand& command : book.TransactionIdentity())
      Add(batch, std::move(command), Role::kIdentity);
  }
  for (const Id& id : removed.versions) Add(batch, book.LockVersion(id), Role::kVersionLock);
  for (const SqlCommand& lock : removed.alembic_locks) Add(batch, lock, Role::kAlembicLock);
  return batch;
}

std::vector<SqlCommand> TimeoutsWithin(Dialect dialect, const SectionOptions* section,
                                       const SectionOptions* before) {
  std::vector<SqlCommand> commands;
  if (section == before) return commands;
  if (dialect == Dialect::kMariadb) {
    if (before != nullptr) commands = MariadbTimeoutsBack(*before);
    if (section != nullptr)
      std::ranges::move(MariadbTimeouts(*section), std::back_inserter(commands));
  }
  if (dialect != Dialect::kPostgresql || section == nullptr) return commands;
  const auto set = [&](const char* name, std::chrono::milliseconds value) {
    commands.push_back(
        {.sql = fmt::format("SET LOCAL {} = {}", name, value.count()), .recurrent = true});
  };
  set("lock_timeout", section->lock_timeout.value_or(kDefaultLockTimeout));
  if (section->statement_timeout || (before != nullptr && before->statement_timeout))
    set("statement_timeout", section->statement_timeout.value_or(std::chrono::milliseconds(0)));
  return commands;
}

std::vector<SqlCommand> TimeoutsAlone(Dialect dialect, const SectionOptions& options) {
  std::vector<SqlCommand> commands;
  if (dialect == Dialect::kMariadb) return MariadbTimeouts(options);
  if (dialect != Dialect::kPostgresql) return commands;
  const auto set = [&](const char* name, const auto& timeout) {
    if (timeout) commands.push_back({fmt::format("SET {} = {}", name, timeout->count())});
  };
  set("lock_timeout", options.lock_timeout);
  set("statement_timeout", options.statement_timeout);
  return commands;
}

std::vector<SqlCommand> TimeoutsBack(Dialect dialect, const SectionOptions& options) {
  std::vector<SqlCommand> commands;
  if (dialect == Dialect::kMariadb) return MariadbTimeoutsBack(options);
  if (dialect != Dialect::kPostgresql) return commands;
  if (options.lock_timeout) commands.push_back({"RESET lock_timeout"});
  if (options.statement_timeout) commands.push_back({"RESET statement_timeout"});
  return commands;
}

Error AtStatement(Error error, const RunStep& step, const PlannedStatement& statement) {
  if (error.reason == Reason::kDatabaseUnreachable) {
    error.message +=
        fmt::format(", while {} in revision {} ran", statement.verb, step.summary.name);
    return WithPlace(std::move(error), step, statement);
  }
  if (error.reason == Reason::kDatabaseRefused && statement.verb.starts_with("ATTACH")) {
    error.reason = Reason::kStatementFailed;  // of another file than the target's
    error.hint =
        "write the whole path of a database that is there: a relative one is not looked for in the "
        "work tree";
  }
  if (!IsStatementError(error.reason)) return error;
  error.message =
      fmt::format("{} in revision {} failed: {}", statement.verb, step.summary.name, error.message);
  if (DropsWhatOthersReferTo(error, statement)) {
    error.hint =
        "where the table is made again, write `-- mig:up foreign_keys=off` above the statements: "
        "they run with foreign keys off, and the keys are checked before the commit";
  }
  if (step.summary.kind == StepKind::kDowngrade) error.hint = DowngradeHint(step);
  const auto sqlstate = error.details.find("sqlstate");
  const bool inside = statement.options->transaction;
  if (inside && sqlstate != error.details.end() && RunsOnlyOutside(sqlstate->second))
    error.hint = "put it below a line `-- mig:up transaction=off`";
  return WithPlace(std::move(error), step, statement);
}

Error AtCommit(Error error, const RunStep& step) {
  if (error.reason != Reason::kStatementFailed) return error;
  error.message =
      fmt::format("the commit of revision {} failed: {}", step.summary.name, error.message);
  if (step.summary.kind == StepKind::kDowngrade) error.hint = DowngradeHint(step);
  return InFileOf(std::move(error), step);
}

Error WithPlace(Error error, const RunStep& step, const PlannedStatement& statement) {
  error = InFileOf(std::move(error), step);
  error.details["line"] = std::to_string(LineOf(statement, error));
  error.details["statement"] = statement.verb;
  return error;
}

bool IsSingleFalse(const SqlResult& result) {
  if (result.rows.size() != 1 || result.rows[0].size() != 1) return false;
  const std::string cell = TextOf(result.rows[0][0]);
  return cell == "f" || IsZero(cell);
}

}  // namespace mig
