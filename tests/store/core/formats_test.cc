// What docs/formats.md shows is so.
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "store/core/revision.h"
#include "store/core/revision_file.h"

namespace mig {
namespace {

std::string FormatsPage() {
  std::ostringstream page;
  page << std::ifstream(MIG_TEST_DATA "/../docs/formats.md").rdbuf();
  return page.str();
}

TEST(FormatsPage, ShowsARevisionFileThatIsOne) {
  const std::string page = FormatsPage();
  static constexpr std::string_view kFence = "```sql\n";
  const std::size_t begin = page.find(kFence) + kFence.size();
  const std::string shown = page.substr(begin, page.find("```", begin) - begin);
  const Result<RevisionFile> file = ParseRevisionFile("shown.sql", shown);
  ASSERT_TRUE(file) << file.error().message;
  EXPECT_EQ(file->sections.size(), 4u);
  EXPECT_EQ(WriteRevisionFile(*file).value(), shown);
}

TEST(FormatsPage, ShowsTheIdOfTheSmallestRevision) {
  const Revision smallest{"a", {}, {}, ""};
  const std::string page = FormatsPage();
  EXPECT_EQ(CanonicalText(smallest), "mig-revision 1\nname a\nsize 0\n\n");
  EXPECT_NE(page.find("printf 'mig-revision 1\\nname a\\nsize 0\\n\\n' | sha256sum\n" +
                      IdOf(smallest).hex()),
            std::string::npos);
}

}  // namespace
}  // namespace mig
