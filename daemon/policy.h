// What has to hold before a run may change a target: the policies of mig.toml and migd.toml
// (docs/policies.md).
#pragma once

#include <chrono>
#include <memory>
#include <string>

namespace mig {

struct TargetSpec;

// How long a backup may take where nothing else is said: a terabyte by a fast dump.
inline constexpr std::chrono::milliseconds kBackupTime{std::chrono::hours(4)};

struct TargetPolicy {
  bool is_protected = false;     // destruction has to be consented to by name
  std::string backup;            // BackupOrder::method; empty: none
  std::string backup_directory;  // absolute
  std::chrono::milliseconds backup_time = kBackupTime;
  // Whatever is applied here has to be applied there before. Null: nothing has to.
  std::shared_ptr<const TargetSpec> applied_before;
};

}  // namespace mig
