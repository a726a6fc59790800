// oracle_runner: answers recorded Alembic cases with the functions that the daemon calls.
//
// One case a line on standard input, {"id", "revisions", "current", "command", "target",
// "options"}; one line
// {"id", "result"} each on standard output, in the shape of a recorded answer.
// tests/daemon/plan/oracle explains both.
#include <iostream>
#include <nlohmann/json.hpp>
#include <set>
#include <string>

#include "daemon/plan/draft.h"
#include "daemon/plan/history.h"
#include "daemon/plan/plan.h"
#include "store/core/names.h"

namespace mig {
namespace {

using Json = nlohmann::json;

Json NamesOf(const Graph& graph, const Positions& positions) {
  Json names = Json::array();
  for (Position p : positions) names.push_back(graph.name(p));
  return names;
}

// Recorded answers tell apart only what Alembic does: an error of another reason has no "kind".
Json ErrorJson(const Error& error) {
  static const std::set<std::string> kKinds = {
      "range_not_allowed",    "range_required",    "history_range_syntax",
      "not_a_head",           "duplicate_heads",   "illegal_character",
      "duplicate_label",      "self_loop",         "cycle",
      "dependency_self_loop", "dependency_cycle",  "missing_parent",
      "missing_dependency",   "overlap",           "relative_too_far",
      "ambiguous_walk",       "ambiguous_current", "invalid_downgrade_target",
      "not_in_branch",        "no_such_branch",    "ambiguous_prefix",
      "no_such_revision",     "multiple_heads",    "not_ancestor"};
  std::string reason(InfoOf(error.reason).text);
  for (char& c : reason) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  Json json = {{"message", error.message}, {"reason", reason}};
  if (kKinds.contains(reason)) json["kind"] = reason;
  return {{"error", json}};
}

std::vector<std::string> Strings(const Json& json) {
  if (json.is_null()) return {};
  if (json.is_string()) return {json.get<std::string>()};
  return json.get<std::vector<std::string>>();
}

Result<Graph> GraphOf(const Json& revisions) {
  std::vector<NodeSpec> specs;
  for (const Json& revision : revisions) {
    NodeSpec spec;
    spec.node.name = revision.at("name");
    spec.node.labels = Strings(revision.at("labels"));
    spec.parents = Strings(revision.at("parents"));
    spec.depends = Strings(revision.at("depends_on"));
    TRY(CheckRevisionName(spec.node.name));
    specs.push_back(std::move(spec));
  }
  return Graph::Build(std::move(specs), Names::kShadowed);
}

Current CurrentOf(const Graph& graph, const Json& rows) {
  Current current;
  for (const std::string& row : Strings(rows)) {
    if (auto found = graph.FindName(row)) {
      current.rows.push_back(*found);
    } else {
      current.unknown.push_back(row);
    }
  }
  return current;
}

Json PlanJson(const Graph& graph, const Plan& plan) {
  std::set<std::string> rows;
  for (Position p : plan.start) rows.insert(graph.name(p));
  Json steps = Json::array();
  for (const Step& step : plan.steps) {
    for (Position p : step.rows_removed) rows.erase(graph.name(p));
    for (Position p : step.rows_added) rows.insert(graph.name(p));
    steps.push_back({{"op", step.direction == Direction::kUp ? "upgrade" : "downgrade"},
                     {"revision", graph.name(step.revision)},
                     {"rows", rows}});
  }
  Json final = NamesOf(graph, plan.final);
  std::sort(final.begin(), final.end());
  return {{"steps", steps}, {"final", final}};
}

Result<Json> Planned(const Graph& graph, Result<Plan> plan) {
  Plan planned = TRY(std::move(plan));
  return PlanJson(graph, planned);
}

Result<Json> Listed(const Graph& graph, Result<Positions> positions) {
  Positions list = TRY(std::move(positions));
  return Json{{"list", NamesOf(graph, list)}};
}

Result<Json> Drafted(const Graph& graph, const Json& c) {
  const Json& options = c.at("options");
  bool merges = c.at("command") == "merge";
  DraftRequest request;
  request.name = options.value("rev_id", "unnamed");
  request.heads = merges ? Strings(c.at("target")) : Strings(options.value("head", Json("head")));
  request.splice = options.value("splice", false);
  request.labels = Strings(options.value("branch_label", Json()));
  request.depends = Strings(options.value("depends_on", Json()));
  Draft draft = TRY(PlanDraft(graph, request));
  Json made = {{"name", draft.name},
               {"parents", NamesOf(graph, draft.parents)},
               {"depends_on", draft.depends_words},
               {"labels", draft.labels}};
  return Json{{"new", made}, {"heads_after", HeadsWith(graph, draft)}};
}

Json BranchesJson(const Graph& graph) {
  Json list = Json::array();
  for (const BranchPoint& point : BranchPoints(graph)) {
    list.push_back(
        {{"revision", graph.name(point.revision)}, {"children", NamesOf(graph, point.children)}});
  }
  return {{"list", list}};
}

Result<Json> CurrentJson(const Graph& graph, const Current& current) {
  auto tips = TRY(CurrentTips(graph, current));
  Json list = Json::array();
  for (const CurrentTip& tip : tips) list.push_back(graph.name(tip.revision));
  return Json{{"list", list}};
}

Result<Json> AnswerWith(const Graph& graph, const Json& c) {
  Current current = CurrentOf(graph, c.at("current"));
  const Json& options = c.at("options");
  const Json& target = c.at("target");
  std::string text = target.is_string() ? target.get<std::string>() : "";
  std::string command = c.at("command");
  if (command == "upgrade") return Planned(graph, PlanUpgrade(graph, current, text));
  if (command == "downgrade") return Planned(graph, PlanDowngrade(graph, current, text));
  if (command == "upgrade_sql") return Planned(graph, PlanOfflineUpgrade(graph, text));
  if (command == "downgrade_sql") return Planned(graph, PlanOfflineDowngrade(graph, text));
  if (command == "stamp") {
    return Planned(graph,
                   PlanStamp(graph, current, Strings(target), options.value("purge", false)));
  }
  if (command == "merge" || command == "revision") return Drafted(graph, c);
  if (command == "branches") return BranchesJson(graph);
  if (command == "current") return CurrentJson(graph, current);
  if (command == "show") return Listed(graph, ShowSelection(graph, current, text));
  if (command == "history") {
    auto range = target.is_string() ? std::optional<std::string_view>(text) : std::nullopt;
    return Listed(graph, HistoryRange(graph, current, range));
  }
  if (command == "heads") {
    bool all = options.value("resolve_dependencies", false);
    return Listed(graph, HeadsOf(graph, all ? Follow::kAll : Follow::kParents));
  }
  return Error{Reason::kUsage, "no such command: " + command};
}

// A broken history is an error before the question is looked at. Alembic looks at some questions
// first, so that either of two errors may be its answer: this one names no kind.
Json Answer(const Json& c) {
  Result<Graph> graph = GraphOf(c.at("revisions"));
  if (!graph) {
    Json broken = ErrorJson(graph.error());
    broken["error"].erase("kind");
    return broken;
  }
  Result<Json> answer = AnswerWith(*graph, c);
  return answer ? *answer : ErrorJson(answer.error());
}

}  // namespace
}  // namespace mig

int main() {
  std::ios::sync_with_stdio(false);
  for (std::string line; std::getline(std::cin, line);) {
    auto c = mig::Json::parse(line);
    mig::Json answer = {{"id", c.at("id")}, {"result", mig::Answer(c)}};
    std::cout << answer.dump() << '\n';
  }
}
