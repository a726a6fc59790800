#include "daemon/rpc/status.h"

#include <gtest/gtest.h>

#include "cli/rpc_error.h"
#include "daemon/limits.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"

namespace mig {
namespace {

TEST(Status, CarriesAnErrorToTheClientAndBack) {
  for (const ReasonInfo& info : AllReasons()) {
    const Error sent{info.reason, "it did not work", {{"file", "a.sql"}, {"line", "3"}}, "do that"};
    const Error got = ErrorOf(ToStatus(sent));
    EXPECT_EQ(got.reason, sent.reason) << info.text;
    EXPECT_EQ(got.message, sent.message);
    EXPECT_EQ(got.details, sent.details);
    EXPECT_EQ(got.hint, sent.hint);
  }
}

TEST(Status, TellsWhereARetryMakesSense) {
  const auto details_of = [](Reason reason) {
    google::rpc::Status status;
    status.ParseFromString(ToStatus({reason, "x"}).error_details());
    return status.details_size();
  };
  EXPECT_EQ(details_of(Reason::kRefMoved), 2) << "ErrorInfo and RetryInfo";
  EXPECT_EQ(details_of(Reason::kUsage), 1);
}

TEST(Status, FitsIntoTheHeadersOfAnAnswer) {
  const Error error{Reason::kStatementFailed,
                    std::string(9000, 'm'),
                    {{"statement", std::string(100000, 's')}, {"line", "3"}}};
  const grpc::Status status = ToStatus(error);
  EXPECT_LE(status.error_message().size(), kMaxStatusMessageBytes);
  EXPECT_LE(status.error_details().size(), kMaxErrorDetailBytes + kMaxStatusMessageBytes + 500);
  EXPECT_EQ(ErrorOf(status).details.at("line"), "3") << "short facts survive";
}

TEST(Status, CutsBetweenCharacters) {
  std::string umlauts;
  for (int i = 0; i < 2000; ++i) umlauts += "ä";
  const std::string cut = ToStatus({Reason::kUsage, "x" + umlauts}).error_message();
  ASSERT_TRUE(cut.ends_with("ä..."));
}

TEST(Status, HoldsNoPassword) {
  const grpc::Status status = ToStatus({Reason::kDatabaseRefused,
                                        "postgresql://u:hunter2@h/d refused",
                                        {{"url", "postgresql://u:hunter2@h/d"}},
                                        "look at postgresql://u:hunter2@h/d"});
  EXPECT_EQ(status.error_message().find("hunter2"), std::string::npos);
  EXPECT_EQ(status.error_details().find("hunter2"), std::string::npos);
}

TEST(RpcError, ReadsWhatGrpcItselfSays) {
  using Code = grpc::StatusCode;
  EXPECT_EQ(ErrorOf({Code::UNAVAILABLE, "refused"}).reason, Reason::kDaemonUnreachable);
  EXPECT_EQ(ErrorOf({Code::UNIMPLEMENTED, ""}).reason, Reason::kDaemonVersion);
  EXPECT_EQ(ErrorOf({Code::UNAUTHENTICATED, "no token"}).reason, Reason::kUnauthenticated);
  EXPECT_EQ(ErrorOf({Code::CANCELLED, ""}).reason, Reason::kCancelled);
}

TEST(RpcError, TellsOfAConnectionWhatTheSystemSaid) {
  const auto message = [](const char* said) {
    return ErrorOf({grpc::StatusCode::UNAVAILABLE, said}).message;
  };
  const std::string failed = "the connection to the daemon failed: ";
  EXPECT_EQ(message("failed to connect to all addresses; last error: UNKNOWN: "
                    "ipv4:127.0.0.1:1: Failed to connect to remote host: Connection refused"),
            failed + "ipv4:127.0.0.1:1: Failed to connect to remote host: Connection refused");
  EXPECT_EQ(message("x; last error: "), failed);
  EXPECT_EQ(message("x; last error: UNKNOWN"), failed + "UNKNOWN");
  EXPECT_EQ(message("Socket closed"), failed + "Socket closed");
  EXPECT_EQ(message("empty address list: "),
            "no connection to the daemon can be made with these files for TLS");
}

TEST(RpcError, RepeatsOnlyWhatNoDaemonAccepted) {
  EXPECT_TRUE(IsConnectionFailure({grpc::StatusCode::UNAVAILABLE, "reset"}));
  EXPECT_TRUE(IsConnectionFailure(ToStatus({Reason::kDraining, "x"})));
  EXPECT_FALSE(IsConnectionFailure(ToStatus({Reason::kDatabaseUnreachable, "x"})));
  EXPECT_FALSE(IsConnectionFailure(grpc::Status::CANCELLED));
}

}  // namespace
}  // namespace mig
