#pragma once
// What the y of a data set means: classes, or targets.

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace assay::formats {

struct Answers {
    std::vector<std::int64_t> labels;
    std::int64_t classes = 0;        ///< largest label + 1
    std::vector<double> targets;     ///< rows x target_size, where the answers are not classes
    std::int64_t target_size = 0;
    bool empty() const { return labels.empty() && targets.empty(); }
    void read_labels(std::span<const std::int64_t> rows, std::span<std::int64_t> out, const std::string& where) const;
    void read_targets(std::span<const std::int64_t> rows, std::span<double> out, const std::string& where) const;
};

/// Rows of `width` numbers. One whole number of at least 0 a row: classes. Rows with one 1 among zeros: classes, one-hot.
/// Anything else: targets. @throws Error{data} for NaN.
Answers read_answers(std::vector<double> values, std::int64_t width, const std::string& where);

}  // namespace assay::formats
