#include <algorithm>
#include <iterator>
#include <memory>

#include "cli/commands/all.h"
#include "cli/context.h"
#include "cli/pager.h"
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
    {"--no-pager", "", "never show it in $PAGER"},
};

bool NeedsTarget(const Arguments& args) {
  std::string range = args.Value("rev-range");
  return args.Has("indicate-current") || args.Has("target") ||
         range.find("current") != std::string::npos;
}

Result<int> RunHistory(Context& context) {
  const Arguments& args = context.args();
  context.LookAt(args.Value("ref"));
  v1::ListHistoryRequest request;
  request.set_range(args.Value("rev-range"));
  if (NeedsTarget(args)) *request.mutable_target() = TRY(context.target());
  const HistoryForm form{args.Has("verbose"), args.Has("graph")};
  std::vector<v1::Revision> revisions;  // that are not shown yet
  std::unique_ptr<Pager> pager;
  do {
    v1::ListHistoryResponse page = TRY(context.Ask(request));
    request.set_page_token(page.next_page_token());
    if (context.json()) {
      context.PrintJson(page);
    } else {
      std::move(page.mutable_revisions()->begin(), page.mutable_revisions()->end(),
                std::back_inserter(revisions));
      if (form.graph && !request.page_token().empty()) continue;
      if (pager == nullptr && !args.Has("no-pager")) pager = Pager::Start();
      context.terminal().Print(RenderHistory(revisions, form, context.terminal().out_style()));
      revisions.clear();
    }
    TRY(context.terminal().Flush());
  } while (!request.page_token().empty() && !context.terminal().closed());
  return kDone;
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
        "$ mig history -r -2:current   # the last three revisions that are applied\n"
        "$ mig history --ref origin/main  # what others pushed, after `mig fetch`\n"
        "$ mig history -r users:heads  # from the revision or label `users` on",
    .run = RunHistory,
};

}  // namespace mig
