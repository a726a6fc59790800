// A project as one file: its revisions, its refs and their logs (docs/formats.md).
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/object_exchange.h"
#include "store/core/result.h"
#include "store/core/sha256_stream.h"
#include "store/kv.h"
#include "store/objects.h"
#include "store/refs.h"

namespace mig {

// Writes the project's file piece by piece. `write` answers false when nobody takes it any more:
// kCancelled. Errors: kCorruption when something that the project has is not stored, or damaged.
Result<void> ExportProject(Kv& kv, const std::string& project,
                           const std::function<bool(std::string)>& write);

struct ImportedProject {
  std::string project;
  std::size_t objects = 0;
  std::vector<std::string> moved;     // refs
  std::vector<std::string> diverged;  // those whose log here is another one; left alone
};

// Takes in such a file, piece by piece. Revisions are stored as they come; refs move at the end,
// when the whole file was found to be what was written. Both may be repeated.
//
// Not thread-safe.
class ProjectImporter {
 public:
  // `may_write` says whether the caller may write to the project, when its name has come. `objects`
  // and `refs` outlive this.
  ProjectImporter(Objects& objects, Refs& refs,
                  std::function<Result<void>(const std::string&)> may_write)
      : objects_(objects), refs_(refs), may_write_(std::move(may_write)) {}

  // Errors: kFileInvalid for what is no such file; of `may_write`; those of ObjectReceiver.
  Result<void> Feed(std::string_view piece);

  // Errors: kFileInvalid when the file is not whole, or its refs lead to what neither it nor the
  // project has; those of Refs.
  Result<ImportedProject> Finish();

 private:
  struct RefLog {
    std::string name;
    std::vector<RefMove> moves;
  };

  Result<void> TakeField(std::string_view name, std::string_view value);
  Result<void> TakeProject(std::string_view name);
  Result<void> TakeObject(std::string_view text);
  Result<void> CheckLedTo();

  Objects& objects_;
  Refs& refs_;
  const std::function<Result<void>(const std::string&)> may_write_;
  std::string buffer_;  // what is no whole field yet
  Sha256Stream hash_;   // of all before the field `hash`
  bool started_ = false;
  bool whole_ = false;
  std::string collection_;
  std::optional<ObjectReceiver> receiver_;
  std::vector<RefLog> logs_;
  ImportedProject imported_;
};

}  // namespace mig
