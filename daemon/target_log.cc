#include "daemon/target_log.h"

#include "daemon/transaction.h"

namespace mig {

std::vector<LogRow> LogRowsOf(const SqlResult& rows) {
  std::vector<LogRow> log;
  log.reserve(rows.rows.size());
  for (const auto& cells : rows.rows) {
    LogRow row;
    row.entry.sequence = NumberOf(cells[0]);
    row.entry.direction = TextOf(cells[1]);
    row.entry.id = TextOf(cells[2]);
    row.entry.name = TextOf(cells[3]);
    row.entry.actor = TextOf(cells[4]);
    row.entry.plan = TextOf(cells[5]);
    row.entry.started_at = TextOf(cells[6]);
    row.entry.finished_at = TextOf(cells[7]);
    row.entry.outcome = TextOf(cells[8]);
    row.entry.duration_us = NumberOf(cells[9]);
    row.entry.previous = TextOf(cells[10]);
    row.hash = TextOf(cells[11]);
    log.push_back(std::move(row));
  }
  return log;
}

Result<void> CheckFence(const SqlResult& fence, const Lease& lease) {
  if (!fence.rows.empty() && NumberOf(fence.rows[0][0]) == lease.token()) return {};
  return Error{Reason::kLeaseLost, "another run has taken the lease of this target"};
}

Result<void> CheckFence(Session& session, const Bookkeeping& book, const Lease& lease) {
  const std::vector<SqlCommand> commands = {book.Fence()};
  SqlResult fence;
  auto read = session.ExecuteAll(commands, [&](std::size_t, const SqlResult& row) { fence = row; });
  if (read) return CheckFence(fence, lease);
  read.error().details.erase("command_index");
  return read;
}

Result<void> SealLog(Session& session, const Bookkeeping& book, const Lease& lease,
                     const World& world) {
  const SqlResult unsealed = TRY(session.Execute(book.ReadUnsealed()));
  if (unsealed.rows.empty()) return {};
  return TransactPatiently(session, world, [&]() -> Result<void> {
    TRY(CheckFence(session, book, lease));
    std::string previous;
    for (LogRow& row : LogRowsOf(unsealed)) {
      if (!row.hash.empty()) {
        previous = row.hash;
        continue;
      }
      row.entry.previous = previous;
      const std::string hash = HashOf(row.entry);
      TRY(session.Execute(book.SealLog(row.entry.sequence, previous, hash)));
      previous = hash;
    }
    return {};
  });
}

Result<void> AppendLog(Session& session, const Bookkeeping& book, const Lease& lease,
                       const World& world, LogEntry entry, const std::vector<SqlCommand>& with) {
  return TransactPatiently(session, world, [&]() -> Result<void> {
    TRY(CheckFence(session, book, lease));
    const LogEnds ends = TRY(ReadLogEnds(session, book, 0));
    entry.sequence = ends.last.sequence + 1;
    entry.previous = ends.last.hash;
    TRY(session.Execute(book.InsertLog(entry, HashOf(entry))));
    for (const SqlCommand& command : with) TRY(session.Execute(command));
    return {};
  });
}

Result<LogEnds> ReadLogEnds(Session& session, const Bookkeeping& book, std::int64_t sequence) {
  const SqlResult rows = TRY(session.Execute(book.ReadLogEnds(sequence)));
  LogEnds ends;
  for (const auto& row : rows.rows) {
    ends.target_id = TextOf(row[0]);
    ends.last = {NumberOf(row[1]), TextOf(row[2])};
    if (ends.last.sequence == sequence) ends.hash_at = ends.last.hash;
  }
  return ends;
}

}  // namespace mig
