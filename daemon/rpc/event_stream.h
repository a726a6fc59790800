// Streams a log of events to one watcher, from any point and for as long as the log grows.
//
// The stream owns itself until gRPC is done with it. The log holds only a weak_ptr to its Waker and
// never waits for a watcher: it wakes, and the stream reads from the last sequence it sent. One
// write is in flight at a time, so a slow watcher holds kMaxEventsPerRead events and not the log.
#pragma once

#include <grpcpp/support/server_callback.h>

#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "daemon/limits.h"
#include "daemon/rpc/status.h"
#include "store/core/result.h"

namespace mig {

// Who wants to know that a log has grown or ended.
class Waker {
 public:
  virtual ~Waker() = default;

  // From any thread; spurious wakes are allowed. The caller holds no lock that
  // EventSource::ReadAfter takes.
  virtual void Wake() = 0;
};

// Where the events come from: an adapter from a log to the messages of one call.
template <typename Response>
class EventSource {
 public:
  struct Batch {
    std::vector<Response> events;
    std::int64_t last_sequence = 0;  // of the last of `events`; ignored when there are none
    bool ended = false;              // no event will follow these
  };

  virtual ~EventSource() = default;

  // The events after `sequence`, at most `max`, at once: an empty batch that has not ended means
  // "not yet". An error ends the stream with it.
  virtual Result<Batch> ReadAfter(std::int64_t sequence, std::size_t max) = 0;

  // Wakes `waker`, while it lives, after each change from now on. Called once, before the first
  // ReadAfter.
  virtual void Subscribe(std::weak_ptr<Waker> waker) = 0;
};

template <typename Response>
class EventStream final : public grpc::ServerWriteReactor<Response>,
                          public Waker,
                          public std::enable_shared_from_this<EventStream<Response>> {
 public:
  // What a handler returns: events after the sequence `after`, until the source ends.
  static grpc::ServerWriteReactor<Response>* Start(std::unique_ptr<EventSource<Response>> source,
                                                   std::int64_t after) {
    auto stream = std::make_shared<EventStream>(Key{}, std::move(source), after);
    stream->self_ = stream;
    stream->source_->Subscribe(std::weak_ptr<Waker>(stream));
    stream->Pump();
    return stream.get();
  }

  // What a handler returns when there is nothing to follow.
  static grpc::ServerWriteReactor<Response>* Fail(const Error& error) {
    class Failed final : public grpc::ServerWriteReactor<Response> {
      void OnDone() override { delete this; }
    };
    auto* failed = new Failed;
    failed->Finish(ToStatus(error));
    return failed;
  }

 private:
  struct Key {};

 public:
  EventStream(Key, std::unique_ptr<EventSource<Response>> source, std::int64_t after)
      : source_(std::move(source)), sequence_(after) {}

  void Wake() override { Pump(); }

 private:
  void OnWriteDone(bool ok) override {
    {
      std::lock_guard lock(mutex_);
      writing_ = false;
      queue_.pop_front();
      cancelled_ = cancelled_ || !ok;
    }
    Pump();
  }

  void OnCancel() override {
    {
      std::lock_guard lock(mutex_);
      cancelled_ = true;
    }
    Pump();
  }

  void OnDone() override { self_.reset(); }

  // Starts the next write or finishes, if it is time. What to do is decided under the lock and done
  // without it: only one thread can have decided, because a write in flight and a finished stream
  // stop all others.
  void Pump() {
    const auto keep = this->shared_from_this();
    std::unique_lock lock(mutex_);
    if (writing_ || finished_) return;
    if (queue_.empty() && !cancelled_ && !ended_) Refill();
    if (!cancelled_ && !queue_.empty()) {
      writing_ = true;
      const Response* next = &queue_.front();
      lock.unlock();
      return this->StartWrite(next);
    }
    if (!cancelled_ && !ended_) return;
    finished_ = true;
    const grpc::Status status = cancelled_ ? grpc::Status::CANCELLED : end_;
    lock.unlock();
    this->Finish(status);
  }

  void Refill() {
    auto batch = source_->ReadAfter(sequence_, kMaxEventsPerRead);
    if (!batch.has_value()) {
      ended_ = true;
      end_ = ToStatus(batch.error());
      return;
    }
    ended_ = batch->ended;
    if (batch->events.empty()) return;
    sequence_ = batch->last_sequence;
    for (Response& event : batch->events) queue_.push_back(std::move(event));
  }

  const std::unique_ptr<EventSource<Response>> source_;
  std::shared_ptr<EventStream> self_;  // until OnDone
  std::mutex mutex_;
  std::int64_t sequence_;       // of the last event that was queued
  std::deque<Response> queue_;  // its front is being written while writing_
  bool writing_ = false;
  bool cancelled_ = false;
  bool ended_ = false;
  bool finished_ = false;
  grpc::Status end_ = grpc::Status::OK;
};

}  // namespace mig
