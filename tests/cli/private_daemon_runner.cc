// One client command against a work tree's private daemon, for local_daemon_test.py:
//
//     private_daemon_runner WORK_TREE    prints "PID BINARY DRAINING" of the daemon that answered,
//     or "REASON: message"
#include <cstdio>

#include "cli/channel.h"
#include "mig/v1/admin.grpc.pb.h"

namespace {

using mig::v1::AdminService;
using mig::v1::GetDaemonRequest;
using mig::v1::GetDaemonResponse;

mig::Result<GetDaemonResponse> Ask(const std::string& work_tree) {
  const auto channel = TRY(mig::Channel::Open({.address = "local", .work_tree = work_tree}));
  return channel->Call(&AdminService::Stub::GetDaemon, GetDaemonRequest());
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  const auto daemon = Ask(argv[1]);
  if (!daemon) {
    std::printf("%s: %s\n", std::string(mig::InfoOf(daemon.error().reason).text).c_str(),
                daemon.error().message.c_str());
    return 1;
  }
  std::printf("%ld %s %d\n", static_cast<long>(daemon->pid()), daemon->binary().c_str(),
              daemon->draining());
  return 0;
}
