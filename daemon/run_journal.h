// Runs beyond their daemon: what the runs of this process are and tell is written to the store, and
// what earlier processes wrote is read from there.
//
// One thread writes, so that a run never waits for the store: a run's beginning at once, its events
// every 100 ms, its end with the last of them. A store that takes nothing delays that and stops no
// run; an event larger than the store takes is left out. Runs that the store calls running when a
// daemon starts died with an earlier one, so a store belongs to one daemon at a time.
//
// Thread-safe.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "daemon/runs_in_progress.h"
#include "daemon/world.h"
#include "store/core/result.h"
#include "store/kv.h"
#include "store/runs.h"

namespace mig {

// An event as the store keeps it. The API's own form, which only daemon/rpc knows.
using EventEncoder = std::function<std::string(const Event&)>;

class RunJournal {
 public:
  // Ends, as interrupted, the runs that an earlier daemon left. `kv` and `world` outlive this.
  RunJournal(Kv& kv, const World& world, EventEncoder encode);
  // Writes what is left. The runs have ended.
  ~RunJournal();
  RunJournal(const RunJournal&) = delete;

  // From now on until its log ends, what is known of the run goes to the store: at the latest with
  // the next run, or at the end, where there is no thread to be had now.
  void Follow(RunPtr run);

  // Errors: kNoSuchRun.
  Result<RunSummary> Find(const std::string& id);
  // At most `limit`.
  Result<std::vector<std::string>> IdsWithPrefix(const std::string& prefix, std::size_t limit);
  // Newest first.
  Result<std::vector<RunSummary>> List(const RunFilter& filter, std::size_t limit);
  // Encoded, after `sequence`, at most `limit`.
  Result<std::vector<RunEvent>> Events(const std::string& id, std::int64_t sequence,
                                       std::size_t limit);

 private:
  struct Followed {
    RunPtr run;
    bool begun = false;
    std::int64_t written = 0;  // the last event's sequence
    bool ended = false;
  };

  void EndInterrupted();
  Result<void> EndInterrupted(const std::string& id);
  void Work();
  void WriteAll();
  Result<void> Write(Followed& followed);

  const World& world_;
  const EventEncoder encode_;
  Runs runs_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;
  bool fresh_ = false;  // a run is there that has not begun in the store
  std::vector<std::shared_ptr<Followed>> followed_;
  std::size_t ended_since_retained_ = 0;  // of the writing thread
  std::thread thread_;
};

}  // namespace mig
