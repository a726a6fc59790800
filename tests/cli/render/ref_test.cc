#include "cli/render/ref.h"

#include <gtest/gtest.h>

namespace mig {
namespace {

v1::RefHead Head(const std::string& name) {
  v1::RefHead head;
  head.set_id(name + "-id");
  head.set_name(name);
  return head;
}

TEST(RenderRefs, SaysWhereEachIsAndWhatIsSpecial) {
  v1::ListRefsResponse answer;
  v1::Ref* main = answer.add_refs();
  main->set_name("main");
  *main->add_heads() = Head("users");
  main->set_is_protected(true);
  v1::Ref* prices = answer.add_refs();
  prices->set_name("team-a/prices");
  *prices->add_heads() = Head("a");
  *prices->add_heads() = Head("b");
  prices->set_policy(v1::REF_POLICY_HEADS);
  EXPECT_EQ(RenderRefs(answer, Style()),
            "main           users  (protected)\n"
            "team-a/prices  a, b   (policy heads)\n");
}

TEST(RenderMoves, SaysWhoMovedItForWhom) {
  v1::RefMove created;
  created.set_number(1);
  created.set_kind(v1::RefMove::KIND_CREATED);
  created.set_time("2026-01-05T09:00:00Z");
  created.set_actor("token ci");
  created.set_author("Ann");
  *created.add_to() = Head("users");
  v1::RefMove moved = created;
  moved.set_number(2);
  moved.set_kind(v1::RefMove::KIND_MOVED);
  moved.clear_author();
  *moved.add_from() = Head("users");
  *moved.mutable_to(0) = Head("orders");
  EXPECT_EQ(RenderMoves({moved, created}, Style()),
            "2  2026-01-05T09:00:00Z  token ci        users -> orders\n"
            "1  2026-01-05T09:00:00Z  Ann (token ci)  created at users\n");
}

TEST(RenderMoves, ShowsControlCharactersOfWhoMovedIt) {
  v1::RefMove deleted;
  deleted.set_number(1);
  deleted.set_kind(v1::RefMove::KIND_DELETED);
  deleted.set_time("2026-01-05T09:00:00Z");
  deleted.set_actor("user\n9");
  deleted.set_author("A\x1b[8m");
  *deleted.add_from() = Head("users");
  EXPECT_EQ(RenderMoves({deleted}, Style()),
            "1  2026-01-05T09:00:00Z  A\\x1b[8m (user\\x0a9)  deleted, was at users\n");
}

TEST(RenderMoved, SaysWhatBecameOfARef) {
  const std::vector<v1::RefHead> a = {Head("a")};
  const std::vector<v1::RefHead> b = {Head("b")};
  EXPECT_EQ(RenderMoved("main", {}, a, 1, Style()), "main: created at a (1 revision)\n");
  EXPECT_EQ(RenderMoved("main", a, b, 2, Style()), "main: a -> b (2 revisions)\n");
  EXPECT_EQ(RenderMoved("main", a, a, 0, Style()), "main: is at a\n");
  EXPECT_EQ(RenderMoved("main", a, {}, 0, Style()), "main: was deleted\n");
}

}  // namespace
}  // namespace mig
