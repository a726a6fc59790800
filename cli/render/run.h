// Runs and plans as text.
#pragma once

#include <string>

#include "cli/render/style.h"
#include "mig/v1/run.pb.h"

namespace mig {

// "upgrade a, b -> c, message".
std::string StepLine(const v1::PlanStep& step, const Style& style);

// Turns a run's events, given in order, into what is shown while it goes on. Two forms: plain lines
// that a log can keep, where spans under a second are left out so that equal runs look equal; and
// for terminals, where one live line shows the statement that is running.
class RunProgress {
 public:
  // `width` is the terminal's; 0: the plain form. With `verbose` every statement has a line, with
  // its rows and its time.
  RunProgress(int width, bool verbose, const Style& style)
      : width_(width), verbose_(verbose), style_(style) {}

  struct Shown {
    std::string lines;  // to be kept, each with its line end; may be empty
    std::string live;   // replaces the live line; empty: there is none now
  };
  Shown On(const v1::RunEvent& event);

 private:
  Shown OnStepStarted(const v1::RunEvent::StepStarted& started);
  Shown OnStatementFinished(const v1::RunEvent::StatementFinished& finished) const;
  Shown OnStepFinished(const v1::RunEvent::StepFinished& finished);
  Shown OnWaiting(const v1::RunEvent::Waiting& waiting);
  Shown OnFinished(const v1::RunEvent::RunFinished& finished) const;
  Shown Live(const std::string& doing) const;
  bool plain() const { return width_ == 0; }
  // ", 31 ms" where the form shows it.
  std::string Took(std::int64_t microseconds) const;

  int width_;
  bool verbose_;
  Style style_;
  std::string target_;
  std::string step_;      // the line of the step that is running
  std::string position_;  // "[2/5] NAME "
  std::string waiting_for_;
};

// What would be done, a line a step, and the plan's hash; with `verbose` the statements below their
// step, each with its locks and what it destroys as comments.
std::string RenderPlan(const v1::PlanRunResponse& plan, bool verbose, const Style& style);

// A table, newest first.
std::string RenderRuns(const v1::ListRunsResponse& answer, const Style& style);

}  // namespace mig
