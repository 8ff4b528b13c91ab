#pragma once
// Files embedded at build time.

#include <string_view>

namespace assay::report::assets {

extern const std::string_view page_css;
extern const std::string_view page_js;        ///< charts of a zoo
extern const std::string_view chart_js;       ///< what charts share; before the others
extern const std::string_view tables_js;      ///< tables that sort and filter
extern const std::string_view heat_map_js;
extern const std::string_view prediction_js;  ///< coverage, and what carries a prediction
extern const std::string_view spectrum_js;    ///< the chart of a spectrum
extern const std::string_view d3_min_js;   ///< D3 3.5, BSD-3-Clause

}  // namespace assay::report::assets
