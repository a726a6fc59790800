// Where output goes: stdout carries data, stderr carries progress, advice and errors.
#pragma once

#include <mutex>
#include <string>
#include <string_view>

#include "cli/render/style.h"
#include "store/core/result.h"

namespace mig {

// Thread-safe, but for Print, Flush and what asks.
class Terminal {
 public:
  // Colours only where a terminal shows them and neither NO_COLOR, TERM=dumb nor `color` forbids
  // it.
  Terminal(bool color, bool quiet);

  // Data. Buffered until Flush().
  void Print(std::string_view text) { buffer_ += text; }
  // Progress and advice; nothing when quiet.
  void Tell(std::string_view text);
  // Told even when quiet.
  void Warn(std::string_view text);
  // Replaces the live line at the bottom of a terminal; an empty text removes it. Nothing where
  // stderr is no terminal.
  void Live(std::string_view text);

  // Writes what was printed. Errors: kFileUnwritable, e.g. a full disk; a closed pipe is success.
  Result<void> Flush();

  // Whether nobody reads stdout any more: the pipe is closed.
  bool closed() const { return closed_; }

  // Asks on stderr whether to go on, `[y/N]`: whether the line that is read begins with y or Y.
  // REQUIRES: interactive().
  bool Confirm(std::string_view question);
  // Reads a line without showing what is typed; where stdin is no terminal, its first line,
  // unasked.
  std::string AskSecret(std::string_view question);
  bool interactive() const { return stdin_is_terminal_ && stderr_is_terminal_; }

  const Style& out_style() const { return out_style_; }
  const Style& err_style() const { return err_style_; }
  bool live() const { return stderr_is_terminal_ && !quiet_; }
  int width() const { return width_; }

 private:
  void ClearLive();  // mutex_ is held

  bool stdin_is_terminal_;
  bool stderr_is_terminal_;
  bool quiet_;
  int width_;
  Style out_style_;
  Style err_style_;
  std::mutex mutex_;
  bool live_shown_ = false;  // under mutex_
  std::string buffer_;
  bool closed_ = false;
};

}  // namespace mig
