// The file of the graph index: one record for each revision, appended, each with a checksum.
//
// docs/formats.md specifies it. It is a cache and never synced: what does not check, to the end, is
// cut off on opening.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>

#include "store/core/node_table.h"
#include "store/core/result.h"
#include "store/durable_file.h"

namespace mig {

// Where it is, beside the store in `store_directory`.
inline std::filesystem::path GraphFileOf(const std::filesystem::path& store_directory) {
  return store_directory / "graph";
}

class GraphFile {
 public:
  // Opens the file, or makes it, and reads what checks into `nodes`. REQUIRES: `nodes` is empty.
  // Errors: those of DurableFile.
  static Result<std::unique_ptr<GraphFile>> Open(const std::filesystem::path& path,
                                                 NodeTable& nodes);

  // Appends the records of `nodes` from position `first` on. After an error the file is as it was,
  // or torn. Errors: those of DurableFile.
  Result<void> Append(const NodeTable& nodes, Position first);

 private:
  explicit GraphFile(DurableFile file) : file_(std::move(file)) {}

  Result<void> Read(NodeTable& nodes);

  DurableFile file_;
  std::uint64_t size_ = 0;
};

}  // namespace mig
