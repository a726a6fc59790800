#include "cli/render/error.h"

#include <google/protobuf/util/json_util.h>

#include <string_view>

#include "cli/render/printable.h"

namespace mig {
namespace {

// Details that are shown on lines of their own, in this order.
struct Shown {
  std::string_view detail;
  std::string_view title;
};
constexpr Shown kShown[] = {
    {"sqlstate", "SQLSTATE"}, {"db_detail", "detail"},        {"db_hint", "the database's hint"},
    {"context", "context"},   {"losses", "it would destroy"}, {"state", "state"},
};

std::string Detail(const Error& error, std::string_view key) {
  auto found = error.details.find(std::string(key));
  return found == error.details.end() ? "" : found->second;
}

// "FILE:LINE:COLUMN: ", unless the message starts with the file already.
std::string PlaceOf(const Error& error) {
  std::string place = Detail(error, "file");
  if (place.empty() || error.message.starts_with(place) || Detail(error, "line").empty()) return "";
  for (std::string_view key : {"line", "column"}) {
    std::string value = Detail(error, key);
    // A database calls the name of a column so, too.
    bool counts = !value.empty() && value.find_first_not_of("0123456789") == std::string::npos;
    if (counts) place += ":" + value;
  }
  return place + ": ";
}

std::string IndentedAfterFirst(std::string_view text) {
  std::string indented;
  for (char c : text) indented += c == '\n' ? std::string("\n    ") : std::string(1, c);
  return indented;
}

}  // namespace

std::string RenderError(const Error& error, const Style& style) {
  std::string text = style.Red("error:") + " " + Printable(PlaceOf(error) + error.message) + " " +
                     style.Dim("[" + std::string(InfoOf(error.reason).text) + "]") + "\n";
  for (const Shown& shown : kShown) {
    std::string value = Detail(error, shown.detail);
    if (value.empty()) continue;
    const bool is_list = shown.detail == "losses" && value.find('\n') != std::string::npos;
    text += "  " + std::string(shown.title) + (is_list ? ":\n    " : ": ") +
            IndentedAfterFirst(Printable(value)) + "\n";
  }
  std::string hint = HintOf(error);
  return hint.empty() ? text : text + style.Cyan("hint:") + " " + Printable(hint) + "\n";
}

std::string RenderErrorJson(const Error& error) {
  v1::RunError message;
  message.set_reason(std::string(InfoOf(error.reason).text));
  message.set_message(error.message);
  message.set_hint(HintOf(error));
  message.mutable_details()->insert(error.details.begin(), error.details.end());
  std::string json;
  (void)google::protobuf::util::MessageToJsonString(message, &json);
  return "{\"error\":" + json + "}\n";
}

int ExitStatusOf(const Error& error) {
  const int refused = InfoOf(Reason::kUsage).exit_status;
  const int status = InfoOf(error.reason).exit_status;
  const bool changed = error.details.contains("changed");
  return status == refused && changed ? InfoOf(Reason::kStatementFailed).exit_status : status;
}

Error ErrorOf(const v1::RunError& error) {
  Error ours{ReasonFromText(error.reason()).value_or(Reason::kInternal), error.message()};
  ours.hint = error.hint();
  ours.details.insert(error.details().begin(), error.details().end());
  return ours;
}

}  // namespace mig
