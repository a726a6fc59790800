#include "cli/render/status.h"

#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

namespace mig {
namespace {

v1::GetStatusResponse Parse(const std::string& text) {
  v1::GetStatusResponse status;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &status)) << text;
  return status;
}

TEST(Status, OfACleanTargetIsFourLines) {
  EXPECT_EQ(RenderStatus(Parse("heads: 'b' current: 'b' target_url: 'sqlite:/dev.db' applied: 2"),
                         "dev", Style(false)),
            "target:   dev (sqlite:/dev.db)\ncurrent:  b\nheads:    b\npending:  nothing\n");
}

TEST(Status, WithoutATargetSaysOnlyWhatTheFilesSay) {
  EXPECT_EQ(RenderStatus(Parse("heads: 'b'"), "", Style(false)), "heads:    b\n");
}

TEST(Status, WithoutATargetDoesNotSayThatNothingIsApplied) {
  v1::GetStatusResponse status = Parse(R"(
      heads: 'b' pending: 1
      entries { state: STATE_NEW name: 'b' path: 'm/b.sql' }
      entries { state: STATE_PUSHED name: 'a' path: 'm/a.sql' })");
  EXPECT_EQ(RenderStatus(status, "", Style(false)), R"(heads:    b

pushed
  (what was pushed does not change: write another revision instead)
  m/a.sql

not pushed
  (whether they are applied is not known: no target was asked)
  m/b.sql
)");
}

TEST(Status, GroupsFilesByStateAndSaysWhatToDo) {
  v1::GetStatusResponse status = Parse(R"(
      heads: 'd' current: 'c' pending: 1
      entries { state: STATE_NEW name: 'd' path: 'm/d.sql' }
      entries { state: STATE_EDITED name: 'b' path: 'm/b.sql' }
      entries { state: STATE_REIDENTIFIED name: 'c' path: 'm/c.sql' because_of: 'b' }
      entries { state: STATE_MISSING_FILE name: 'a' }
      entries { state: STATE_COSMETIC name: 'x' path: 'm/x.sql' }
      entries { state: STATE_PUSHED name: 'p' path: 'm/p.sql' }
      entries { state: STATE_UNFINISHED name: 'u' path: 'm/u.sql' })");
  EXPECT_EQ(RenderStatus(status, "dev", Style(false)), R"(target:   dev
current:  c
heads:    d
pending:  1 revision (`mig upgrade heads`)

edited since applied
  (`mig reapply` undoes it, rows included, and applies the edit; `mig restore FILE --allow overwrite` takes the edit back)
  m/b.sql

re-identified, because a revision below was edited
  (`mig reapply` gives them their new ids)
  m/c.sql (because of b)

applied, and the file is missing
  (the stored original serves; `mig restore NAME` writes it)
  a

edited in the header, comments, white space or timeouts only
  (`mig restore FILE --allow overwrite` takes the applied text back)
  m/x.sql

pushed, and not applied here
  (what was pushed does not change: write another revision instead)
  m/p.sql

half applied
  (`mig upgrade` goes on with it; what ran of it does not change)
  m/u.sql

new
  (may be edited freely until they are applied or pushed)
  m/d.sql
)");
}

TEST(HasFindings, CountsEverythingButAppliedRevisions) {
  EXPECT_FALSE(HasFindings(Parse("applied: 3")));
  EXPECT_TRUE(HasFindings(Parse("pending: 1")));
  EXPECT_TRUE(HasFindings(Parse("entries { state: STATE_COSMETIC }")));
}

}  // namespace
}  // namespace mig
