// A session that fails at every single call of a run, one after the other: whatever it left, the
// next run completes, and the database equals one that was never disturbed.
#include <cstdio>
#include <cstdlib>

#include "tests/daemon/faulty_session.h"
#include "tests/daemon/scene.h"

namespace mig {
namespace {

using Fault = SessionFault::Kind;

struct FaultCase {
  Dialect dialect;
  Fault kind;
  const char* plan;
};

std::string NameOf(const testing::TestParamInfo<FaultCase>& info) {
  constexpr const char* kKinds[] = {"Before", "After", "Dead", "DeadAfter"};
  return std::string(NameOf(info.param.dialect)) + "_" + info.param.plan + "_" +
         kKinds[static_cast<int>(info.param.kind)];
}

std::vector<FaultCase> AllCases() {
  std::vector<FaultCase> cases;
  for (const Dialect dialect : {Dialect::kSqlite, Dialect::kPostgresql, Dialect::kMariadb}) {
    for (const char* plan : {"transactional", "outside", "mixed"}) {
      for (const Fault kind : {Fault::kBefore, Fault::kAfter, Fault::kDead, Fault::kDeadAfter}) {
        cases.push_back({dialect, kind, plan});
      }
    }
  }
  return cases;
}

std::string Insert(const std::string& what) {
  return "INSERT INTO ran (what) VALUES ('" + what + "');\n";
}

// Statements outside of transactions that can be looked for, or repeated.
void DrawPlan(Scene& scene, const std::string& plan) {
  const bool postgres = scene.postgres();
  const std::string index =
      postgres ? "CREATE INDEX CONCURRENTLY i ON t_a (id);\n" : "CREATE INDEX i ON t_a (id);\n";
  const std::string drop = postgres          ? "DROP INDEX CONCURRENTLY i;\n"
                           : scene.mariadb() ? "DROP INDEX i ON t_a;\n"
                                             : "DROP INDEX i;\n";
  const std::string care = postgres          ? "VACUUM t_a;\n"
                           : scene.mariadb() ? "ANALYZE TABLE t_a;\n"
                                             : "VACUUM;\n";
  if (plan == "transactional") scene.Draw("a; b: a; c: a; m: b c");
  if (plan == "outside") {
    scene.Draw("a");
    scene.Write("b", "-- parents: a\n\n-- mig:up transaction=off\n" + index + care);
    scene.Write("c", "-- parents: b\n\n-- mig:up transaction=off\n" + care + drop);
    scene.Write("d", "-- parents: c\n\n-- mig:up transaction=off\n" + index);
  }
  if (plan == "mixed") {
    scene.Draw("a; c: b");
    scene.Write("b", "-- parents: a\n\n-- mig:up\n" + Insert("b1") + "-- mig:up transaction=off\n" +
                         index + Insert("b2") + "-- mig:up\n" + Insert("b3") +
                         "-- mig:up transaction=off\n" + drop + "-- mig:up\n" + Insert("b4") +
                         "-- mig:verify\nSELECT count(*) > 0 FROM ran;\n");
  }
}

class Faults : public testing::TestWithParam<FaultCase> {
 protected:
  // A part of the calls by default; all where the environment asks for them.
  static int Stride() {
    if (std::getenv("MIG_SOAK") != nullptr) return 1;
    return GetParam().dialect == Dialect::kSqlite    ? 4
           : GetParam().dialect == Dialect::kMariadb ? 25
                                                     : 10;
  }

  static std::string LogOfSuccess(Scene& scene) {
    return scene.Column("SELECT " + scene.Concatenated({"direction", "name"}) +
                        " FROM mig_log WHERE outcome = 'done' ORDER BY 1");
  }

  SessionFault fault_;
  Scene scene_{GetParam().dialect, "", OpenerOf<FaultySession>(fault_)};
};

INSTANTIATE_TEST_SUITE_P(Sessions, Faults, testing::ValuesIn(AllCases()),
                         [](const auto& one) { return NameOf(one); });

TEST_P(Faults, LeaveNothingThatTheNextRunDoesNotComplete) {
  DrawPlan(scene_, GetParam().plan);
  ASSERT_EQ(scene_.Upgrade(), "done");
  const std::string undisturbed = scene_.Everything();
  const std::string log = LogOfSuccess(scene_);
  int at = 1 + static_cast<int>(GetParam().kind) % Stride();
  int fired = 0;
  for (;; at += Stride()) {
    SCOPED_TRACE("at call " + std::to_string(at));
    scene_.Wipe();
    fault_ = {GetParam().kind, at};
    const std::string first = scene_.Upgrade();
    const bool has_fired = fault_.fired();
    fault_ = {};
    if (!has_fired) {
      EXPECT_EQ(first, "done");
      break;
    }
    ++fired;
    EXPECT_EQ(scene_.Upgrade(), "done") << (scene_.finished().error ? scene_.error().message : "");
    EXPECT_EQ(scene_.Everything(), undisturbed);
    EXPECT_EQ(LogOfSuccess(scene_), log);
    scene_.ExpectSound();
    if (HasFailure()) break;
  }
  EXPECT_GE(fired, 30 / Stride());
  std::printf("%d faults\n", fired);
}

}  // namespace
}  // namespace mig
