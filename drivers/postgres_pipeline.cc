#include "drivers/postgres_pipeline.h"

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "drivers/postgres_errors.h"

namespace mig {
namespace {

constexpr std::size_t kBurst = 16;  // commands in one write, while they are small

// One message of a pipeline, which gets one answer.
struct Message {
  PostgresArguments arguments;
  PostgresPrepared::Statement* kept = nullptr;  // what it prepares or runs; null: its own SQL
  bool prepares = false;
  std::optional<std::size_t> command = {};  // which one of the caller's; none: the session's own

  bool Send(PGconn* connection) const {
    if (kept == nullptr) return arguments.Send(connection);
    return prepares ? arguments.SendPrepare(connection, kept->name)
                    : arguments.SendPrepared(connection, kept->name);
  }
};

// The bookkeeping of one pipeline: what was sent, what was answered, what went wrong.
class Pipeline {
 public:
  Pipeline(PostgresConnection& connection, std::span<const Message> messages,
           PostgresPrepared& prepared, const Session::CommandDone& done)
      : connection_(connection), messages_(messages), prepared_(prepared), done_(done) {}

  Result<void> Run() {
    while (!synchronised_) {
      if (!SendMore() || !ReadReady()) return Lost();
      if (!synchronised_ && !connection_.Wait(unflushed_)) return Lost();
    }
    if (error_) return *std::move(error_);
    if (sent_ < messages_.size()) return Located({Reason::kCancelled, "interrupted"});
    return {};
  }

 private:
  // Sends until the socket takes no more, or all is sent. A failure ends the sending: the server
  // skips what it has. So does a cancellation, which the server may have missed.
  bool SendMore() {
    while (Flush() && !unflushed_ && !sync_sent_) {
      for (std::size_t burst = 0; burst < kBurst && !sync_sent_; ++burst) {
        if (!SendNext()) return false;
      }
    }
    return PQstatus(connection_.get()) == CONNECTION_OK;
  }

  bool SendNext() {
    if (sent_ == messages_.size() || error_ || connection_.cancelled()) {
      sync_sent_ = true;
      return PQpipelineSync(connection_.get()) == 1;
    }
    const Message& message = messages_[sent_++];
    if (!message.Send(connection_.get())) return false;
    if (message.prepares || !message.arguments.prompt()) return true;
    return PQsendFlushRequest(connection_.get()) == 1;
  }

  bool Flush() {
    int left = PQflush(connection_.get());
    unflushed_ = left == 1;
    return left >= 0;
  }

  // Takes every result that is there without waiting. A command's results end with a null one.
  bool ReadReady() {
    while (!synchronised_ && (answered_ < sent_ || sync_sent_) && !PQisBusy(connection_.get())) {
      PostgresResult result(PQgetResult(connection_.get()));
      if (result == nullptr) {
        if (PQstatus(connection_.get()) != CONNECTION_OK) return false;
        if (answered_ >= sent_) return true;
        ++answered_;
      } else if (!Take(result.get())) {
        return false;
      }
    }
    return true;
  }

  // False for what pipeline mode cannot go on from: a COPY.
  bool Take(const PGresult* result) {
    switch (PQresultStatus(result)) {
      case PGRES_PIPELINE_SYNC:
        synchronised_ = true;
        return true;
      case PGRES_FATAL_ERROR:
        if (!error_) error_ = Located(PostgresError(result, connection_.cancelled()));
        return true;
      case PGRES_PIPELINE_ABORTED:
        return true;
      case PGRES_COPY_IN:
      case PGRES_COPY_OUT:
      case PGRES_COPY_BOTH:
        return false;
      default:
        Succeeded(messages_[answered_], result);
        return true;
    }
  }

  void Succeeded(const Message& message, const PGresult* result) {
    if (message.kept == nullptr) prepared_.Saw(PQcmdStatus(const_cast<PGresult*>(result)));
    if (message.prepares) {
      message.kept->there = true;
    } else if (message.command && done_) {
      done_(*message.command, ReadPostgresResult(result));
    }
  }

  // Says which command it is that has no answer.
  Error Located(Error error) const {
    if (answered_ == messages_.size()) return error;
    const auto& command = messages_[answered_].command;
    if (command) error.details["command_index"] = std::to_string(*command);
    return error;
  }

  // The server's own farewell says more than the broken connection.
  Error Lost() {
    if (error_ && error_->reason == Reason::kDatabaseUnreachable) return *std::move(error_);
    return Located(PostgresConnectionLost(connection_.get()));
  }

  PostgresConnection& connection_;
  std::span<const Message> messages_;
  PostgresPrepared& prepared_;
  const Session::CommandDone& done_;
  std::size_t sent_ = 0;
  std::size_t answered_ = 0;
  bool unflushed_ = false;
  bool sync_sent_ = false;
  bool synchronised_ = false;
  std::optional<Error> error_;
};

// Appends; an error says which of `commands` it is. `preparing`: what is prepared by messages
// before, once for all that recurs among them.
Result<void> AddMessages(std::span<const SqlCommand> commands, PostgresPrepared& prepared,
                         std::set<const PostgresPrepared::Statement*>& preparing,
                         std::vector<Message>& messages) {
  for (std::size_t index = 0; index < commands.size(); ++index) {
    PostgresPrepared::Statement* kept = prepared.For(commands[index]);
    for (const bool prepares : {true, false}) {
      if (prepares && (kept == nullptr || kept->there || !preparing.insert(kept).second)) continue;
      auto arguments = PostgresArguments::Of(commands[index]);
      if (!arguments) {
        arguments.error().details["command_index"] = std::to_string(index);
        return std::move(arguments).error();
      }
      messages.push_back({*std::move(arguments), kept, prepares, index});
    }
  }
  return {};
}

}  // namespace

Result<void> RunPostgresPipeline(PostgresConnection& connection, std::span<const SqlCommand> first,
                                 std::span<const SqlCommand> commands, PostgresPrepared& prepared,
                                 const Session::CommandDone& done) {
  std::vector<Message> messages;
  std::set<const PostgresPrepared::Statement*> preparing;
  TRY(AddMessages(first, prepared, preparing, messages));
  for (Message& message : messages) message.command.reset();
  TRY(AddMessages(commands, prepared, preparing, messages));
  if (PQenterPipelineMode(connection.get()) != 1) return PostgresConnectionLost(connection.get());
  PQsetnonblocking(connection.get(), 1);
  Result<void> outcome = Pipeline(connection, messages, prepared, done).Run();
  PQsetnonblocking(connection.get(), 0);
  PQexitPipelineMode(connection.get());
  return outcome;
}

}  // namespace mig
