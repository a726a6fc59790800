#include "daemon/rpc/admin_service.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cstdint>
#include <fstream>

namespace mig {
namespace {

std::int64_t ResidentBytes() {
  std::ifstream file("/proc/self/statm");
  std::int64_t total = 0;
  std::int64_t resident = 0;
  file >> total >> resident;
  return resident * ::sysconf(_SC_PAGESIZE);
}

}  // namespace

std::string RunningBinary() {
  struct stat file = {};
  if (::stat("/proc/self/exe", &file) != 0) return "";
  const std::int64_t nanoseconds =
      std::int64_t{file.st_mtim.tv_sec} * 1'000'000'000 + file.st_mtim.tv_nsec;
  return std::to_string(file.st_dev) + ':' + std::to_string(file.st_ino) + ':' +
         std::to_string(nanoseconds) + ':' + std::to_string(file.st_size);
}

// Both answer at once, on gRPC's thread: whether a busy daemon lives must not wait for the pool.

grpc::ServerUnaryReactor* AdminService::GetDaemon(grpc::CallbackServerContext* context,
                                                  const v1::GetDaemonRequest*,
                                                  v1::GetDaemonResponse* response) {
  response->set_version(facts_.version);
  response->set_api(kApi);
  response->set_pid(::getpid());
  response->set_started(facts_.started);
  response->set_store(facts_.store);
  response->mutable_listen()->Add(facts_.listen.begin(), facts_.listen.end());
  response->set_active_runs(facts_.active_runs());
  response->set_binary(facts_.binary);
  response->set_draining(draining_);
  response->set_resident_bytes(ResidentBytes());
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  reactor->Finish(grpc::Status::OK);
  return reactor;
}

grpc::ServerUnaryReactor* AdminService::StopDaemon(grpc::CallbackServerContext* context,
                                                   const v1::StopDaemonRequest* request,
                                                   v1::StopDaemonResponse* response) {
  const bool stopping = !request->only_if_idle() || facts_.active_runs() == 0;
  response->set_stopping(stopping);
  if (stopping) facts_.stop(request->only_if_idle());
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  reactor->Finish(grpc::Status::OK);
  return reactor;
}

}  // namespace mig
