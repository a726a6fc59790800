// A fixture that runs each test over every implementation of the key-value seam.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <string>

#include "store/kv.h"
#include "store/memory_kv.h"
#include "store/rocks_kv.h"
#include "tests/scratch_directory.h"

namespace mig {

class AnyKv : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    if (GetParam() == "memory") {
      kv_ = std::make_unique<MemoryKv>();
      return;
    }
    auto opened = RocksKv::Open(directory_.path() / "store");
    ASSERT_TRUE(opened) << opened.error().message;
    kv_ = *std::move(opened);
  }

  Kv& kv() { return *kv_; }

 private:
  ScratchDirectory directory_;
  std::unique_ptr<Kv> kv_;
};

inline std::string ImplementationName(const testing::TestParamInfo<std::string>& info) {
  return info.param;
}

#define MIG_OVER_EVERY_KV(Suite) \
  INSTANTIATE_TEST_SUITE_P(Over, Suite, testing::Values("memory", "rocks"), ImplementationName)

}  // namespace mig
