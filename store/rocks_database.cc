#include "store/rocks_database.h"

#include <fmt/format.h>
#include <rocksdb/cache.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/slice.h>
#include <rocksdb/table.h>
#include <rocksdb/utilities/checkpoint.h>
#include <rocksdb/write_batch.h>

#include <algorithm>

#include "store/core/limits.h"
#include "store/kv_validate.h"
#include "store/record.h"
#include "store/rocks_errors.h"
#include "store/rocks_manifest.h"

namespace mig {
namespace {

namespace fs = std::filesystem;

// Holds the filters and indexes of all tables of a million revisions, which every look at one key
// reads, 10 MB; taken as it is needed. In one piece: a table's filter is half a megabyte, and does
// not fit into a shard of a cache that is cut up.
constexpr std::size_t kBlockCacheBytes = std::size_t{32} << 20;
constexpr int kBlockCacheShardBits = 0;
// Never reached: RocksKv flushes before, so that RocksDB does not by itself.
constexpr std::size_t kWriteBufferBytes = std::size_t{64} << 20;
constexpr int kOpenFiles = 128;
constexpr double kBloomBitsPerKey = 10;
// Below every key of a user (kFirstKey).
const std::string kCommitKey("\0commit", 7);

rocksdb::ReadOptions Reading() {
  rocksdb::ReadOptions options;
  options.verify_checksums = true;
  return options;
}

// The log that a lost commit must have been in: the newest with data, before opening removes it.
fs::path NewestLog(const fs::path& directory) {
  fs::path newest = directory;
  std::error_code failed;
  for (fs::directory_iterator at(directory, failed), end; at != end; at.increment(failed)) {
    if (at->path().extension() != ".log") continue;
    if (newest == directory || newest < at->path()) newest = at->path();
  }
  return newest;
}

Error Lost(const fs::path& place, std::uint64_t found, std::uint64_t sealed) {
  return {Reason::kCorruption,
          fmt::format("{} is damaged: the store's commits end at {}, and {} were acknowledged",
                      place.string(), found, sealed),
          {{"path", place.string()}}};
}

rocksdb::BlockBasedTableOptions TableOptions() {
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = rocksdb::NewLRUCache(kBlockCacheBytes, kBlockCacheShardBits);
  table.cache_index_and_filter_blocks = true;
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(kBloomBitsPerKey));
  table.verify_compression = true;
  return table;
}

}  // namespace

RocksDatabase::RocksDatabase(fs::path directory, Mode mode)
    : directory_(std::move(directory)),
      mode_(mode),
      logger_(std::make_shared<RocksLogger>(directory_.string())) {}

rocksdb::Options RocksDatabase::OptionsOf() const {
  rocksdb::Options options;
  options.create_if_missing = mode_ == Mode::kCreate;
  options.info_log = logger_;
  // A failed write is repaired by closing and opening, never behind our back.
  options.max_bgerror_resume_count = 0;
  // The default drops every commit from the first damaged one on, in silence.
  options.wal_recovery_mode = rocksdb::WALRecoveryMode::kTolerateCorruptedTailRecords;
  options.track_and_verify_wals_in_manifest = true;
  options.paranoid_checks = true;
  options.force_consistency_checks = true;
  options.flush_verify_memtable_count = true;
  options.write_buffer_size = kWriteBufferBytes;
  options.arena_block_size = std::size_t{256} << 10;
  options.max_background_jobs = 2;
  options.max_open_files = kOpenFiles;
  options.stats_dump_period_sec = 0;
  options.stats_persist_period_sec = 0;
  options.compression = rocksdb::kLZ4Compression;
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(TableOptions()));
  return options;
}

Error RocksDatabase::ErrorOf(std::string_view what, const rocksdb::Status& status) const {
  return RocksError(what, status, logger_->FileHit());
}

Result<std::unique_ptr<RocksDatabase>> RocksDatabase::Open(const fs::path& directory, Mode mode,
                                                           const Sealed& sealed) {
  if (mode != Mode::kCreate) TRY(CheckManifest(directory, sealed));
  const fs::path log = NewestLog(directory);
  std::unique_ptr<RocksDatabase> database(new RocksDatabase(directory, mode));
  TRY(database->OpenFiles());
  TRY(database->ReadLastCommit());
  if (database->last_commit_ < sealed.commit) {
    return Lost(log, database->last_commit_, sealed.commit);
  }
  return database;
}

