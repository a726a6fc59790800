#include "store/rocks_kv.h"

#include <fmt/format.h>

#include <mutex>
#include <shared_mutex>

#include "store/kv_validate.h"
#include "store/rocks_database.h"
#include "store/rocks_manifest.h"
#include "store/seal.h"
#include "store/store_directory.h"

namespace mig {
namespace {

namespace fs = std::filesystem;

std::size_t BytesOf(const Batch& batch) {
  std::size_t bytes = 0;
  for (const Write& write : batch.writes) {
    bytes += write.key.size() + (write.value ? write.value->size() : 0);
  }
  return bytes;
}

// The seal of a store that exists or is being made. FORMAT is written last: without it nothing was
// committed yet.
Result<Seal> OpenSeal(const StoreDirectory& directory) {
  std::error_code failed;
  const bool has_database = fs::exists(directory.database() / "CURRENT", failed);
  if (directory.fresh() && !has_database) return Seal::Create(directory.seal());
  if (!fs::exists(directory.seal(), failed)) {
    return Error{Reason::kCorruption,
                 fmt::format("{} is damaged: it is missing", directory.seal().string()),
                 {{"path", directory.seal().string()}}};
  }
  Seal seal = TRY(Seal::Open(directory.seal()));
  if (directory.fresh() && seal.latest().commit > 0) {
    const std::string file = directory.path() / "FORMAT";
    return Error{
        Reason::kCorruption, fmt::format("{} is damaged: it is missing", file), {{"path", file}}};
  }
  return seal;
}

}  // namespace

class RocksKv::State {
 public:
  State(StoreDirectory directory, Seal seal, const RocksOptions& options)
      : directory_(std::move(directory)), seal_(std::move(seal)), options_(options) {}
  ~State();

  Result<void> Start();

  // Calls `read` with the open database.
  template <typename Read>
  auto Reading(Read read) -> decltype(read(std::declval<RocksDatabase&>())) {
    std::shared_lock lock(open_mutex_);
    if (!database_) return *broken_;
    return read(*database_);
  }

  Result<Outcome> Commit(const Batch& batch);
  Result<void> CopyTo(const fs::path& copy);

 private:
  Result<void> MakeReady();
  Result<void> CheckRoom() const;
  Result<std::optional<Refusal>> RefusalOf(const Batch& batch);
  Result<void> WriteAndSeal(const Batch& batch);
  Result<Outcome> Settle(Error failure, std::uint64_t commit);
  Result<void> Recover();
  Result<void> Reopen(RocksDatabase::Mode mode);
  Result<void> SealNow();
  void FlushWhenDue(std::size_t bytes);

  StoreDirectory directory_;
  Seal seal_;
  const RocksOptions options_;

  std::mutex commit_mutex_;       // one commit at a time; guards all but database_
  std::shared_mutex open_mutex_;  // shared while reading, exclusive while closing and opening
  std::unique_ptr<RocksDatabase> database_;
  std::optional<Error> broken_;  // why nothing may be written before the next opening
  std::size_t unflushed_bytes_ = 0;
};

Result<void> RocksKv::State::Start() {
  const bool existing = !directory_.fresh() || seal_.latest().manifest != 0;
  database_ = TRY(RocksDatabase::Open(
      directory_.database(),
      existing ? RocksDatabase::Mode::kExisting : RocksDatabase::Mode::kCreate, seal_.latest()));
  TRY(SealNow());
  if (directory_.fresh()) TRY(directory_.WriteFormat());
  return {};
}

RocksKv::State::~State() {
  // What cannot be sealed is as if the process had been killed here.
  if (database_ && !broken_) static_cast<void>(SealNow());
}

Result<void> RocksKv::State::SealNow() {
  const Sealed sealed = TRY(database_->ToSeal());
  if (sealed == seal_.latest()) return {};
  return seal_.Write(sealed);
}

Result<void> RocksKv::State::CheckRoom() const {
  const std::uint64_t free = TRY(directory_.FreeBytes());
  if (free >= options_.free_floor) return {};
  return Error{Reason::kStoreFull,
               fmt::format("the disk of {} has {} bytes left, and the store keeps {} free",
                           directory_.path().string(), free, options_.free_floor),
               {{"path", directory_.path().string()}}};
}

Result<void> RocksKv::State::MakeReady() {
  TRY(CheckRoom());
  if (broken_) TRY(Recover());
  return {};
}

Result<void> RocksKv::State::Reopen(RocksDatabase::Mode mode) {
  std::unique_lock lock(open_mutex_);
  database_.reset();
  auto opened = RocksDatabase::Open(directory_.database(), mode, seal_.latest());
  if (!opened) {
    broken_ = opened.error();
    return std::move(opened).error();
  }
  database_ = *std::move(opened);
  if (mode == RocksDatabase::Mode::kReadOnly) return {};
  TRY(SealNow());
  unflushed_bytes_ = 0;
  broken_.reset();
  return {};
}

Result<std::optional<Refusal>> RocksKv::State::RefusalOf(const Batch& batch) {
  if (batch.conditions.empty()) return std::optional<Refusal>();
  std::vector<std::string> keys;
  for (const Condition& condition : batch.conditions) keys.push_back(condition.key);
  auto values = TRY(database_->Get(keys));
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (values[i] == batch.conditions[i].equals) continue;
    return std::optional<Refusal>(Refusal{keys[i], std::move(values[i])});
  }
  return std::optional<Refusal>();
}

