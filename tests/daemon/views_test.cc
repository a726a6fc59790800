#include "daemon/views.h"

#include <gmock/gmock.h>

#include "store/core/sha256.h"
#include "tests/daemon/scene.h"

namespace mig {
namespace {

constexpr char kAnn[] = "user ann";

class ViewsTest : public testing::Test {
 protected:
  // A work tree of one file, with a comment of so many bytes.
  ViewName Opened(int number, std::size_t bytes) {
    const std::string name = "r" + std::to_string(number);
    const std::string text = "-- message: " + name + "\n\n-- mig:up\n-- " +
                             std::string(bytes, 'x') + "\nSELECT 1;\n\n-- mig:down\nSELECT 2;\n";
    const std::vector<ListedFile> listing = {{name + ".sql", Hex(Sha256(text))}};
    EXPECT_TRUE(views().AddContents(kAnn, listing[0].sha256, text));
    const auto opened = views().Open("shop", listing, kAnn);
    EXPECT_TRUE(opened) << opened.error().message;
    EXPECT_NE(opened->view, nullptr);
    return {"shop", DigestOf(listing), ""};
  }
  bool Knows(const ViewName& name) { return views().Find(name).has_value(); }
  Views& views() { return scene_.engine().views(); }

  Scene scene_{Dialect::kSqlite};
};

TEST_F(ViewsTest, KeepTheSmallWorkTreesOfManyClientsAtOnce) {
  const ViewName first = Opened(0, 100);
  for (int i = 1; i < 300; ++i) Opened(i, 100);
  EXPECT_TRUE(Knows(first));
}

TEST_F(ViewsTest, KeepAFewWorkTreesHoweverLarge) {
  std::vector<ViewName> names;
  for (int i = 0; i < 12; ++i) names.push_back(Opened(i, 2'000'000));
  EXPECT_FALSE(Knows(names[3]));
  for (int i = 4; i < 12; ++i) EXPECT_TRUE(Knows(names[i])) << i;
}

TEST_F(ViewsTest, AreOfAProjectThatTheStoreCanName) {
  EXPECT_TRUE(views().Open("shop-2", {}, kAnn));
  for (const char* project : {"", "x y", "x/y", "größe"}) {
    const auto opened = views().Open(project, {}, kAnn);
    ASSERT_FALSE(opened) << project;
    EXPECT_EQ(opened.error().reason, Reason::kNameInvalid) << project;
  }
}

TEST_F(ViewsTest, ForgetFirstWhatWasNotAskedForForLongest) {
  const ViewName asked = Opened(0, 2'000'000), forgotten = Opened(1, 2'000'000);
  for (int i = 2; i < 8; ++i) Opened(i, 2'000'000);
  EXPECT_TRUE(Knows(asked));
  Opened(8, 2'000'000);
  EXPECT_TRUE(Knows(asked));
  EXPECT_FALSE(Knows(forgotten));
}

TEST_F(ViewsTest, TakeFilesFromWhoSentThemAndFromTheirOwnProject) {
  const std::string text = "-- mig:up\nSELECT 1;\n\n-- mig:down\nSELECT 2;\n";
  const std::vector<ListedFile> listing = {{"a.sql", Hex(Sha256(text))}};
  const auto missing = [&](const char* project, const char* caller) {
    const auto opened = views().Open(project, listing, caller);
    EXPECT_TRUE(opened) << opened.error().message;
    return opened->missing.size();
  };
  ASSERT_TRUE(views().AddContents("token shop", listing[0].sha256, text));
  EXPECT_EQ(missing("billing", "token billing"), 1u) << "before a view has them";
  EXPECT_EQ(missing("shop", "token shop"), 0u);
  EXPECT_EQ(missing("shop", "token dashboard"), 0u);
  EXPECT_EQ(missing("billing", "token billing"), 1u) << "when shop's has them";
  ASSERT_TRUE(views().AddContents("token billing", listing[0].sha256, text));
  EXPECT_EQ(missing("billing", "token billing"), 0u);
}

TEST_F(ViewsTest, TakeWhatTheirProjectHasForOtherFilesToo) {
  const std::string text = "-- mig:up\nSELECT 1;\n\n-- mig:down\nSELECT 2;\n";
  ASSERT_TRUE(views().AddContents(kAnn, Hex(Sha256(text)), text));
  ASSERT_NE(views().Open("shop", {{"a.sql", Hex(Sha256(text))}}, kAnn)->view, nullptr);
  EXPECT_NE(views().Open("shop", {{"b.sql", Hex(Sha256(text))}}, "user bob")->view, nullptr);
}

TEST_F(ViewsTest, DoNotCallASectionEmptyThatIsNotRenderedYet) {
  const auto warnings_of = [this](const std::string& text) {
    const std::vector<ListedFile> listing = {{"a.sql", Hex(Sha256(text))}};
    EXPECT_TRUE(views().AddContents(kAnn, listing[0].sha256, text));
    return views().Open("shop", listing, kAnn)->view->warnings;
  };
  const std::string rest = "\n-- op.execute(...)\n\n-- mig:down\nSELECT 1;\n";
  EXPECT_THAT(warnings_of("-- mig:up" + rest), testing::SizeIs(1));
  EXPECT_THAT(warnings_of("-- mig:up unrendered: it reads" + rest), testing::IsEmpty());
}

TEST_F(ViewsTest, DoNotCallASectionEmptyThatMariadbMayRun) {
  const auto warnings_of = [this](const std::string& up) {
    const std::string text = "-- mig:up" + up + "\n\n-- mig:down\nSELECT 1;\n";
    const std::vector<ListedFile> listing = {{"a.sql", Hex(Sha256(text))}};
    EXPECT_TRUE(views().AddContents(kAnn, listing[0].sha256, text));
    return views().Open("shop", listing, kAnn)->view->warnings;
  };
  for (const char* sql : {"\n/*!50000 DROP TABLE x */;", "\n/*M! DROP TABLE x */;"}) {
    EXPECT_THAT(warnings_of(sql), testing::IsEmpty()) << sql;
    EXPECT_THAT(warnings_of(" dialect=mariadb" + std::string(sql)), testing::IsEmpty()) << sql;
    EXPECT_THAT(warnings_of(" dialect=sqlite" + std::string(sql)), testing::SizeIs(1)) << sql;
  }
  EXPECT_THAT(warnings_of("\n/* DROP TABLE x */;"), testing::SizeIs(1));
}

}  // namespace
}  // namespace mig
