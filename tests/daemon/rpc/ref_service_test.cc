// The streams of objects and the callers' names, over a server and a client.
#include <gmock/gmock.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <pwd.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli/channel.h"
#include "daemon/engine.h"
#include "daemon/limits.h"
#include "daemon/rpc/admin_service.h"
#include "daemon/rpc/server.h"
#include "daemon/rpc/services.h"
#include "daemon/store_care.h"
#include "mig/v1/admin.grpc.pb.h"
#include "mig/v1/ref.grpc.pb.h"
#include "mig/v1/run.grpc.pb.h"
#include "mig/v1/target.grpc.pb.h"
#include "store/core/sha256.h"
#include "store/rocks_kv.h"
#include "tests/scratch_directory.h"

namespace mig {
namespace {

using Stub = v1::RefService::Stub;

DaemonConfig ConfigIn(const std::string& folder) {
  DaemonConfig config;
  config.store = folder + "/store";
  config.listen = {"unix:" + folder + "/s"};
  return config;
}

class RefServiceTest : public testing::Test {
 protected:
  ~RefServiceTest() override {
    channel_ = nullptr;
    server_ = nullptr;
    pool_.Stop();
  }

  void Serve() {
    callers_ = std::make_unique<Callers>(config_);
    calls_ = std::make_unique<Calls>(*callers_, pool_);
    services_ = MakeServices(engine_, care_, *calls_);
    admin_ = std::make_unique<AdminService>(
        AdminService::Facts{
            "1.2.3", "/store", {}, RunningBinary(), "now", [] { return 0; }, [](bool) {}},
        *calls_);
    auto bound = Server::Bind(config_, *callers_);
    ASSERT_TRUE(bound) << bound.error().message;
    server_ = *std::move(bound);
    std::vector<grpc::Service*> all = services_->All();
    all.push_back(admin_.get());
    ASSERT_TRUE(server_->Serve(all, std::nullopt));
    auto channel = Channel::Open({.address = config_.listen[0]});
    ASSERT_TRUE(channel) << channel.error().message;
    channel_ = *std::move(channel);
  }

  void ServeOverTls(AccessToken token, const std::string& secret) {
    const std::string command =
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 1 -subj "
        "/CN=localhost -addext subjectAltName=DNS:localhost -keyout " +
        folder_ + "/key -out " + folder_ + "/cert 2>/dev/null";
    ASSERT_EQ(std::system(command.c_str()), 0);
    const int port = 20'000 + ::getpid() % 20'000;
    config_.listen.push_back("localhost:" + std::to_string(port));
    config_.tls = {folder_ + "/cert", folder_ + "/key", ""};
    config_.tokens = {std::move(token)};
    Serve();
    auto channel = Channel::Open(
        {.address = "https://" + config_.listen[1], .ca_file = folder_ + "/cert", .token = secret});
    ASSERT_TRUE(channel) << channel.error().message;
    channel_ = *std::move(channel);
  }

  using Chunks = std::vector<v1::ObjectChunk>;
  // Each chunk in a message of its own. "stored N", or the reason.
  std::string Upload(const Chunks& chunks) {
    const auto taken = channel_->Upload<Stub, v1::UploadObjectsRequest, v1::UploadObjectsResponse>(
        &Stub::UploadObjects, [&](const auto& send) {
          for (const v1::ObjectChunk& chunk : chunks) {
            v1::UploadObjectsRequest message;
            message.set_project("shop");
            *message.add_chunks() = chunk;
            if (!send(message)) return;
          }
        });
    return taken ? "stored " + std::to_string(taken->objects())
                 : std::string(InfoOf(taken.error().reason).text);
  }
  static v1::ObjectChunk Chunk(const Id& id, std::int64_t size, const std::string& bytes) {
    v1::ObjectChunk chunk;
    chunk.set_id(id.hex());
    chunk.set_size(size);
    chunk.set_bytes(bytes);
    return chunk;
  }
  static Revision Base(std::size_t filling = 0) {
    return {"root", {}, {}, "-- mig:up\n-- " + std::string(filling, 'x') + "\nSELECT 1;\n"};
  }
  std::string Push(const Id& head, const std::string& author = "Ann") {
    v1::PushRefRequest request;
    request.set_project("shop");
    request.set_ref("main");
    request.add_heads(head.hex());
    request.set_author(author);
    const auto pushed = channel_->Call(&Stub::PushRef, request);
    return pushed ? "pushed" : std::string(InfoOf(pushed.error().reason).text);
  }
  v1::RefMove LastMove(const std::string& ref = "main") {
    v1::ListMovesRequest request;
    request.set_project("shop");
    request.set_ref(ref);
    return channel_->Call(&Stub::ListMoves, request)->moves(0);
  }
  std::size_t Stored() { return ScanAll(*kv_, "", "")->size(); }