Result<void> RocksKv::State::WriteAndSeal(const Batch& batch) {
  TRY(database_->Commit(batch));
  if (batch.durability == Durability::kSynced) TRY(SealNow());
  return {};
}

// Closes and opens again. Where there is no room to write what opening writes, reading goes on at
// least.
Result<void> RocksKv::State::Recover() {
  auto recovered = Reopen(RocksDatabase::Mode::kExisting);
  if (!recovered) static_cast<void>(Reopen(RocksDatabase::Mode::kReadOnly));
  return recovered;
}

// After a failed write: opening shows whether commit number `commit` is there.
Result<Outcome> RocksKv::State::Settle(Error failure, std::uint64_t commit) {
  broken_ = failure;
  const bool recovered = Recover().has_value();
  const bool known = database_ && (recovered || database_->last_commit() < commit);
  if (!known) {
    return Error{Reason::kOutcomeUnknown,
                 fmt::format("the store failed during a commit: {}", failure.message)};
  }
  if (database_->last_commit() < commit) return failure;
  return Outcome{};
}

void RocksKv::State::FlushWhenDue(std::size_t bytes) {
  unflushed_bytes_ += bytes;
  if (unflushed_bytes_ < options_.flush_bytes) return;
  unflushed_bytes_ = 0;
  auto flushed = database_->Flush();
  if (flushed) flushed = SealNow();
  // The commit itself is safe in the log; the next one starts by opening again.
  if (!flushed) broken_ = std::move(flushed).error();
}

Result<Outcome> RocksKv::State::Commit(const Batch& batch) {
  std::lock_guard lock(commit_mutex_);
  TRY(MakeReady());
  auto refusal = TRY(RefusalOf(batch));
  if (refusal) return Outcome{std::move(refusal)};
  const std::uint64_t number = database_->last_commit() + 1;
  const auto written = WriteAndSeal(batch);
  if (!written) return Settle(written.error(), number);
  FlushWhenDue(BytesOf(batch));
  return Outcome{};
}

// FORMAT is written last: without it the copy is no store.
Result<void> RocksKv::State::CopyTo(const fs::path& copy) {
  std::lock_guard lock(commit_mutex_);
  TRY(MakeReady());
  StoreDirectory directory = TRY(StoreDirectory::Open(copy));
  unflushed_bytes_ = 0;
  const auto flushed = database_->Flush();
  if (!flushed) broken_ = flushed.error();
  TRY(flushed);
  TRY(SealNow());
  TRY(database_->CopyTo(directory.database()));
  Sealed sealed = TRY(SealedManifest(directory.database(), {}));
  sealed.commit = database_->last_commit();
  Seal seal = TRY(Seal::Create(directory.seal()));
  TRY(seal.Write(sealed));
  return directory.WriteFormat();
}

RocksKv::RocksKv(std::unique_ptr<State> state) : state_(std::move(state)) {}
RocksKv::~RocksKv() = default;

Result<std::unique_ptr<RocksKv>> RocksKv::Open(const fs::path& directory,
                                               const RocksOptions& options) {
  StoreDirectory opened = TRY(StoreDirectory::Open(directory));
  Seal seal = TRY(OpenSeal(opened));
  auto state = std::make_unique<State>(std::move(opened), std::move(seal), options);
  TRY(state->Start());
  return std::unique_ptr<RocksKv>(new RocksKv(std::move(state)));
}

Result<std::vector<std::optional<std::string>>> RocksKv::Get(const std::vector<std::string>& keys) {
  TRY(ValidateGet(keys));
  return state_->Reading([&](RocksDatabase& database) { return database.Get(keys); });
}

Result<Page> RocksKv::Scan(std::string_view begin, std::string_view end, std::size_t limit,
                           bool keys_only) {
  TRY(ValidateScan(begin, end, limit));
  return state_->Reading(
      [&](RocksDatabase& database) { return database.Scan(begin, end, limit, keys_only); });
}

Result<Outcome> RocksKv::Commit(const Batch& batch) {
  TRY(ValidateCommit(batch));
  return state_->Commit(batch);
}

Result<void> RocksKv::CopyTo(const fs::path& copy) { return state_->CopyTo(copy); }

Result<void> RocksKv::VerifyChecksums() {
  return state_->Reading([](RocksDatabase& database) { return database.VerifyChecksums(); });
}

}  // namespace mig
