// A process that the system gives no threads.
#pragma once

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>

namespace mig {

// Expects that `holds` is true in a copy of this process that may start no thread.
inline void ExpectWithoutThreads(const std::function<bool()>& holds) {
  constexpr uid_t kNobody = 65534;  // the limit does not bind root
  const pid_t child = ::fork();
  if (child == 0) {
    const rlimit none{0, 0};
    ::setrlimit(RLIMIT_NPROC, &none);
    const bool bound = ::geteuid() != 0 || ::setuid(kNobody) == 0;
    ::_exit(bound && holds() ? 0 : 1);
  }
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

}  // namespace mig
