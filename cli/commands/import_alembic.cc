#include "cli/commands/import_alembic.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <set>

#include "cli/alembic_interpreter.h"
#include "cli/commands/new_file.h"
#include "cli/commands/new_project.h"
#include "cli/context.h"
#include "cli/file.h"

namespace mig {
namespace {

namespace fs = std::filesystem;

enum class Fate { kWritten, kUnchanged, kKept };

std::string_view NameOf(Fate fate) {
  switch (fate) {
    case Fate::kWritten:
      return "written";
    case Fate::kUnchanged:
      return "unchanged";
    case Fate::kKept:
      return "kept";
  }
  return "";
}

struct Outcome {
  const ImportedFile* imported;
  std::string path;  // as shown
  Fate fate;
};

Result<std::vector<std::optional<Dialect>>> DialectsOf(const Context& context) {
  std::vector<std::optional<Dialect>> dialects;
  for (const std::string& name : context.args().Values("dialect")) {
    dialects.push_back(DialectFromName(name));
    if (!dialects.back())
      return Error{Reason::kUsage,
                   "--dialect is postgresql, sqlite or mariadb, not `" + name + "`"};
  }
  if (dialects.empty()) dialects.emplace_back();
  return dialects;
}

Result<AlembicCall> CallOf(const Context& context) {
  const Arguments& args = context.args();
  if (args.Has("config") && !args.Operand(1).empty())
    return Error{Reason::kUsage, "PATH and --config say the same thing: give one of them"};
  AlembicCall call =
      TRY(FindAlembicProject(args.Has("config") ? args.Value("config") : args.Operand(1)));
  if (args.Has("name")) call.section = args.Value("name");
  call.x = args.Values("x");
  call.engine = args.Value("engine");
  return call;
}

Result<std::vector<AlembicProject>> Export(Context& context) {
  const AlembicCall call = TRY(CallOf(context));
  const std::string interpreter =
      InterpreterFor(context.args().Value("python"), context.environment());
  std::vector<AlembicProject> projects;
  for (const std::optional<Dialect>& dialect : TRY(DialectsOf(context))) {
    auto project =
        ExportAlembic(interpreter, call, dialect, [&](const AlembicProject& so_far, std::size_t n) {
          context.terminal().Live(fmt::format("asking Alembic: {} of {} revisions", n / 2,
                                              std::max(so_far.count, n / 2)));
        });
    context.terminal().Live("");
    projects.push_back(TRY(std::move(project)));
  }
  return projects;
}

// A url of SQLAlchemy for mig: without the driver, and relative to where Alembic was run.
std::string UrlFor(const AlembicProject& project) {
  constexpr std::string_view kFile = "sqlite:///";
  const std::string& url = project.url;
  if (url.starts_with(kFile) && url.size() > kFile.size()) return "sqlite:" + url.substr(10);
  const std::size_t scheme = std::min(url.find(':'), url.size());
  const std::size_t driver = std::min(url.find('+'), scheme);
  return url.substr(0, driver) + url.substr(scheme);
}

// Enters the work tree of --into, and makes one where there is none.
Result<void> EnterWorkTree(Context& context, const AlembicProject& project,
                           const std::string& alembic_folder) {
  std::error_code failure;
  const fs::path root =
      fs::absolute(context.args().Has("into") ? context.args().Value("into") : ".", failure)
          .lexically_normal();
  fs::create_directories(root, failure);
  const Environment none = {};
  const auto found = LoadConfig(root.string(), none);
  if (!found && found.error().reason != Reason::kNoWorkTree) return found.error();
  if (!found) {
    const bool sqlite = project.dialect == Dialect::kSqlite;
    const ProjectTemplate& chosen = AllTemplates()[sqlite ? 0 : 1];
    fs::current_path(alembic_folder, failure);
    const std::string url =
        project.url.empty() ? std::string(chosen.url) : TRY(Rebased(UrlFor(project), root));
    TRY(MakeProject(root, chosen, url));
    context.terminal().Tell("made " + (root / "mig.toml").string() + "\n");
    if (HoldsPassword(url)) {
      context.terminal().Tell("the url has a password: it is MIG_DEV_URL in " +
                              (root / ".env").string() + "\n");
    }
  }
  fs::current_path(root, failure);
  if (failure) return Error{Reason::kFileUnwritable, "cannot enter " + root.string()};
  return {};
}

// The revision files that are there.
Result<std::vector<RevisionFile>> FilesIn(const Config& config) {
  const WorkTree tree = TRY(ReadWorkTree(config));
  std::vector<RevisionFile> files;
  for (const WorkTreeFile& listed : tree.files) {
    const std::string bytes = TRY(ReadFile((fs::path(config.root) / listed.path).string()));
    files.push_back(TRY(ParseRevisionFile(listed.path, bytes)));
  }
  return files;
}

Result<Outcome> Write(const ImportedFile& imported, const Config& config, bool overwrite) {
  const std::string& text = imported.text;
  const std::string relative = imported.present != nullptr
                                   ? imported.present->path
                                   : config.migrations[0] + "/" + imported.file.name + ".sql";
  const std::string path = (fs::path(config.root) / relative).string();
  Outcome outcome{&imported, ShownPath(config, relative), Fate::kWritten};
  if (!Exists(path)) {
    MakeFolderOf(path);
    TRY(CreateFile(path, text));
  } else if (IsFileOf(text, TRY(ReadFile(path)))) {
    outcome.fate = Fate::kUnchanged;
  } else if (overwrite) {
    TRY(ReplaceFile(path, text));
  } else {
    outcome.fate = Fate::kKept;
  }
  return outcome;
}

// What was finished by hand is not listed again.
bool NeedsPerson(const Outcome& outcome) {
  return outcome.fate != Fate::kKept && !outcome.imported->unrendered.empty();
}

std::string_view DirectionOf(SectionKind kind) {
  return kind == SectionKind::kUp ? "upgrade" : "downgrade";
}

void PrintJson(Context& context, const Outcome& outcome) {
  nlohmann::json line = {{"path", outcome.path},
                         {"name", outcome.imported->file.name},
                         {"alembicId", outcome.imported->alembic_id},
                         {"file", NameOf(outcome.fate)},
                         {"unrendered", nlohmann::json::array()},
                         {"varying", nlohmann::json::array()}};
  for (const Unrendered& one : outcome.imported->unrendered) {
    line["unrendered"].push_back({{"direction", DirectionOf(one.kind)},
                                  {"why", one.why},
                                  {"alembicFile", one.path},
                                  {"line", one.line}});
  }
  for (const SectionKind kind : outcome.imported->varying)
    line["varying"].push_back(DirectionOf(kind));
  context.terminal().Print(line.dump() + "\n");
}

// What stands in a file that was there already is somebody's choice.
void WarnOfVarying(Context& context, const Outcome& outcome) {
  if (outcome.fate != Fate::kWritten) return;
  for (const SectionKind kind : outcome.imported->varying) {
    context.Advise(fmt::format(
        "{}: the {} says something else each time ({}), as random values and times do: the file "
        "has what it said now, for every database",
        outcome.path, DirectionOf(kind), outcome.imported->alembic_path));
  }
}

// Two heads may come of it, where Alembic has one.
void WarnOfParents(Context& context, const Outcome& outcome) {
  if (outcome.fate != Fate::kKept || !outcome.imported->has_other_parents) return;
  const std::vector<std::string>& parents = outcome.imported->file.header.parents;
  context.Advise(fmt::format(
      "{}: the file stays as it is, and its parents are not those that Alembic says now: {}",
      outcome.path, parents.empty() ? "none" : fmt::format("{}", fmt::join(parents, ", "))));
}

// What was deleted in Alembic goes on being a revision here.
void WarnOfUnknown(Context& context, const Config& config, const std::vector<RevisionFile>& present,
                   const std::vector<ImportedFile>& files) {
  std::set<std::string_view> ids;
  for (const ImportedFile& file : files) ids.insert(file.alembic_id);
  for (const RevisionFile& file : present) {
    const std::vector<std::string>& aliases = file.header.aliases;
    const auto known = [&](const std::string& alias) { return ids.contains(alias); };
    if (aliases.empty() || std::ranges::any_of(aliases, known)) continue;
    context.Advise(fmt::format("{}: Alembic has no revision {}; the file stays as it is",
                               ShownPath(config, file.path), aliases[0]));
  }
}

void Print(Context& context, const Outcome& outcome) {
  if (!NeedsPerson(outcome)) return;
  for (const Unrendered& one : outcome.imported->unrendered) {
    context.terminal().Print(fmt::format("{}: the {} is not SQL yet: {} ({}:{})\n", outcome.path,
                                         DirectionOf(one.kind), one.why, one.path, one.line));
  }
}

void Summarise(Context& context, const std::vector<Outcome>& outcomes,
               const AlembicProject& project) {
  const auto count = [&](auto matches) {
    return std::count_if(outcomes.begin(), outcomes.end(), matches);
  };
  const auto of = [&](Fate fate) {
    return count([&](const auto& one) { return one.fate == fate; });
  };
  std::string text =
      fmt::format("{} revisions of Alembic: {} written", outcomes.size(), of(Fate::kWritten));
  if (const auto n = of(Fate::kUnchanged); n > 0) text += fmt::format(", {} unchanged", n);
  if (const auto n = of(Fate::kKept); n > 0)
    text += fmt::format(", {} kept as they are (--allow overwrite replaces them)", n);
  if (const auto n = count(NeedsPerson); n > 0)
    text += fmt::format("; {} to be finished by hand, see above", n);
  context.terminal().Tell(text + "\n");
  if (project.version_table != "alembic_version") {
    context.terminal().Tell("Alembic's version table is " + project.version_table +
                            ": write alembic_table = \"" + project.version_table +
                            "\" below the targets in mig.toml\n");
  }
  context.terminal().Tell(
      "\nNext:\n"
      "  mig current   # what Alembic applied is known\n"
      "  mig upgrade   # go on from there\n");
}

}  // namespace

Result<int> ImportAlembic(Context& context) {
  const bool overwrite = TRY(MayOverwrite(context.args()));
  const std::vector<AlembicProject> projects = TRY(Export(context));
  TRY(FilesOf(projects));  // where one cannot be written, no work tree is made
  const AlembicCall call = TRY(CallOf(context));
  TRY(EnterWorkTree(context, projects[0], call.folder));
  const Config* config = TRY(context.config());
  const std::vector<RevisionFile> present = TRY(FilesIn(*config));
  const std::vector<ImportedFile> files = TRY(FilesOf(projects, present));
  std::vector<Outcome> outcomes;
  for (const ImportedFile& file : files) outcomes.push_back(TRY(Write(file, *config, overwrite)));
  for (const Outcome& outcome : outcomes) {
    if (context.json()) {
      PrintJson(context, outcome);
    } else {
      Print(context, outcome);
      WarnOfVarying(context, outcome);
    }
    WarnOfParents(context, outcome);
  }
  WarnOfUnknown(context, *config, present, files);
  Summarise(context, outcomes, projects[0]);
  TRY(context.Ask(v1::ListHeadsRequest()));  // whether the files hold together
  const bool findings = std::any_of(outcomes.begin(), outcomes.end(), NeedsPerson);
  return findings ? kFindings : kDone;
}

}  // namespace mig
