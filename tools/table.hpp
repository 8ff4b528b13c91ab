#pragma once
// Plain text tables for a terminal: aligned columns, at most 100 characters wide, no colour.

#include "libanalysis/core/text.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace assay::tools {

using assay::printable;

/// `digits` significant digits, "0.933", "1.2e-07", "12345"; "nan", "inf" in words. Integers below 10^15 are printed whole.
std::string significant(double value, int digits = 4);

/// Fixed decimals, for columns whose numbers share a unit: fixed(0.0712, 4) is "0.0712".
std::string fixed(double value, int decimals);

/// Percent with a fixed number of decimals: percent(0.0712, 2) is "7.12 %".
std::string percent(double fraction, int decimals = 2);

/// "low .. high" with fixed decimals, or "" when either is not a number.
std::string interval(double low, double high, int decimals);

class Table {
public:
    enum class Align { left, right };
    struct Column { std::string title; Align align = Align::right; };

    explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}
    void add(std::vector<std::string> cells);   ///< missing cells at the end are empty
    void rule();                                ///< an empty line before the next row
    bool empty() const { return rows_.empty(); }

    /// The table with a header line and two spaces between columns. Where it would be wider than `width`, the widest left-aligned
    /// columns are cut in their middle ("dense_layer_...kernel"), so that both ends of a name stay readable.
    std::string text(std::size_t width = 100) const;

private:
    std::vector<Column> columns_;
    std::vector<std::vector<std::string>> rows_;   ///< an empty row is a rule
};

/// Breaks prose at spaces into lines of at most `width` characters, each after `indent`.
std::string wrapped(std::string_view text, std::string_view indent = "", std::size_t width = 100);

/// A sentence inside another one: without its last full stop.
std::string without_period(std::string sentence);

}  // namespace assay::tools
