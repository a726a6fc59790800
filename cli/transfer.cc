#include "cli/transfer.h"

#include <algorithm>
#include <optional>

namespace mig {
namespace {

// Ids in one call: the daemon's limit is twice that.
constexpr std::size_t kIdsPerCall = 10'000;

template <typename Field>
void AddSlice(const std::vector<std::string>& ids, std::size_t first, Field* field) {
  const std::size_t last = std::min(ids.size(), first + kIdsPerCall);
  for (std::size_t i = first; i < last; ++i) *field->Add() = ids[i];
}

// Objects of one slice, as the messages come. The stream that failed first says why.
Result<void> SendSlice(Client& from, const v1::ReadObjectsRequest& request, Client& to,
                       const std::string& project, const std::function<void()>& sent_one) {
  std::optional<Error> reading;
  Result<v1::UploadObjectsResponse> taken = to.UploadObjects([&](const Client::SendObjects& send) {
    reading.reset();
    bool open = true;
    Result<void> read = from.ReadObjects(request, [&](const v1::ReadObjectsResponse& part) {
      if (!open) return;
      v1::UploadObjectsRequest message;
      message.set_project(project);
      *message.mutable_chunks() = part.chunks();
      open = send(message);
      for (const v1::ObjectChunk& chunk : part.chunks()) {
        if (chunk.size() > 0) sent_one();
      }
    });
    if (!read) reading = std::move(read).error();
  });
  if (reading) return *std::move(reading);
  if (!taken) return std::move(taken).error();
  return {};
}

}  // namespace

Result<ObjectList> ListAll(
    const v1::View& view, const std::vector<std::string>& haves,
    const std::function<Result<v1::ListObjectsResponse>(const v1::ListObjectsRequest&)>& ask) {
  v1::ListObjectsRequest request;
  *request.mutable_view() = view;
  AddSlice(haves, 0, request.mutable_haves());
  ObjectList list;
  do {
    v1::ListObjectsResponse page = TRY(ask(request));
    list.ids.insert(list.ids.end(), page.ids().begin(), page.ids().end());
    list.heads.assign(page.heads().begin(), page.heads().end());
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
  return list;
}

Result<std::vector<std::string>> MissingIn(Client& daemon, const std::string& project,
                                           const std::vector<std::string>& ids) {
  std::vector<std::string> missing;
  for (std::size_t first = 0; first < ids.size(); first += kIdsPerCall) {
    v1::ListMissingRequest request;
    request.set_project(project);
    AddSlice(ids, first, request.mutable_ids());
    v1::ListMissingResponse answer = TRY(daemon.Call(request));
    missing.insert(missing.end(), answer.ids().begin(), answer.ids().end());
  }
  return missing;
}

Result<void> ReadTexts(Client& from, const v1::View& view, const std::vector<std::string>& ids,
                       const std::function<Result<void>(const std::string& text)>& each) {
  for (std::size_t first = 0; first < ids.size(); first += kIdsPerCall) {
    v1::ReadObjectsRequest request;
    *request.mutable_view() = view;
    AddSlice(ids, first, request.mutable_ids());
    Result<void> taken;
    std::string text;
    std::size_t size = 0;
    TRY(from.ReadObjects(request, [&](const v1::ReadObjectsResponse& part) {
      for (const v1::ObjectChunk& chunk : part.chunks()) {
        if (chunk.size() > 0) {
          text.clear();
          size = static_cast<std::size_t>(chunk.size());
        }
        text += chunk.bytes();
        if (taken && text.size() == size) taken = each(text);
      }
    }));
    TRY(std::move(taken));
  }
  return {};
}

Result<void> SendObjects(Client& from, const v1::View& view, const std::vector<std::string>& ids,
                         Client& to, const std::string& project,
                         const std::function<void(std::size_t)>& sent) {
  for (std::size_t first = 0; first < ids.size(); first += kIdsPerCall) {
    v1::ReadObjectsRequest request;
    *request.mutable_view() = view;
    AddSlice(ids, first, request.mutable_ids());
    std::size_t count = first;
    TRY(SendSlice(from, request, to, project, [&] { sent(++count); }));
  }
  return {};
}

}  // namespace mig
