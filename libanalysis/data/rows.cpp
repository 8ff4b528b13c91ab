#include "libanalysis/core/error.hpp"
#include "libanalysis/data/dataset.hpp"

#include <algorithm>
#include <numeric>

namespace assay::data {
namespace {

Error too_few(std::int64_t wanted, std::int64_t there) {
    return Error(ErrorKind::data, {"rows", "between 0 and " + std::to_string(there), std::to_string(wanted) + " asked for"});
}

}  // namespace

std::vector<std::int64_t> all_rows(const Split& split) { return first_rows(split, split.rows()); }

std::vector<std::int64_t> first_rows(const Split& split, std::int64_t n) {
    if (n < 0 || n > split.rows()) throw too_few(n, split.rows());
    std::vector<std::int64_t> rows(static_cast<std::size_t>(n));
    std::iota(rows.begin(), rows.end(), std::int64_t{0});
    return rows;
}

std::vector<std::int64_t> sample_rows(std::span<const std::int64_t> from, std::int64_t n, Seed seed) {
    const auto there = static_cast<std::int64_t>(from.size());
    if (n < 0 || n > there) throw too_few(n, there);
    const std::vector<std::int64_t> order = permutation(seed, there);
    std::vector<std::int64_t> rows(static_cast<std::size_t>(n));
    for (std::size_t i = 0; i < rows.size(); ++i) rows[i] = from[static_cast<std::size_t>(order[i])];
    std::sort(rows.begin(), rows.end());
    return rows;
}

}  // namespace assay::data
