// A project as one file: its revisions, its refs and their logs (docs/formats.md).
//
// What is noted of other daemons' refs is no part of it.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/object_exchange.h"
#include "daemon/shared_refs.h"
#include "store/core/result.h"
#include "store/core/sha256_stream.h"
#include "store/kv.h"
#include "store/objects.h"

namespace mig {

// Writes the project's file piece by piece. `write` answers false when nobody takes it any more:
// kCancelled. Errors: kCorruption when something that the project has is not stored, or damaged.
Result<void> ExportProject(Kv& kv, const std::string& project,
                           const std::function<bool(std::string)>& write);

struct ImportedProject {
  std::string project;
  std::size_t objects = 0;
  ImportedRefs refs;
};

// Who imports.
struct Importer {
  Caller caller;
  bool with_logs = false;  // see SharedRefs::Import
};

// Takes in such a file, piece by piece. Revisions are stored as they come; refs move at the end,
// when the whole file was found to be what was written. Both may be repeated.
//
// Not thread-safe.
class ProjectImporter {
 public:
  // Whom an import of the project is by, or why not; asked when its name has come.
  using Admit = std::function<Result<Importer>(const std::string& project)>;

  // `objects` and `refs` outlive this.
  ProjectImporter(Objects& objects, SharedRefs& refs, Admit admit)
      : objects_(objects), refs_(refs), admit_(std::move(admit)) {}

  // Errors: kFileInvalid for what is no such file; of `admit`; those of ObjectReceiver.
  Result<void> Feed(std::string_view piece);

  // Errors: kFileInvalid when the file is not whole; those of SharedRefs::Import.
  Result<ImportedProject> Finish();

 private:
  Result<void> TakeField(std::string_view name, std::string_view value);
  Result<void> TakeProject(std::string_view name);
  Result<void> TakeObject(std::string_view text);
  Result<void> CheckLedTo();

  Objects& objects_;
  SharedRefs& refs_;
  const Admit admit_;
  std::string buffer_;  // what is no whole field yet
  Sha256Stream hash_;   // of all before the field `hash`
  bool started_ = false;
  bool whole_ = false;
  std::optional<ObjectReceiver> receiver_;
  std::vector<RefLog> logs_;
  Importer importer_;
  ImportedProject imported_;
};

}  // namespace mig
