#include <filesystem>

#include "cli/author.h"
#include "cli/commands/all.h"
#include "cli/commands/new_file.h"
#include "cli/commands/new_project.h"
#include "cli/commands/operation.h"
#include "cli/commands/project_files.h"
#include "cli/context.h"
#include "cli/file.h"
#include "cli/follow.h"

namespace mig {
namespace {

namespace fs = std::filesystem;

constexpr Option kInitOptions[] = {
    {"-t,--template", "NAME", "what the first target is; `mig list-templates` shows the choice"},
    {"--from", "URL",
     "adopt a database that exists: its schema becomes a first revision, which is stamped, not "
     "run"},
};

// A section's text has no blank lines around it.
std::string Trimmed(const std::string& sql) {
  std::size_t start = sql.find_first_not_of(" \t\r\n");
  if (start == std::string::npos) return "";
  return sql.substr(start, sql.find_last_not_of(" \t\r\n") + 1 - start);
}

// A baseline beside what was applied already would be a second history of the same schema.
Result<void> RefuseHistory(Context& context) {
  v1::DescribeTargetRequest request;
  *request.mutable_target() = TRY(context.target());
  Client* client = TRY(context.client());
  const v1::DescribeTargetResponse there = TRY(client->Call(request));
  if (there.rows().empty() && there.log_entries() == 0) return {};
  return Error{
      Reason::kInvalidArgument,
      there.target_url() + " has a history of mig already, which a baseline would not join",
      {},
      "`mig clone` or `mig pull` gets it from a shared daemon; `mig init`, then its url in "
      "mig.toml and `mig recover --from dev`, from the database"};
}

struct Baseline {
  std::string name;
  std::string path;  // of its file, relative to the root
};

// Writes the target's schema as the first revision.
Result<Baseline> WriteBaseline(Context& context) {
  v1::DumpSchemaRequest dump;
  *dump.mutable_target() = TRY(context.target());
  Client* client = TRY(context.client());
  v1::DumpSchemaResponse schema = TRY(client->Call(dump));
  TRY(RefuseHistory(context));
  v1::DraftRevisionRequest request;
  request.set_message("baseline");
  request.set_author(context.Author());
  request.set_created(CreatedAt(context.environment()));
  request.add_heads("base");
  request.set_up(Trimmed(schema.sql()));
  v1::DraftRevisionResponse draft = TRY(context.Ask(request));
  Baseline baseline;
  baseline.name = draft.name();
  baseline.path = TRY(WriteDraft(context, draft, "migrations"));
  return baseline;
}

Result<int> Stamp(Context& context, const std::string& revision) {
  v1::StartRunRequest run;
  *run.mutable_operation() = StampTo({revision}, false);
  *run.mutable_target() = TRY(context.target());
  return StartAndFollow(context, std::move(run));
}

// Makes the database's schema the first revision, and records it as applied. When the database
// cannot be read, or certainly has no record of it, everything is as it was.
Result<int> Adopt(Context& context, const fs::path& root, const ProjectBefore& before) {
  std::error_code ignored;
  fs::current_path(root, ignored);
  const Result<Baseline> baseline = WriteBaseline(context);
  Result<int> done = baseline ? Stamp(context, baseline->name) : Result<int>(baseline.error());
  if (done || (baseline && !RefuseHistory(context))) return done;
  if (baseline) fs::remove(root / baseline->path, ignored);
  TakeBack(context, root, before);
  return done;
}

Result<fs::path> RootOf(const std::string& directory) {
  const fs::path root = TRY(AbsolutePath(directory.empty() ? "." : directory));
  return root.has_filename() ? root : root.parent_path();
}

// What an unset variable of the shell leaves of a word stands for nothing.
Result<void> CheckNotEmpty(const Arguments& args) {
  const bool empty_from = args.Has("from") && args.Value("from").empty();
  const bool empty_directory = !args.operands().empty() && args.Operand(0).empty();
  if (!empty_from && !empty_directory) return {};
  return Error{Reason::kUsage,
               std::string(empty_from ? "the url of --from" : "the name of the folder") +
                   " is empty: is a variable unset?",
               {},
               empty_from ? "" : "`mig init` without a name makes a work tree here"};
}

Result<int> RunInit(Context& context) {
  TRY(CheckNotEmpty(context.args()));
  const ProjectTemplate* chosen = TRY(ChosenTemplate(context.args().Value("template")));
  std::string directory = context.args().Operand(0);
  bool adopt = context.args().Has("from");
  const fs::path root = TRY(RootOf(directory));
  const std::string from = context.args().Value("from");
  const ProjectBefore before = LookBefore(root);
  TRY(MakeProject(root, *chosen,
                  from.empty() ? std::string(chosen->url) : TRY(Rebased(from, root))));
  if (adopt) TRY(Adopt(context, root, before));
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
        "target `dev` is an SQLite file. --from takes the schema alone, without rows: keys that "
        "the "
        "database counts (sequences, AUTO_INCREMENT, AUTOINCREMENT) begin anew where the first "
        "revision is applied.",
    .operands = {"[DIR]", 0, 1},
    .options = kInitOptions,
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
