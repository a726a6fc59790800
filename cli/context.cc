#include "cli/context.h"

#include <google/protobuf/util/json_util.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "cli/author.h"
#include "cli/channel.h"
#include "cli/credentials.h"
#include "cli/render/printable.h"

namespace mig {
namespace {

// How often the files are read when they change between listing and sending.
constexpr int kReadings = 3;

Result<std::string> AbsolutePath(const Config& config, const ConfigText& written,
                                 std::string_view key) {
  std::string path = TRY(ExpandVariables(config, written, key));
  return path.empty() ? path
                      : (std::filesystem::path(config.root) / path).lexically_normal().string();
}

v1::Target Message(const ResolvedTarget& resolved) {
  v1::Target target;
  target.set_name(resolved.name);
  target.set_url(resolved.url);
  target.set_schema(resolved.schema);
  target.set_compat(resolved.compat);
  target.set_alembic_table(resolved.alembic_table);
  target.set_base_directory(resolved.base_directory);
  target.mutable_placeholders()->insert(resolved.placeholders.begin(), resolved.placeholders.end());
  target.set_placeholder_key(resolved.placeholder_key);
  target.mutable_environment()->insert(resolved.environment.begin(), resolved.environment.end());
  v1::TargetPolicy* policy = target.mutable_policy();
  policy->set_protected_(resolved.is_protected);
  policy->set_backup(resolved.backup);
  policy->set_backup_directory(resolved.backup_directory);
  policy->set_backup_time_ms(resolved.backup_time_ms);
  return target;
}

// `section` is where `daemon` stands: "daemon", "remotes.origin".
Result<DaemonAddress> AddressOf(const Config& config, const DaemonConfig& daemon,
                                const std::string& section) {
  DaemonAddress address;
  address.work_tree = config.root;
  address.address =
      TRY(NormalAddress(TRY(ExpandVariables(config, daemon.address, section + ".address"))));
  address.token = TRY(ExpandVariables(config, daemon.token, section + ".token"));
  address.ca_file = TRY(AbsolutePath(config, daemon.ca_file, section + ".ca_file"));
  address.certificate_file =
      TRY(AbsolutePath(config, daemon.certificate_file, section + ".certificate_file"));
  address.key_file = TRY(AbsolutePath(config, daemon.key_file, section + ".key_file"));
  TRY(AddCredential(config.environment, address));
  return address;
}

v1::OpenWorkTreeRequest ListingOf(const std::string& project, const WorkTree& tree) {
  v1::OpenWorkTreeRequest request;
  request.set_project(project);
  for (const WorkTreeFile& file : tree.files) {
    v1::FileEntry* entry = request.add_files();
    entry->set_path(file.path);
    entry->set_sha256(file.sha256);
    entry->set_size(file.size);
  }
  return request;
}

// One file for each content that is missing: files may be equal.
std::vector<const WorkTreeFile*> FilesMissing(const WorkTree& tree,
                                              const v1::OpenWorkTreeResponse& answer) {
  std::set<std::string_view> missing(answer.missing().begin(), answer.missing().end());
  std::vector<const WorkTreeFile*> files;
  for (const WorkTreeFile& file : tree.files) {
    if (missing.erase(file.sha256) > 0) files.push_back(&file);
  }
  return files;
}

// What can be wrong with revision files, and with what they say of each other.
bool IsOfFiles(Reason reason) {
  switch (reason) {
    case Reason::kFileUnreadable:
    case Reason::kLimitExceeded:
    case Reason::kFileInvalid:
    case Reason::kNameInvalid:
    case Reason::kDuplicateName:
    case Reason::kDuplicateLabel:
    case Reason::kMissingParent:
    case Reason::kMissingDependency:
    case Reason::kCycle:
    case Reason::kSelfLoop:
    case Reason::kDependencyCycle:
    case Reason::kDependencySelfLoop:
      return true;
    default:
      return false;
  }
}

// What can be wrong with how a target is configured and reached.
bool IsOfReaching(Reason reason) {
  switch (reason) {
    case Reason::kConfigInvalid:
    case Reason::kNoTarget:
    case Reason::kUrlInvalid:
    case Reason::kPermissionDenied:
    case Reason::kDatabaseMissing:
    case Reason::kDatabaseUnreachable:
    case Reason::kDatabaseRefused:
    case Reason::kDatabasePermission:
      return true;
    default:
      return false;
  }
}

}  // namespace

Context::Context(const Command& command, Arguments arguments, Environment environment)
    : command_(command),
      arguments_(std::move(arguments)),
      environment_(std::move(environment)),
      terminal_(!arguments_.Has("no-color"), arguments_.Has("quiet")) {}

Context::~Context() = default;

Result<const Config*> Context::config() {
  if (!config_) config_ = TRY(LoadConfig(".", environment_));
  return &*config_;
}

template <typename Open>
Result<void> Context::Connect(Open open) {
  const Config* project = TRY(config());
  DaemonAddress address = TRY(AddressOf(*project, project->daemon, "daemon"));
  client_ = std::make_unique<Client>(TRY(open(std::move(address))));
  return {};
}

Result<Client*> Context::client() {
  if (client_ == nullptr) TRY(Connect(&Channel::Open));
  return client_.get();
}

Result<Client*> Context::running_client() {
  if (client_ == nullptr) TRY(Connect(&Channel::OpenRunning));
  return client_.get();
}

Result<Remote> Context::remote(std::string_view wanted) {
  const Config* project = TRY(config());
  const DaemonAddress own = TRY(AddressOf(*project, project->daemon, "daemon"));
  Remote remote;
  DaemonAddress address = own;
  remote.project = project->project;
  const bool implied = wanted.empty() && project->remotes.empty() && own.address != "local";
  if (!implied) {
    remote.name = TRY(RemoteNameOf(*project, wanted));
    const RemoteConfig& configured = project->remotes.at(remote.name);
    if (!configured.project.empty()) remote.project = configured.project;
    address = TRY(AddressOf(*project, configured.daemon, "remotes." + remote.name));
  }
  if (address.address == "local") {
    return Error{
        Reason::kConfigInvalid,
        "the remote `" + remote.name + "` cannot be `local`: a private daemon is not shared",
        {{"key", "remotes." + remote.name + ".address"}}};
  }
  remote.is_own = address.address == own.address && remote.project == project->project;
  remote.address = address.address;
  remote.client = std::make_unique<Client>(TRY(Channel::Open(std::move(address))));
  return remote;
}

Result<Remote> Context::store_owner() {
  const Config* project = TRY(config());
  Remote owner;
  if (arguments_.Has("remote")) {
    owner = TRY(remote(arguments_.Value("remote")));
  } else {
    DaemonAddress address = TRY(AddressOf(*project, project->daemon, "daemon"));
    owner.address = address.address;
    owner.project = project->project;
    owner.is_own = true;
    owner.client = std::make_unique<Client>(TRY(Channel::Open(std::move(address))));
  }
  if (!project->remotes.empty())
    terminal_.Tell("this is about the store of " + owner.client->description() + "\n");
  return owner;
}

Result<std::vector<v1::Target>> Context::all_targets() {
  const Config* project = TRY(config());
  std::vector<v1::Target> targets;
  if (project->targets.empty()) {
    if (std::optional<v1::Target> only = TRY(target_if_any())) targets.push_back(*std::move(only));
  }
  for (const auto& [name, configured] : project->targets) {
    Result<ResolvedTarget> resolved = TargetOf(*project, name);
    if (resolved) {
      targets.push_back(Message(*resolved));
    } else {
      Advise("target " + name + " was not asked: " + resolved.error().message);
    }
  }
  return targets;
}

Result<v1::Target> Context::target() { return target(""); }

Result<v1::Target> Context::target(const std::string& name) {
  const std::string option = arguments_.Value("target");
  if (!name.empty() && !option.empty() && name != option) {
    return Error{Reason::kUsage,
                 "`" + name + "` and --target " + option + " are two targets: give one of them"};
  }
  const Config* project = TRY(config());
  const ResolvedTarget resolved = TRY(TargetOf(*project, name.empty() ? option : name));
  v1::Target message = Message(resolved);
  if (!resolved.applied_before.empty()) {
    *message.mutable_policy()->mutable_applied_before() =
        Message(TRY(TargetOf(*project, resolved.applied_before)));
  }
  return message;
}

Result<std::optional<v1::Target>> Context::target_if_any() {
  Result<v1::Target> found = target();
  if (found) return std::optional<v1::Target>(std::move(found).value());
  if (found.error().reason == Reason::kNoTarget && !arguments_.Has("target"))
    return std::optional<v1::Target>();
  return std::move(found).error();
}

Result<std::optional<v1::Target>> Context::target_for(std::string_view expression) {
  if (expression != "current") return target_if_any();
  return std::optional<v1::Target>(TRY(target()));
}

bool Context::MayDoWithoutTarget(const Error& error, std::string_view expression) const {
  return expression != "current" && !arguments_.Has("target") && IsOfReaching(error.reason);
}

Result<const WorkTree*> Context::work_tree() {
  const Config* project = TRY(config());
  if (tree_) return &*tree_;
  Result<WorkTree> read = ReadWorkTree(*project);
  if (!read && LeavesAside(read.error())) {
    LookWithoutFiles();
    return &*tree_;
  }
  tree_ = TRY(std::move(read));
  for (const std::string& folder : tree_->missing_folders) {
    Advise("the folder " + folder +
           ", which mig.toml names in `migrations`, is not there: it counts as empty");
  }
  return &*tree_;
}

Result<v1::View> Context::view() {
  const Config* project = TRY(config());
  v1::View view;
  view.set_project(project->project);
  if (!ref_.empty()) {
    view.set_ref(ref_);
    return view;
  }
  TRY(work_tree());
  view.set_work_tree(tree_->digest);
  return view;
}

bool Context::LeavesAside(const Error& error) {
  if (needs_files_ || !IsOfFiles(error.reason)) return false;
  Advise(error.message + "; the files are left aside: the target has what is needed");
  return true;
}

Result<void> Context::OpenWorkTree() {
  Result<void> sent = SendWorkTree();
  if (sent || !LeavesAside(sent.error())) return sent;
  LookWithoutFiles();
  return SendWorkTree();
}

Result<void> Context::SendWorkTree() {
  const Config* project = TRY(config());
  Client* daemon = TRY(client());
  for (int reading = 1; reading <= kReadings; ++reading) {
    if (reading > 1) tree_ = TRY(ReadWorkTree(*project, Index::kIgnore));
    const v1::OpenWorkTreeRequest listing = ListingOf(project->project, *tree_);
    v1::OpenWorkTreeResponse answer = TRY(daemon->Call(listing));
    if (!answer.missing().empty()) {
      if (!TRY(SendMissing(answer))) continue;
      answer = TRY(daemon->Call(listing));
    }
    if (!answer.missing().empty()) {
      return Error{Reason::kInternal, "the daemon still asks for contents that it was sent"};
    }
    for (const std::string& warning : answer.warnings()) Advise(warning);
    return {};
  }
  return Error{Reason::kFileUnreadable,
               "the revision files change while they are read",
               {},
               "repeat the command when whatever writes them is done"};
}

Result<bool> Context::SendMissing(const v1::OpenWorkTreeResponse& answer) {
  const Config* project = TRY(config());
  const auto read = [&](const WorkTreeFile& file) { return ReadListed(*project, file); };
  return TRY(client())->Upload(FilesMissing(*tree_, answer), read);
}

Result<std::string> Context::Spelled(const std::string& expression,
                                     std::vector<v1::Target>& asked) {
  return WithoutTargets(expression, [&](const std::string& name) -> Result<std::string> {
    const Config* project = TRY(config());
    v1::GetCurrentRequest request;
    *request.mutable_target() = Message(TRY(TargetOf(*project, name)));
    asked.push_back(request.target());
    v1::GetCurrentResponse answer = TRY(Ask(request));
    std::vector<std::string> ids;
    std::string names;
    for (const v1::Revision& revision : answer.revisions()) {
      if (!revision.current()) continue;
      ids.push_back(revision.id());
      names += (names.empty() ? "" : ", ") + revision.name();
    }
    if (ids.empty()) return std::string("base");
    if (ids.size() == 1) return ids.front();
    return Error{
        Reason::kAmbiguousCurrent,
        "`@" + name + "` stands for " + std::to_string(ids.size()) + " revisions: " + names,
        {{"target", name}},
        "name one of them"};
  });
}

Result<void> Context::Run(v1::StartRunRequest request, const Client::OnEvent& on_event) {
  *request.mutable_view() = TRY(view());
  std::vector<v1::Target> asked;
  for (std::string* text : ExpressionsIn(request)) *text = TRY(Spelled(*text, asked));
  Client* daemon = TRY(client());
  Result<void> ended = daemon->StartRun(request, on_event);
  if (ended || ended.error().reason != Reason::kViewUnknown) return ended;
  TRY(OpenWorkTree());
  *request.mutable_view() = TRY(view());
  return daemon->StartRun(request, on_event);
}

Result<v1::RenderScriptResponse> Context::Render(v1::RenderScriptRequest request) {
  *request.mutable_view() = TRY(view());
  std::vector<v1::Target> asked;
  for (std::string* text : ExpressionsIn(request)) *text = TRY(Spelled(*text, asked));
  Client* daemon = TRY(client());
  v1::RenderScriptResponse whole;
  const auto add = [&](const v1::RenderScriptResponse& piece) {
    whole.mutable_script()->append(piece.script());
  };
  Result<void> ended = daemon->Call(request, add);
  if (!ended && ended.error().reason == Reason::kViewUnknown) {
    TRY(OpenWorkTree());
    *request.mutable_view() = TRY(view());
    ended = daemon->Call(request, add);
  }
  TRY(std::move(ended));
  return whole;
}

void Context::Advise(const std::string& warning) {
  if (advised_.insert(warning).second) terminal_.Tell("warning: " + Printable(warning) + "\n");
}

void Context::PrintJson(const google::protobuf::Message& message) {
  google::protobuf::util::JsonPrintOptions options;
  options.always_print_primitive_fields = true;
  std::string json;
  (void)google::protobuf::util::MessageToJsonString(message, &json, options);
  terminal_.Print(json + "\n");
}

void Context::PrintJson(const nlohmann::ordered_json& object) {
  constexpr auto kReplace = nlohmann::ordered_json::error_handler_t::replace;
  terminal_.Print(object.dump(-1, ' ', false, kReplace) + "\n");
}

std::string Context::Author() { return AuthorOf(environment_); }

}  // namespace mig
