#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "cli/commands/all.h"
#include "cli/commands/import_project.h"
#include "cli/file.h"
#include "cli/render/count.h"
#include "cli/render/store.h"
#include "cli/transfer.h"

namespace mig {
namespace {

constexpr std::size_t kPieceBytes = std::size_t{256} << 10;

// A file that gets its name when it is whole.
class PartialFile {
 public:
  explicit PartialFile(std::string path)
      : path_(std::move(path)),
        partial_(path_ + ".partial"),
        descriptor_(::open(partial_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666)),
        failure_(descriptor_ < 0 ? errno : 0) {}
  ~PartialFile() {
    if (descriptor_ >= 0) ::close(descriptor_);
    if (descriptor_ >= 0) ::unlink(partial_.c_str());
  }
  PartialFile(const PartialFile&) = delete;
  PartialFile& operator=(const PartialFile&) = delete;

  // What fails is told by Keep().
  void Write(std::string_view bytes) {
    while (failure_ == 0 && !bytes.empty()) {
      const ssize_t written = ::write(descriptor_, bytes.data(), bytes.size());
      if (written < 0 && errno != EINTR) failure_ = errno;
      if (written > 0) bytes.remove_prefix(static_cast<std::size_t>(written));
    }
  }

  // Never in place of another file.
  Result<void> Keep() {
    if (failure_ == 0 && ::fsync(descriptor_) != 0) failure_ = errno;
    if (failure_ == 0 && ::link(partial_.c_str(), path_.c_str()) != 0) failure_ = errno;
    if (failure_ == 0) return {};
    return Error{failure_ == EEXIST ? Reason::kFileExists : Reason::kFileUnwritable,
                 "cannot write " + path_ + ": " + std::strerror(failure_),
                 {{"file", path_}}};
  }

 private:
  const std::string path_;
  const std::string partial_;
  const int descriptor_;
  int failure_;
};

// A store has what was pushed or applied, and so has the file; the work tree may have more. Where
// its files cannot be read there is nothing to tell.
void TellDrafts(Context& context, const Remote& owner) {
  const auto drafts = [&]() -> Result<std::vector<std::string>> {
    const v1::View view = TRY(context.view());
    const ObjectList list =
        TRY(ListAll(view, {}, [&](const auto& request) { return context.Ask(request); }));
    return MissingIn(*owner.client, owner.project, list.ids);
  }();
  if (!drafts || drafts->empty()) return;
  context.terminal().Warn(
      "warning: not in it: " +
      Counted(static_cast<std::int64_t>(drafts->size()), "revision file", "revision files") +
      " of the work tree, neither pushed nor applied; `mig push` or a copy of the files takes them "
      "along\n");
}

constexpr Option kExportOptions[] = {
    {"--remote", "NAME", "what a remote's daemon has, instead of the work tree's own"},
};

Result<int> RunExport(Context& context) {
  const std::string path = context.args().Operand(0);
  if (Exists(path))
    return Error{Reason::kFileExists, "there is something at " + path, {{"file", path}}};
  const Remote owner = TRY(context.store_owner());
  v1::ExportProjectRequest request;
  request.set_project(owner.project);
  PartialFile file(path);
  std::size_t bytes = 0;
  const auto each = [&](const v1::ExportProjectResponse& answer) {
    file.Write(answer.chunk());
    bytes += answer.chunk().size();
    context.terminal().Live("exported " + RenderBytes(static_cast<std::int64_t>(bytes)));
  };
  TRY(owner.client->Call(request, each));
  TRY(file.Keep());
  context.terminal().Live("");
  v1::ExportProjectResponse answer;  // without the pieces, which are in the file
  if (context.json()) context.PrintJson(answer);
  context.terminal().Tell("exported project " + request.project() + " to " + path + " (" +
                          RenderBytes(static_cast<std::int64_t>(bytes)) + ")\n");
  TellDrafts(context, owner);
  return kDone;
}

// Reads a file piece by piece, and from its start again after its end.
class Pieces {
 public:
  explicit Pieces(std::string path)
      : path_(std::move(path)),
        descriptor_(::open(path_.c_str(), O_RDONLY | O_CLOEXEC)),
        failure_(descriptor_ < 0 ? errno : 0) {}
  ~Pieces() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  Pieces(const Pieces&) = delete;
  Pieces& operator=(const Pieces&) = delete;

  Result<std::string> Next() {
    std::string piece(kPieceBytes, '\0');
    ssize_t count = -1;
    while (failure_ == 0 && (count = ::read(descriptor_, piece.data(), piece.size())) < 0) {
      if (errno != EINTR) failure_ = errno;
    }
    if (failure_ != 0) {
      return Error{Reason::kFileUnreadable,
                   "cannot read " + path_ + ": " + std::strerror(failure_),
                   {{"file", path_}}};
    }
    if (count == 0) ::lseek(descriptor_, 0, SEEK_SET);
    piece.resize(static_cast<std::size_t>(count));
    return piece;
  }

 private:
  const std::string path_;
  const int descriptor_;
  int failure_;  // the errno of what went wrong
};

}  // namespace

Result<int> ImportProjectFile(Context& context, const std::string& path) {
  Pieces pieces(path);
  TRY(pieces.Next());  // a file that cannot be read is no reason to start a daemon
  Pieces again(path);
  const Remote owner = TRY(context.store_owner());
  v1::ImportProjectResponse answer =
      TRY(owner.client->ImportProject([&]() -> Result<std::string> { return again.Next(); }));
  if (context.json()) {
    context.PrintJson(answer);
  } else {
    context.terminal().Print(RenderImported(answer));
  }
  return answer.diverged().empty() ? kDone : kFindings;
}

const Command kExport = {
    .name = "export",
    .group = Group::kOperate,
    .summary = "Write the project to a file: its revisions, its refs and their logs",
    .description =
        "The file is hashed, and says the same on every machine (docs/formats.md). `mig import "
        "FILE` takes it in, into a fresh store or one that has some of it. It holds what was "
        "pushed or "
        "applied; files that were neither are counted in a warning.",
    .operands = {"FILE", 1, 1},
    .options = kExportOptions,
    .examples =
        "$ mig export shop.mig\n"
        "$ mig import shop.mig    # in another work tree, or for another daemon",
    .run = RunExport,
};

}  // namespace mig
