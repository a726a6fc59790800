// Streams a log of events to one watcher, from any point and for as long as the log grows.
//
// The stream owns itself until gRPC is done with it. The log holds only a weak_ptr to its Waker and
// never waits for a watcher: it wakes, and the stream reads from the last sequence it sent. One
// write is in flight at a time, so a slow watcher holds kMaxEventsPerRead events and not the log.
// A message costs both sides as much as a small statement does, so a log that grows fast is sent in
// bursts: the first event at once, then what came within kEventPause, and the end again at once.
// Nor does who is behind by more than a message wait for the next.
#pragma once

#include <grpcpp/alarm.h>
#include <grpcpp/support/server_callback.h>

#include <chrono>
#include <cstdint>
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

  // From any thread; spurious wakes are allowed. `ended`: nothing more will come. The caller holds
  // no lock that EventSource::ReadAfter takes.
  virtual void Wake(bool ended) = 0;
};

// Where the events come from: an adapter from a log to the messages of one call.
template <typename Response>
class EventSource {
 public:
  struct Batch {
    Response message;
    std::int64_t last_sequence = 0;  // of the last event of `message`; as asked when it has none
    bool ended = false;              // no event will follow these
  };

  virtual ~EventSource() = default;

  // The events after `sequence`, at most `max`, in one message and at once: an empty batch that has
  // not ended means "not yet". An error ends the stream with it.
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
  // What a handler returns: events after the sequence `after`, until the source ends. `pause`: how
  // long they gather at least between two messages.
  static grpc::ServerWriteReactor<Response>* Start(std::unique_ptr<EventSource<Response>> source,
                                                   std::int64_t after,
                                                   std::chrono::milliseconds pause = kEventPause) {
    auto stream = std::make_shared<EventStream>(Key{}, std::move(source), after, pause);
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
  EventStream(Key, std::unique_ptr<EventSource<Response>> source, std::int64_t after,
              std::chrono::milliseconds pause)
      : source_(std::move(source)), pause_(pause), sequence_(after) {}

  void Wake(bool ended) override {
    {
      std::lock_guard lock(mutex_);
      urgent_ = urgent_ || ended;
    }
    Pump();
  }

 private:
  void OnWriteDone(bool ok) override {
    {
      std::lock_guard lock(mutex_);
      writing_ = false;
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

  // Starts the next write, pauses, or finishes, if it is time. What to do is decided under the lock
  // and done without it: only one thread can have decided, because a write in flight, a pause and a
  // finished stream stop all others.
  void Pump() {
    const auto keep = this->shared_from_this();
    std::unique_lock lock(mutex_);
    if (writing_ || finished_) return;
    if (!cancelled_ && !ended_) {
      const auto now = std::chrono::steady_clock::now();
      if (!urgent_ && now < pause_end_) return Pause(std::move(lock));
      pause_end_ = now + pause_;
      if (Read()) {
        writing_ = true;
        lock.unlock();
        return this->StartWrite(&message_);
      }
      if (!ended_) return;
    }
    finished_ = true;
    const grpc::Status status = cancelled_ ? grpc::Status::CANCELLED : end_;
    lock.unlock();
    this->Finish(status);
  }

  void Pause(std::unique_lock<std::mutex> lock) {
    if (std::exchange(pausing_, true)) return;
    const auto left = pause_end_ - std::chrono::steady_clock::now();
    lock.unlock();
    const auto end =
        std::chrono::system_clock::now() + std::chrono::ceil<std::chrono::milliseconds>(left);
    alarm_.Set(end, [weak = this->weak_from_this()](bool) {
      const auto stream = weak.lock();
      if (stream == nullptr) return;
      {
        std::lock_guard ended(stream->mutex_);
        stream->pausing_ = false;
      }
      stream->Pump();
    });
  }

  // Whether there is something to be written.
  bool Read() {
    auto batch = source_->ReadAfter(sequence_, kMaxEventsPerRead);
    if (!batch.has_value()) {
      ended_ = true;
      end_ = ToStatus(batch.error());
      return false;
    }
    ended_ = batch->ended;
    if (batch->last_sequence == sequence_) return false;
    const bool full =
        batch->last_sequence - sequence_ >= static_cast<std::int64_t>(kMaxEventsPerRead);
    if (full) pause_end_ = {};
    sequence_ = batch->last_sequence;
    message_ = std::move(batch->message);
    return true;
  }

  const std::unique_ptr<EventSource<Response>> source_;
  const std::chrono::milliseconds pause_;
  std::shared_ptr<EventStream> self_;  // until OnDone
  std::mutex mutex_;
  std::int64_t sequence_;  // of the last event that was read
  Response message_;       // being written while writing_
  bool writing_ = false;
  bool urgent_ = false;   // the log has ended: no pauses any more
  bool pausing_ = false;  // alarm_ is set
  std::chrono::steady_clock::time_point pause_end_;
  grpc::Alarm alarm_;
  bool cancelled_ = false;
  bool ended_ = false;
  bool finished_ = false;
  grpc::Status end_ = grpc::Status::OK;
};

}  // namespace mig
