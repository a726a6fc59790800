#include "daemon/rpc/server.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <pwd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <future>
#include <map>
#include <mutex>
#include <thread>

#include "cli/channel.h"
#include "daemon/rpc/admin_service.h"
#include "daemon/rpc/answer.h"
#include "daemon/rpc/event_stream.h"
#include "daemon/rpc/script_stream.h"
#include "mig/v1/admin.grpc.pb.h"
#include "mig/v1/history.grpc.pb.h"
#include "mig/v1/run.grpc.pb.h"
#include "store/core/sha256.h"
#include "tests/scratch_directory.h"

// c-ares, which gRPC resolves host names with, keeps a few bytes a look-up.
extern "C" const char* __lsan_default_suppressions() { return "leak:libcares.so"; }

namespace mig {
namespace {

using v1::RunService;
using v1::WatchRunRequest;
using v1::WatchRunResponse;

// A log of numbered events that grows and ends.
class Numbers {
 public:
  void Grow(std::int64_t count) {
    {
      const std::lock_guard lock(mutex_);
      last_ += count;
    }
    Wake(false);
  }
  void End() {
    {
      const std::lock_guard lock(mutex_);
      ended_ = true;
    }
    Wake(true);
  }
  void Subscribe(std::weak_ptr<Waker> waker) {
    const std::lock_guard lock(mutex_);
    wakers_.push_back(std::move(waker));
  }
  EventSource<WatchRunResponse>::Batch ReadAfter(std::int64_t sequence, std::size_t max) {
    const std::lock_guard lock(mutex_);
    EventSource<WatchRunResponse>::Batch batch;
    for (std::size_t count = 0; sequence < last_ && count < max; ++count)
      batch.message.add_events()->set_sequence(++sequence);
    batch.last_sequence = sequence;
    batch.ended = ended_ && sequence == last_;
    return batch;
  }

 private:
  void Wake(bool ended) {
    std::vector<std::weak_ptr<Waker>> wakers;
    {
      const std::lock_guard lock(mutex_);
      wakers = wakers_;
    }
    for (const auto& weak : wakers) {
      if (const auto waker = weak.lock()) waker->Wake(ended);
    }
  }

  std::mutex mutex_;
  std::vector<std::weak_ptr<Waker>> wakers_;
  std::int64_t last_ = 0;
  bool ended_ = false;
};

class NumberSource final : public EventSource<WatchRunResponse> {
 public:
  explicit NumberSource(Numbers& numbers) : numbers_(numbers) {}
  Result<Batch> ReadAfter(std::int64_t sequence, std::size_t max) override {
    return numbers_.ReadAfter(sequence, max);
  }
  void Subscribe(std::weak_ptr<Waker> waker) override { numbers_.Subscribe(std::move(waker)); }

 private:
  Numbers& numbers_;
};

class Watching final : public RunService::CallbackService {
 public:
  Watching(Numbers& numbers, const Calls& calls) : numbers_(numbers), calls_(calls) {}

  grpc::ServerWriteReactor<WatchRunResponse>* WatchRun(grpc::CallbackServerContext*,
                                                       const WatchRunRequest* request) override {
    if (request->run_id() == "absent") {
      return EventStream<WatchRunResponse>::Fail({Reason::kNoSuchRun, "there is no run `absent`"});
    }
    return EventStream<WatchRunResponse>::Start(std::make_unique<NumberSource>(numbers_),
                                                request->after_sequence(), pause);
  }

  grpc::ServerWriteReactor<v1::RenderScriptResponse>* RenderScript(
      grpc::CallbackServerContext* context, const v1::RenderScriptRequest* request) override {
    return SendScript(calls_.Admit(context, Access::kRead, *request), calls_.pool(),
                      [this] { return script; });
  }

  // Of the next calls.
  std::size_t run_id_bytes = 0;
  Result<std::string> script = std::string();

  // Of the next streams.
  std::chrono::milliseconds pause = kEventPause;

  // Of the last call that was let in.
  const std::string& caller() const { return caller_; }

  grpc::ServerUnaryReactor* CancelRun(grpc::CallbackServerContext* context,
                                      const v1::CancelRunRequest* request,
                                      v1::CancelRunResponse* response) override {
    return calls_.Write(context, request, response,
                        [=, this](const Identity& caller) -> Result<v1::CancelRunResponse> {
                          caller_ = Describe(caller);
                          if (request->run_id().empty())
                            return Error{Reason::kNoSuchRun, "no run is named"};
                          v1::CancelRunResponse answer;
                          answer.set_run_id(std::string(run_id_bytes, '1'));
                          answer.set_cancelled(true);
                          return answer;
                        });
  }

