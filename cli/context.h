// What a command's handler works with: its arguments, the work tree's configuration, the terminal
// and the daemon. Each is made when it is first asked for, so that `mig version` reads no file and
// opens no connection.
#pragma once

#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "cli/client.h"
#include "cli/command.h"
#include "cli/command_line.h"
#include "cli/config.h"
#include "cli/expressions.h"
#include "cli/terminal.h"
#include "cli/work_tree.h"

namespace google::protobuf {
class Message;
}

namespace mig {

// A daemon that the work tree shares its history with.
struct Remote {
  std::string name;
  std::string address;
  std::string project;
  std::unique_ptr<Client> client;
  bool is_own = false;  // it is the work tree's daemon and project: there is nothing to send
};

class Context {
 public:
  Context(const Command& command, Arguments arguments, Environment environment);
  ~Context();

  const Command& command() const { return command_; }
  const Arguments& args() const { return arguments_; }
  Terminal& terminal() { return terminal_; }
  const Environment& environment() const { return environment_; }
  bool json() const { return arguments_.Has("json"); }

  Result<const Config*> config();
  // The daemon of the work tree; a private one is started where none answers.
  Result<Client*> client();
  // As client(), but never starts one: kDaemonUnreachable.
  Result<Client*> running_client();

  // A connection to the remote called `name`; with an empty name `origin`, or the only one, or
  // where none is configured the work tree's daemon if that is a shared one. Errors: kNoRemote,
  // those of Channel::Open.
  Result<Remote> remote(std::string_view name);

  // Whose store a command is about: the remote of --remote, else the work tree's daemon. Which one
  // it is is told where the work tree has remotes.
  Result<Remote> store_owner();

  // The target of --target, or the default one.
  Result<v1::Target> target();
  // The target called `name`, as in `mig audit verify prod`; with an empty name target(). Errors:
  // kUsage, where --target says another.
  Result<v1::Target> target(const std::string& name);
  // As target(), but unset where the work tree has none and none was asked for.
  Result<std::optional<v1::Target>> target_if_any();

  // Every target of the work tree whose url can be made out; of the others a warning is told.
  Result<std::vector<v1::Target>> all_targets();

  // The view of the work tree as it is now. Costs no call: the daemon is only told when it does not
  // know it yet.
  Result<v1::View> view();

  // The revision files as they are now. Warns of folders that are not there.
  Result<const WorkTree*> work_tree();

  // Asks the daemon about the work tree: fills in the view, and when the daemon does not know it
  // sends the files and asks again.
  template <typename Request>
  auto Ask(Request request) -> decltype(std::declval<Client&>().Call(request)) {
    *request.mutable_view() = TRY(view());
    std::vector<v1::Target> asked;
    for (std::string* text : ExpressionsIn(request)) *text = TRY(Spelled(*text, asked));
    AddTargets(request, asked);
    auto response = TRY(client())->Call(request);
    if (response || response.error().reason != Reason::kViewUnknown) return response;
    TRY(OpenWorkTree());
    *request.mutable_view() = TRY(view());
    return TRY(client())->Call(request);
  }

  // As Ask, with the target of --target or the default one. Where that cannot be reached, and
  // neither --target nor `expression`, being `current`, asks for it, without one and with a
  // warning; what then fails, failed for the target.
  template <typename Request>
  auto AskWithTarget(const Request& request, std::string_view expression)
      -> decltype(std::declval<Client&>().Call(request)) {
    const auto ask = [&]() -> decltype(std::declval<Client&>().Call(request)) {
      Request asked = request;
      if (std::optional<v1::Target> target = TRY(target_for(expression)))
        *asked.mutable_target() = *std::move(target);
      return Ask(std::move(asked));
    };
    auto answer = ask();
    if (answer || !MayDoWithoutTarget(answer.error(), expression)) return answer;
    auto without = Ask(request);
    if (!without) return answer;
    Advise("the target was not asked: " + answer.error().message);
    return without;
  }

  // As Ask, for a run.
  Result<void> Run(v1::StartRunRequest request, const Client::OnEvent& on_event);
  // As Ask, for a script, which is whole or an error.
  Result<v1::RenderScriptResponse> Render(v1::RenderScriptRequest request);

  // From here on the view is a ref of the work tree's daemon. `name` may leave out `remotes/`, and
  // the remote's name where there is one of it.
  void LookAt(std::string name) { ref_ = std::move(name); }

  // From here on the view is that of a work tree without files: what the target and the store have,
  // whatever the files say.
  void LookWithoutFiles() { tree_ = WorkTree{{}, DigestOf({})}; }

  // From here on files that cannot be read as revisions are as good as none, with a warning: for
  // commands that have what they need from the target.
  void LeaveAsideBrokenFiles() { needs_files_ = false; }

  // Forgets what was read from the work tree, after a file was written.
  void WorkTreeChanged() { tree_.reset(); }

  // Tells a warning of the daemon, each sentence once.
  void Advise(const std::string& warning);
  bool WasAdvised(const std::string& warning) const { return advised_.contains(warning); }

  // Prints the answer as JSON on one line.
  void PrintJson(const google::protobuf::Message& message);
  // The same of what is no answer of the API. Bytes that are not UTF-8 are replaced.
  void PrintJson(const nlohmann::ordered_json& object);

  // "Name <address>", from Git's configuration where Git is, else the user's name.
  std::string Author();

 private:
  template <typename Open>
  Result<void> Connect(Open open);
  // Tells the daemon about the work tree, or about one without files where these may be left aside.
  Result<void> OpenWorkTree();
  // Reads it anew where files changed meanwhile.
  Result<void> SendWorkTree();
  // Whether files of which this is told are not needed; says that they are left aside then.
  bool LeavesAside(const Error& error);
  // Sends what is missing; false when a file is not what was listed any more.
  Result<bool> SendMissing(const v1::OpenWorkTreeResponse& answer);
  // As target_if_any(); for `current` there must be one.
  Result<std::optional<v1::Target>> target_for(std::string_view expression);
  // Whether an error is of how the target is reached, and nobody asked for that.
  bool MayDoWithoutTarget(const Error& error, std::string_view expression) const;
  // The expression as the daemon understands it; the targets that it names are added to `asked`.
  Result<std::string> Spelled(const std::string& expression, std::vector<v1::Target>& asked);

  const Command& command_;
  Arguments arguments_;
  Environment environment_;
  Terminal terminal_;
  std::optional<Config> config_;
  std::optional<WorkTree> tree_;
  bool needs_files_ = true;
  std::string ref_;  // empty: the work tree is looked at
  std::unique_ptr<Client> client_;
  std::set<std::string> advised_;
};

}  // namespace mig
