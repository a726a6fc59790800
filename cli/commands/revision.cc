#include "cli/author.h"
#include "cli/commands/all.h"
#include "cli/commands/new_file.h"
#include "cli/context.h"

namespace mig {
namespace {

constexpr Option kRevisionOptions[] = {
    {"-m,--message", "TEXT", "what it does, in a few words; part of the file's name"},
    {"--head", "REV", "follow REV instead of `head`; `base` starts a new root", true},
    {"--splice", "", "allow following a revision that is no head, which starts a branch"},
    {"--branch-label", "LABEL", "give the branch that starts here a name", true},
    {"--depends-on", "REV", "must be applied before, without being a parent", true},
    {"--rev-id", "NAME", "the revision's name, instead of one made of time and message"},
    {"--version-path", "FOLDER", "where to put the file, when mig.toml names several folders"},
    {"-e,--edit", "", "open the file in $VISUAL or $EDITOR"},
};

constexpr Option kMergeOptions[] = {
    {"-m,--message", "TEXT", "why, in a few words; part of the file's name"},
    {"--splice", "", "allow merging revisions that are no heads"},
    {"--branch-label", "LABEL", "give the merged branch a name", true},
    {"--rev-id", "NAME", "the revision's name, instead of one made of time and message"},
    {"--version-path", "FOLDER", "where to put the file, when mig.toml names several folders"},
    {"-e,--edit", "", "open the file in $VISUAL or $EDITOR"},
};

void Add(google::protobuf::RepeatedPtrField<std::string>* field,
         const std::vector<std::string>& values) {
  field->Add(values.begin(), values.end());
}

v1::DraftRevisionRequest RequestOf(Context& context) {
  const Arguments& args = context.args();
  v1::DraftRevisionRequest request;
  request.set_message(args.Value("message"));
  request.set_name(args.Value("rev-id"));
  request.set_splice(args.Has("splice"));
  request.set_author(context.Author());
  request.set_created(CreatedAt(context.environment()));
  Add(request.mutable_labels(), args.Values("branch-label"));
  Add(request.mutable_depends(), args.Values("depends-on"));
  return request;
}

// Where the first parent's file is; empty when one folder leaves nothing to choose, or there is no
// parent.
Result<std::string> ParentPath(Context& context, const v1::DraftRevisionRequest& request) {
  const Config* config = TRY(context.config());
  std::string head = request.heads().empty() ? "head" : request.heads(0);
  if (config->migrations.size() == 1 || head == "base") return std::string();
  v1::ShowRevisionsRequest show;
  show.set_revision(head);
  v1::ShowRevisionsResponse answer = TRY(context.Ask(show));
  return answer.revisions().empty() ? std::string() : answer.revisions(0).revision().path();
}

// The path of the file. Where somebody wrote one of that name since the work tree was read, the
// draft is made anew, on top of that; a name that was asked for stays taken.
Result<std::string> WriteOne(Context& context, const v1::DraftRevisionRequest& request) {
  const Config* config = TRY(context.config());
  const std::string wanted = context.args().Value("version-path");
  std::string taken;
  while (true) {
    const std::string parent_path = TRY(ParentPath(context, request));
    const std::string folder = TRY(FolderFor(*config, wanted, parent_path));
    const v1::DraftRevisionResponse draft = TRY(context.Ask(request));
    Result<std::string> path = WriteDraft(context, draft, folder);
    const bool is_lost = !path && path.error().reason == Reason::kFileExists;
    if (!is_lost || draft.name() == taken) return path;
    taken = draft.name();
    context.WorkTreeChanged();
  }
}

Result<int> Write(Context& context, const v1::DraftRevisionRequest& request) {
  const std::string path = TRY(WriteOne(context, request));
  if (context.args().Has("edit")) TRY(OpenInEditor(context, path));
  return kDone;
}

Result<int> RunRevision(Context& context) {
  v1::DraftRevisionRequest request = RequestOf(context);
  Add(request.mutable_heads(), context.args().Values("head"));
  return Write(context, request);
}

Result<int> RunMerge(Context& context) {
  v1::DraftRevisionRequest request = RequestOf(context);
  request.set_merge(true);
  Add(request.mutable_heads(), context.args().operands());
  return Write(context, request);
}

}  // namespace

const Command kRevision = {
    .name = "revision",
    .group = Group::kWrite,
    .summary = "Write a new revision file",
    .description = "The file's path is printed. It is a draft until it is applied: edit it freely.",
    .options = kRevisionOptions,
    .examples =
        "$ mig revision -m \"create users\"\n"
        "$ mig revision -m \"add price\" --edit\n"
        "$ mig revision -m \"billing starts\" --head base --branch-label billing\n"
        "$ mig revision -m \"hotfix\" --head 20261122081530_create_users --splice",
    .run = RunRevision,
};

const Command kMerge = {
    .name = "merge",
    .group = Group::kWrite,
    .summary = "Write a revision that joins branches",
    .description = "It has the given revisions as parents and needs no statements.",
    .operands = {"REV...", 1, kAny},
    .options = kMergeOptions,
    .examples =
        "$ mig merge heads -m \"join billing and catalog\"\n"
        "$ mig merge billing@head catalog@head",
    .run = RunMerge,
};

}  // namespace mig