  const ScratchDirectory scratch_;
  const std::string folder_ = scratch_.path();
  DaemonConfig config_ = ConfigIn(folder_);
  const std::unique_ptr<RocksKv> kv_ = *RocksKv::Open(config_.store);
  const World world_ = World::Real();
  Engine engine_{*kv_, world_};
  StoreCare care_{*kv_, config_.store, world_, [] { return std::string(); }};
  Pool pool_{2, 100};
  std::unique_ptr<Callers> callers_;
  std::unique_ptr<Calls> calls_;
  std::unique_ptr<Services> services_;
  std::unique_ptr<AdminService> admin_;
  std::unique_ptr<Server> server_;
  std::unique_ptr<Channel> channel_;
};

TEST_F(RefServiceTest, TakesAnObjectInPartsAndGivesItBack) {
  Serve();
  const std::string text = CanonicalText(Base(1'000'000));
  const Id id(Sha256(text));
  const auto size = static_cast<std::int64_t>(text.size());
  EXPECT_EQ(Upload({Chunk(id, size, text.substr(0, 7)), Chunk(id, 0, text.substr(7, 500'000)),
                    Chunk(id, 0, text.substr(500'007))}),
            "stored 1");
  ASSERT_EQ(Push(id), "pushed");
  v1::ReadObjectsRequest request;
  request.mutable_view()->set_project("shop");
  request.mutable_view()->set_ref("main");
  request.add_ids(id.hex());
  std::string read;
  int messages = 0;
  ASSERT_TRUE(channel_->Stream(&Stub::ReadObjects, request, [&](const auto& part) {
    ++messages;
    for (const v1::ObjectChunk& chunk : part.chunks()) read += chunk.bytes();
  }));
  EXPECT_EQ(read, text);
  EXPECT_GT(messages, 2) << "no message holds all of it";
}

TEST_F(RefServiceTest, RefusesPartsThatDoNotMakeUpAnObject) {
  Serve();
  const std::string text = CanonicalText(Base());
  const Id id(Sha256(text));
  const auto size = static_cast<std::int64_t>(text.size());
  EXPECT_EQ(Upload({Chunk(id, size, text.substr(1))}), "INVALID_ARGUMENT") << "it ends too early";
  EXPECT_EQ(Upload({Chunk(id, size - 1, text)}), "INVALID_ARGUMENT") << "more than was said";
  EXPECT_EQ(Upload({Chunk(id, size, text.substr(1)), Chunk(Id(Sha256("")), 0, "x")}),
            "INVALID_ARGUMENT")
      << "another object in between";
  EXPECT_EQ(Upload({Chunk(id, 0, text)}), "LIMIT_EXCEEDED") << "without a size";
  EXPECT_EQ(Upload({Chunk(id, std::int64_t{1} << 40, text)}), "LIMIT_EXCEEDED");
  EXPECT_EQ(Upload({Chunk(id, -1, text)}), "LIMIT_EXCEEDED");
  EXPECT_EQ(Upload({Chunk(id, size, text.substr(1)), Chunk(id, 0, "y")}), "HASH_MISMATCH");
  EXPECT_EQ(Stored(), 0U);
  EXPECT_EQ(Upload({Chunk(id, size, text)}), "stored 1") << "and serves on";
}

TEST_F(RefServiceTest, SurvivesAClientThatStopsInTheMiddle) {
  Serve();
  const std::string text = CanonicalText(Base(500'000));
  const Id id(Sha256(text));
  for (int round = 0; round < 5; ++round) {
    grpc::ClientContext context;
    v1::UploadObjectsResponse response;
    Stub stub(grpc::CreateChannel(config_.listen[0], grpc::InsecureChannelCredentials()));
    auto writer = stub.UploadObjects(&context, &response);
    v1::UploadObjectsRequest message;
    message.set_project("shop");
    *message.add_chunks() =
        Chunk(id, static_cast<std::int64_t>(text.size()), text.substr(0, 100'000));
    writer->Write(message);
    context.TryCancel();
    EXPECT_FALSE(writer->Finish().ok());
  }
  EXPECT_EQ(Push(id), "NO_SUCH_OBJECT");
  EXPECT_EQ(Stored(), 0U);
}

TEST_F(RefServiceTest, RefusesMoreIdsThanACallTakes) {
  Serve();
  v1::ListMissingRequest request;
  request.set_project("shop");
  for (std::size_t i = 0; i <= kMaxIdsPerCall; ++i)
    request.add_ids(Id(Sha256(std::to_string(i))).hex());
  EXPECT_EQ(channel_->Call(&Stub::ListMissing, request).error().reason, Reason::kLimitExceeded);
  request.mutable_ids()->RemoveLast();
  EXPECT_EQ(channel_->Call(&Stub::ListMissing, request)->ids_size(), request.ids_size());
  request.clear_ids();
  request.add_ids("main");
  EXPECT_EQ(channel_->Call(&Stub::ListMissing, request).error().reason, Reason::kInvalidArgument);
}

TEST_F(RefServiceTest, KnowsACallerOnAUnixSocketByItsUser) {
  Serve();
  const std::string text = CanonicalText(Base());
  const Id id(Sha256(text));
  ASSERT_EQ(Upload({Chunk(id, static_cast<std::int64_t>(text.size()), text)}), "stored 1");
  ASSERT_EQ(Push(id, "Somebody Else"), "pushed");
  EXPECT_EQ(LastMove().actor(), "user " + std::string(::getpwuid(::geteuid())->pw_name));
  EXPECT_EQ(LastMove().author(), "Somebody Else");
}

TEST_F(RefServiceTest, KnowsACallerOverTlsByItsToken) {
  ServeOverTls({"team-a", Hex(Sha256("secret"))}, "secret");
  const std::string text = CanonicalText(Base());
  const Id id(Sha256(text));
  ASSERT_EQ(Upload({Chunk(id, static_cast<std::int64_t>(text.size()), text)}), "stored 1");
  ASSERT_EQ(Push(id), "pushed");
  EXPECT_EQ(LastMove().actor(), "token team-a");
}

TEST_F(RefServiceTest, WhoeverACallerSaysItIsItsTokenIsNamed) {
  ServeOverTls({"team-a", Hex(Sha256("secret"))}, "secret");
  const std::string text = CanonicalText(Base());
  const Id id(Sha256(text));
  ASSERT_EQ(Upload({Chunk(id, static_cast<std::int64_t>(text.size()), text)}), "stored 1");
  ASSERT_EQ(Push(id), "pushed");
  v1::Target target;
  target.set_name("dev");
  target.set_url("sqlite:" + folder_ + "/dev.db");
  v1::StartRunRequest upgrade;
  upgrade.mutable_view()->set_project("shop");
  upgrade.mutable_view()->set_ref("main");
  *upgrade.mutable_target() = target;
  upgrade.mutable_operation()->mutable_upgrade()->set_revision("heads");
  ASSERT_TRUE(channel_->Stream(&v1::RunService::Stub::StartRun, upgrade, [](const auto&) {}));

  v1::AdoptTargetRequest adopt;
  *adopt.mutable_target() = target;
  adopt.set_new_id(true);
  adopt.set_actor("Ann");
  const auto adopted = channel_->Call(&v1::TargetService::Stub::AdoptTarget, adopt);
  ASSERT_TRUE(adopted) << adopted.error().message;
  v1::ListLogRequest list;
  *list.mutable_target() = target;
  const auto log = channel_->Call(&v1::TargetService::Stub::ListLog, list);
  ASSERT_TRUE(log) << log.error().message;
  EXPECT_EQ(log->entries(0).direction(), "adopt");
  EXPECT_EQ(log->entries(0).actor(), "Ann (token team-a)");

  v1::RecoverHistoryRequest recover;
  *recover.mutable_target() = target;
  recover.set_project("shop");
  recover.set_ref("recovered");
  recover.set_actor("Ann");
  const auto recovered = channel_->Call(&v1::TargetService::Stub::RecoverHistory, recover);
  ASSERT_TRUE(recovered) << recovered.error().message;
  EXPECT_EQ(LastMove("recovered").actor(), "Ann (token team-a)");
}

}  // namespace
}  // namespace mig
