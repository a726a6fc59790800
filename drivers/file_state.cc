#include "drivers/file_state.h"

#include <fmt/format.h>
#include <sys/stat.h>

namespace mig {

std::string StateOfFile(const std::string& path) {
  struct stat status;
  if (stat(path.c_str(), &status) != 0) return "";
  return fmt::format("{} {} {} {}.{} {}.{}", status.st_dev, status.st_ino, status.st_size,
                     status.st_mtim.tv_sec, status.st_mtim.tv_nsec, status.st_ctim.tv_sec,
                     status.st_ctim.tv_nsec);
}

}  // namespace mig
