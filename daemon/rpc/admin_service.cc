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
                                                  const v1::GetDaemonRequest* request,
                                                  v1::GetDaemonResponse* response) {
  return calls_.AnswerAtOnce(context, Access::kRead, request, response,
                             [this](const Identity& caller) -> Result<v1::GetDaemonResponse> {
                               v1::GetDaemonResponse answer;
                               answer.set_version(facts_.version);
                               answer.set_api(kApi);
                               answer.set_pid(::getpid());
                               answer.set_started(facts_.started);
                               answer.set_store(facts_.store);
                               answer.mutable_listen()->Add(facts_.listen.begin(),
                                                            facts_.listen.end());
                               answer.set_active_runs(facts_.active_runs());
                               answer.set_binary(facts_.binary);
                               answer.set_draining(draining_);
                               answer.set_resident_bytes(ResidentBytes());
                               answer.set_caller(Describe(caller));
                               return answer;
                             });
}

grpc::ServerUnaryReactor* AdminService::StopDaemon(grpc::CallbackServerContext* context,
                                                   const v1::StopDaemonRequest* request,
                                                   v1::StopDaemonResponse* response) {
  return calls_.AnswerAtOnce(context, Access::kAdminister, request, response,
                             [=, this]() -> Result<v1::StopDaemonResponse> {
                               const bool stopping =
                                   !request->only_if_idle() || facts_.active_runs() == 0;
                               if (stopping) facts_.stop(request->only_if_idle());
                               v1::StopDaemonResponse answer;
                               answer.set_stopping(stopping);
                               return answer;
                             });
}

}  // namespace mig
