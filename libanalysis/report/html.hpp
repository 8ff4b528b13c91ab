#pragma once
// Text into HTML, so that a model's name can never become markup.

#include "libanalysis/core/json.hpp"

#include <string>
#include <string_view>

namespace assay::report {

/// For text between tags and inside quoted attributes.
std::string escaped(std::string_view text);

/// JSON inside <script type="application/json">: no "<" is left that could end the element.
std::string script_json(const Json& json);

}  // namespace assay::report
