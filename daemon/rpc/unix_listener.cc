#include "daemon/rpc/unix_listener.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "daemon/limits.h"
#include "daemon/log.h"
#include "daemon/thread.h"

namespace mig {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds kFirstConnection{10};
// How soon to look again at a run that keeps an otherwise idle daemon alive.
constexpr std::chrono::milliseconds kBusyAgain{500};
// How soon to look again whether anybody can come.
constexpr std::chrono::milliseconds kLostAgain{2000};
// How soon to try again when there was no descriptor left for a connection.
constexpr std::chrono::milliseconds kDescriptorsAgain{100};
constexpr int kBacklog = 512;

Error CannotListen(const std::string& path, const char* step) {
  return {Reason::kFileUnwritable,
          "cannot listen on unix:" + path + ": " + step + ": " + std::strerror(errno),
          {{"file", path}}};
}

// A bound and listening socket, or -1 with errno.
int BoundSocket(const sockaddr_un& address, mode_t mode) {
  const int socket = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (socket < 0) return -1;
  // Before bind: there is no moment at which others could connect. (Linux: bind applies the
  // socket's own mode.)
  if (::fchmod(socket, mode) != 0 ||
      ::bind(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      ::chmod(address.sun_path, mode) != 0 || ::listen(socket, kBacklog) != 0) {
    const int error = errno;
    ::close(socket);
    errno = error;
    return -1;
  }
  return socket;
}

}  // namespace

Result<std::unique_ptr<UnixListener>> UnixListener::Bind(const std::string& path,
                                                         std::vector<std::uint32_t> allowed_uids,
                                                         UnixUsers& users) {
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof address.sun_path) {
    return Error{Reason::kConfigInvalid,
                 "the socket's path `" + path + "` is longer than the system's " +
                     std::to_string(sizeof address.sun_path - 1) + " bytes",
                 {{"file", path}},
                 "choose a shorter path"};
  }
  path.copy(address.sun_path, path.size());
  struct stat present = {};
  if (::lstat(path.c_str(), &present) == 0 && !S_ISSOCK(present.st_mode)) {
    return Error{Reason::kFileExists,
                 "cannot listen on unix:" + path + ": it is there and no socket",
                 {{"file", path}}};
  }
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) return CannotListen(path, "unlink");
  const int socket = BoundSocket(address, allowed_uids.empty() ? 0600 : 0666);
  if (socket < 0) return CannotListen(path, "bind");
  const int wake = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  return std::unique_ptr<UnixListener>(
      new UnixListener(path, socket, wake, std::move(allowed_uids), users));
}

UnixListener::UnixListener(std::string path, int socket, int wake,
                           std::vector<std::uint32_t> allowed_uids, UnixUsers& users)
    : path_(std::move(path)),
      socket_(socket),
      wake_(wake),
      allowed_uids_(std::move(allowed_uids)),
      users_(users) {}

UnixListener::~UnixListener() {
  Close();
  ::close(wake_);
}

Result<void> UnixListener::Start(std::function<void(int)> accept, std::optional<IdleRule> idle) {
  accept_ = std::move(accept);
  idle_ = std::move(idle);
  quiet_since_ = Clock::now();
  thread_ = TRY(StartThread([this] { Run(); }));
  return {};
}

void UnixListener::Close() {
  if (closed_.exchange(true)) return;
  ::unlink(path_.c_str());
  ::eventfd_write(wake_, 1);
  if (thread_.joinable()) thread_.join();
  ::close(socket_);
  for (const int connection : connections_) ::close(connection);
}

void UnixListener::Run() {
  while (!closed_) {
    std::vector<pollfd> watched = {{wake_, POLLIN, 0}, {socket_, POLLIN, 0}};
    for (const int connection : connections_) watched.push_back({connection, POLLRDHUP, 0});
    const bool full = connections_.size() >= kMaxUnixConnections;
    if (full) watched[1].fd = -1;  // they wait in the backlog
    if (::poll(watched.data(), watched.size(), WaitMilliseconds()) < 0 && errno != EINTR) {
      return Log(LogLevel::kError, "cannot wait for connections",
                 {{"error", std::strerror(errno)}});
    }
    if (closed_) return;
    std::vector<bool> hung_up;
    for (auto entry = watched.begin() + 2; entry != watched.end(); ++entry) {
      hung_up.push_back(entry->revents != 0);
    }
    ForgetClosed(hung_up);
    if (watched[1].revents != 0) Accept();
    QuitIfIdle();
  }
}

void UnixListener::Accept() {
  const int accepted = ::accept4(socket_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
  if (accepted < 0) {
    // It stays in the backlog, where poll sees it at once again.
    if (errno == EMFILE || errno == ENFILE) AwaitClose(kDescriptorsAgain);
    return;
  }
  const auto user = PermittedUser(accepted);
  if (!user) {
    ::close(accepted);
    return;
  }
  const int descriptor = users_.Claim(accepted, *user);
  if (descriptor < 0) return;
  const int watched = ::fcntl(descriptor, F_DUPFD_CLOEXEC, 0);
  if (watched >= 0) connections_.push_back(watched);
  ever_connected_ = true;
  accept_(descriptor);
}

void UnixListener::AwaitClose(std::chrono::milliseconds time) const {
  pollfd close = {wake_, POLLIN, 0};
  ::poll(&close, 1, static_cast<int>(time.count()));
}

std::optional<uid_t> UnixListener::PermittedUser(int descriptor) const {
  ucred peer = {};
  socklen_t size = sizeof peer;
  if (::getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return std::nullopt;
  const bool allowed =
      peer.uid == 0 || peer.uid == ::geteuid() ||
      std::find(allowed_uids_.begin(), allowed_uids_.end(), peer.uid) != allowed_uids_.end();
  if (allowed) return peer.uid;
  Log(LogLevel::kWarning, "turned a user away",
      {{"uid", std::to_string(peer.uid)}, {"socket", path_}});
  return std::nullopt;
}

void UnixListener::ForgetClosed(const std::vector<bool>& closed) {
  std::vector<int> open;
  for (std::size_t i = 0; i < closed.size(); ++i) {
    if (closed[i]) {
      ::close(connections_[i]);
    } else {
      open.push_back(connections_[i]);
    }
  }
  if (open.size() != connections_.size()) quiet_since_ = Clock::now();
  connections_ = std::move(open);
}

// Until the idle rule must be looked at; -1: only connections matter.
int UnixListener::WaitMilliseconds() const {
  if (!idle_ || !connections_.empty()) return -1;
  const Clock::duration limit =
      ever_connected_ ? idle_->limit : std::max(idle_->limit, kFirstConnection);
  const auto left =
      std::chrono::ceil<std::chrono::milliseconds>(quiet_since_ + limit - Clock::now());
  if (left.count() <= 0) return static_cast<int>(kBusyAgain.count());
  return static_cast<int>(std::min(left, kLostAgain).count());
}

void UnixListener::QuitIfIdle() {
  if (!idle_ || !connections_.empty()) return;
  const Clock::duration limit =
      ever_connected_ ? idle_->limit : std::max(idle_->limit, kFirstConnection);
  const bool waits = Clock::now() - quiet_since_ < limit && !idle_->lost();
  if (waits || idle_->busy()) return;
  const auto quit = std::move(idle_->quit);
  idle_.reset();
  quit();
}

}  // namespace mig
