#include <algorithm>
#include <iterator>
#include <optional>

#include "cli/commands/all.h"
#include "cli/context.h"
#include "cli/option_value.h"
#include "cli/render/ref.h"
#include "cli/request_id.h"

namespace mig {
namespace {

constexpr Option kRefsOptions[] = {
    {"--remote", "NAME", "whose refs; without it those of origin, or of the only remote"},
    {"--local", "", "those of the work tree's own daemon, where fetched ones are noted"},
    {"--contains", "REV", "list only refs that reach this revision", true},
    {"-n,--max-count", "N", "log: at most N moves"},
};

// What a verb takes besides --remote and --local.
struct RefsVerb {
  std::string_view name;
  std::size_t most;         // operands behind it
  std::string_view option;  // that it alone has; empty: none
};
constexpr RefsVerb kRefsVerbs[] = {{"list", 0, "contains"}, {"create", 2, {}},  {"delete", 1, {}},
                                   {"log", 1, "max-count"}, {"restore", 2, {}}, {"protect", 1, {}},
                                   {"unprotect", 1, {}}};

// Nothing that was said is left unheard: a second name, or whose refs are meant.
Result<void> CheckRefsArguments(const Arguments& args, const std::string& name) {
  const auto verb = std::ranges::find(kRefsVerbs, name, &RefsVerb::name);
  const std::string command = "`mig refs" + (args.operands().empty() ? "" : " " + name) + "`";
  if (verb == std::end(kRefsVerbs)) {
    return Error{Reason::kUsage,
                 "`mig refs` has no `" + name + "`",
                 {},
                 "list, create, delete, log, restore, protect and unprotect exist"};
  }
  if (args.operands().size() > verb->most + 1)
    return Error{Reason::kUsage, command + " does not take `" + args.Operand(verb->most + 1) + "`"};
  for (const std::string_view option : {"contains", "max-count"}) {
    if (args.Has(option) && option != verb->option)
      return Error{Reason::kUsage, command + " has no --" + std::string(option)};
  }
  if (args.Has("local") && args.Has("remote"))
    return Error{Reason::kUsage, "--local and --remote are two places: give one of them"};
  return {};
}

// The daemon whose refs are meant.
struct Place {
  Client* client = nullptr;
  std::string project;
  std::optional<Remote> remote;  // owns the client, unless it is the work tree's own daemon
};

Result<Place> PlaceOf(Context& context) {
  const Config* config = TRY(context.config());
  Place place;
  const bool own =
      context.args().Has("local") || (config->remotes.empty() && !context.args().Has("remote"));
  if (own) {
    place.client = TRY(context.client());
    place.project = config->project;
    return place;
  }
  place.remote = TRY(context.remote(context.args().Value("remote")));
  place.client = place.remote->client.get();
  place.project = place.remote->project;
  return place;
}

Result<std::string> NameIn(Context& context) {
  std::string name = context.args().Operand(1);
  if (!name.empty()) return name;
  return Error{Reason::kUsage, "`mig refs " + context.args().Operand(0) + "` needs a ref's name"};
}

// A request about one ref, with who asks.
template <typename Request>
Result<Request> About(Context& context, const Place& place) {
  Request request;
  request.set_project(place.project);
  request.set_ref(TRY(NameIn(context)));
  request.set_author(context.Author());
  request.set_request_id(NewRequestId());
  return request;
}

Result<int> Show(Context& context, const v1::Ref& ref) {
  v1::ListRefsResponse shown;
  *shown.add_refs() = ref;
  if (context.json()) {
    context.PrintJson(ref);
  } else {
    context.terminal().Print(RenderRefs(shown, context.terminal().out_style()));
  }
  return kDone;
}

// The ids that an identifier stands for in the work tree.
Result<std::vector<std::string>> IdsOf(Context& context, const std::string& revision) {
  v1::ShowRevisionsRequest request;
  request.set_revision(revision);
  v1::ShowRevisionsResponse answer = TRY(context.Ask(request));
  std::vector<std::string> ids;
  for (const auto& shown : answer.revisions()) ids.push_back(shown.revision().id());
  return ids;
}

Result<int> List(Context& context, Place& place) {
  v1::ListRefsRequest request;
  request.set_project(place.project);
  for (const std::string& revision : context.args().Values("contains")) {
    for (std::string& id : TRY(IdsOf(context, revision))) request.add_containing_ids(std::move(id));
  }
  v1::ListRefsResponse answer = TRY(place.client->Call(request));
  if (context.args().Has("local")) {
    request.set_prefix("remotes/");
    answer.MergeFrom(TRY(place.client->Call(request)));
  }
  if (context.json()) {
    context.PrintJson(answer);
  } else {
    context.terminal().Print(RenderRefs(answer, context.terminal().out_style()));
  }
  return kDone;
}

Result<int> Create(Context& context, Place& place) {
  v1::CreateRefRequest request = TRY(About<v1::CreateRefRequest>(context, place));
  const std::string revision = context.args().Operand(2);
  for (std::string& id : TRY(IdsOf(context, revision.empty() ? "head" : revision)))
    request.add_heads(std::move(id));
  v1::CreateRefResponse answer = TRY(place.client->Call(request));
  return Show(context, answer.ref());
}

Result<int> Delete(Context& context, Place& place) {
  const auto request = TRY(About<v1::DeleteRefRequest>(context, place));
  v1::DeleteRefResponse answer = TRY(place.client->Call(request));
  if (context.json()) context.PrintJson(answer);
  std::string at;
  for (const v1::RefHead& head : answer.heads()) at += (at.empty() ? "" : ", ") + head.name();
  context.terminal().Tell("deleted " + request.ref() + ", which was at " + at +
                          "\nhint: `mig refs log " + request.ref() +
                          "` shows its moves, `mig refs restore` brings it back\n");
  return kDone;
}

Result<int> Log(Context& context, Place& place) {
  v1::ListMovesRequest request;
  request.set_project(place.project);
  request.set_ref(TRY(NameIn(context)));
  int left = kAny;
  if (context.args().Has("max-count"))
    left = TRY(CountOf("--max-count", context.args().Value("max-count")));
  std::vector<v1::RefMove> moves;
  while (left > 0) {
    request.set_page_size(std::min(left, 1000));
    v1::ListMovesResponse page = TRY(place.client->Call(request));
    if (context.json()) context.PrintJson(page);
    if (page.moves().empty()) break;
    moves.insert(moves.end(), page.moves().begin(), page.moves().end());
    left -= page.moves_size();
    request.set_before(moves.back().number());
    if (request.before() <= 1) break;
  }
  if (!context.json()) context.terminal().Print(RenderMoves(moves, context.terminal().out_style()));
  return kDone;
}

Result<int> Restore(Context& context, Place& place) {
  auto request = TRY(About<v1::RestoreRefRequest>(context, place));
  request.set_move(TRY(CountOf<std::int64_t>("MOVE", context.args().Operand(2))));
  v1::RestoreRefResponse answer = TRY(place.client->Call(request));
  return Show(context, answer.ref());
}

Result<int> Protect(Context& context, Place& place, bool on) {
  auto request = TRY(About<v1::ProtectRefRequest>(context, place));
  request.set_protection(on ? v1::ProtectRefRequest::PROTECTION_ON
                            : v1::ProtectRefRequest::PROTECTION_OFF);
  v1::ProtectRefResponse answer = TRY(place.client->Call(request));
  return Show(context, answer.ref());
}

Result<int> RunRefs(Context& context) {
  const std::string verb =
      context.args().operands().empty() ? std::string("list") : context.args().Operand(0);
  TRY(CheckRefsArguments(context.args(), verb));
  Place place = TRY(PlaceOf(context));
  if (verb == "create") return Create(context, place);
  if (verb == "delete") return Delete(context, place);
  if (verb == "log") return Log(context, place);
  if (verb == "restore") return Restore(context, place);
  if (verb == "protect") return Protect(context, place, true);
  if (verb == "unprotect") return Protect(context, place, false);
  return List(context, place);
}

}  // namespace

const Command kRefs = {
    .name = "refs",
    .group = Group::kShare,
    .summary = "List the refs of a shared history, make them, delete them, see who moved them",
    .description =
        "A ref is a name for where a team's history is. Every move is logged: a ref that was "
        "deleted "
        "or moved by mistake is restored to what it was after any of its moves. A protected ref is "
        "neither deleted nor moved to where it would lose revisions.",
    .operands = {"[list|create|delete|log|restore|protect|unprotect] [NAME] [REV|MOVE]", 0, 3},
    .options = kRefsOptions,
    .examples =
        "$ mig refs\n"
        "$ mig refs --contains head          # who has this already?\n"
        "$ mig refs create team-a/prices 20261122081530_create_users\n"
        "$ mig refs log main                 # who moved it, when, from where to where\n"
        "$ mig refs restore main 41          # as it was after move 41\n"
        "$ mig refs protect main",
    .run = RunRefs,
};

}  // namespace mig
