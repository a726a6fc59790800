#include "drivers/mariadb_user_locks.h"

#include "store/core/sha256.h"

namespace mig {

std::array<std::string, 2> MariadbUserLocks(std::string_view name) {
  std::string key = Hex(Sha256("mig-lock 1\n" + std::string(name))).substr(0, 40);
  return {"mig-1-" + key, "mig-2-" + key};
}

}  // namespace mig
