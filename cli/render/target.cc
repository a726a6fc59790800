#include "cli/render/target.h"

#include <string>
#include <vector>

#include "cli/render/revision.h"
#include "cli/render/table.h"

namespace mig {
namespace {

// "users (02dbe8e2fb6d), prices (1851235e6702)".
std::string RowsOf(const v1::DescribeTargetResponse& target) {
  std::vector<std::string> rows;
  for (int i = 0; i < target.rows_size(); ++i) {
    const bool named = i < target.row_names_size();
    rows.push_back(named ? target.row_names(i) + " (" + target.rows(i).substr(0, 12) + ")"
                         : target.rows(i));
  }
  return CommaList(rows, "<base>");
}

}  // namespace

std::string RenderTarget(const v1::DescribeTargetResponse& target, const std::string& name) {
  std::vector<std::vector<std::string>> rows = {
      {"target:", name}, {"url:", target.target_url()}, {"engine:", target.server_version()}};
  if (target.format() == 0) {
    rows.push_back({"bookkeeping:", "none yet"});
  } else {
    rows.push_back({"bookkeeping:", "format " + std::to_string(target.format())});
    rows.push_back({"target id:", target.target_id()});
    rows.push_back({"rows:", RowsOf(target)});
    rows.push_back({"log entries:", std::to_string(target.log_entries())});
  }
  if (!target.lease_holder().empty()) {
    rows.push_back({"lease:", target.lease_holder() + " since " + target.lease_since() + ", run " +
                                  target.lease_run()});
  }
  return RenderTable(rows);
}

std::string RenderDaemon(const v1::GetDaemonResponse& daemon) {
  return RenderTable({
      {"version:", daemon.version()},
      {"pid:", std::to_string(daemon.pid())},
      {"started:", daemon.started()},
      {"store:", daemon.store()},
      {"listens on:", CommaList(daemon.listen())},
      {"active runs:", std::to_string(daemon.active_runs())},
      {"memory:", std::to_string(daemon.resident_bytes() >> 20) + " MiB"},
      {"state:", daemon.draining() ? "stopping" : "serving"},
  });
}

}  // namespace mig
