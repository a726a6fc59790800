#include "daemon/target.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <unordered_set>

#include "daemon/lease.h"
#include "store/core/names.h"

namespace mig {
namespace {

Result<Revision> LoadOne(OpenTarget& target, const Id& id, const std::string& project,
                         Objects& objects) {
  auto stored = TRY(objects.GetMany(project, {id}));
  if (stored[0]) return *std::move(stored[0]);
  const SqlResult found = TRY(target.session->Execute(target.book.ReadObject(id)));
  if (found.rows.empty()) {
    Error error{
        Reason::kUnknownApplied,
        fmt::format("target {} has revision {} applied, which no file, store or mig_object row has",
                    target.address.name, id.short_hex())};
    error.details["id"] = id.hex();
    return error;
  }
  Revision revision = TRY(DecodeRevision(TextOf(found.rows[0][0])));
  if (IdOf(revision) == id) return revision;
  return Error{
      Reason::kCorruption,
      fmt::format("the mig_object row of {} in target {} was changed: its hash does not match",
                  id.short_hex(), target.address.name),
      {},
      "`mig audit verify` lists all that was changed"};
}

// Where the bookkeeping tables are: on MariaDB in the url's database, unless the target says
// otherwise.
Result<std::string> BookkeepingSchema(const TargetAddress& address) {
  if (!address.schema.empty() || address.url.dialect != Dialect::kMariadb) return address.schema;
  const auto database = address.url.parameters.find("dbname");
  if (database != address.url.parameters.end()) return database->second;
  return Error{Reason::kUrlInvalid,
               "the url of target " + address.name + " names no database",
               {},
               "write it at the end: mariadb://user@host/database"};
}

bool IsSameDatabase(const TargetUrl& a, const TargetUrl& b) {
  if (a.dialect != b.dialect) return false;
  if (a.dialect == Dialect::kSqlite) {
    std::error_code absent;
    return a.path == b.path || std::filesystem::equivalent(a.path, b.path, absent);
  }
  const auto part = [](const TargetUrl& url, const char* name, const char* usual) {
    const auto found = url.parameters.find(name);
    return found == url.parameters.end() ? std::string(usual) : found->second;
  };
  const char* port = a.dialect == Dialect::kMariadb ? "3306" : "5432";
  const auto same = [&](const char* name, const char* usual) {
    return NameKey(part(a, name, usual)) == NameKey(part(b, name, usual));
  };
  return same("host", "") && same("hostaddr", "") && same("unix_socket", "") &&
         same("port", port) && part(a, "dbname", "") == part(b, "dbname", "");
}

// What a served target asks for, and where it asks for nothing, what the caller does.
TargetPolicy Both(TargetPolicy served, const TargetPolicy& asked) {
  served.is_protected |= asked.is_protected;
  if (served.applied_before == nullptr) served.applied_before = asked.applied_before;
  if (!served.backup.empty()) return served;
  served.backup = asked.backup;
  served.backup_directory = asked.backup_directory;
  served.backup_time = asked.backup_time;
  return served;
}

// The policy of a database that a caller names by its url, which may be served under a name, too.
TargetPolicy PolicyOf(const TargetUrl& url, TargetPolicy asked, const ServedTargets& served) {
  for (const auto& [name, target] : served.by_name) {
    const auto own = ParseTargetUrl(target.url, target.context);
    if (own && IsSameDatabase(*own, url)) asked = Both(target.policy, asked);
  }
  return asked;
}

// Names none of them: a caller may be of another project than a target.
Error NotServed(const std::string& name, bool accept_urls) {
  return {
      Reason::kNoTarget,
      name.empty() ? "no target is configured" : fmt::format("no target {} is configured", name),
      {},
      std::string("`-t NAME` names one that the daemon serves: a section [targets.NAME] of its "
                  "migd.toml") +
          (accept_urls ? "; or add [targets.NAME] with a url to mig.toml" : "")};
}

}  // namespace

Result<TargetAddress> AddressOf(const TargetSpec& spec, const ServedTargets& served) {
  const auto known = served.by_name.find(spec.name);
  if (!spec.url.empty() && !served.accept_urls) {
    return Error{Reason::kPermissionDenied,
                 "this daemon takes no database urls from its callers",
                 {},
                 "take the `url` out of mig.toml: [targets.NAME] without one, or `-t NAME`, is the "
                 "target of that name that the daemon serves"};
  }
  if (spec.url.empty() && known == served.by_name.end())
    return NotServed(spec.name, served.accept_urls);
  if (!spec.url.empty() && !spec.policy.backup.empty() && !served.accept_backups) {
    return Error{Reason::kPermissionDenied,
                 "this daemon takes no backups by its callers' configuration",
                 {},
                 "write `backup` below [targets] in the daemon's own migd.toml"};
  }
  const TargetSpec& source = spec.url.empty() ? known->second : spec;
  TargetAddress address;
  address.name = spec.name;
  address.url = TRY(ParseTargetUrl(source.url, source.context));
  address.schema = source.schema;
  address.policy = spec.url.empty() ? source.policy : PolicyOf(address.url, source.policy, served);
  address.alembic = TRY(AlembicSettingOf(source.compat, source.alembic_table));
  address.placeholders = std::make_shared<const PlaceholderValues>(
      PlaceholderValues{source.placeholders, source.placeholder_key, spec.name});
  address.served = spec.url.empty();
  address.directory = source.context.base_directory;
  return address;
}

Result<OpenTarget> Open(const TargetAddress& address, IfMissing if_missing,
                        const SessionOpener& open_session) {
  std::string schema = TRY(BookkeepingSchema(address));
  auto session = open_session(address.url, if_missing);
  if (!session) {
    Error error = std::move(session).error();
    error.details["target"] = address.name;
    return error;
  }
  Bookkeeping book((*session)->dialect(), std::move(schema));
  AlembicTable alembic((*session)->dialect(), address.alembic);
  return OpenTarget{address, std::move(*session), std::move(book), std::move(alembic)};
}

bool IsYetToBeMade(const TargetAddress& address, const Error& error) {
  return address.url.dialect == Dialect::kSqlite && error.reason == Reason::kDatabaseMissing;
}

namespace {

Result<TargetState> ReadOwnTables(OpenTarget& target) {
  TargetState state;
  const TablesFound found = TRY(FindTables(*target.session, target.book));
  if (found == TablesFound::kNone) return state;
  const SqlResult meta = TRY(target.session->Execute(target.book.ReadMeta()));
  for (const auto& row : meta.rows) {
    if (TextOf(row[0]) == "format") state.format = static_cast<int>(NumberOf(row[1]));
    if (TextOf(row[0]) == "target_id") state.target_id = TextOf(row[1]);
    if (TextOf(row[0]) == "alembic_version") state.alembic.remembered = TextOf(row[1]);
  }
  if (state.format != kBookkeepingFormat) {
    return Error{
        Reason::kDatabaseFormat,
        fmt::format("the mig tables of target {} have format {}, and this mig knows format {}",
                    target.address.name, state.format, kBookkeepingFormat),
        {},
        kOtherFormatHint};
  }
  if (found == TablesFound::kSome) return TablesMissing();
  const SqlResult rows = TRY(target.session->Execute(target.book.ReadVersions()));
  for (const auto& row : rows.rows) {
    const auto id = Id::FromHex(TextOf(row[0]));
    if (!id) {
      return Error{Reason::kDatabaseFormat,
                   fmt::format("table mig_version of target {} holds {}, which is no id",
                               target.address.name, TextOf(row[0]))};
    }
    state.rows.push_back({*id, TextOf(row[1])});
  }
  return state;
}

}  // namespace

Result<TargetState> ReadState(OpenTarget& target) {
  TargetState state = TRY(ReadOwnTables(target));
  const auto remembered = state.alembic.remembered;
  const bool matters = state.rows.empty() || remembered || target.address.alembic.keep;
  if (!matters) return state;
  state.alembic = TRY(ReadAlembic(*target.session, target.alembic));
  state.alembic.remembered = remembered;
  if (!state.alembic.found || !state.rows.empty()) return state;
  state.untouched = state.format == 0;
  if (state.untouched) return state;
  const SqlResult done = TRY(target.session->Execute(target.book.CountDone()));
  state.untouched = TRY(OnlyNumberOf(done)) == 0;
  return state;
}

Result<std::vector<RevisionPtr>> LoadUnknown(OpenTarget& target, const TargetState& state,
                                             const Catalog& known, const std::string& project,
                                             Objects& objects) {
  std::vector<RevisionPtr> loaded;
  std::unordered_set<Id> seen;
  std::vector<Id> todo;
  const auto want = [&](const Id& id) {
    if (!known.graph().FindId(id) && seen.insert(id).second) todo.push_back(id);
  };
  for (const VersionRow& row : state.rows) want(row.id);
  while (!todo.empty()) {
    const Id id = todo.back();
    todo.pop_back();
    Revision revision = TRY(LoadOne(target, id, project, objects));
    std::ranges::for_each(LinksOf(revision), want);
    loaded.push_back(TRY(WithoutFile(id, std::move(revision))));
  }
  return loaded;
}

}  // namespace mig