Result<void> RocksDatabase::OpenFiles() {
  rocksdb::DB* db = nullptr;
  const rocksdb::Status status =
      mode_ == Mode::kReadOnly ? rocksdb::DB::OpenForReadOnly(OptionsOf(), directory_.string(), &db)
                               : rocksdb::DB::Open(OptionsOf(), directory_.string(), &db);
  if (!status.ok()) return RocksOpenError(status, logger_->FileHit());
  db_.reset(db);
  return {};
}

Result<void> RocksDatabase::ReadLastCommit() {
  std::string value;
  const rocksdb::Status status = db_->Get(Reading(), kCommitKey, &value);
  if (status.IsNotFound()) return {};
  if (!status.ok()) return ErrorOf("open", status);
  const Record record = TRY(Record::Decode("commit", value));
  last_commit_ = TRY(record.Number("number"));
  return {};
}

Result<std::vector<std::optional<std::string>>> RocksDatabase::Get(
    const std::vector<std::string>& keys) {
  const std::vector<rocksdb::Slice> slices(keys.begin(), keys.end());
  std::vector<rocksdb::PinnableSlice> found(keys.size());
  std::vector<rocksdb::Status> statuses(keys.size());
  db_->MultiGet(Reading(), db_->DefaultColumnFamily(), keys.size(), slices.data(), found.data(),
                statuses.data());
  std::vector<std::optional<std::string>> values(keys.size());
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (statuses[i].IsNotFound()) continue;
    if (!statuses[i].ok()) return ErrorOf("read", statuses[i]);
    values[i] = found[i].ToString();
  }
  return values;
}

Result<Page> RocksDatabase::Scan(std::string_view begin, std::string_view end, std::size_t limit,
                                 bool keys_only) {
  const rocksdb::Slice upper(end.data(), end.size());
  rocksdb::ReadOptions reading = Reading();
  if (!end.empty()) reading.iterate_upper_bound = &upper;
  const std::unique_ptr<rocksdb::Iterator> entry(db_->NewIterator(reading));
  const std::string_view first = std::max(begin, kFirstKey);
  Page page;
  std::size_t bytes = 0;
  for (entry->Seek(rocksdb::Slice(first.data(), first.size())); entry->Valid(); entry->Next()) {
    if (page.entries.size() == std::min(limit, kMaxPage) || bytes >= kPageBytes) {
      page.next = page.entries.back().key + '\0';
      break;
    }
    page.entries.push_back({entry->key().ToString(), keys_only ? "" : entry->value().ToString()});
    bytes += entry->key().size() + page.entries.back().value.size();
  }
  if (!entry->status().ok()) return ErrorOf("read", entry->status());
  return page;
}

Result<void> RocksDatabase::Commit(const Batch& batch) {
  rocksdb::WriteBatch writes;
  rocksdb::Status status;
  for (const Write& write : batch.writes) {
    status = write.value ? writes.Put(write.key, *write.value) : writes.Delete(write.key);
    if (!status.ok()) return ErrorOf("write", status);
  }
  const std::string number = Record("commit").Add("number", last_commit_ + 1).Encode();
  status = writes.Put(kCommitKey, number);
  if (!status.ok()) return ErrorOf("write", status);
  rocksdb::WriteOptions options;
  options.sync = batch.durability == Durability::kSynced;
  status = db_->Write(options, &writes);
  if (!status.ok()) return ErrorOf("write", status);
  ++last_commit_;
  return {};
}

Result<void> RocksDatabase::Flush() {
  const rocksdb::Status status = db_->Flush(rocksdb::FlushOptions());
  if (!status.ok()) return ErrorOf("write", status);
  return {};
}

Result<void> RocksDatabase::CopyTo(const fs::path& copy) {
  rocksdb::Checkpoint* made = nullptr;
  const rocksdb::Status ready = rocksdb::Checkpoint::Create(db_.get(), &made);
  const std::unique_ptr<rocksdb::Checkpoint> checkpoint(made);
  if (!ready.ok()) return ErrorOf("copy", ready);
  const rocksdb::Status copied = checkpoint->CreateCheckpoint(copy.string());
  if (!copied.ok()) return RocksError("copy", copied, copy.string());
  return {};
}

Result<void> RocksDatabase::VerifyChecksums() {
  const rocksdb::Status status = db_->VerifyChecksum(Reading());
  if (!status.ok()) return ErrorOf("read", status);
  return {};
}

Result<Sealed> RocksDatabase::ToSeal() {
  manifest_ = TRY(SealedManifest(directory_, manifest_));
  Sealed sealed = manifest_;
  sealed.commit = last_commit_;
  return sealed;
}

}  // namespace mig
