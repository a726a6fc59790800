// What commands look at: the revisions of a work tree, or of a ref, read once and kept while they
// are looked at.
//
// A work tree is known by the SHA-256 of its listing, so a client whose files did not change sends
// that alone. The contents of files are kept as long as a view that is kept has them; nothing of a
// view is stored before a target or a ref needs it. Thread-safe.
#pragma once

#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "daemon/catalog.h"
#include "store/core/result.h"
#include "store/graph_index.h"
#include "store/objects.h"
#include "store/refs.h"

namespace mig {

struct ViewName {
  std::string project;
  std::string work_tree;  // digest of the listing; empty: `ref` counts
  std::string ref;
};

struct View {
  ViewName name;
  Catalog catalog;
  std::vector<std::string> warnings;  // one sentence each
};
using ViewPtr = std::shared_ptr<const View>;

// What is probably unfinished in a revision's file, in one sentence.
std::optional<std::string> WarningOf(const LinkedRevision& revision);

struct ListedFile {
  std::string path;    // relative to the work tree
  std::string sha256;  // of the bytes, 64 hex digits
};

// SHA-256, in hex, over `<path>\0<sha256>\n` of each file, by path.
std::string DigestOf(const std::vector<ListedFile>& listing);

class Views {
 public:
  // All of them outlive it.
  Views(Objects& objects, Refs& refs, GraphIndex& index)
      : objects_(objects), refs_(refs), index_(index) {}

  struct Opened {
    ViewPtr view;                      // null while something is missing
    std::vector<std::string> missing;  // sha256 of contents to be added
  };
  // Errors: everything wrong with the files (store/core/revision_file.h, daemon/plan/link.h);
  // kInvalidArgument for a listing with a path that leads out of the work tree, or twice;
  // kNameInvalid for what is no project's name. What `caller` did not send itself and no view of
  // the project has is missing: a hash alone gives nobody another project's file.
  Result<Opened> Open(const std::string& project, const std::vector<ListedFile>& listing,
                      const std::string& caller);

  // Keeps bytes until `caller`, in the words of Describe (daemon/identity.h), opens a view with
  // them, or others need the room. Errors: kHashMismatch.
  Result<void> AddContents(const std::string& caller, const std::string& sha256, std::string bytes);

  // Errors: kViewUnknown for a work tree that is not kept (any more); kNoSuchRef.
  Result<ViewPtr> Find(const ViewName& name);

  // What a ref that is at `heads` reaches. Errors: kNoSuchObject.
  Result<ViewPtr> OfHeads(const ViewName& name, const std::vector<Id>& heads);

 private:
  using Contents = std::shared_ptr<const std::string>;
  struct Kept {
    std::string key;
    ViewPtr view;
    std::vector<Contents> contents;
    std::size_t bytes;  // of the contents
  };

  Result<ViewPtr> Build(const std::string& project, const std::string& digest,
                        const std::vector<ListedFile>& listing,
                        const std::vector<Contents>& contents);
  // Null where they are not known to that project or caller; mutex_ is held.
  Contents Known(const std::string& whom, const std::string& sha256) const;
  void ForgetUploaded(const std::vector<Contents>& contents);  // mutex_ is held
  void Keep(Kept kept);                                        // the same
  Result<ViewPtr> OfRef(const ViewName& name);
  // Adds what `revisions` follow and has no file, from the store. `stand_for` has those that were
  // asked for by name.
  Result<void> AddStoredAncestors(const std::unordered_map<Id, std::size_t>& stand_for,
                                  std::vector<RevisionPtr>& revisions);

  Objects& objects_;
  Refs& refs_;
  GraphIndex& index_;
  std::mutex mutex_;
  std::list<Kept> kept_;  // the latest used first
  std::size_t kept_bytes_ = 0;
  // By the project that has them, or the caller that sent them (no project's name has a space, and
  // each caller's has one), and by sha256.
  std::map<std::pair<std::string, std::string>, std::weak_ptr<const std::string>> known_;
  std::list<Contents> uploaded_;  // the latest first
  std::size_t uploaded_bytes_ = 0;
};

}  // namespace mig
