#include "daemon/rpc/unix_users.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

namespace mig {
namespace {

constexpr uid_t kAnn = 4001;
constexpr uid_t kBob = 4002;

int Connection() { return ::socket(AF_UNIX, SOCK_STREAM, 0); }

std::string PeerOf(int descriptor) { return "fd:" + std::to_string(descriptor); }

TEST(UnixUsers, KnowTheUserOfAConnection) {
  UnixUsers users;
  const int root = users.Claim(Connection(), 0);
  const int nobody = users.Claim(Connection(), kAnn);
  EXPECT_EQ(users.UserOf(PeerOf(root))->name, "root");
  EXPECT_EQ(users.UserOf(PeerOf(nobody))->name, "uid 4001") << "a user that has no name";
  EXPECT_FALSE(users.UserOf("ipv4:127.0.0.1:7433"));
  EXPECT_FALSE(users.UserOf("fd:99999"));
  ::close(root);
  ::close(nobody);
}

TEST(UnixUsers, NeverTakeALateCallForAnotherUsers) {
  UnixUsers users;
  const int anns = users.Claim(Connection(), kAnn);
  ::close(anns);  // a call of hers is still at work
  const int bobs = users.Claim(Connection(), kBob);
  EXPECT_NE(bobs, anns);
  EXPECT_EQ(users.UserOf(PeerOf(anns))->uid, kAnn);
  EXPECT_EQ(users.UserOf(PeerOf(bobs))->uid, kBob);
  const int anns_again = users.Claim(Connection(), kAnn);
  EXPECT_EQ(anns_again, anns) << "her number is hers again";
  ::close(bobs);
  ::close(anns_again);
}

}  // namespace
}  // namespace mig