 private:
  Numbers& numbers_;
  const Calls calls_;
  std::string caller_;
};

// Takes files, and knows until when their sender would have waited.
class Taking final : public v1::HistoryService::CallbackService {
 public:
  grpc::ServerReadReactor<v1::UploadFilesRequest>* UploadFiles(grpc::CallbackServerContext* context,
                                                               v1::UploadFilesResponse*) override {
    deadline = context->deadline();
    return new Reader;
  }

  std::chrono::system_clock::time_point deadline;  // of the last call

 private:
  class Reader final : public grpc::ServerReadReactor<v1::UploadFilesRequest> {
   public:
    Reader() { StartRead(&request_); }

   private:
    void OnReadDone(bool ok) override {
      if (ok) return StartRead(&request_);
      Finish(grpc::Status::OK);
    }
    void OnDone() override { delete this; }

    v1::UploadFilesRequest request_;
  };
};

class ServerTest : public ::testing::Test {
 protected:
  ServerTest() {
    config_.store = folder_ + "/store";
    config_.listen = {"unix:" + folder_ + "/s"};
  }
  ~ServerTest() override {
    server_ = nullptr;
    pool_.Stop();
  }

  Result<void> Serve(std::optional<IdleRule> idle = std::nullopt) {
    callers_ = std::make_unique<Callers>(config_);
    const Calls calls(*callers_, pool_);
    admin_ = std::make_unique<AdminService>(
        AdminService::Facts{
            "1.2.3", "/store", {}, RunningBinary(), "now", [] { return 0; }, [](bool) {}},
        calls);
    watching_ = std::make_unique<Watching>(numbers_, calls);
    server_ = TRY(Server::Bind(config_, *callers_));
    return server_->Serve({admin_.get(), watching_.get(), &taking_}, std::move(idle));
  }

  std::unique_ptr<Channel> Connect(DaemonAddress address) {
    auto channel = Channel::Open(std::move(address));
    EXPECT_TRUE(channel) << channel.error().message;
    return channel ? std::move(channel).value() : nullptr;
  }
  std::unique_ptr<Channel> Connect() { return Connect({.address = config_.listen[0]}); }

  // A certificate for localhost, valid for a day.
  void MakeCertificate() {
    const std::string command =
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 1 -subj "
        "/CN=localhost "
        "-addext subjectAltName=DNS:localhost -keyout " +
        folder_ + "/key -out " + folder_ + "/cert 2>/dev/null";
    ASSERT_EQ(std::system(command.c_str()), 0);
    config_.tls = {folder_ + "/cert", folder_ + "/key", ""};
  }

