// The graph index: the shape of every history that refs lead to, in memory, so that a question
// about a million revisions reads none of their texts.
//
// It grows when it is asked about heads that it does not know: their revisions are read from the
// store, down to what it knows, and added. So nobody has to tell it of a push, and a revision that
// nothing leads to any more does no harm. What is known is appended to a file beside the store, a
// cache: a part of it that does not check is cut off and learned again (docs/formats.md).
//
// Thread-safe. A call that has to learn keeps others that ask waiting.
#pragma once

#include <filesystem>
#include <list>
#include <memory>
#include <mutex>
#include <vector>

#include "store/core/graph.h"
#include "store/core/id.h"
#include "store/core/result.h"
#include "store/graph_file.h"
#include "store/objects.h"

namespace mig {

class GraphIndex {
 public:
  // `objects` outlives it. The file is read when the first question comes; an empty path: there is
  // none, and the index lives as long as this.
  GraphIndex(Objects& objects, std::filesystem::path file)
      : objects_(objects), path_(std::move(file)) {}

  // The history that ends in `heads`. Errors: kNoSuchObject naming a head, or what a revision
  // follows; kCorruption of an object. A file that cannot be written is no error: the next process
  // learns again.
  Result<Graph> Reaching(const std::vector<Id>& heads);

  // All that is known.
  Graph all();

 private:
  // Questions asked of one state of the index are few: each ref's heads.
  static constexpr std::size_t kMostKept = 16;
  struct Kept {
    std::vector<Id> heads;
    Graph graph;
  };

  // mutex_ is held in all of these.
  void Load();
  Result<void> Learn(const std::vector<Id>& heads);

  Objects& objects_;
  const std::filesystem::path path_;
  std::mutex mutex_;
  bool loaded_ = false;
  Graph graph_;
  std::unique_ptr<GraphFile> file_;  // null: none, or it cannot be written
  std::list<Kept> kept_;             // of graph_; the latest used first
};

}  // namespace mig
