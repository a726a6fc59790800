// SHA-256 (FIPS 180-4) of bytes that come in pieces, by OpenSSL.
#pragma once

#include <memory>
#include <string_view>

#include "store/core/sha256.h"

namespace mig {

class Sha256Stream {
 public:
  Sha256Stream();
  ~Sha256Stream();

  void Add(std::string_view bytes);

  // Of all that was added. At most once, and last.
  Digest Finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace mig
