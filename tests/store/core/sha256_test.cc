#include "store/core/sha256.h"

#include <gtest/gtest.h>

#include <thread>

namespace mig {
namespace {

// The examples of FIPS 180-4's companion, and the empty text.
TEST(Sha256, MatchesThePublishedExamples) {
  EXPECT_EQ(Hex(Sha256("")), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(Hex(Sha256("abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(Hex(Sha256("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(Hex(Sha256(std::string(1'000'000, 'a'))),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Sha256, OfOneTextDoesNotDependOnWhatWasHashedBefore) {
  const Digest first = Sha256("abc");
  Sha256("something else");
  EXPECT_EQ(Sha256("abc"), first);
}

TEST(Sha256, WorksOnSeveralThreads) {
  const Digest expected = Sha256("abc");
  std::vector<int> wrong(4, 0);
  std::vector<std::thread> threads;
  for (int& count : wrong) {
    threads.emplace_back([&count, &expected] {
      for (int i = 0; i < 1000; ++i) count += Sha256("abc") == expected ? 0 : 1;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, std::vector<int>(4, 0));
}

TEST(IsSha256, TakesWhatHexWritesAndNothingElse) {
  const std::string digest = Hex(Sha256("abc"));
  EXPECT_TRUE(IsSha256(digest));
  EXPECT_FALSE(IsSha256(""));
  EXPECT_FALSE(IsSha256(digest.substr(1)));
  EXPECT_FALSE(IsSha256("A" + digest.substr(1)));
}

// Cases 1, 2 and 6 of RFC 4231.
TEST(HmacSha256, MatchesThePublishedExamples) {
  EXPECT_EQ(Hex(HmacSha256(std::string(20, '\x0b'), "Hi There")),
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  EXPECT_EQ(Hex(HmacSha256("Jefe", "what do ya want for nothing?")),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  EXPECT_EQ(Hex(HmacSha256(std::string(131, '\xaa'),
                           "Test Using Larger Than Block-Size Key - Hash Key First")),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

TEST(Hex, IsLowerCaseAndKeepsLeadingZeros) {
  EXPECT_EQ(Hex(std::string_view("\x00\x0f\xab\xff", 4)), "000fabff");
}

}  // namespace
}  // namespace mig
