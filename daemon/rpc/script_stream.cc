#include "daemon/rpc/script_stream.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "daemon/limits.h"
#include "daemon/rpc/status.h"

namespace mig {
namespace {

bool ContinuesACharacter(char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; }

class ScriptSender final : public grpc::ServerWriteReactor<v1::RenderScriptResponse> {
 public:
  ScriptSender(Result<Identity> caller, Pool& pool, std::function<Result<std::string>()> render)
      : render_(std::move(render)) {
    Result<void> begun = caller ? pool.Post([this] { Render(); }) : std::move(caller).error();
    if (!begun) Finish(ToStatus(begun.error()));
  }

 private:
  void Render() {
    Result<std::string> script = render_();
    if (!script) return Finish(ToStatus(script.error()));
    script_ = *std::move(script);
    SendNext();
  }

  void SendNext() {
    if (sent_ == script_.size()) return Finish(grpc::Status::OK);
    std::size_t end = std::min(script_.size(), sent_ + kScriptBytesPerMessage);
    while (end < script_.size() && ContinuesACharacter(script_[end])) --end;
    message_.set_script(script_.substr(sent_, end - sent_));
    sent_ = end;
    StartWrite(&message_);
  }

  void OnWriteDone(bool ok) override {
    if (!ok) return Finish(grpc::Status::CANCELLED);
    SendNext();
  }
  void OnDone() override { delete this; }

  const std::function<Result<std::string>()> render_;
  std::string script_;  // UTF-8, as all that it is made of
  std::size_t sent_ = 0;
  v1::RenderScriptResponse message_;
};

}  // namespace

grpc::ServerWriteReactor<v1::RenderScriptResponse>* SendScript(
    Result<Identity> caller, Pool& pool, std::function<Result<std::string>()> render) {
  return new ScriptSender(std::move(caller), pool, std::move(render));
}

}  // namespace mig
