#include "daemon/lease.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "daemon/blockers.h"
#include "daemon/transaction.h"

namespace mig {
namespace {

constexpr Milliseconds kLockPoll{100};
constexpr Milliseconds kTellAgain{10'000};
// For the lease's rows, whoever wants to wait for nobody: short transactions that meet would fail
// each other.
constexpr Milliseconds kShortestWait{1'000};

std::string HostName() {
  char name[256] = {};
  return gethostname(name, sizeof(name) - 1) == 0 ? name : "";
}

// Who has it, as far as the row can be read; the holder may be between taking the lock and writing
// the row, or making the table.
std::string HolderOfRow(Session& session, const Bookkeeping& book, const World& world) {
  const std::string unknown = "another run holds the lease of this target";
  const std::string unwritten = unknown + ", and has not written down yet who it is";
  auto row = session.Execute(book.ReadLease());
  if (!row) {
    const auto tables = FindTables(session, book);
    if (tables && *tables != TablesFound::kAll) return unwritten;
    return unknown + ", and who that is cannot be read: " + row.error().message;
  }
  if (row->rows.empty() || TextOf(row->rows[0][1]).empty()) return unwritten;
  const auto& cells = row->rows[0];
  const std::string since = TextOf(cells[4]);
  const auto began = ParseTime(since);
  const std::string age =
      began ? fmt::format(" ({} ago)", HumanDuration(world.now() - *began)) : "";
  return fmt::format("{} on {} holds the lease of this target since {}{}, run {}", TextOf(cells[1]),
                     TextOf(cells[2]), since, age, TextOf(cells[3]));
}

// The same, and what it does now; that may be a statement whose daemon died.
std::string HolderSentence(Session& session, const Bookkeeping& book, const World& world) {
  const std::string holder = HolderOfRow(session, book, world);
  const auto activity = HolderActivity(session, book.lock_name());
  return !activity || activity->empty() ? holder : holder + ": " + *activity;
}

using Instant = std::chrono::steady_clock::time_point;

// A wait for one thing that is in the way of a lease, and what is told of it: at once, then now and
// again.
class LeaseWait {
 public:
  LeaseWait(const LeaseRequest& request, const World& world, const Observer& observe, Instant end)
      : request_(request), world_(world), observe_(observe), began_(world.elapsed()), end_(end) {}

  // Once for each attempt that failed; the next may come when it has answered. `sentence` says what
  // is in the way; when the time is over, `late` decides. Errors: kCancelled; those of `late`.
  template <typename Sentence, typename Late>
  Result<void> operator()(Sentence&& sentence, Late&& late) {
    const Instant now = world_.elapsed();
    const auto waited = std::chrono::duration_cast<Milliseconds>(now - began_);
    if (request_.cancelled && request_.cancelled())
      return Error{Reason::kCancelled, "cancelled while waiting for the lease"};
    if (now >= end_) TRY(late());
    if (waited >= tell_at_) {
      observe_(Waiting{sentence(), waited.count()});
      tell_at_ = waited + kTellAgain;
    }
    return {};
  }

 private:
  const LeaseRequest& request_;
  const World& world_;
  const Observer& observe_;
  const Instant began_;
  const Instant end_;
  Milliseconds tell_at_{0};
};

Result<void> WaitForLock(Session& session, const Bookkeeping& book, const World& world,
                         LeaseWait& wait) {
  const auto holder = [&] { return HolderSentence(session, book, world); };
  while (!TRY(session.TryLock(book.lock_name()))) {
    TRY(wait(holder, [&]() -> Result<void> { return Error{Reason::kLeaseHeld, holder()}; }));
    world.sleep(kLockPoll);
  }
  return {};
}

// A database of PostgreSQL that is not UTF-8 has no place for every name. It is the first thing
// that a run writes of its holder.
Error NotTaken(Error error, const LeaseRow& row) {
  const auto state = error.details.find("sqlstate");
  if (state == error.details.end() || state->second != "22P05") return error;
  error.message =
      fmt::format("the name of who runs this, {}, cannot be written into the database: {}",
                  row.holder, error.message);
  error.hint = "spell it for this database, as in `GIT_AUTHOR_NAME=Lukasz mig upgrade`";
  return error;
}

Result<std::int64_t> TakeRow(Session& session, const Bookkeeping& book, const LeaseRequest& request,
                             const World& world) {
  std::int64_t token = 0;
  const auto body = [&]() -> Result<void> {
    const SqlResult fence = TRY(session.Execute(book.Fence()));
    if (fence.rows.empty())
      return Error{Reason::kDatabaseFormat, "table mig_lease has lost its row"};
    token = NumberOf(fence.rows[0][0]) + 1;
    const LeaseRow row{token, request.holder, HostName(), request.run,
                       FormatMilliseconds(world.now())};
    auto taken = session.Execute(book.TakeLease(row));
    if (!taken) return NotTaken(std::move(taken).error(), row);
    return {};
  };
  TRY(Transact(session, body));
  return token;
}

Result<void> CheckFormat(Session& session, const Bookkeeping& book) {
  const SqlResult meta = TRY(session.Execute(book.ReadMeta()));
  const auto format =
      std::ranges::find_if(meta.rows, [](const auto& row) { return TextOf(row[0]) == "format"; });
  if (format == meta.rows.end())
    return Error{Reason::kDatabaseFormat, "table mig_meta has lost its row `format`"};
  if (TextOf((*format)[1]) == std::to_string(kBookkeepingFormat)) return {};
  return Error{Reason::kDatabaseFormat,
               fmt::format("the target's mig tables have format {}, and this mig knows format {}",
                           TextOf((*format)[1]), kBookkeepingFormat),
               {},
               kOtherFormatHint};
}

// Where PostgreSQL lets the user make no table there, or has no such schema, another one may do.
Result<void> NamingTheSchema(Result<void> made) {
  if (made) return made;
  const auto state = made.error().details.find("sqlstate");
  if (state != made.error().details.end() && (state->second == "42501" || state->second == "3F000"))
    made.error().hint =
        "mig's own tables need a schema in which the user may make tables: grant it CREATE there, "
        "or name another one with `schema = \"...\"` of the target in mig.toml";
  return made;
}

// REQUIRES: the run lock is held.
Result<void> EnsureTables(Session& session, const Bookkeeping& book, bool repair,
                          const World& world) {
  const TablesFound found = TRY(FindTables(session, book));
  if (found != TablesFound::kNone) TRY(CheckFormat(session, book));
  if (found == TablesFound::kAll) return {};
  if (found == TablesFound::kSome && !repair) return TablesMissing();
  auto commands = book.CreateTables(world.random_hex(32));
  if (book.dialect() == Dialect::kMariadb) {  // each of them commits; repeating them does no harm
    if (found == TablesFound::kSome) commands.pop_back();  // mig_meta with its rows, which is there
    for (const SqlCommand& command : commands) TRY(session.Execute(command));
    return {};
  }
  return NamingTheSchema(Transact(
      session, [&] { return session.ExecuteAll(commands, [](std::size_t, const SqlResult&) {}); }));
}

}  // namespace

std::string TextOf(const SqlValue& value) {
  if (const auto* text = std::get_if<std::string>(&value)) return *text;
  if (const auto* blob = std::get_if<Blob>(&value)) return blob->bytes;
  if (const auto* number = std::get_if<std::int64_t>(&value)) return std::to_string(*number);
  return {};
}

std::int64_t NumberOf(const SqlValue& value) {
  if (const auto* number = std::get_if<std::int64_t>(&value)) return *number;
  const std::string text = TextOf(value);
  std::int64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

Result<std::int64_t> OnlyNumberOf(const SqlResult& answer) {
  if (!answer.rows.empty() && !answer.rows[0].empty()) return NumberOf(answer.rows[0][0]);
  return Error{Reason::kDatabaseFormat, "the server answers a count without a row"};
}

Result<TablesFound> FindTables(Session& session, const Bookkeeping& book) {
  const SqlResult found = TRY(session.Execute(book.FindTables()));
  if (TRY(OnlyNumberOf(found)) == 0) return TablesFound::kNone;
  return NumberOf(found.rows[0].back()) == 0 ? TablesFound::kAll : TablesFound::kSome;
}

Error TablesMissing() {
  return {Reason::kDatabaseFormat,
          "some of mig's own tables are missing in the target",
          {},
          "`mig ensure-version` makes them, empty; then compare `mig current` with the database"};
}

Result<Lease> Lease::Acquire(Session& session, const Bookkeeping& book, const LeaseRequest& request,
                             const World& world, const Observer& observe) {
  const Instant end = world.elapsed() + request.wait;
  LeaseWait for_lock(request, world, observe, end);
  TRY(WaitForLock(session, book, world, for_lock));
  LeaseWait for_rows(request, world, observe, std::max(end, world.elapsed() + kShortestWait));
  const auto take = [&]() -> Result<std::int64_t> {
    TRY(EnsureTables(session, book, request.repair, world));
    return TakeRow(session, book, request, world);
  };
  const auto busy = [&](const Error& error) {
    return for_rows([&] { return error.message; }, [&] { return Result<void>(error); });
  };
  auto token = Patiently(world, take, busy);
  if (token) return Lease(session, book, *token);
  (void)session.Unlock(book.lock_name());
  return Unexpected(std::move(token).error());
}

Lease::Lease(Session& session, const Bookkeeping& book, std::int64_t token)
    : session_(&session), book_(book), token_(token) {}

Lease::Lease(Lease&& other) noexcept
    : session_(std::exchange(other.session_, nullptr)), book_(other.book_), token_(other.token_) {}

Lease::~Lease() {
  if (session_ == nullptr) return;
  (void)session_->Rollback();
  (void)session_->Reset();  // whatever a script left must not keep us from it
  (void)session_->Execute(book_.ReleaseLease(token_));
  (void)session_->Unlock(book_.lock_name());
}

}  // namespace mig
