#include <filesystem>
#include <optional>

#include "cli/channel.h"
#include "cli/commands/all.h"
#include "cli/commands/new_project.h"
#include "cli/commands/pulled_files.h"
#include "cli/context.h"
#include "cli/credentials.h"
#include "cli/file.h"
#include "cli/shared_ref.h"

namespace mig {
namespace {

namespace fs = std::filesystem;

constexpr Option kCloneOptions[] = {
    {"--ref", "NAME", "the ref to get; without it main, or the only one"},
    {"--ca-file", "FILE", "PEM file of the authorities to trust; without it the system's"},
    {"--certificate-file", "FILE", "PEM file of a client certificate, in place of a token"},
    {"--key-file", "FILE", "PEM file of its key"},
    {"-t,--template", "NAME", "what the first target is; `mig list-templates` shows the choice"},
};

// As it stays right in another folder, where it is a socket's path.
Result<std::string> AbsoluteAddress(const std::string& address) {
  constexpr std::string_view kUnix = "unix:";
  if (!address.starts_with(kUnix)) return NormalAddress(address);
  return std::string(kUnix) + TRY(AbsolutePath(address.substr(kUnix.size()))).string();
}

// As mig.toml will have it, with paths that stay right.
Result<DaemonAddress> AddressToClone(const Arguments& args) {
  DaemonAddress daemon;
  daemon.address = TRY(AbsoluteAddress(args.Operand(0)));
  for (const auto& [option, path] : {std::pair{"ca-file", &daemon.ca_file},
                                     std::pair{"certificate-file", &daemon.certificate_file},
                                     std::pair{"key-file", &daemon.key_file}}) {
    if (args.Has(option)) *path = TRY(AbsolutePath(args.Value(option))).string();
  }
  return daemon;
}

// The ref to start from, as the daemon has it. Asked for before a folder is made.
Result<v1::Ref> RefToClone(Context& context, DaemonAddress daemon, const std::string& project) {
  const std::string address = daemon.address;
  TRY(AddCredential(context.environment(), daemon));
  std::unique_ptr<Channel> channel = TRY(Channel::Open(std::move(daemon)));
  Client client(std::move(channel));
  v1::ListRefsRequest request;
  request.set_project(project);
  v1::ListRefsResponse answer = TRY(client.Call(request));
  const std::string wanted = context.args().Value("ref");
  std::string names;
  for (const v1::Ref& ref : answer.refs()) {
    if (ref.name() == (wanted.empty() ? "main" : wanted)) return ref;
    names += (names.empty() ? "" : ", ") + ref.name();
  }
  if (wanted.empty() && answer.refs_size() == 1) return answer.refs(0);
  return Error{
      Reason::kNoSuchRef,
      "project " + project + " of " + address + " has no ref " + (wanted.empty() ? "main" : wanted),
      {{"project", project}},
      names.empty() ? "check the project's name; `mig push` from a work tree makes a ref"
                    : "it has " + names + ": name one with --ref"};
}

// Brings the ref into the new work tree, in which the command then works.
Result<int> Fill(Context& context, const fs::path& root, const v1::Ref& ref) {
  std::error_code ignored;
  fs::current_path(root, ignored);
  Remote remote = TRY(context.remote("origin"));
  TRY(Fetch(context, remote, ref));
  return PullInto(context, remote, ref, /*rebase=*/false);
}

Result<int> RunClone(Context& context) {
  const std::string project = context.args().Operand(1);
  std::string directory = context.args().Operand(2);
  if (directory.empty()) directory = project;
  const ProjectTemplate* chosen = TRY(ChosenTemplate(context.args().Value("template")));
  const DaemonAddress daemon = TRY(AddressToClone(context.args()));
  const fs::path root = TRY(AbsolutePath(directory));
  const v1::Ref ref = TRY(RefToClone(context, daemon, project));
  const std::string url(chosen->url);
  const ProjectBefore before = LookBefore(root);
  const std::string remote = RemoteSection("origin", daemon.address,
                                           {{"ca_file", daemon.ca_file},
                                            {"certificate_file", daemon.certificate_file},
                                            {"key_file", daemon.key_file}});
  TRY(MakeProject(root, ProjectConfig(project, *chosen, url) + remote, url));
  if (Result<int> filled = Fill(context, root, ref); !filled) {
    TakeBack(context, root, before);
    return std::move(filled).error();
  }
  context.terminal().Tell("cloned " + ref.name() + " of " + project + " into " + root.string() +
                          "\n" + FirstSteps(directory, true));
  return kDone;
}

}  // namespace

const Command kClone = {
    .name = "clone",
    .group = Group::kShare,
    .summary = "Make a work tree of a project that a shared daemon has",
    .description =
        "The folder is called like the project unless DIR says otherwise; what it has is not "
        "overwritten. Its mig.toml names the daemon as the remote `origin`.",
    .operands = {"ADDRESS PROJECT [DIR]", 2, 3},
    .options = kCloneOptions,
    .examples =
        "$ mig clone unix:/run/mig/migd.sock shop\n"
        "$ mig clone https://migd.example:7433 shop backend/db --template postgresql\n"
        "$ mig clone https://migd.example:7433 shop --certificate-file ann.pem --key-file ann.key\n"
        "$ mig clone unix:/run/mig/migd.sock shop prices --ref team-a/prices",
    .run = RunClone,
};

}  // namespace mig
