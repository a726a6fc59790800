#include "cli/render/run.h"

#include <algorithm>
#include <string_view>

#include "cli/render/columns.h"
#include "cli/render/count.h"
#include "cli/render/duration.h"
#include "cli/render/indentation.h"
#include "cli/render/printable.h"
#include "cli/render/revision.h"
#include "cli/render/table.h"

namespace mig {
namespace {

std::string_view VerbOf(v1::Direction direction) {
  switch (direction) {
    case v1::DIRECTION_UPGRADE:
      return "upgrade";
    case v1::DIRECTION_DOWNGRADE:
      return "downgrade";
    case v1::DIRECTION_STAMP:
      return "stamp";
    case v1::DIRECTION_RELINK:
      return "relink";
    case v1::DIRECTION_RESOLVE:
      return "resolve";
    default:
      return "step";
  }
}

std::string_view WordOf(v1::Run::Outcome outcome) {
  switch (outcome) {
    case v1::Run::OUTCOME_RUNNING:
      return "running";
    case v1::Run::OUTCOME_DONE:
      return "done";
    case v1::Run::OUTCOME_FAILED:
      return "failed";
    case v1::Run::OUTCOME_CANCELLED:
      return "cancelled";
    case v1::Run::OUTCOME_INTERRUPTED:
      return "interrupted";
    default:
      return "unknown";
  }
}

std::string Of(int index, int total) {
  return "[" + std::to_string(index) + "/" + std::to_string(total) + "]";
}

// What it means for others, as SQL comments, and the statement.
std::string StatementText(const v1::PlanStatement& statement, const Style& style) {
  if (statement.state() == v1::Unfinished::Part::STATE_DONE)
    return style.Dim("-- ran already, in an earlier run") + "\n" + style.Shown(statement.sql()) +
           ";\n\n";
  std::string text;
  if (statement.state() == v1::Unfinished::Part::STATE_IN_DOUBT)
    text += style.Yellow("-- may have run, in an earlier run: is looked for before it runs") + "\n";
  text += style.Dim("-- locks: " + statement.summary()) + "\n";
  for (const auto& destroys : statement.destroys()) {
    text += style.Red("-- destroys: " + destroys.kind() +
                      (destroys.object().empty() ? "" : " " + style.Shown(destroys.object()))) +
            "\n";
  }
  if (statement.verifies()) text += style.Dim("-- verification") + "\n";
  if (statement.alone()) text += style.Dim("-- outside of a transaction") + "\n";
  return text + style.Shown(statement.sql()) + ";\n\n";
}

// "with OWNER = shop_owner", or the name alone.
std::string PlaceholderLine(const v1::Placeholder& placeholder, const Style& style) {
  const std::string name = style.Dim("with ") + placeholder.name();
  return placeholder.has_value() ? name + " = " + style.Shown(placeholder.value()) : name;
}

}  // namespace

std::string StepLine(const v1::PlanStep& step, const Style& style) {
  std::string line(VerbOf(step.direction()));
  const bool stays =
      step.direction() == v1::DIRECTION_RELINK || step.direction() == v1::DIRECTION_RESOLVE;
  if (stays) {
    line += " " + style.Yellow(step.name());
  } else {
    line += " " + CommaList(step.from(), "<base>") + " -> " +
            style.Yellow(CommaList(step.to(), "<base>"));
  }
  return step.message().empty() ? line : line + ", " + style.Shown(step.message());
}

RunProgress::Shown RunProgress::On(const v1::RunEvent& event) {
  switch (event.event_case()) {
    case v1::RunEvent::kRunStarted:
      target_ = event.run_started().target_name();
      return Live(event.run_started().summary() + " on " + target_);
    case v1::RunEvent::kStepStarted:
      return OnStepStarted(event.step_started());
    case v1::RunEvent::kStatementStarted: {
      const auto& started = event.statement_started();
      return Live(Of(started.index(), started.total()) + " " + started.verb());
    }
    case v1::RunEvent::kStatementFinished:
      return OnStatementFinished(event.statement_finished());
    case v1::RunEvent::kStepFinished:
      return OnStepFinished(event.step_finished());
    case v1::RunEvent::kWaiting:
      return OnWaiting(event.waiting());
    case v1::RunEvent::kNotice: {
      const auto& notice = event.notice();
      const std::string text = Printable(notice.message());
      const std::string_view message = text;
      const std::size_t end = std::min(message.find('\n'), message.size());
      return {"  " + (notice.severity().empty() ? "notice" : PrintableLine(notice.severity())) +
                  ": " + std::string(message.substr(0, end)) + "\n" +
                  Indented(message.substr(std::min(end + 1, message.size()))),
              ""};
    }
    case v1::RunEvent::kRunFinished:
      return OnFinished(event.run_finished());
    default:
      return {};
  }
}

RunProgress::Shown RunProgress::OnStepStarted(const v1::RunEvent::StepStarted& started) {
  step_ = "Running " + StepLine(started.step(), style_);
  position_ = Of(started.index(), started.total()) + " " + started.step().name() + " ";
  if (plain() || verbose_) return {step_ + "\n", Live("").live};
  return Live("");
}

RunProgress::Shown RunProgress::OnStatementFinished(
    const v1::RunEvent::StatementFinished& finished) const {
  if (!verbose_) return {};
  std::string line = "  " + finished.verb();
  if (finished.rows_affected() > 0) line += ", " + Counted(finished.rows_affected(), "row");
  return {line + style_.Dim(", " + RenderDuration(finished.duration_us())) + "\n", ""};
}

RunProgress::Shown RunProgress::OnStepFinished(const v1::RunEvent::StepFinished& finished) {
  std::string took = Took(finished.duration_us());
  if (!plain() && !verbose_) return {step_ + style_.Dim(took) + "\n", ""};
  return {took.empty() ? "" : "  took" + took.substr(1) + "\n", ""};
}

RunProgress::Shown RunProgress::OnWaiting(const v1::RunEvent::Waiting& waiting) {
  if (!plain())
    return Live("waiting " + RenderDuration(waiting.waited_ms() * 1'000) + ": " + waiting.reason());
  if (waiting.reason() == waiting_for_) return {};
  waiting_for_ = waiting.reason();
  return {"waiting: " + Printable(waiting_for_) + "\n", ""};
}

RunProgress::Shown RunProgress::OnFinished(const v1::RunEvent::RunFinished& finished) const {
  if (finished.outcome() != v1::Run::OUTCOME_DONE) return {};
  std::string at = target_ + " is at " + style_.Yellow(CommaList(finished.current(), "<base>"));
  std::string did = finished.steps_done() == 0
                        ? "nothing to do"
                        : Counted(finished.steps_done(), "step") + Took(finished.duration_us());
  return {at + " (" + did + ")\n", ""};
}

RunProgress::Shown RunProgress::Live(const std::string& doing) const {
  if (plain()) return {};
  const std::string line = PrintableLine(position_ + doing);
  // A line that wraps cannot be replaced.
  return {"", std::string(FirstColumns(line, static_cast<std::size_t>(width_) - 1))};
}

std::string RunProgress::Took(std::int64_t microseconds) const {
  if (plain() && microseconds < 1'000'000) return "";
  return ", " + RenderDuration(microseconds);
}

std::string RenderPlan(const v1::PlanRunResponse& plan, bool verbose, const Style& style) {
  std::string text;
  for (const v1::PlanStep& step : plan.steps()) {
    text += StepLine(step, style) + "\n";
    if (!verbose) continue;
    for (const v1::PlanStatement& statement : step.statements())
      text += StatementText(statement, style);
  }
  std::string needs;
  for (const std::string& kind : plan.consent()) needs += (needs.empty() ? "" : ",") + kind;
  if (!needs.empty()) text += style.Red("needs --allow " + needs) + "\n";
  for (const v1::Placeholder& placeholder : plan.placeholders())
    text += PlaceholderLine(placeholder, style) + "\n";
  return text + "plan " + plan.plan() + "\n";
}

std::string RenderRuns(const v1::ListRunsResponse& answer, const Style& style) {
  if (answer.runs().empty()) return "";
  std::vector<std::vector<std::string>> rows = {
      {"RUN", "TARGET", "WHAT", "OUTCOME", "STARTED", "BY"}};
  for (const v1::Run& run : answer.runs()) {
    rows.push_back({run.id(), PrintableLine(run.target_name()), PrintableLine(run.summary()),
                    std::string(WordOf(run.outcome())), run.started(), PrintableLine(run.actor())});
  }
  std::string table = RenderTable(rows);
  std::size_t end = table.find('\n');
  return style.Dim(table.substr(0, end)) + table.substr(end);
}

}  // namespace mig
