#pragma once
// Files embedded at build time.

#include <string_view>

namespace assay::report::assets {

extern const std::string_view page_css;
extern const std::string_view page_js;
extern const std::string_view d3_min_js;   ///< D3 3.5, BSD-3-Clause

}  // namespace assay::report::assets
