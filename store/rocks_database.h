// One open RocksDB with the store's options: what rocks_kv.cc opens, and opens again after a failed
// write.
//
// Each commit writes, in the same batch, its number under a key of its own; so the number read
// after opening says which commits the database really has. Tables are written by the committing
// thread, never in its back: at most one log has data that no table has, so a damaged log cannot
// leave a hole between two commits that are both there.
//
// Reads are thread-safe; Commit and Flush are for one thread at a time.
#pragma once

#include <rocksdb/db.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "store/core/result.h"
#include "store/kv.h"
#include "store/rocks_logger.h"
#include "store/seal.h"

namespace mig {

class RocksDatabase {
 public:
  enum class Mode { kCreate, kExisting, kReadOnly };

  // Checks CURRENT and MANIFEST against `sealed` before RocksDB reads them, and the commits found
  // afterwards. Errors: kCorruption naming the file hit, kStoreFull, kStoreUnavailable.
  static Result<std::unique_ptr<RocksDatabase>> Open(const std::filesystem::path& directory,
                                                     Mode mode, const Sealed& sealed);

  // The number of the last commit it has; 0: none.
  std::uint64_t last_commit() const { return last_commit_; }
  bool read_only() const { return mode_ == Mode::kReadOnly; }

  Result<std::vector<std::optional<std::string>>> Get(const std::vector<std::string>& keys);
  Result<Page> Scan(std::string_view begin, std::string_view end, std::size_t limit,
                    bool keys_only);

  // Writes the batch, conditions apart, as commit last_commit() + 1. After an error it may be there
  // or not, and nothing more may be written: close and open.
  Result<void> Commit(const Batch& batch);

  // Turns the log into a table and starts a new log. After an error: as Commit.
  Result<void> Flush();

  // Makes `copy` a database with everything committed, its log turned into a table first. Tables
  // are hard links where `copy` is on the same file system. After an error: as Commit.
  Result<void> CopyTo(const std::filesystem::path& copy);

  Result<void> VerifyChecksums();

  // What a seal of the present state says. Syncs what it covers.
  Result<Sealed> ToSeal();

 private:
  RocksDatabase(std::filesystem::path directory, Mode mode);

  rocksdb::Options OptionsOf() const;
  Result<void> OpenFiles();
  Result<void> ReadLastCommit();
  Error ErrorOf(std::string_view what, const rocksdb::Status& status) const;

  const std::filesystem::path directory_;
  const Mode mode_;
  std::shared_ptr<RocksLogger> logger_;
  std::unique_ptr<rocksdb::DB> db_;
  std::uint64_t last_commit_ = 0;
  Sealed manifest_;  // as last hashed; its commit is not used
};

}  // namespace mig
