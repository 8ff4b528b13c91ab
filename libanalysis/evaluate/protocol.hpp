#pragma once
// A protocol asks whether a measure orders models as the target does, and answers with one number. One file, one row in
// protocols.def, one test.

#include "libanalysis/evaluate/frame.hpp"

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace assay::evaluate {

/// What a protocol sees. `rows` are the models that count, in any order; resampling repeats some of them, and a pair of one model
/// with itself is then no pair.
struct Problem {
    std::span<const double> measure;          ///< of every model; may be NaN outside `rows`, never inside
    std::span<const double> target;
    std::span<const Factor> config;
    std::span<const std::size_t> rows;
};

/// A number, or the reason why there is none (then `value` is NaN).
struct Score {
    double value = missing;
    std::string reason{};
};

struct Protocol {
    std::string_view name;      ///< "kendall": command line, JSON, report
    std::string_view symbol;    ///< heading of a column
    std::string_view summary;
    std::string_view source;
    Score (*score)(const Problem&);
};

std::span<const Protocol* const> protocols();

/// @throws Error{usage} naming the protocols there are.
const Protocol& protocol(std::string_view name);

/// Models that have both numbers (NaN is missing; infinities have a place in the order and stay).
std::vector<std::size_t> complete_rows(std::span<const double> measure, std::span<const double> target);

}  // namespace assay::evaluate
