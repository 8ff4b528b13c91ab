#pragma once
// People's own tables: comma-separated values with a header line, a row a model.

#include "libanalysis/evaluate/frame.hpp"

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace assay::evaluate {

struct TableColumns {
    /// Which columns are hyper-parameters and which are measures; empty: those that begin with "config." and "measure.".
    std::function<bool(std::string_view column)> config{}, measure{};
    bool config_required = false;   ///< a pattern that matches no column is an error
    std::string gap{};   ///< a column that is kept as a metric under its own name
    bool shares = false; ///< train and test accuracies, logged or measured, have to lie between 0 and 1
    /// "column" or "column=value": only rows where the cell is that value (whatever its case), or is true (not empty, 0 or false).
    std::vector<std::string> where{};
};

/// The header line. @throws Error{format} where it is no list with commas between.
std::vector<std::string> columns_of_csv(std::string_view text, std::string_view where);

/// "a, b, c, ...": columns for a message, those that resemble `wanted` first.
std::string some_columns(const std::vector<std::string>& columns, std::string_view wanted = {});

/// Models are named by the column "model" (or "path", "name"), else by their row. An empty cell, "nan", "NA", "n/a" or "-" is missing.
/// @throws Error{format} naming line and column of a cell that is no number, Error{data} where no row or no measure is left or an
/// accuracy is no share, Error{usage} for a column that is not there.
Frame frame_of_csv(std::string_view text, std::string_view where, const TableColumns& columns);

/// Only models that have a finite value in every measure that `wanted` takes.
Frame complete_models(const Frame& frame, const std::function<bool(std::string_view column)>& wanted);

/// One row a configuration: the means over its runs. Models with an unknown setting are left out.
Frame average_repeats(const Frame& frame);

}  // namespace assay::evaluate
