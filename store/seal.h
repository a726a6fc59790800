// The seal: the number of the last acknowledged commit, in a file of its own, so that its loss
// shows.
//
// A log whose last record is damaged looks exactly like one whose last record was never finished,
// and a log reader drops both in silence. Only something outside of the log knows that the record
// was acknowledged. RocksDB's MANIFEST is such a log too; so the seal also keeps the hash of what
// was in it.
//
// The file has two slots, each in a sector of its own and with a hash of its own, written in turn:
// a write that is torn by a loss of power spoils one slot and leaves the other. A slot is 64 hex
// digits of SHA-256, a line feed, and the record it is the hash of (store/record.h), padded with
// zero bytes.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "store/core/result.h"
#include "store/durable_file.h"

namespace mig {

struct Sealed {
  std::uint64_t commit = 0;          // every commit up to this one was acknowledged
  std::uint64_t manifest = 0;        // number of the MANIFEST file then; 0: there was none
  std::uint64_t manifest_bytes = 0;  // how much of it was synced
  std::string manifest_hash = {};    // hex SHA-256 of those bytes

  friend bool operator==(const Sealed&, const Sealed&) = default;
};

class Seal {
 public:
  // Errors: kCorruption naming the file when it has no whole slot.
  static Result<Seal> Open(const std::filesystem::path& path);
  // Makes the file, or goes on making it. Nothing was committed.
  static Result<Seal> Create(const std::filesystem::path& path);

  const Sealed& latest() const { return latest_; }

  // Durable on return. After an error the file has either seal.
  Result<void> Write(const Sealed& sealed);

 private:
  explicit Seal(DurableFile file) : file_(std::move(file)) {}

  DurableFile file_;
  Sealed latest_;
  std::uint64_t turn_ = 0;  // of the latest slot
};

}  // namespace mig
