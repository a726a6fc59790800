#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <filesystem>

#include "cli/author.h"
#include "cli/commands/all.h"
#include "cli/commands/new_file.h"
#include "cli/commands/operation.h"
#include "cli/commands/project_files.h"
#include "cli/context.h"
#include "cli/file.h"
#include "cli/follow.h"
#include "store/core/nearest.h"

namespace mig {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kUrlInDotEnv = "${MIG_DEV_URL}";

constexpr Option kOptions[] = {
    {"-t,--template", "NAME", "what the first target is; `mig list-templates` shows the choice"},
    {"--from", "URL",
     "adopt a database that exists: its schema becomes a first revision, which is stamped, not "
     "run"},
};

Result<const ProjectTemplate*> ChosenTemplate(const std::string& name) {
  if (name.empty()) return &AllTemplates()[0];
  std::vector<std::string_view> names;
  for (const ProjectTemplate& known : AllTemplates()) {
    if (known.name == name) return &known;
    names.push_back(known.name);
  }
  Error error{Reason::kUsage, "there is no template `" + name + "`"};
  error.hint = DidYouMean(name, names);
  if (error.hint.empty()) error.hint = "`mig list-templates` shows the choice";
  return error;
}

// The url as it stays right when it is read from mig.toml in `root`: a relative SQLite path is
// relative to where the command runs.
std::string Rebased(const std::string& url, const fs::path& root) {
  constexpr std::string_view kScheme = "sqlite:";
  std::string path = url.starts_with(kScheme) ? url.substr(kScheme.size()) : "";
  if (path.empty() || path.starts_with('/')) return url;
  return std::string(kScheme) +
         fs::absolute(path).lexically_normal().lexically_relative(root).string();
}

Result<void> MakeFolder(const fs::path& folder) {
  std::error_code failure;
  fs::create_directories(folder, failure);
  if (!failure) return {};
  return Error{Reason::kFileUnwritable,
               "cannot make the folder " + folder.string() + ": " + failure.message()};
}

// Adds the lines that are missing.
Result<void> Ignore(const fs::path& root, const std::vector<std::string>& lines) {
  fs::path path = root / ".gitignore";
  std::string text;
  if (fs::exists(path)) text = TRY(ReadFile(path.string()));
  std::string wanted = text;
  if (!wanted.empty() && !wanted.ends_with('\n')) wanted += '\n';
  for (const std::string& line : lines) {
    if (("\n" + wanted).find("\n" + line + "\n") == std::string::npos) wanted += line + "\n";
  }
  if (wanted == text) return {};
  return ReplaceFile(path.string(), wanted);
}

// A url with a password goes into .env, which Git does not see, and mig.toml names the variable.
Result<std::string> KeepSecret(const fs::path& root, const std::string& url) {
  if (!HoldsPassword(url)) return url;
  fs::path path = root / ".env";
  TRY(CreateFile(path.string(), "MIG_DEV_URL=" + url + "\n"));
  ::chmod(path.c_str(), 0600);
  return std::string(kUrlInDotEnv);
}

Result<void> MakeProject(const fs::path& root, const ProjectTemplate& chosen,
                         const std::string& from) {
  fs::path config = root / "mig.toml";
  if (fs::exists(config))
    return Error{Reason::kFileExists, config.string() + " exists already, and stays as it is"};
  TRY(MakeFolder(root / "migrations"));
  std::string url(chosen.url);
  if (!from.empty()) url = TRY(KeepSecret(root, Rebased(from, root)));
  std::string name = ProjectNameFrom(root.filename().string());
  TRY(CreateFile(config.string(), ProjectConfig(name, chosen, url)));
  return Ignore(root, {".mig/", ".env"});
}

// A section's text has no blank lines around it.
std::string Trimmed(const std::string& sql) {
  std::size_t start = sql.find_first_not_of(" \t\r\n");
  if (start == std::string::npos) return "";
  return sql.substr(start, sql.find_last_not_of(" \t\r\n") + 1 - start);
}

// Writes the target's schema as the first revision; its name.
Result<std::string> WriteBaseline(Context& context) {
  v1::DumpSchemaRequest dump;
  *dump.mutable_target() = TRY(context.target());
  Client* client = TRY(context.client());
  v1::DumpSchemaResponse schema = TRY(client->Call(dump));
  v1::DraftRevisionRequest request;
  request.set_message("baseline");
  request.set_author(context.Author());
  request.set_created(CreatedAt(context.environment()));
  request.add_heads("base");
  request.set_up(Trimmed(schema.sql()));
  v1::DraftRevisionResponse draft = TRY(context.Ask(request));
  TRY(WriteDraft(context, draft, "migrations"));
  return draft.name();
}

Result<int> Stamp(Context& context, const std::string& revision) {
  v1::StartRunRequest run;
  *run.mutable_operation() = StampTo({revision}, false);
  *run.mutable_target() = TRY(context.target());
  return StartAndFollow(context, std::move(run));
}

// Makes the database's schema the first revision, and records it as applied. When the database
// cannot be read, what MakeProject wrote is removed, so that the command can be repeated.
Result<int> Adopt(Context& context, const fs::path& root) {
  std::error_code ignored;
  fs::current_path(root, ignored);
  Result<std::string> baseline = WriteBaseline(context);
  if (baseline) return Stamp(context, *baseline);
  if (TRY(context.config())->targets.at("dev").url.text == kUrlInDotEnv)
    fs::remove(root / ".env", ignored);
  fs::remove(root / "mig.toml", ignored);
  return std::move(baseline).error();
}

fs::path RootOf(const std::string& directory) {
  std::error_code ignored;
  fs::path root = fs::absolute(directory.empty() ? "." : directory, ignored).lexically_normal();
  return root.has_filename() ? root : root.parent_path();
}

Result<int> RunInit(Context& context) {
  const ProjectTemplate* chosen = TRY(ChosenTemplate(context.args().Value("template")));
  std::string directory = context.args().Operand(0);
  bool adopt = context.args().Has("from");
  fs::path root = RootOf(directory);
  TRY(MakeProject(root, *chosen, context.args().Value("from")));
  if (adopt) TRY(Adopt(context, root));
  context.terminal().Tell("made " + (root / "mig.toml").string() + " and " +
                          (root / "migrations").string() + "\n");
  context.terminal().Tell(FirstSteps(directory, adopt));
  return kDone;
}

Result<int> RunListTemplates(Context& context) {
  for (const ProjectTemplate& known : AllTemplates()) {
    if (context.json()) {
      context.terminal().Print("{\"name\":\"" + std::string(known.name) + "\",\"summary\":\"" +
                               std::string(known.summary) + "\"}\n");
    } else {
      context.terminal().Print(std::string(known.name) + " - " + std::string(known.summary) + "\n");
    }
  }
  return kDone;
}

}  // namespace

const Command kInit = {
    .name = "init",
    .group = Group::kWrite,
    .summary = "Make a work tree: mig.toml and a folder for revisions",
    .description =
        "Nothing that exists is overwritten. The work tree works at once, without a server: its "
        "target `dev` is an SQLite file.",
    .operands = {"[DIR]", 0, 1},
    .options = kOptions,
    .examples =
        "$ mig init\n"
        "$ mig init backend/db --template postgresql  # or mariadb\n"
        "$ mig init --from postgresql://localhost/shop  # adopt a database",
    .run = RunInit,
};

const Command kListTemplates = {
    .name = "list-templates",
    .group = Group::kOperate,
    .summary = "List what `mig init --template` takes",
    .examples = "$ mig list-templates",
    .run = RunListTemplates,
};

}  // namespace mig
