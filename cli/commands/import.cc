#include <algorithm>
#include <string>

#include "cli/commands/all.h"
#include "cli/commands/import_alembic.h"
#include "cli/commands/import_project.h"
#include "cli/context.h"
#include "cli/file.h"

namespace mig {
namespace {

constexpr Option kImportOptions[] = {
    {"--into", "DIR", "the work tree; it is made where there is none (default: where you are)"},
    {"--dialect", "NAME",
     "postgresql, sqlite or mariadb instead of what env.py says; for several "
     "databases give it several times",
     true},
    {"--python", "PROGRAM", "the interpreter that Alembic is installed for"},
    {"-c,--config", "FILE", "Alembic's configuration, instead of PATH"},
    {"-n,--name", "SECTION", "the section of alembic.ini to read (default: alembic)"},
    {"-x", "NAME=VALUE", "an argument for env.py", true},
    {"--engine", "NAME", "which database, where env.py migrates several at once"},
    {"--remote", "NAME", "FILE: into a remote's store, instead of the work tree's own"},
    {"--allow", "WHAT", "consent to `overwrite`: files that differ are replaced", true},
};

Result<int> RunImport(Context& context) {
  const std::string source = context.args().Operand(0);
  if (source == "alembic" && context.args().Has("remote"))
    return Error{Reason::kUsage, "--remote is for a FILE of `mig export`"};
  if (source == "alembic") return ImportAlembic(context);
  if (!Exists(source)) {
    return Error{Reason::kUsage,
                 "mig cannot import `" + source + "`: there is no such file",
                 {},
                 "`mig import alembic [PATH]` imports an Alembic project, `mig import FILE` what "
                 "`mig export` wrote"};
  }
  const bool plain = std::ranges::none_of(kImportOptions, [&](const Option& option) {
    return option.key() != "remote" && context.args().Has(option.key());
  });
  if (plain && context.args().operands().size() == 1) return ImportProjectFile(context, source);
  return Error{Reason::kUsage, "what `mig export` wrote is imported by FILE and --remote alone"};
}

}  // namespace

const Command kImport = {
    .name = "import",
    .group = Group::kWrite,
    .summary = "Take in an Alembic project, or a file of `mig export`",
    .description =
        "`alembic` asks your own Alembic, offline, and makes revision files: no database is "
        "touched. PATH is the folder of alembic.ini or pyproject.toml (default: where you are), or "
        "that file. A revision keeps its id as an alias. What cannot be written as SQL is listed "
        "(exit status 4) and refused by `mig upgrade` until somebody wrote it. Files that are "
        "there already stay as they are, so the command can be repeated.\n\n"
        "Of a FILE that `mig export` wrote, the daemon takes in the project: its revisions, its "
        "refs, and on the daemon's own machine the logs of refs that never were there. A ref that "
        "was there is pushed to; one that went another way stays as it is (exit status 4).",
    .operands = {"alembic [PATH] | FILE", 1, 2},
    .options = kImportOptions,
    .examples =
        "$ mig import alembic                       # the project you are in\n"
        "$ mig import alembic ../shop --into db     # into the work tree db\n"
        "$ mig import alembic --dialect postgresql --dialect sqlite\n"
        "$ mig import alembic --python .venv/bin/python -x tenant=a\n"
        "$ mig import shop.mig                      # what `mig export shop.mig` wrote",
    .run = RunImport,
};

}  // namespace mig
