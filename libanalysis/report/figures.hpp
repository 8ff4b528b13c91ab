#pragma once
// The charts of a report as input for gnuplot, for a paper: light, no script, fonts as the reader has them.

#include "libanalysis/report/findings.hpp"

#include <string>
#include <vector>

namespace assay::report {

struct Figure {
    std::string name;     ///< of its file, without an ending: "intervals-gap"
    std::string script;   ///< gnuplot writes SVG to its standard output; data inside.
};

/// calibration, coverage; and for each target intervals-, protocols- (the heat map) and scatter-. Only those that there are numbers for.
std::vector<Figure> figures(const Findings& found);

/// A text as a string of a command: letters, digits and harmless signs, "_" for all others.
std::string command_string(std::string_view text);

/// A text as a quoted field of a data block: nothing in it can end the field or the block.
std::string data_field(std::string_view text);

}  // namespace assay::report
