// Every command's record, each defined in the file named for it or for its family.
#pragma once

#include "cli/command.h"

namespace mig {

extern const Command kInit, kListTemplates;                   // init.cc
extern const Command kRevision, kMerge;                       // revision.cc
extern const Command kEdit;                                   // edit.cc
extern const Command kRestore;                                // restore.cc
extern const Command kHistory;                                // history.cc
extern const Command kLog;                                    // log.cc
extern const Command kHeads, kBranches;                       // heads.cc
extern const Command kShow, kCatFile;                         // show.cc
extern const Command kMergeBase;                              // merge_base.cc
extern const Command kRevList;                                // rev_list.cc
extern const Command kDiff;                                   // diff.cc
extern const Command kStatus;                                 // status.cc
extern const Command kCurrent;                                // current.cc
extern const Command kPlan;                                   // plan.cc
extern const Command kUpgrade, kDowngrade, kStamp, kReapply;  // run.cc
extern const Command kResolve;                                // resolve.cc
extern const Command kPush;                                   // push.cc
extern const Command kPull, kFetch;                           // pull.cc
extern const Command kClone;                                  // clone.cc
extern const Command kRefs;                                   // refs.cc
extern const Command kRuns, kWatch;                           // runs.cc
extern const Command kAudit;                                  // audit.cc
extern const Command kRecover;                                // recover.cc
extern const Command kTarget, kEnsureVersion;                 // target.cc
extern const Command kDaemon;                                 // daemon.cc
extern const Command kFsck, kGc, kBackup;                     // store.cc
extern const Command kExport;                                 // export.cc
extern const Command kImport;                                 // import.cc
extern const Command kLogin, kLogout;                         // login.cc
extern const Command kCompletion;                             // completion.cc
extern const Command kVersion;                                // version.cc
extern const Command kHelp;                                   // help.cc

}  // namespace mig