  ScratchDirectory directory_;
  const std::string folder_ = directory_.path().string();
  DaemonConfig config_;
  Numbers numbers_;
  Pool pool_{2, 100};
  std::unique_ptr<Callers> callers_;
  std::unique_ptr<AdminService> admin_;
  std::unique_ptr<Watching> watching_;
  Taking taking_;
  std::unique_ptr<Server> server_;
};

std::vector<std::int64_t> SequencesAfter(Channel& channel, std::int64_t after) {
  WatchRunRequest request;
  request.set_after_sequence(after);
  std::vector<std::int64_t> sequences;
  const auto ended =
      channel.Stream(&RunService::Stub::WatchRun, request, [&](const WatchRunResponse& answer) {
        for (const auto& event : answer.events()) sequences.push_back(event.sequence());
      });
  EXPECT_TRUE(ended) << ended.error().message;
  return sequences;
}

TEST_F(ServerTest, AnswersOnAUnixSocketOnlyItsOwnerCanOpen) {
  ASSERT_TRUE(Serve());
  struct stat socket = {};
  ASSERT_EQ(::stat((folder_ + "/s").c_str(), &socket), 0);
  EXPECT_EQ(socket.st_mode & 0777, 0600U);
  const auto daemon = Connect()->Call(&v1::AdminService::Stub::GetDaemon, {});
  ASSERT_TRUE(daemon) << daemon.error().message;
  EXPECT_EQ(daemon->version(), "1.2.3");
  EXPECT_EQ(daemon->pid(), ::getpid());
  EXPECT_GT(daemon->resident_bytes(), 0);
}

TEST_F(ServerTest, TakesOverADeadDaemonsSocketButNoOtherFile) {
  { ASSERT_TRUE(Serve()); }
  server_ = nullptr;
  EXPECT_FALSE(std::filesystem::exists(folder_ + "/s")) << "a stopped server leaves no socket";
  ::close(::open((folder_ + "/s").c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
  EXPECT_EQ(Serve().error().reason, Reason::kFileExists);
}

TEST_F(ServerTest, RefusesASocketPathThatTheSystemWouldCut) {
  config_.listen = {"unix:" + folder_ + "/" + std::string(100, 'x')};
  EXPECT_EQ(Serve().error().reason, Reason::kConfigInvalid);
}

TEST_F(ServerTest, SendsErrorsWithTheirDetails) {
  ASSERT_TRUE(Serve());
  const auto channel = Connect();
  const auto refused = channel->Call(&RunService::Stub::CancelRun, {});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().reason, Reason::kNoSuchRun);
  EXPECT_EQ(refused.error().message, "no run is named");
  v1::CancelRunRequest request;
  request.set_run_id("r1");
  EXPECT_TRUE(channel->Call(&RunService::Stub::CancelRun, request)->cancelled());
}

TEST_F(ServerTest, AnswersACallThatThePoolRefuses) {
  ASSERT_TRUE(Serve());
  pool_.Stop();
  const auto channel = Connect();
  EXPECT_EQ(channel->Call(&RunService::Stub::CancelRun, {}).error().reason, Reason::kDraining);
}

TEST_F(ServerTest, StreamsALogThatGrowsWhileItIsWatched) {
  ASSERT_TRUE(Serve());
  numbers_.Grow(100);
  auto watched = std::async(std::launch::async, [&] { return SequencesAfter(*Connect(), 0); });
  for (int i = 0; i < 900; ++i) numbers_.Grow(1);
  numbers_.End();
  const auto sequences = watched.get();
  ASSERT_EQ(sequences.size(), 1000U);
  for (std::size_t i = 0; i < sequences.size(); ++i)
    ASSERT_EQ(sequences[i], static_cast<std::int64_t>(i + 1));
}

TEST_F(ServerTest, SendsAScriptInPiecesOfWholeCharacters) {
  std::string script = "-- ";
  while (script.size() < 4 * kScriptBytesPerMessage) script += "größe\n";
  ASSERT_TRUE(Serve());
  watching_->script = script;
  std::string got;
  const auto ended = Connect()->Stream(&RunService::Stub::RenderScript, {},
                                       [&](const v1::RenderScriptResponse& piece) {
                                         EXPECT_LE(piece.script().size(), kScriptBytesPerMessage);
                                         got += piece.script();
                                       });
  EXPECT_TRUE(ended) << ended.error().message;
  EXPECT_TRUE(got == script) << got.size() << " bytes of " << script.size();
}

TEST_F(ServerTest, RefusesAnAnswerThatIsLongerThanAMessage) {
  ASSERT_TRUE(Serve());
  const auto channel = Connect();
  v1::CancelRunRequest request;
  request.set_run_id("r1");
  watching_->run_id_bytes = kMaxResponseBytes - 100;
  EXPECT_TRUE(channel->Call(&RunService::Stub::CancelRun, request));
  watching_->run_id_bytes = kMaxResponseBytes;
  const auto refused = channel->Call(&RunService::Stub::CancelRun, request);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().reason, Reason::kLimitExceeded);
  EXPECT_THAT(refused.error().message, testing::HasSubstr("the 40 MiB that one may have"));
  EXPECT_THAT(refused.error().hint, testing::HasSubstr("fewer revisions"));
}

TEST_F(ServerTest, EndsTheStreamOfAScriptThatCannotBeRenderedWithWhy) {
  ASSERT_TRUE(Serve());
  watching_->script = Error{Reason::kRangeRequired, "no range is given"};
  const auto render = [&] {
    return Connect()->Stream(&RunService::Stub::RenderScript, {}, [](const auto&) { FAIL(); });
  };
  EXPECT_EQ(render().error().reason, Reason::kRangeRequired);
  pool_.Stop();
  EXPECT_EQ(render().error().reason, Reason::kDraining);
}

TEST_F(ServerTest, DoesNotPauseForAWatcherThatIsFarBehind) {
  ASSERT_TRUE(Serve());
  numbers_.Grow(static_cast<std::int64_t>(2 * kMaxEventsPerRead) + 7);
  numbers_.End();
  watching_->pause = std::chrono::hours(1);
  EXPECT_EQ(SequencesAfter(*Connect(), 0).size(), 2 * kMaxEventsPerRead + 7);
}

TEST_F(ServerTest, ContinuesAStreamAfterTheLastEventSeen) {
  ASSERT_TRUE(Serve());
  numbers_.Grow(10);
  numbers_.End();
  EXPECT_EQ(SequencesAfter(*Connect(), 7), (std::vector<std::int64_t>{8, 9, 10}));
  EXPECT_TRUE(SequencesAfter(*Connect(), 10).empty());
}

TEST_F(ServerTest, EndsAStreamWithItsError) {
  ASSERT_TRUE(Serve());
  WatchRunRequest request;
  request.set_run_id("absent");
  const auto ended =
      Connect()->Stream(&RunService::Stub::WatchRun, request, [](const WatchRunResponse&) {});
  EXPECT_EQ(ended.error().reason, Reason::kNoSuchRun);
}

TEST_F(ServerTest, IsSentFilesForAsLongAsThatTakes) {
  ASSERT_TRUE(Serve());
  const auto sent =
      Connect()->Upload(&v1::HistoryService::Stub::UploadFiles, [](const auto& send) { send({}); });
  ASSERT_TRUE(sent) << sent.error().message;
  EXPECT_EQ(taking_.deadline, std::chrono::system_clock::time_point::max());
}

TEST_F(ServerTest, LetsGoOfAWatcherThatLeaves) {
  ASSERT_TRUE(Serve());
  numbers_.Grow(1);
  WatchRunRequest request;
  grpc::ClientContext* context = nullptr;
  const auto ended = Connect()->Stream(
      &RunService::Stub::WatchRun, request, [&](const WatchRunResponse&) { context->TryCancel(); },
      [&](grpc::ClientContext& started) { context = &started; });
  EXPECT_EQ(ended.error().reason, Reason::kCancelled);
  // Would wait for a watcher that still holds its call.
  server_->StopListening();
  server_->Shutdown(std::chrono::system_clock::now() + std::chrono::seconds(20));
  numbers_.Grow(1);
}

TEST_F(ServerTest, WaitsForADescriptorAtRest) {
  ASSERT_TRUE(Serve());
  const int client = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  rlimit usual = {};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &usual), 0);
  const rlimit none_left = {static_cast<rlim_t>(client) + 1, usual.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none_left), 0);
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  (folder_ + "/s").copy(address.sun_path, sizeof address.sun_path - 1);
  const int connected =
      ::connect(client, reinterpret_cast<const sockaddr*>(&address), sizeof address);
  const std::clock_t begin = std::clock();  // processor time
  std::this_thread::sleep_for(std::chrono::seconds(1));
  const std::clock_t used = std::clock() - begin;
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &usual), 0);
  EXPECT_EQ(connected, 0);
  EXPECT_LT(used, CLOCKS_PER_SEC / 2);
  EXPECT_TRUE(Connect()->Call(&v1::AdminService::Stub::GetDaemon, {})) << "and serves on";
  ::close(client);
}

