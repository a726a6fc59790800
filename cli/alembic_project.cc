#include "cli/alembic_project.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "drivers/sql/placeholder.h"
#include "drivers/sql/sqlite_tables.h"
#include "drivers/sql/terminated.h"
#include "store/core/limits.h"
#include "store/core/names.h"
#include "store/core/section_mark.h"
#include "store/core/slug.h"

namespace mig {
namespace {

using Json = nlohmann::json;

// Null where there is none.
const Json& Member(const Json& json, const char* key) {
  static const Json kNone;
  const auto found = json.find(key);
  return found == json.end() ? kNone : *found;
}

std::string Text(const Json& json, const char* key) {
  const Json& member = Member(json, key);
  return member.is_string() ? member.get<std::string>() : "";
}

std::size_t Number(const Json& json, const char* key) {
  const Json& member = Member(json, key);
  return member.is_number_unsigned() ? member.get<std::size_t>() : 0;
}

bool IsOn(const Json& json, const char* key) { return Member(json, key) == true; }

bool HasTexts(const Json& json, const char* key) {
  const Json& member = Member(json, key);
  return member.is_array() &&
         std::ranges::all_of(member, [](const Json& one) { return one.is_string(); });
}

std::vector<std::string> Texts(const Json& json, const char* key) {
  return Member(json, key).get<std::vector<std::string>>();
}

bool IsDirection(const Json& json) {
  const Json& sections = Member(json, "sections");
  return sections.is_array() && std::ranges::all_of(sections, [](const Json& section) {
           return Member(section, "transaction").is_boolean() && HasTexts(section, "statements");
         });
}

bool IsRevision(const Json& json) {
  return HasTexts(json, "down") && HasTexts(json, "depends") && HasTexts(json, "labels") &&
         IsDirection(Member(json, "upgrade")) && IsDirection(Member(json, "downgrade"));
}

AlembicDirection DirectionOf(const Json& json) {
  AlembicDirection direction;
  for (const Json& section : Member(json, "sections")) {
    direction.parts.push_back({IsOn(section, "transaction"), Texts(section, "statements")});
  }
  direction.unrendered = Text(json, "unrendered");
  direction.irreversible = Text(json, "irreversible");
  direction.line = static_cast<int>(Number(json, "line"));
  direction.source = Text(json, "source");
  direction.varies = IsOn(json, "varies");
  return direction;
}

AlembicRevision RevisionOf(const Json& json) {
  return {Text(json, "id"),
          Texts(json, "down"),
          Texts(json, "depends"),
          Texts(json, "labels"),
          Text(json, "message"),
          Text(json, "notes"),
          Text(json, "created"),
          Text(json, "path"),
          DirectionOf(Member(json, "upgrade")),
          DirectionOf(Member(json, "downgrade"))};
}

// To Alembic `${NAME}` is a text like any other.
void MeanAsText(Dialect dialect, AlembicDirection& direction) {
  for (AlembicDirection::Part& part : direction.parts) {
    for (std::string& statement : part.statements)
      statement = WithoutPlaceholders(dialect, statement);
  }
}

Result<std::string> NameOf(const AlembicRevision& revision) {
  const auto valid = CheckRevisionName(revision.id);
  if (!valid) {
    return Error{Reason::kNameInvalid,
                 fmt::format("{}: {}", revision.path, valid.error().message),
                 {{"file", revision.path}, {"name", revision.id}},
                 "give the revision another id in Alembic first"};
  }
  const std::string slug = SlugOf(revision.message);
  std::string name = slug.empty() ? revision.id : revision.id + "_" + slug;
  if (name.size() > kMaxNameBytes) name = revision.id;
  return name;
}

// A file is called by its name and by the id: one that meant two revisions would hold only one.
Result<void> CheckDistinct(const std::vector<AlembicRevision>& revisions,
                           const std::map<std::string, std::string>& name_of) {
  std::map<std::string, const AlembicRevision*> owner_of;
  for (const AlembicRevision& revision : revisions) {
    for (const std::string& word : {name_of.at(revision.id), revision.id}) {
      const AlembicRevision* owner = owner_of.emplace(NameKey(word), &revision).first->second;
      if (owner == &revision) continue;
      return Error{
          Reason::kNameInvalid,
          fmt::format("{}: `{}` would be a name of {} too", revision.path, word, owner->path),
          {{"file", revision.path}, {"name", word}},
          "give one of the two another message or another id in Alembic first"};
    }
  }
  return {};
}

Result<void> CheckLabels(const AlembicRevision& revision) {
  for (const std::string& label : revision.labels) {
    const auto valid = CheckLabel(label);
    if (valid) continue;
    return Error{Reason::kNameInvalid,
                 fmt::format("{}: {}", revision.path, valid.error().message),
                 {{"file", revision.path}, {"name", label}},
                 "give the branch another label in Alembic first"};
  }
  return {};
}

using FileByWord = std::map<std::string, const RevisionFile*>;

// The files by what they are called: the name and the aliases.
FileByWord ByWord(const std::vector<RevisionFile>& files) {
  FileByWord by_word;
  for (const RevisionFile& file : files) {
    by_word.emplace(file.name, &file);
    for (const std::string& alias : file.header.aliases) by_word.emplace(alias, &file);
  }
  return by_word;
}

std::set<std::string> NamesOfParents(const RevisionFile& file, const FileByWord& by_word) {
  std::set<std::string> names;
  for (const std::string& word : file.header.parents) {
    const auto found = by_word.find(word);
    names.insert(found == by_word.end() ? word : found->second->name);
  }
  return names;
}

// What would read back as something else in a header line.
std::string OneLine(const std::string& text) {
  std::string line;
  for (const char c : text) line += static_cast<unsigned char>(c) < ' ' || c == '\x7f' ? ' ' : c;
  line.erase(line.find_last_not_of(' ') + 1);
  line.erase(0, std::min(line.find_first_not_of(' '), line.size()));
  return line;
}

std::string CommentOf(std::string_view text) {
  std::string comment;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string line = end == 0 ? "--" : fmt::format("-- {}", text.substr(0, end));
    if (IsSectionMark(line) || IsNearlySectionMark(line)) line.insert(2, " :");
    comment += line + "\n";
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return comment;
}

bool IsComment(std::string_view statement) {
  for (std::string_view rest = statement; !rest.empty();) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    const std::string_view line = rest.substr(0, end);
    const std::size_t begin = line.find_first_not_of(" \t");
    if (begin != line.npos && !line.substr(begin).starts_with("--")) return false;
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return true;
}

std::string SqlOf(const AlembicDirection::Part& part) {
  std::string sql;
  for (const std::string& statement : part.statements) {
    if (!sql.empty()) sql += "\n\n";
    sql += IsComment(statement) ? statement : Terminated(statement);
  }
  return sql;
}

// What a file says to whoever has to finish it.
std::string SourceComment(const AlembicDirection& direction) {
  return "-- This is what Alembic runs. Write it as SQL, and take `unrendered: ...` out of the "
         "mark\n"
         "-- above.\n--\n" +
         CommentOf(direction.source);
}

// Whether SQLite drops a table there and makes it again. Alembic does that without foreign keys.
bool RebuildsInSqlite(const AlembicDirection::Part& part) {
  std::set<std::string> dropped;
  for (const std::string& statement : part.statements) {
    if (dropped.contains(SqliteTableMade(statement))) return true;
    if (std::string table = SqliteTableDropped(statement); !table.empty())
      dropped.insert(std::move(table));
  }
  return false;
}

// The direction's sections; `dialect` absent: for all; `sqlite`: SQLite's is one of these.
void AddSections(const AlembicDirection& direction, SectionKind kind, const std::string& notes,
                 const std::string& path, std::optional<Dialect> dialect, bool sqlite,
                 std::vector<Section>& sections) {
  const std::size_t first = sections.size();
  for (const auto& part : direction.parts) {
    Section section;
    section.kind = kind;
    section.options.transaction = part.transaction;
    section.options.foreign_keys = !(sqlite && part.transaction && RebuildsInSqlite(part));
    section.options.dialect = dialect;
    section.sql = SqlOf(part);
    sections.push_back(std::move(section));
  }
  const bool unrendered = !direction.unrendered.empty();
  if (sections.size() == first || unrendered) {
    Section section;
    section.kind = kind;
    section.options.dialect = dialect;
    if (unrendered) {
      section.options.unrendered =
          OneLine(fmt::format("{} ({}:{})", direction.unrendered, path, direction.line));
      section.sql = SourceComment(direction);
    }
    sections.push_back(std::move(section));
  }
  std::string& sql = sections[first].sql;
  if (!notes.empty()) sql = CommentOf(notes) + (sql.empty() ? "" : "\n") + sql;
  for (std::size_t i = first; i < sections.size(); ++i) {
    std::string& text = sections[i].sql;
    text.erase(text.find_last_not_of(" \t\n") + 1);
  }
}

using Direction = AlembicDirection AlembicRevision::*;

// One set of sections where every dialect says the same, else one for each.
void AddDirection(const std::vector<AlembicProject>& projects, std::size_t index,
                  Direction direction, SectionKind kind, ImportedFile& file) {
  const AlembicRevision& revision = projects[0].revisions[index];
  const std::string notes = kind == SectionKind::kUp ? revision.notes : "";
  const bool same = std::all_of(projects.begin(), projects.end(), [&](const auto& project) {
    return project.revisions[index].*direction == revision.*direction;
  });
  const auto for_sqlite = [](const auto& project) { return project.dialect == Dialect::kSqlite; };
  for (const AlembicProject& project : projects) {
    const AlembicDirection& one = project.revisions[index].*direction;
    if (!one.unrendered.empty() && (file.unrendered.empty() || file.unrendered.back().kind != kind))
      file.unrendered.push_back({kind, one.unrendered, revision.path, one.line});
    if (one.varies && (file.varying.empty() || file.varying.back() != kind))
      file.varying.push_back(kind);
    if (!one.irreversible.empty()) {
      file.file.irreversible = one.irreversible;
      continue;
    }
    AddSections(one, kind, notes, revision.path, same ? std::nullopt : project.dialect,
                same ? std::ranges::any_of(projects, for_sqlite) : for_sqlite(project),
                file.file.sections);
    if (same) return;
  }
}

Result<void> CheckSameRevisions(const AlembicProject& one, const AlembicProject& other) {
  const auto same = [](const auto& x, const auto& y) { return x.id == y.id; };
  if (std::ranges::equal(one.revisions, other.revisions, same)) return {};
  return Error{Reason::kUnsupported, "Alembic has other revisions in one dialect than in another"};
}

Result<ImportedFile> FileOf(const std::vector<AlembicProject>& projects, std::size_t index,
                            const std::map<std::string, std::string>& name_of) {
  const AlembicRevision& revision = projects[0].revisions[index];
  TRY(CheckLabels(revision));
  ImportedFile imported;
  imported.alembic_id = revision.id;
  imported.alembic_path = revision.path;
  RevisionFile& file = imported.file;
  file.name = name_of.at(revision.id);
  file.header.message = OneLine(revision.message);
  const auto called = [&](const std::string& word) {
    const auto found = name_of.find(word);
    return found == name_of.end() ? word : found->second;
  };
  for (const std::string& id : revision.down) file.header.parents.push_back(called(id));
  for (const std::string& word : revision.depends) file.header.depends.push_back(called(word));
  file.header.labels = revision.labels;
  file.header.aliases = {revision.id};
  file.header.created = revision.created;
  AddDirection(projects, index, &AlembicRevision::upgrade, SectionKind::kUp, imported);
  AddDirection(projects, index, &AlembicRevision::downgrade, SectionKind::kDown, imported);
  if (file.irreversible) {
    std::erase_if(file.sections, [](const auto& one) { return one.kind == SectionKind::kDown; });
    *file.irreversible = OneLine(*file.irreversible);
  }
  auto text = WriteRevisionFile(file);
  if (!text) {
    Error error = std::move(text).error();
    error.message = revision.path + ": " + error.message;
    return error;
  }
  imported.text = *std::move(text);
  return imported;
}

}  // namespace

bool operator==(const AlembicDirection& a, const AlembicDirection& b) {
  const auto same_part = [](const auto& x, const auto& y) {
    return x.transaction == y.transaction && x.statements == y.statements;
  };
  return a.unrendered == b.unrendered && a.irreversible == b.irreversible &&
         std::equal(a.parts.begin(), a.parts.end(), b.parts.begin(), b.parts.end(), same_part);
}

Result<void> AlembicReader::Take(std::string_view line) try {
  const Json json = Json::parse(line, nullptr, false);
  const std::string kind = json.is_object() ? Text(json, "kind") : "";
  if (kind == "project") {
    project_.alembic_version = Text(json, "alembic");
    project_.count = Number(json, "count");
  } else if (kind == "revision" && !ended_ && IsRevision(json)) {
    project_.revisions.push_back(RevisionOf(json));
  } else if (kind == "end") {
    const std::string dialect = Text(json, "dialect");
    project_.dialect = DialectFromName(dialect == "mysql" ? "mariadb" : dialect);
    if (!project_.dialect && !project_.revisions.empty())
      return Error{Reason::kUnsupported, "mig does not know the database `" + dialect + "`"};
    const std::string schema = Text(json, "version_table_schema");
    project_.url = Text(json, "url");
    project_.version_table = (schema.empty() ? "" : schema + ".") + Text(json, "version_table");
    ended_ = true;
  } else if (kind == "error") {
    return Error{Reason::kUnsupported, "Alembic cannot be asked: " + Text(json, "message")};
  } else if (kind != "progress") {
    return Error{Reason::kInternal, "the export of Alembic's revisions was interrupted"};
  }
  return {};
} catch (const Json::exception&) {
  return Error{Reason::kInternal, "the export of Alembic's revisions has an odd line"};
}

Result<AlembicProject> AlembicReader::Project() && {
  if (!ended_) return Error{Reason::kUnsupported, "Alembic ended without an answer"};
  for (AlembicRevision& revision : project_.revisions) {
    MeanAsText(*project_.dialect, revision.upgrade);
    MeanAsText(*project_.dialect, revision.downgrade);
  }
  return std::move(project_);
}

Result<std::vector<ImportedFile>> FilesOf(const std::vector<AlembicProject>& projects,
                                          const std::vector<RevisionFile>& present) {
  for (const AlembicProject& project : projects) TRY(CheckSameRevisions(projects[0], project));
  const FileByWord by_word = ByWord(present);
  std::map<std::string, std::string> name_of;
  for (const AlembicRevision& revision : projects[0].revisions) {
    const std::string name = TRY(NameOf(revision));
    const auto found = by_word.find(revision.id);
    name_of[revision.id] = found == by_word.end() ? name : found->second->name;
  }
  TRY(CheckDistinct(projects[0].revisions, name_of));
  std::vector<ImportedFile> files;
  for (std::size_t i = 0; i < projects[0].revisions.size(); ++i) {
    ImportedFile file = TRY(FileOf(projects, i, name_of));
    const auto found = by_word.find(file.alembic_id);
    if (found != by_word.end()) {
      file.present = found->second;
      file.has_other_parents =
          NamesOfParents(*file.present, by_word) != NamesOfParents(file.file, by_word);
    }
    files.push_back(std::move(file));
  }
  return files;
}

}  // namespace mig
