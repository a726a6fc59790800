#include <algorithm>

#include "cli/commands/all.h"
#include "cli/context.h"
#include "cli/option_value.h"
#include "cli/render/audit.h"

namespace mig {
namespace {

constexpr int kShownByDefault = 50;

constexpr Option kAuditOptions[] = {
    {.names = "-n,--limit",
     .value = "COUNT",
     .help = "of `log`: the last COUNT rows; 0: all of them (default 50)",
     .verb = "log"},
    {.names = "-v,--verbose", .help = "of `log`: with ids, plans and hashes", .verb = "log"},
};

constexpr Verb kAuditVerbs[] = {{"verify", {"[TARGET]", 0, 1}}, {"log", {"[TARGET]", 0, 1}}};

Result<int> Verify(Context& context) {
  v1::VerifyAuditRequest request;
  *request.mutable_target() = TRY(context.target(context.args().Operand(1)));
  Client* client = TRY(context.client());
  const v1::VerifyAuditResponse answer = TRY(client->Call(request));
  if (context.json()) {
    context.PrintJson(answer);
  } else {
    context.terminal().Print(
        RenderAudit(answer, request.target().name(), context.terminal().out_style()));
  }
  return answer.findings().empty() ? kDone : kFindings;
}

Result<int> Limit(Context& context) {
  if (!context.args().Has("limit")) return kShownByDefault;
  return CountOf("--limit", context.args().Value("limit"), 0);
}

Result<int> Log(Context& context) {
  const int limit = TRY(Limit(context));
  v1::ListLogRequest request;
  *request.mutable_target() = TRY(context.target(context.args().Operand(1)));
  Client* client = TRY(context.client());
  v1::ListLogResponse all;
  do {
    request.set_page_size(limit == 0 ? 0 : limit - all.entries_size());
    v1::ListLogResponse page = TRY(client->Call(request));
    request.set_page_token(page.next_page_token());
    for (v1::LogEntry& entry : *page.mutable_entries()) {
      if (context.json()) context.PrintJson(entry);
      all.add_entries()->Swap(&entry);
    }
  } while (!request.page_token().empty() && (limit == 0 || all.entries_size() < limit));
  if (!context.json())
    context.terminal().Print(
        RenderLog(all, context.args().Has("verbose"), context.terminal().out_style()));
  return kDone;
}

Result<int> RunAudit(Context& context) {
  return context.args().Operand(0) == "log" ? Log(context) : Verify(context);
}

}  // namespace

const Command kAudit = {
    .name = "audit",
    .group = Group::kLook,
    .summary = "Show a target's log, or check that nobody changed it",
    .description =
        "`verify` recomputes the log's chain of hashes, compares it with what the daemon has seen "
        "of it, the stored revisions with their ids, and the rows in force with the log. A "
        "half applied revision counts as found, too. Exit status 4 when something is found.",
    .operands = {"verify|log [TARGET]", 1, 2},
    .verbs = kAuditVerbs,
    .options = kAuditOptions,
    .examples =
        "$ mig audit log            # who did what, and when; newest first\n"
        "$ mig audit log prod -n 0  # all of it\n"
        "$ mig audit verify prod",
    .run = RunAudit,
};

}  // namespace mig
