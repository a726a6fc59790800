#include "cli/local_daemon.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <thread>

#include "cli/file.h"
#include "cli/spawn_migd.h"

namespace mig {
namespace {

constexpr int kAttempts = 4;
constexpr std::chrono::seconds kAwaitGone{10};
constexpr std::chrono::milliseconds kPoll{2};
constexpr timeval kConnectLimit{10, 0};

Error CannotConnect(const std::string& path, int number) {
  if (number == EACCES) {
    return {Reason::kPermissionDenied,
            "you may not connect to unix:" + path,
            {{"file", path}},
            "who runs the daemon lets other users in by `allow_uids` below [unix] in migd.toml"};
  }
  Error error{Reason::kDaemonUnreachable,
              "no daemon answers on unix:" + path + ": " + std::strerror(number),
              {{"file", path}}};
  if (number == ENOENT || number == ECONNREFUSED) error.details["absent"] = "true";
  return error;
}

bool IsAbsent(const Error& error) { return error.details.contains("absent"); }

// Whose socket it is: the folder is ours alone, so anything else is a sign of something wrong.
Result<void> CheckPeer(int socket, const std::string& path) {
  ucred peer = {};
  socklen_t size = sizeof peer;
  if (::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 &&
      (peer.uid == ::geteuid() || peer.uid == 0)) {
    return {};
  }
  return Error{Reason::kPermissionDenied,
               "the daemon on unix:" + path + " belongs to another user",
               {{"file", path}}};
}

// Holds start.lock while it lives.
class StartLock {
 public:
  explicit StartLock(const std::string& path)
      : descriptor_(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)) {
    while (held() && ::flock(descriptor_, LOCK_EX) != 0 && errno == EINTR) {
    }
  }
  ~StartLock() {
    if (held()) ::close(descriptor_);
  }
  StartLock(const StartLock&) = delete;
  StartLock& operator=(const StartLock&) = delete;

  bool held() const { return descriptor_ >= 0; }

 private:
  const int descriptor_;
};

}  // namespace

Result<int> ConnectUnix(const std::string& path) {
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof address.sun_path) {
    return Error{Reason::kConfigInvalid,
                 "the socket's path `" + path + "` is empty, or longer than the system's " +
                     std::to_string(sizeof address.sun_path - 1) + " bytes",
                 {{"file", path}},
                 "choose a shorter path"};
  }
  path.copy(address.sun_path, path.size());
  const int socket = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (socket < 0) return CannotConnect(path, errno);
  // Bounds the wait for room in the listener's backlog: socket(7).
  ::setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &kConnectLimit, sizeof kConnectLimit);
  if (::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      ::fcntl(socket, F_SETFL, O_NONBLOCK) != 0) {
    const int number = errno;
    ::close(socket);
    return CannotConnect(path, number);
  }
  return socket;
}

pid_t ListenerOf(int socket) {
  ucred peer = {};
  socklen_t size = sizeof peer;
  return ::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 ? peer.pid : 0;
}

Result<int> LocalDaemon::ConnectRunning() const {
  const std::string path = places_.socket();
  const int socket = TRY(ConnectUnix(path));
  const Result<void> ours = CheckPeer(socket, path);
  if (ours) return socket;
  ::close(socket);
  return ours.error();
}

Result<int> LocalDaemon::Connect() const {
  TRY(IdleSeconds());  // not only where one has to be started
  for (int attempt = 1;; ++attempt) {
    Result<int> socket = ConnectRunning();
    if (socket || !IsAbsent(socket.error())) return socket;
    socket = ConnectOrStart();
    // Absent again: killed while it started, or between its word and our connect.
    if (socket || !IsAbsent(socket.error()) || attempt == kAttempts) return socket;
  }
}

Result<int> LocalDaemon::ConnectOrStart() const {
  const StartLock lock(places_.start_lock());
  if (!lock.held()) {
    return Error{Reason::kFileUnwritable,
                 "cannot open " + places_.start_lock() + ": " + std::strerror(errno),
                 {{"file", places_.start_lock()}}};
  }
  Result<int> socket = ConnectRunning();
  if (socket || !IsAbsent(socket.error())) return socket;
  TRY(SpawnMigd(places_));
  return ConnectRunning();
}

bool LocalDaemon::IsKnown(int socket, int api) const {
  const pid_t listener = ListenerOf(socket);
  const Result<std::string> identity = ReadFile(places_.identity());
  const Result<std::string> migd = FindMigd();
  if (listener == 0 || !identity || !migd) return false;
  return identity->starts_with("pid " + std::to_string(listener) + "\napi " + std::to_string(api) +
                               "\nbinary " + BinaryIdentity(*migd) + "\n");
}

bool LocalDaemon::HasLostItsState() const {
  return ::access(places_.identity().c_str(), F_OK) != 0;
}

void LocalDaemon::AwaitGone() const {
  const auto deadline = std::chrono::steady_clock::now() + kAwaitGone;
  while (std::chrono::steady_clock::now() < deadline) {
    const Result<int> socket = ConnectUnix(places_.socket());
    if (!socket) return;
    ::close(*socket);
    std::this_thread::sleep_for(kPoll);
  }
}

pid_t LocalDaemon::LockHolder() const {
  const int lock = ::open(places_.daemon_lock().c_str(), O_RDONLY | O_CLOEXEC);
  if (lock < 0) return 0;
  char text[16] = {};
  const bool held = ::flock(lock, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
  const bool read = held && ::read(lock, text, sizeof text - 1) > 0;
  ::close(lock);
  return read ? static_cast<pid_t>(std::strtol(text, nullptr, 10)) : 0;
}

}  // namespace mig
