// What a work tree's files had been when they were last hashed, so that a command whose files did
// not change neither reads nor hashes them: Git's stat cache.
//
// An entry counts for a file whose stamp is the one it was hashed with, but not where the file was
// changed at or after the time the index was begun (Git calls that racy): a second change within
// the same tick of the file system's clock would leave the same stamp behind. That time is the
// file system's own, taken before the first file was hashed.
//
// A cache: damaged, missing or of another format it is empty, and the next command writes it anew.
#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "store/core/result.h"

namespace mig {

// What changes whenever a file does. Times are in nanoseconds since 1970.
struct FileStamp {
  std::int64_t modified = 0;
  std::int64_t changed = 0;  // st_ctime: also moves when somebody sets the time of modification
  std::int64_t size = 0;
  std::uint64_t inode = 0;

  static FileStamp Of(const struct stat& status);
  friend bool operator==(const FileStamp&, const FileStamp&) = default;
};

struct IndexedFile {
  std::string path;  // as WorkTreeFile
  FileStamp stamp;
  std::string sha256;
};

struct WorkTreeIndex {
  std::int64_t begun = 0;          // nanoseconds since 1970
  std::string digest;              // of the whole listing, as WorkTree
  std::vector<IndexedFile> files;  // sorted by path

  bool Covers(const IndexedFile& file, const FileStamp& now) const;
};

// The text of an index (docs/formats.md), and back: nullopt for anything else.
std::string EncodeIndex(const WorkTreeIndex& index);
std::optional<WorkTreeIndex> DecodeIndex(std::string_view text);

// The index file of a work tree, `.mig/index`.
class WorkTreeIndexFile {
 public:
  explicit WorkTreeIndexFile(std::string work_tree) : work_tree_(std::move(work_tree)) {}
  // Takes back what was begun and not written.
  ~WorkTreeIndexFile();
  WorkTreeIndexFile(const WorkTreeIndexFile&) = delete;

  // Empty where there is none that can be read.
  WorkTreeIndex Read() const;

  // Begins a new index: the time to be put into it, before the first file is hashed. nullopt where
  // nothing can be written: a read-only work tree goes without an index.
  std::optional<std::int64_t> Begin();

  // Puts the new index in place of the old one, whole or not at all. Does nothing when it was not
  // begun; a failure leaves the old one.
  void Write(const WorkTreeIndex& index);

 private:
  const std::string work_tree_;
  std::string temporary_;  // empty: not begun
  int descriptor_ = -1;
};

}  // namespace mig
