#include "cli/render/diff.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "cli/commands/all.h"
#include "cli/context.h"
#include "cli/pager.h"

namespace mig {
namespace {

using Entry = v1::CompareHistoriesResponse::Entry;

constexpr Option kDiffOptions[] = {
    {.names = "--name-only", .help = "names alone", .group = "form"},
    {.names = "--name-status",
     .help = "names, each after A(dded), D(eleted), M(odified) or R(e-identified)",
     .group = "form"},
    {.names = "--stat", .help = "how many lines changed in each", .group = "form"},
    {"--exit-code", "", "exit with 4 when anything differs"},
    {"--ref", "NAME", "where A and B are looked up, instead of the files"},
    {"--no-pager", "", "never show it in $PAGER"},
};

void SetSide(std::string_view word, v1::CompareHistoriesRequest::Side* side) {
  constexpr std::string_view kRefs = "refs/";
  if (word.starts_with(kRefs)) {
    side->set_ref(std::string(word.substr(kRefs.size())));
  } else {
    side->set_revision(std::string(word));
  }
}

// "A B", "A..B", or "A" and what is here.
v1::CompareHistoriesRequest RequestOf(const Arguments& args) {
  v1::CompareHistoriesRequest request;
  std::string from = args.Operand(0), to = args.Operand(1);
  if (const std::size_t dots = from.find(".."); to.empty() && dots != from.npos) {
    to = from.substr(dots + 2);
    from.resize(dots);
  }
  SetSide(from, request.mutable_from());
  SetSide(to, request.mutable_to());
  request.set_texts(!args.Has("name-only") && !args.Has("name-status"));
  return request;
}

char LetterOf(const Entry& entry) {
  switch (entry.change()) {
    case v1::CompareHistoriesResponse::CHANGE_ADDED:
      return 'A';
    case v1::CompareHistoriesResponse::CHANGE_REMOVED:
      return 'D';
    case v1::CompareHistoriesResponse::CHANGE_MOVED:
      return 'R';
    default:
      return 'M';
  }
}

std::string StatOf(const Entry& entry) {
  const auto edits = LineEdits(entry.from_text(), entry.to_text());
  const auto count = [&](LineEdit::Kind kind) {
    return std::ranges::count(edits, kind, &LineEdit::kind);
  };
  return fmt::format("{:>5} {:>5}  {}\n", fmt::format("+{}", count(LineEdit::Kind::kAdded)),
                     fmt::format("-{}", count(LineEdit::Kind::kRemoved)), entry.name());
}

std::string TextOf(const Entry& entry, const Style& style) {
  const std::string file = entry.name() + ".sql";
  if (entry.change() == v1::CompareHistoriesResponse::CHANGE_MOVED) {
    return style.Bold(file) + ": the same text, on top of other revisions (" +
           entry.from_id().substr(0, 12) + " -> " + entry.to_id().substr(0, 12) + ")\n";
  }
  return UnifiedDiff(entry.from_id().empty() ? "" : "a/" + file, entry.from_text(),
                     entry.to_id().empty() ? "" : "b/" + file, entry.to_text(), style);
}

std::string Render(const Entry& entry, const Arguments& args, const Style& style) {
  if (args.Has("name-only")) return entry.name() + "\n";
  if (args.Has("name-status")) return std::string(1, LetterOf(entry)) + "\t" + entry.name() + "\n";
  return args.Has("stat") ? StatOf(entry) : TextOf(entry, style);
}

Result<int> RunDiff(Context& context) {
  const Arguments& args = context.args();
  context.LookAt(args.Value("ref"));
  v1::CompareHistoriesRequest request = RequestOf(args);
  std::unique_ptr<Pager> pager;
  bool differs = false;
  do {
    const v1::CompareHistoriesResponse page = TRY(context.Ask(request));
    differs = differs || page.entries_size() > 0;
    if (context.json()) {
      context.PrintJson(page);
    } else {
      if (pager == nullptr && !args.Has("no-pager") && differs) pager = Pager::Start();
      for (const Entry& entry : page.entries())
        context.terminal().Print(Render(entry, args, context.terminal().out_style()));
    }
    TRY(context.terminal().Flush());
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty() && !context.terminal().closed());
  return differs && args.Has("exit-code") ? kFindings : kDone;
}

}  // namespace

const Command kDiff = {
    .name = "diff",
    .group = Group::kLook,
    .summary = "Compare two histories, revision by revision",
    .description =
        "What B reaches and A does not is added, what A reaches and B does not is removed, and "
        "what has one name in both and another text is shown as a diff. Without B, the files here.",
    .operands = {"A [B]", 1, 2},
    .options = kDiffOptions,
    .examples =
        "$ mig diff refs/main               # what the files here have that the ref has not\n"
        "$ mig diff @dev                    # how edited files differ from what ran\n"
        "$ mig diff users..orders --stat\n"
        "$ mig diff refs/main refs/team-a/prices --name-status",
    .run = RunDiff,
};

}  // namespace mig
