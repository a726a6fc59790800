// Refs and their moves as text.
#pragma once

#include <string>
#include <vector>

#include "cli/render/style.h"
#include "mig/v1/ref.pb.h"

namespace mig {

// A line for each ref: name, heads, what is special about it.
std::string RenderRefs(const v1::ListRefsResponse& answer, const Style& style);

// A line for each move, the latest first.
std::string RenderMoves(const std::vector<v1::RefMove>& moves, const Style& style);

// "main: a -> b (2 revisions)"; "created at b" where there was nothing, "is at b" where nothing
// changed, "was deleted" where there is nothing any more.
std::string RenderMoved(const std::string& ref, const std::vector<v1::RefHead>& from,
                        const std::vector<v1::RefHead>& to, std::int64_t revisions,
                        const Style& style);

}  // namespace mig
