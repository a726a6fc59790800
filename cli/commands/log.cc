#include <algorithm>
#include <filesystem>

#include "cli/commands/all.h"
#include "cli/commands/questions.h"
#include "cli/context.h"
#include "cli/pager.h"
#include "cli/render/history.h"

namespace mig {
namespace {

namespace fs = std::filesystem;

// What fills a screen comes at once.
constexpr int kFirstPage = 100;

constexpr Option kLogOptions[] = {
    {"-n,--max-count", "N", "at most so many; -N for short"},
    {.names = "--oneline",
     .help = "the first digits of the id, the name and the message",
     .group = "form"},
    {"--graph", "", "draw branches and merges"},
    {.names = "-v,--verbose", .help = "show each revision's entry", .group = "form"},
    {"--grep", "TEXT", "only those whose name or message holds TEXT, ignoring case"},
    {"-i,--indicate-current", "", "ask the target, and mark what it is at"},
    {"--dependencies", "", "follow dependencies as well as parents"},
    {"--ref", "NAME", "what a ref has, instead of the files"},
    {"--no-pager", "", "never show it in $PAGER"},
};

bool IsPath(const std::string& word) {
  if (word.find("..") != word.npos && !word.starts_with("../")) return false;
  std::error_code failed;
  return word.ends_with(".sql") || fs::exists(word, failed);
}

// The names of the revisions whose files these are; of a folder, of all files below it.
Result<void> AddNames(const fs::path& path, v1::ListRevisionsRequest& request) {
  std::error_code failed;
  if (!fs::is_directory(path, failed)) {
    request.add_names(path.stem().string());
    return {};
  }
  for (fs::recursive_directory_iterator at(path, failed), end; at != end; at.increment(failed)) {
    if (at->path().extension() == ".sql") request.add_names(at->path().stem().string());
  }
  if (!failed) return {};
  return Error{Reason::kFileUnreadable,
               "cannot read all of " + path.string() + ": " + failed.message()};
}

Result<v1::ListRevisionsRequest> LogRequestOf(Context& context) {
  const Arguments& args = context.args();
  v1::ListRevisionsRequest request;
  request.set_dependencies(args.Has("dependencies"));
  request.set_grep(args.Value("grep"));
  const bool brief = !args.Has("verbose") && !context.json();
  request.set_detail(brief ? v1::ListRevisionsRequest::DETAIL_BRIEF
                           : v1::ListRevisionsRequest::DETAIL_FULL);
  for (const std::string& word : args.operands()) {
    if (IsCount(word)) continue;
    if (IsPath(word)) {
      TRY(AddNames(word, request));
    } else {
      request.add_revisions(word);
    }
  }
  if (args.Has("indicate-current") || args.Has("target"))
    *request.mutable_target() = TRY(context.target());
  return request;
}

// A misspelt file would look like one without a history.
Result<void> CheckPaths(const Arguments& args) {
  for (const std::string& word : args.operands()) {
    std::error_code failed;
    if (IsCount(word) || !IsPath(word) || fs::exists(word, failed)) continue;
    return Error{Reason::kNoSuchRevision, "there is no file " + word + " and no revision of it"};
  }
  return {};
}

Result<int> RunLog(Context& context) {
  context.LookAt(context.args().Value("ref"));
  v1::ListRevisionsRequest request = TRY(LogRequestOf(context));
  int left = TRY(MaxCount(context.args()));
  const HistoryForm form{context.args().Has("verbose"), context.args().Has("graph"),
                         context.args().Has("oneline")};
  HistoryWriter writer(form, context.terminal().out_style());
  std::unique_ptr<Pager> pager;
  for (int page_size = kFirstPage;; page_size = 0) {
    request.set_page_size(page_size > 0 && left > 0 ? std::min(page_size, left)
                                                    : std::max(page_size, left));
    const v1::ListRevisionsResponse page = TRY(context.Ask(request));
    if (page.revisions().empty()) TRY(CheckPaths(context.args()));
    if (pager == nullptr && !context.json() && !context.args().Has("no-pager"))
      pager = Pager::Start();
    if (context.json()) {
      context.PrintJson(page);
    } else {
      for (const auto& listed : page.revisions()) context.terminal().Print(writer.Write(listed));
    }
    TRY(context.terminal().Flush());
    if (left > 0 && (left -= page.revisions_size()) <= 0) break;
    request.set_page_token(page.next_page_token());
    if (request.page_token().empty() || context.terminal().closed()) break;
  }
  return kDone;
}

}  // namespace

const Command kLog = {
    .name = "log",
    .group = Group::kLook,
    .summary = "Show the history as Git shows a log",
    .description =
        "Newest first. A..B is what B has and A has not; PATH are revision files, or folders of "
        "them. `mig history` takes Alembic's ranges instead.",
    .operands = {"[A..B]... [PATH]...", 0, kAny},
    .options = kLogOptions,
    .examples =
        "$ mig log --oneline -5\n"
        "$ mig log --graph -i            # draw it, and mark where the database is\n"
        "$ mig log @prod..head           # what prod does not have yet\n"
        "$ mig log --grep price          # by name or message\n"
        "$ mig log migrations/billing    # a folder's files",
    .run = RunLog,
};

}  // namespace mig
