// Long output in the user's pager, as Git shows it.
#pragma once

#include <sys/types.h>

#include <memory>

namespace mig {

// While it lives, stdout leads to the pager, and Ctrl-C is for that alone; its end waits until the
// user has left it. One at a time.
class Pager {
 public:
  // $MIG_PAGER, else $PAGER, else less where it is in PATH. Null where stdout is no terminal, the
  // pager is empty or `cat`, or cannot be started. Of a command line that names no program the
  // user is warned, and the text is shown without.
  static std::unique_ptr<Pager> Start();
  ~Pager();

  Pager(const Pager&) = delete;
  Pager& operator=(const Pager&) = delete;

 private:
  Pager(pid_t child, int terminal);

  const pid_t child_;
  const int terminal_;  // what stdout was
};

}  // namespace mig
