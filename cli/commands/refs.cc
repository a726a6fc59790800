#include <algorithm>
#include <optional>

#include "cli/commands/all.h"
#include "cli/context.h"
#include "cli/option_value.h"
#include "cli/render/ref.h"
#include "cli/request_id.h"

namespace mig {
namespace {

constexpr Option kRefsOptions[] = {
    {.names = "--remote",
     .value = "NAME",
     .help = "whose refs; without it those of origin, or of the only remote",
     .group = "place"},
    {.names = "--local",
     .help = "those of the work tree's own daemon, where fetched ones are noted",
     .group = "place"},
    {.names = "--contains",
     .value = "REV",
     .help = "list only refs that reach this revision",
     .repeated = true,
     .verb = "list"},
    {.names = "-n,--max-count", .value = "N", .help = "log: at most N moves", .verb = "log"},
};

constexpr Verb kRefsVerbs[] = {
    {"list"},
    {"create", {"NAME [REV]", 1, 2}},
    {"delete", {"NAME", 1, 1}},
    {"log", {"NAME", 1, 1}},
    {"restore", {"NAME MOVE", 2, 2}},
    {"protect", {"NAME", 1, 1}},
    {"unprotect", {"NAME", 1, 1}},
};

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

// A request about one ref, with who asks.
template <typename Request>
Request About(Context& context, const Place& place) {
  Request request;
  request.set_project(place.project);
  request.set_ref(context.args().Operand(1));
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
  auto request = About<v1::CreateRefRequest>(context, place);
  const std::string revision = context.args().Operand(2);
  for (std::string& id : TRY(IdsOf(context, revision.empty() ? "head" : revision)))
    request.add_heads(std::move(id));
  v1::CreateRefResponse answer = TRY(place.client->Call(request));
  return Show(context, answer.ref());
}

Result<int> Delete(Context& context, Place& place) {
  const auto request = About<v1::DeleteRefRequest>(context, place);
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
  request.set_ref(context.args().Operand(1));
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
  auto request = About<v1::RestoreRefRequest>(context, place);
  request.set_move(TRY(CountOf<std::int64_t>("MOVE", context.args().Operand(2))));
  v1::RestoreRefResponse answer = TRY(place.client->Call(request));
  return Show(context, answer.ref());
}

Result<int> Protect(Context& context, Place& place, bool on) {
  auto request = About<v1::ProtectRefRequest>(context, place);
  request.set_protection(on ? v1::ProtectRefRequest::PROTECTION_ON
                            : v1::ProtectRefRequest::PROTECTION_OFF);
  v1::ProtectRefResponse answer = TRY(place.client->Call(request));
  return Show(context, answer.ref());
}

Result<int> RunRefs(Context& context) {
  const std::string verb = context.args().Operand(0);
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
    .verbs = kRefsVerbs,
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
