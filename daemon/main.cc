// migd: starts, serves, and stops in order.

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "daemon/command_line.h"
#include "daemon/engine.h"
#include "daemon/file_lock.h"
#include "daemon/limits.h"
#include "daemon/log.h"
#include "daemon/rpc/admin_service.h"
#include "daemon/rpc/pool.h"
#include "daemon/rpc/server.h"
#include "daemon/rpc/services.h"
#include "daemon/store_care.h"
#include "daemon/thread.h"
#include "daemon/world.h"
#include "drivers/postgres_parameters.h"
#include "drivers/session.h"
#include "store/backup.h"
#include "store/graph_file.h"
#include "store/rocks_kv.h"

namespace mig {
namespace {

constexpr std::string_view kUnix = "unix:";
// A private daemon's predecessor is on its way out: it has unlinked its socket and drains.
constexpr std::chrono::seconds kPredecessor = kDrainTime + std::chrono::seconds(7);

// How soon a daemon that waits to be idle hears that it is to stop after all.
constexpr std::chrono::milliseconds kSignalsAgain{200};

// The signals that end the daemon. SIGUSR1 comes from itself: stop as soon as no run is active,
// without hurry.
sigset_t StopSignals() {
  sigset_t signals;
  ::sigemptyset(&signals);
  for (const int signal : {SIGTERM, SIGINT, SIGUSR1}) ::sigaddset(&signals, signal);
  struct sigaction hangup = {};
  ::sigaction(SIGHUP, nullptr, &hangup);
  if (hangup.sa_handler != SIG_IGN) ::sigaddset(&signals, SIGHUP);  // nohup(1) has it ignored
  return signals;
}

int WaitForStop() {
  const sigset_t signals = StopSignals();
  int signal = 0;
  while (::sigwait(&signals, &signal) == EINTR) {
  }
  return signal;
}

void SetUpProcess(bool is_private) {
  const sigset_t signals = StopSignals();
  ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  ::signal(SIGPIPE, SIG_IGN);
  if (is_private) ::umask(077);
}

// A second signal ends the process at once: whoever sends it has waited long enough. The executor
// and the store expect that of any moment.
void LetASecondSignalForce() {
  Result<std::thread> waiting = StartThread([] {
    while (WaitForStop() == SIGUSR1) {
    }
    Log(LogLevel::kWarning, "stopped by a second signal");
    ::_exit(1);
  });
  if (waiting) {
    waiting->detach();
  } else {
    Log(LogLevel::kWarning, "only SIGKILL would force it", FieldsOf(waiting.error()));
  }
}

// Tells the client that started us.
void Report(int descriptor, const std::string& text) {
  if (descriptor < 0) return;
  const char* rest = text.data();
  std::size_t left = text.size();
  while (left > 0) {
    const ssize_t written = ::write(descriptor, rest, left);
    if (written <= 0) break;
    rest += written;
    left -= static_cast<std::size_t>(written);
  }
  ::close(descriptor);
}

void ReportError(int descriptor, const Error& error) {
  Report(descriptor, std::string(InfoOf(error.reason).text) + "\n" + error.message + "\n" +
                         HintOf(error) + "\n");
}

// Keeps other daemons from what is ours, for as long as the process lives.
Result<std::vector<FileLock>> TakeLocks(const CommandLine& line) {
  std::vector<FileLock> locks;
  if (!line.private_state.empty()) {
    locks.push_back(TRY(FileLock::Take(line.private_state + "/daemon.lock", kPredecessor)));
    return locks;
  }
  for (const std::string& address : line.config.listen) {
    if (!address.starts_with(kUnix)) continue;
    locks.push_back(
        TRY(FileLock::Take(address.substr(kUnix.size()) + ".lock", std::chrono::milliseconds(0))));
  }
  return locks;
}

// What clients would ask first, and where, is there for them to read (cli/local_daemon.h).
// REQUIRES: the lock of the folder is held, and nobody can connect yet.
Result<void> WriteIdentity(const CommandLine& line) {
  const std::string path = line.private_state + "/daemon.identity";
  std::ofstream file(path, std::ios::trunc);
  file << "pid " << ::getpid() << "\napi " << kApi << "\nbinary " << RunningBinary() << '\n';
  for (const std::string& address : line.config.listen) {
    if (address.starts_with(kUnix)) file << "socket " << address.substr(kUnix.size()) << '\n';
  }
  if (file.flush()) return {};
  return Error{Reason::kFileUnwritable, "cannot write " + path, {{"file", path}}};
}

AdminService::Facts FactsOf(const DaemonConfig& config, std::function<int()> active_runs) {
  AdminService::Facts facts;
  facts.version = MIG_VERSION;
  facts.store = config.store;
  facts.listen = config.listen;
  facts.binary = RunningBinary();
  facts.started = FormatSeconds(std::chrono::system_clock::now());
  facts.active_runs = std::move(active_runs);
  facts.stop = [](bool only_if_idle) { ::kill(::getpid(), only_if_idle ? SIGUSR1 : SIGTERM); };
  return facts;
}

// Whoever moves or removes a work tree takes the folder away from its daemon, which then only keeps
// the lock and the store from the next one.
std::function<bool()> IsTakenAway(const std::string& folder) {
  struct stat was = {};
  if (folder.empty() || ::stat(folder.c_str(), &was) != 0) return [] { return false; };
  return [folder, was] {
    struct stat now = {};
    return ::stat(folder.c_str(), &now) != 0 || now.st_ino != was.st_ino ||
           now.st_dev != was.st_dev;
  };
}

std::optional<IdleRule> IdleRuleOf(const CommandLine& line, std::function<int()> active_runs) {
  if (!line.idle) return std::nullopt;
  return IdleRule{*line.idle, [active_runs] { return active_runs() > 0; },
                  [] { ::kill(::getpid(), SIGUSR1); }, IsTakenAway(line.private_state)};
}

// Asked to go when idle, the daemon lets a run end that started meanwhile, however long it takes,
// unless it is told to stop after all.
void AwaitIdleness(Services& services) {
  const sigset_t signals = StopSignals();
  const timespec at_once = {};
  while (!services.AwaitRuns(std::chrono::steady_clock::now() + kSignalsAgain)) {
    const int signal = ::sigtimedwait(&signals, nullptr, &at_once);
    if (signal > 0 && signal != SIGUSR1) return;
  }
}

// Refuse, let end, close: in this order nothing waits for what is gone.
void Stop(int signal, AdminService& admin, Server& server, Services& services, Pool& pool) {
  Log(LogLevel::kInfo, "stopping", {{"signal", ::sigabbrev_np(signal)}});
  admin.SetDraining();
  server.StopListening();
  if (signal == SIGUSR1) AwaitIdleness(services);
  LetASecondSignalForce();
  services.Drain(std::chrono::steady_clock::now() + kDrainTime);
  server.Shutdown(std::chrono::system_clock::now() + kDrainTime);
  pool.Stop();
  Log(LogLevel::kInfo, "stopped");
}

ServedTargets ServedBy(const CommandLine& line) {
  ServedTargets served;
  served.accept_urls = line.config.accept_urls;
  served.accept_backups = !line.private_state.empty();
  for (const auto& [name, target] : line.config.targets) {
    served.by_name[name] = {name,
                            target.url,
                            target.schema,
                            {"/", line.environment},
                            target.policy,
                            target.compat,
                            target.alembic_table,
                            target.placeholders,
                            target.placeholder_key};
  }
  for (const auto& [name, target] : line.config.targets) {
    if (target.require_applied_on.empty()) continue;
    TargetSpec before;  // without a url, which a daemon may take from nobody
    before.name = target.require_applied_on;
    served.by_name[name].policy.applied_before =
        std::make_shared<const TargetSpec>(std::move(before));
  }
  return served;
}

Result<void> Run(const CommandLine& line) {
  const std::vector<FileLock> locks = TRY(TakeLocks(line));
  if (!line.private_state.empty()) TRY(WriteIdentity(line));
  const std::unique_ptr<RocksKv> kv = TRY(RocksKv::Open(line.config.store));
  const World world = World::Real();
  Engine engine(*kv, world, ServedBy(line), OpenSession, line.config.ref_policies, EncodeEvent,
                GraphFileOf(line.config.store));
  Pool pool(kPoolThreads, kMaxQueuedCalls);
  StoreCare care(*kv, line.config.store, world, [&engine] { return engine.runs().oldest_start(); });
  Callers callers(line.config);
  const Calls calls(callers, pool);
  const std::unique_ptr<Services> services = MakeServices(engine, care, calls);
  const auto active_runs = [&services] { return services->ActiveRuns(); };
  AdminService admin(FactsOf(line.config, active_runs), calls);
  std::vector<grpc::Service*> served = services->All();
  served.push_back(&admin);
  const std::unique_ptr<Server> server = TRY(Server::Bind(line.config, callers));
  TRY(server->Serve(served, IdleRuleOf(line, active_runs)));
  Report(line.ready_descriptor, "ready\n");
  Stop(WaitForStop(), admin, *server, *services, pool);
  return {};
}

// Tells who typed the command; the answer is the exit status.
int Complain(const Error& error) {
  const ReasonInfo& info = InfoOf(error.reason);
  std::string text = fmt::format("migd: {} [{}]\n", error.message, info.text);
  if (const std::string hint = HintOf(error); !hint.empty()) text += "hint: " + hint + "\n";
  std::fputs(text.c_str(), stderr);
  return info.exit_status;
}

// What was restored, in a sentence.
Result<std::string> Restore(const std::string& backup, const std::string& store) {
  const CopiedStore copied =
      TRY(RestoreStore(backup, store, [](const CheckCounts&) { return true; }));
  return fmt::format("restored {} to {} (revisions: {}, refs: {}, moves: {}; last commit: {})\n",
                     backup, store, copied.counts.objects, copied.counts.refs, copied.counts.moves,
                     copied.commit);
}

int Print(const Result<std::string>& text) {
  if (!text) return Complain(text.error());
  return std::fputs(text->c_str(), stdout) >= 0 && std::fflush(stdout) == 0 ? 0 : 1;
}

int Main(int argc, char** argv) {
  Result<CommandLine> line = ParseCommandLine(argc, argv, MIG_VERSION);
  if (line && line->exit) return *line->exit;
  if (!line) return Complain(line.error());
  if (line->token) return Print(RunTokenCommand(*line->token, line->config.store, World::Real()));
  if (!line->restored_from.empty()) return Print(Restore(line->restored_from, line->config.store));
  ForgetPostgresEnvironment();  // what libpq reads is each target's own
  SetUpProcess(!line->private_state.empty());
  SetUpLog(line->config.log_format, line->config.log_level);
  const Result<void> ran = Run(*line);
  if (ran) return 0;
  Log(LogLevel::kError, "cannot start", FieldsOf(ran.error()));
  ReportError(line->ready_descriptor, ran.error());
  return InfoOf(ran.error().reason).exit_status;
}

}  // namespace
}  // namespace mig

int main(int argc, char** argv) { return mig::Main(argc, argv); }
