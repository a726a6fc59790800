// `mig`: one command a process.
#include <fcntl.h>
#include <google/protobuf/stubs/logging.h>
#include <malloc.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <string>
#include <vector>

#include "cli/command.h"
#include "cli/command_help.h"
#include "cli/command_line.h"
#include "cli/context.h"
#include "cli/render/error.h"

namespace mig {
namespace {

Result<void> ChangeDirectory(const std::string& directory) {
  if (directory.empty() || ::chdir(directory.c_str()) == 0) return {};
  return Error{Reason::kUsage, "cannot enter the folder " + directory + " given with -C"};
}

Result<int> RunCommand(Context& context) {
  if (context.args().Has("help")) {
    context.terminal().Print(HelpOf(context.command(), context.terminal().out_style()));
    return kDone;
  }
  TRY(ChangeDirectory(context.args().Value("directory")));
  return context.command().run(context);
}

// The exit status. Errors go to stderr, with --json as JSON.
int Report(const Error& error, bool json, Terminal& terminal) {
  terminal.Warn(json ? RenderErrorJson(error) : RenderError(error, terminal.err_style()));
  return ExitStatusOf(error);
}

// `mig --version` and `mig --help` are spellings of commands; options before the verb are the
// command's own.
Words VerbOf(const std::vector<std::string>& given) {
  Words words = SplitVerb(given);
  if (!words.verb.empty()) return words;
  bool version = !words.rest.empty() && (words.rest[0] == "--version" || words.rest[0] == "-V");
  if (version) words.rest.erase(words.rest.begin());
  words.verb = version ? "version" : "help";
  if (!version)
    std::erase_if(words.rest, [](const auto& word) { return word == "-h" || word == "--help"; });
  return words;
}

// Alembic takes some options before the verb, with a value that would look like the verb here.
Result<void> CheckLeadingOptions(const std::vector<std::string>& given) {
  for (const std::string& word : given) {
    if (!word.starts_with('-')) break;
    if (std::optional<Error> refusal = RefusalOf(word)) return *std::move(refusal);
  }
  return {};
}

Result<const Command*> CommandOf(const std::vector<std::string>& given, const std::string& verb) {
  TRY(CheckLeadingOptions(given));
  return FindCommand(verb);
}

// A standard descriptor that is closed would be given to the next file or socket, which then got
// what is printed. What is opened in its place fails as it would.
void FillStandardDescriptors() {
  for (const int descriptor : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (::fcntl(descriptor, F_GETFD) < 0)
      ::open("/dev/null", descriptor == STDIN_FILENO ? O_WRONLY : O_RDONLY);
  }
}

int Main(const std::vector<std::string>& given) {
  Words words = VerbOf(given);
  // What counts before a command is known, whose arguments may be wrong.
  const auto is_said = [&words](std::string_view option) {
    return std::ranges::find(words.rest, option) != words.rest.end();
  };
  const bool json = is_said("--json");
  Terminal plain(!is_said("--no-color"), false);
  if (given.empty()) {
    plain.Warn(Overview(plain.err_style()));
    return InfoOf(Reason::kUsage).exit_status;
  }
  Result<const Command*> command = CommandOf(given, words.verb);
  if (!command) return Report(command.error(), json, plain);
  Result<Arguments> arguments = ParseArguments(**command, words.rest);
  if (!arguments) return Report(arguments.error(), json, plain);
  // Never destroyed, as the process ends: hanging up and ending threads in order takes longer.
  Context& context = *new Context(**command, std::move(arguments).value(), ProcessEnvironment());
  Result<int> outcome = RunCommand(context);
  int status = outcome ? *outcome
                       : Report(PointingToHelp(**command, outcome.error()), context.json(),
                                context.terminal());
  Result<void> flushed = context.terminal().Flush();
  return flushed ? status : Report(flushed.error(), context.json(), context.terminal());
}

}  // namespace
}  // namespace mig

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  mig::FillStandardDescriptors();
  google::protobuf::SetLogHandler(nullptr);  // what it would say of a text is an Error of ours
  // gRPC's threads do little and soon end: a heap of its own for each is not worth its mappings.
  ::mallopt(M_ARENA_MAX, 1);
  // Everything was written and checked; destroying gRPC's globals would only cost time.
  ::_exit(mig::Main({argv + 1, argv + argc}));
}