TEST_F(ServerTest, CallsQuitWhenTheLastCallerIsGone) {
  std::promise<void> quit;
  ASSERT_TRUE(
      Serve(IdleRule{std::chrono::seconds(0), [] { return false; }, [&] { quit.set_value(); }}));
  auto gone = quit.get_future();
  {
    const auto channel = Connect();
    ASSERT_TRUE(channel->Call(&v1::AdminService::Stub::GetDaemon, {}));
    EXPECT_EQ(gone.wait_for(std::chrono::milliseconds(200)), std::future_status::timeout);
  }
  EXPECT_EQ(gone.wait_for(std::chrono::seconds(10)), std::future_status::ready);
}

TEST_F(ServerTest, CallsQuitWhenNobodyCanComeAnyMore) {
  std::atomic<bool> lost = false;
  std::promise<void> quit;
  ASSERT_TRUE(Serve(IdleRule{std::chrono::hours(1), [] { return false; }, [&] { quit.set_value(); },
                             [&] { return lost.load(); }}));
  auto gone = quit.get_future();
  ASSERT_TRUE(Connect()->Call(&v1::AdminService::Stub::GetDaemon, {}));
  EXPECT_EQ(gone.wait_for(std::chrono::milliseconds(200)), std::future_status::timeout);
  lost = true;
  EXPECT_EQ(gone.wait_for(std::chrono::seconds(10)), std::future_status::ready);
}

TEST_F(ServerTest, DoesNotQuitDuringARun) {
  std::atomic<bool> busy = true;
  std::promise<void> quit;
  ASSERT_TRUE(Serve(
      IdleRule{std::chrono::seconds(0), [&] { return busy.load(); }, [&] { quit.set_value(); }}));
  auto gone = quit.get_future();
  ASSERT_TRUE(Connect()->Call(&v1::AdminService::Stub::GetDaemon, {}));
  EXPECT_EQ(gone.wait_for(std::chrono::milliseconds(700)), std::future_status::timeout);
  busy = false;
  EXPECT_EQ(gone.wait_for(std::chrono::seconds(10)), std::future_status::ready);
}

