// RocksDB's log, reduced to what an error report needs: the file that was last complained about.
//
// A logger of ours is set always: without one RocksDB opens a LOG file, and where that fails (a
// full disk) Debian's build, which has assertions on, ends the process.
#pragma once

#include <rocksdb/env.h>

#include <mutex>
#include <string>

namespace mig {

class RocksLogger : public rocksdb::Logger {
 public:
  // `directory` is RocksDB's, whose files are looked for in warnings.
  explicit RocksLogger(std::string directory);

  using rocksdb::Logger::Logv;
  void Logv(const char* format, va_list arguments) override;

  // The path of the file last named in a warning; the directory when there is none. Thread-safe.
  std::string FileHit() const;

 private:
  const std::string directory_;
  mutable std::mutex mutex_;
  std::string file_hit_;
};

}  // namespace mig
