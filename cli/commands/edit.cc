#include "cli/commands/all.h"
#include "cli/commands/new_file.h"
#include "cli/context.h"

namespace mig {
namespace {

Result<void> Edit(Context& context, const v1::Revision& revision) {
  if (revision.path().empty()) {
    Error error{Reason::kFileUnreadable,
                "revision " + revision.name() + " has no file in the work tree"};
    error.hint = "`mig restore " + revision.name() + "` writes the stored original";
    return error;
  }
  if (revision.applied()) {
    context.terminal().Tell(
        "warning: " + revision.name() +
        " is applied already: `mig status` will show the edit, `mig reapply` applies it\n");
  }
  return OpenInEditor(context, revision.path());
}

Result<int> RunEdit(Context& context) {
  v1::ShowRevisionsRequest request;
  request.set_revision(context.args().Operand(0));
  v1::ShowRevisionsResponse answer = TRY(context.AskWithTarget(request, request.revision()));
  if (answer.revisions().empty()) {
    return Error{Reason::kNoSuchRevision,
                 "`" + context.args().Operand(0) + "` names no revision file"};
  }
  for (const auto& shown : answer.revisions()) TRY(Edit(context, shown.revision()));
  return kDone;
}

}  // namespace

const Command kEdit = {
    .name = "edit",
    .group = Group::kWrite,
    .summary = "Open a revision's file in $VISUAL or $EDITOR",
    .operands = {"REV", 1, 1},
    .examples =
        "$ mig edit head\n"
        "$ mig edit current",
    .run = RunEdit,
};

}  // namespace mig
