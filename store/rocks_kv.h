// The key-value seam over RocksDB, in one directory that one process uses at a time.
//
// The directory holds FORMAT (the store's format version), LOCK.migd (locked for as long as the
// store is open; it names the process), SEAL (store/seal.h) and db/ (RocksDB's own files).
//
// A synced commit is acknowledged after RocksDB synced its log and SEAL recorded its number: an
// acknowledged commit that is missing when the store is opened is reported, never passed over
// (docs/adr/0003-seal.md). Every block read is checked. After a failed write nothing more is
// written until the database could be closed and opened again, which the next commit tries. Below a
// floor of free space commits are refused before they touch the disk.
//
// Thread-safe; commits take turns.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>

#include "store/kv.h"

namespace mig {

struct RocksOptions {
  // Commits are refused (kStoreFull) when the disk has less free space, so that there is always
  // room to open the store.
  std::uint64_t free_floor = std::uint64_t{32} << 20;
  // The log is turned into a table when this much was committed to it. Bounds memory and the time
  // to open.
  std::size_t flush_bytes = std::size_t{4} << 20;
};

class RocksKv : public Kv {
 public:
  // Opens the store in `directory`, or makes one where there is none.
  // Errors: kStoreLocked naming the directory and the process that has it; kStoreFormat for a store
  // of another version, which stays unchanged; kCorruption naming the file hit; kStoreFull;
  // kStoreUnavailable.
  static Result<std::unique_ptr<RocksKv>> Open(const std::filesystem::path& directory,
                                               const RocksOptions& options = {});

  ~RocksKv() override;

  Result<std::vector<std::optional<std::string>>> Get(
      const std::vector<std::string>& keys) override;
  Result<Page> Scan(std::string_view begin, std::string_view end, std::size_t limit,
                    bool keys_only) override;
  Result<Outcome> Commit(const Batch& batch) override;

  // Makes `copy`, where nothing is, a store of its own with everything committed. Commits wait
  // meanwhile. Errors: kStoreFull and kStoreUnavailable naming what could not be written; then
  // `copy` is no store.
  Result<void> CopyTo(const std::filesystem::path& copy);

  // Reads every block of every table and compares its checksum. Errors: kCorruption naming the file
  // hit.
  Result<void> VerifyChecksums();

 private:
  class State;  // the open directory
  explicit RocksKv(std::unique_ptr<State> state);

  std::unique_ptr<State> state_;
};

}  // namespace mig