TEST_F(ServerTest, KnowsUnixCallersByTheirUser) {
  ASSERT_TRUE(Serve());
  v1::CancelRunRequest request;
  request.set_run_id("r1");
  ASSERT_TRUE(Connect()->Call(&RunService::Stub::CancelRun, request));
  EXPECT_EQ(watching_->caller(), std::string("user ") + ::getpwuid(::getuid())->pw_name);
}

TEST_F(ServerTest, KnowsTcpCallersByTheirToken) {
  MakeCertificate();
  config_.tokens = {{"team-a", Hex(Sha256("correct horse"))}};
  config_.listen = {"localhost:" + std::to_string(20000 + ::getpid() % 20000)};
  ASSERT_TRUE(Serve());
  v1::CancelRunRequest request;
  request.set_run_id("r1");
  const auto answer_with = [&](const std::string& token) {
    const auto channel = Connect(
        {.address = "https://" + config_.listen[0], .ca_file = folder_ + "/cert", .token = token});
    const auto answer = channel->Call(&RunService::Stub::CancelRun, request);
    return answer ? "ok"
                  : std::string(InfoOf(answer.error().reason).text) + ": " + answer.error().message;
  };
  EXPECT_EQ(answer_with("wrong horse"),
            "UNAUTHENTICATED: the token is not one that this daemon knows");
  EXPECT_EQ(answer_with(""), "UNAUTHENTICATED: the call carries no token");
  EXPECT_EQ(watching_->caller(), "") << "a call that is refused does no work";
  EXPECT_EQ(answer_with("correct horse"), "ok");
  EXPECT_EQ(watching_->caller(), "token team-a");
}

TEST_F(ServerTest, StopsForCallersOfItsOwnMachineAlone) {
  MakeCertificate();
  config_.tokens = {{"team-a", Hex(Sha256("correct horse"))}};
  config_.listen.push_back("localhost:" + std::to_string(20000 + ::getpid() % 20000));
  ASSERT_TRUE(Serve());
  const auto remote = Connect({.address = "https://" + config_.listen[1],
                               .ca_file = folder_ + "/cert",
                               .token = "correct horse"});
  EXPECT_EQ(remote->Call(&v1::AdminService::Stub::StopDaemon, {}).error().reason,
            Reason::kPermissionDenied);
  EXPECT_TRUE(Connect()->Call(&v1::AdminService::Stub::StopDaemon, {}));
}

TEST_F(ServerTest, KnowsTcpCallersByTheirCertificate) {
  MakeCertificate();
  config_.tls.client_ca = config_.tls.certificate;
  config_.listen = {"localhost:" + std::to_string(20000 + ::getpid() % 20000)};
  ASSERT_TRUE(Serve());
  v1::CancelRunRequest request;
  request.set_run_id("r1");
  DaemonAddress address = {.address = "https://" + config_.listen[0], .ca_file = folder_ + "/cert"};
  EXPECT_EQ(Connect(address)->Call(&RunService::Stub::CancelRun, request).error().reason,
            Reason::kUnauthenticated);
  address.certificate_file = folder_ + "/cert";
  address.key_file = folder_ + "/key";
  ASSERT_TRUE(Connect(address)->Call(&RunService::Stub::CancelRun, request));
  EXPECT_EQ(watching_->caller(), "certificate localhost");
}

TEST_F(ServerTest, IsNotTrustedWithoutItsAuthority) {
  MakeCertificate();
  config_.tokens = {{"team-a", Hex(Sha256("correct horse"))}};
  config_.listen = {"localhost:" + std::to_string(20000 + ::getpid() % 20000)};
  ASSERT_TRUE(Serve());
  const auto remote =
      Connect({.address = "https://" + config_.listen[0], .token = "correct horse"});
  const auto called = remote->Call(&v1::AdminService::Stub::GetDaemon, {});
  ASSERT_FALSE(called);
  EXPECT_EQ(called.error().reason, Reason::kDaemonUnreachable);
  EXPECT_THAT(called.error().message, testing::HasSubstr("certificate"));
  EXPECT_THAT(HintOf(called.error()), testing::HasSubstr("ca_file"));
}

TEST_F(ServerTest, SaysWhichTlsFileIsMissing) {
  config_.tls = {folder_ + "/nowhere", folder_ + "/key", ""};
  config_.listen = {"localhost:0"};
  EXPECT_EQ(Serve().error().reason, Reason::kFileUnreadable);
}

}  // namespace
}  // namespace mig
