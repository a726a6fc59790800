#include "cli/commands/all.h"
#include "cli/context.h"
#include "cli/render/revision.h"

namespace mig {
namespace {

constexpr Option kShowOptions[] = {
    {"--ref", "NAME", "what a ref has, instead of the files"},
};

constexpr Option kCatFileOptions[] = {
    {"--canonical", "", "the bytes that are hashed, header included"},
};

Result<int> RunShow(Context& context) {
  context.LookAt(context.args().Value("ref"));
  v1::ShowRevisionsRequest request;
  request.set_revision(context.args().Operand(0));
  v1::ShowRevisionsResponse answer = TRY(context.AskWithTarget(request, request.revision()));
  if (context.json()) {
    context.PrintJson(answer);
  } else {
    context.terminal().Print(RenderShown(answer, context.terminal().out_style()));
  }
  return kDone;
}

Result<int> RunCatFile(Context& context) {
  v1::GetObjectRequest request;
  request.set_object(context.args().Operand(0));
  v1::GetObjectResponse answer = TRY(context.AskWithTarget(request, request.object()));
  if (context.json()) {
    context.PrintJson(answer);
  } else {
    const bool canonical = context.args().Has("canonical");
    context.terminal().Print(
        context.terminal().out_style().Shown(canonical ? answer.canonical_text() : answer.body()));
  }
  return kDone;
}

}  // namespace

const Command kShow = {
    .name = "show",
    .group = Group::kLook,
    .summary = "Show a revision: what it is, who wrote it, its SQL",
    .operands = {"REV", 1, 1},
    .options = kShowOptions,
    .examples =
        "$ mig show head\n"
        "$ mig show @prod       # what the target prod is at\n"
        "$ mig show current     # what the target is at\n"
        "$ mig show 1975ea83    # an id's first digits",
    .run = RunShow,
};

const Command kCatFile = {
    .name = "cat-file",
    .group = Group::kLook,
    .summary = "Print the text of a stored revision",
    .description =
        "Finds revisions whose file was edited or deleted, too: everything that was ever applied "
        "is kept.",
    .operands = {"REV", 1, 1},
    .options = kCatFileOptions,
    .examples =
        "$ mig cat-file head\n"
        "$ mig cat-file 1975ea83\n"
        "$ mig cat-file --canonical 1975ea83 | sha256sum  # the id",
    .run = RunCatFile,
};

}  // namespace mig
