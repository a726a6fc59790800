// docs/errors.md is made from the table of reasons: MIG_UPDATE_GOLDEN=1 writes it anew.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <set>
#include <sstream>

#include "store/core/error.h"

namespace mig {
namespace {

constexpr char kPath[] = MIG_TEST_DATA "/../docs/errors.md";

constexpr char kPreamble[] =
    "# Errors\n"
    "\n"
    "Every error has a reason: a stable word for programs, the same in `--json`, in "
    "`google.rpc.ErrorInfo` (domain `mig`)\n"
    "and in logs. The sentence beside it is for people and may change; details (file, line, name, "
    "sqlstate, ...) travel\n"
    "in `ErrorInfo.metadata`. The code is gRPC's, the exit status that of `mig`. An error may "
    "carry a more exact hint\n"
    "than the one given here. Where a run failed and something of it took effect (detail "
    "`changed`), 6 stands "
    "in place of 2.\n"
    "\n"
    "This page is generated from `store/core/reasons.inc`.\n"
    "\n"
    "| reason | gRPC code | exit | what to do |\n"
    "|---|---|---|---|\n";

const char* NameOfCode(int code) {
  static constexpr const char* kNames[] = {"OK",
                                           "CANCELLED",
                                           "UNKNOWN",
                                           "INVALID_ARGUMENT",
                                           "DEADLINE_EXCEEDED",
                                           "NOT_FOUND",
                                           "ALREADY_EXISTS",
                                           "PERMISSION_DENIED",
                                           "RESOURCE_EXHAUSTED",
                                           "FAILED_PRECONDITION",
                                           "ABORTED",
                                           "OUT_OF_RANGE",
                                           "UNIMPLEMENTED",
                                           "INTERNAL",
                                           "UNAVAILABLE",
                                           "DATA_LOSS",
                                           "UNAUTHENTICATED"};
  return code > 0 && code < 17 ? kNames[code] : nullptr;
}

std::string Render() {
  std::ostringstream page;
  page << kPreamble;
  for (const ReasonInfo& info : AllReasons()) {
    std::string hint(info.hint);
    for (std::size_t at = 0; (at = hint.find('|', at)) != std::string::npos; at += 2)
      hint.insert(at, "\\");
    page << "| `" << info.text << "` | " << NameOfCode(info.grpc_code) << " | " << info.exit_status
         << " | " << hint << " |\n";
  }
  return page.str();
}

TEST(Reasons, AreDocumentedAsTheyAre) {
  if (std::getenv("MIG_UPDATE_GOLDEN") != nullptr) std::ofstream(kPath) << Render();
  std::ostringstream page;
  page << std::ifstream(kPath).rdbuf();
  EXPECT_EQ(page.str(), Render()) << "run this test with MIG_UPDATE_GOLDEN=1";
}

TEST(Reasons, HaveDistinctTextsOfUpperCaseWords) {
  std::set<std::string_view> texts;
  for (const ReasonInfo& info : AllReasons()) {
    EXPECT_TRUE(texts.insert(info.text).second) << info.text;
    EXPECT_TRUE(std::all_of(info.text.begin(), info.text.end(), [](char c) {
      return c == '_' || (c >= 'A' && c <= 'Z');
    })) << info.text;
  }
}

TEST(Reasons, HaveCodesAndExitStatusesThatExist) {
  const std::set<int> statuses = {1, 2, 3, 4, 5, 6, 7, 130, 143};
  for (const ReasonInfo& info : AllReasons()) {
    EXPECT_NE(NameOfCode(info.grpc_code), nullptr) << info.text;
    EXPECT_TRUE(statuses.contains(info.exit_status)) << info.text;
  }
}

TEST(Reasons, OfStoreAndTargetSayWhatToDo) {
  for (const Reason reason :
       {Reason::kCorruption, Reason::kStoreUnavailable, Reason::kDatabaseFormat}) {
    EXPECT_NE(InfoOf(reason).hint, "") << InfoOf(reason).text;
  }
  EXPECT_NE(InfoOf(Reason::kCorruption).hint.find("`.mig/store`"), std::string_view::npos);
}

TEST(Reasons, AreFoundByTheirText) {
  for (const ReasonInfo& info : AllReasons()) {
    EXPECT_EQ(ReasonFromText(info.text), info.reason);
    EXPECT_EQ(InfoOf(info.reason).text, info.text);
  }
  EXPECT_EQ(ReasonFromText("NO_SUCH_REASON"), std::nullopt);
}

TEST(HintOf, PrefersTheErrorsOwn) {
  EXPECT_EQ(HintOf({Reason::kUsage, "x", {}, "do y"}), "do y");
  EXPECT_EQ(HintOf({Reason::kUsage, "x"}), InfoOf(Reason::kUsage).hint);
}

}  // namespace
}  // namespace mig
