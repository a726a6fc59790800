#include <iterator>

#include "cli/commands/all.h"
#include "cli/context.h"
#include "cli/render/history.h"

namespace mig {
namespace {

constexpr Option kHistoryOptions[] = {
    {"-r,--rev-range", "RANGE",
     "[START]:[END]; either side may be relative (-3:current, base:+2) or missing"},
    {"-v,--verbose", "", "show each revision's entry"},
    {"-i,--indicate-current", "", "ask the target, and mark what it is at"},
    {"--graph", "", "draw branches and merges"},
    {"--ref", "NAME", "what a ref has, instead of the files: as fetched, or of a shared daemon"},
};

bool NeedsTarget(const Arguments& args) {
  std::string range = args.Value("rev-range");
  return args.Has("indicate-current") || args.Has("target") ||
         range.find("current") != std::string::npos;
}

Result<int> Print(Context& context, const std::vector<v1::Revision>& revisions) {
  HistoryForm form{context.args().Has("verbose"), context.args().Has("graph")};
  context.terminal().Print(RenderHistory(revisions, form, context.terminal().out_style()));
  return kDone;
}

Result<int> RunHistory(Context& context) {
  context.LookAt(context.args().Value("ref"));
  v1::ListHistoryRequest request;
  request.set_range(context.args().Value("rev-range"));
  if (NeedsTarget(context.args())) *request.mutable_target() = TRY(context.target());
  std::vector<v1::Revision> revisions;
  do {
    v1::ListHistoryResponse page = TRY(context.Ask(request));
    if (context.json()) context.PrintJson(page);
    if (!context.json() && !context.args().Has("graph")) {
      TRY(Print(context, {page.revisions().begin(), page.revisions().end()}));
      TRY(context.terminal().Flush());
      page.clear_revisions();
    }
    std::move(page.mutable_revisions()->begin(), page.mutable_revisions()->end(),
              std::back_inserter(revisions));
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
  return context.json() ? kDone : Print(context, revisions);
}

}  // namespace

const Command kHistory = {
    .name = "history",
    .group = Group::kLook,
    .summary = "List the revisions, newest first",
    .description =
        "A line shows parents -> revision (labels), what it is in the graph, and the message.",
    .options = kHistoryOptions,
    .examples =
        "$ mig history\n"
        "$ mig history --graph -i      # draw it, and mark where the database is\n"
        "$ mig history -r -3:current   # the last three revisions that are applied\n"
        "$ mig history --ref origin/main  # what others pushed, after `mig fetch`\n"
        "$ mig history -r users:heads  # from the revision or label `users` on",
    .run = RunHistory,
};

}  // namespace mig
