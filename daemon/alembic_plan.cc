#include "daemon/alembic_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace mig {
namespace {

Result<std::string> NameInAlembic(const Graph& graph, const Id& id) {
  const Node& node = graph.node(*graph.FindId(id));
  if (const std::string* known = AlembicIdOf(node)) return *known;
  Error error{Reason::kUnsupported,
              fmt::format("Alembic does not know {}, so alembic_version cannot say that it is "
                          "applied",
                          node.name)};
  error.details["name"] = node.name;
  error.hint =
      "take `compat` out of mig.toml when Alembic is not used any more, or give the revision an id "
      "of Alembic with `-- aliases:`";
  return error;
}

Result<std::set<std::string>> NamesInAlembic(const Graph& graph, const std::set<Id>& rows) {
  std::set<std::string> names;
  for (const Id& id : rows) names.insert(TRY(NameInAlembic(graph, id)));
  return names;
}

// Rows of `from` that are not in `other`.
std::vector<std::string> Missing(const std::set<std::string>& from,
                                 const std::set<std::string>& other) {
  std::vector<std::string> missing;
  std::set_difference(from.begin(), from.end(), other.begin(), other.end(),
                      std::back_inserter(missing));
  return missing;
}

void Change(RunStep& step, const AlembicTable& table, const std::string& schema,
            const std::set<std::string>& before, const std::set<std::string>& after) {
  for (const std::string& row : Missing(before, after)) {
    step.alembic_locks.push_back(table.Lock(schema, row));
    step.alembic_removals.push_back(table.Delete(schema, row));
  }
  for (const std::string& row : Missing(after, before))
    step.alembic_writes.push_back(table.Insert(schema, row));
}

Result<RunStep> TakeOverStep(const Situation& situation, const Catalog& both) {
  const Graph& graph = both.graph();
  Plan plan;
  plan.final = CurrentFrom(graph, situation.row_ids()).rows;
  RunStep step = TRY(StampStep(both, plan));
  step.summary.name += kFromAlembic;
  step.summary.message = "taken over from alembic_version";
  return step;
}

Result<void> Keep(const AlembicState& alembic, const std::vector<Id>& start, const Graph& graph,
                  const Bookkeeping& book, const AlembicTable& table, RunPlan& plan) {
  if (!alembic.found && book.dialect() == Dialect::kMariadb) {
    return Error{Reason::kUnsupported,
                 "on MariaDB no transaction can make the table alembic_version, which is not there",
                 {},
                 "`alembic ensure_version` makes it"};
  }
  std::set<std::string> before(alembic.rows.begin(), alembic.rows.end());
  std::set<Id> rows(start.begin(), start.end());
  for (RunStep& step : plan.steps) {
    for (const Id& id : step.rows_removed) rows.erase(id);
    for (const VersionRow& row : step.rows_added) rows.insert(row.id);
    std::set<std::string> after = TRY(NamesInAlembic(graph, rows));
    Change(step, table, alembic.schema, before, after);
    step.alembic_writes.push_back(book.RememberAlembic(ListOf({after.begin(), after.end()})));
    before = std::move(after);
  }
  auto& first = plan.steps.front().alembic_writes;
  if (!alembic.found) first.insert(first.begin(), table.Create(alembic.schema));
  return {};
}

}  // namespace

Result<void> TakeOverRows(const Graph& view, TargetState& state) {
  AlembicState& alembic = state.alembic;
  if (!alembic.found || !state.untouched) return {};
  bool came_from_alembic = false;
  for (Position p = 0; p < view.size(); ++p)
    came_from_alembic = came_from_alembic || !view.node(p).aliases.empty();
  for (const std::string& row : alembic.rows)
    came_from_alembic = came_from_alembic || FindAlembicId(view, row).has_value();
  if (!came_from_alembic) return {};
  for (const Position p : TRY(PositionsOfAlembic(view, alembic.rows)))
    state.rows.push_back({view.node(p).id, view.name(p)});
  alembic.taken_over = true;
  return {};
}

Result<void> RefuseDifference(const Graph& both, const TargetState& state) {
  const AlembicState& alembic = state.alembic;
  if (!alembic.found || !alembic.remembered || *alembic.remembered == ListOf(alembic.rows))
    return {};
  std::set<Id> rows;
  for (const VersionRow& row : state.rows) rows.insert(row.id);
  const auto ours = NamesInAlembic(both, rows);
  if (ours && std::vector<std::string>(ours->begin(), ours->end()) == alembic.rows) return {};
  const auto shown = [](const std::string& list) { return list.empty() ? "nothing" : list; };
  return Error{Reason::kVersionsDiffer,
               fmt::format("Alembic was used on this target after mig: alembic_version says {}, "
                           "and said {} when mig last ran",
                           shown(ListOf(alembic.rows)), shown(*alembic.remembered))};
}

Result<void> FollowInAlembic(const Situation& situation, const Operation& operation,
                             const Catalog& both, const Bookkeeping& book,
                             const AlembicTable& table, RunPlan& plan) {
  const AlembicState& alembic = situation.state.alembic;
  const bool enter = alembic.taken_over && !situation.state.rows.empty();
  if (enter) {
    RunStep first = TRY(TakeOverStep(situation, both));
    plan.steps.insert(plan.steps.begin(), std::move(first));
  }
  if (plan.steps.empty()) return {};
  const std::vector<Id> start = enter ? std::vector<Id>() : situation.row_ids();
  if (alembic.keep) return Keep(alembic, start, both.graph(), book, table, plan);
  const bool looked = alembic.taken_over || operation.purge || operation.from_alembic;
  if (alembic.found && looked) {
    plan.steps.front().alembic_writes.push_back(book.RememberAlembic(ListOf(alembic.rows)));
  }
  return {};
}

Result<void> FollowInScript(const Catalog& catalog, const AlembicTable& table, RunStep& step) {
  std::set<Id> removed(step.rows_removed.begin(), step.rows_removed.end());
  std::set<Id> added;
  for (const VersionRow& row : step.rows_added) added.insert(row.id);
  const std::set<std::string> before = TRY(NamesInAlembic(catalog.graph(), removed));
  const std::set<std::string> after = TRY(NamesInAlembic(catalog.graph(), added));
  for (const std::string& row : Missing(before, after))
    step.alembic_removals.push_back(table.Delete("", row));
  for (const std::string& row : Missing(after, before))
    step.alembic_writes.push_back(table.InsertMissing("", row));
  return {};
}

}  // namespace mig
