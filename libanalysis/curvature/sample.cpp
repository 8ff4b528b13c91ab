#include "libanalysis/curvature/sample.hpp"

#include "libanalysis/core/error.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace assay::curvature {
namespace {
constexpr std::int64_t most = 4096, least = 512;
constexpr double madds = 2e11;
}  // namespace

SampleSize default_sample(std::int64_t rows, double forward_madds) {
    const double affordable = forward_madds > 0 ? madds / forward_madds : static_cast<double>(most);
    const std::int64_t take = std::max(least, static_cast<std::int64_t>(std::min(affordable, static_cast<double>(most))));
    if (rows <= take) return {rows, "all rows"};
    if (take == most) return {take, fmt::format("{} rows, the most that is taken unasked", most)};
    return {take, fmt::format("{} rows, so that a forward pass over them costs {} 2e11 multiply-adds", take, take == least ? "not much more than" : "no more than")};
}

std::pair<data::Rows, data::Rows> halves_of(const data::Rows& rows, Seed seed) {
    if (rows.count() < 2) throw Error(ErrorKind::internal, {"halves", "at least two rows", std::to_string(rows.count())});
    const std::vector<std::int64_t> order = permutation(seed, rows.count());
    std::pair<data::Rows, data::Rows> halves{{rows.split, {}, rows.preprocessing}, {rows.split, {}, rows.preprocessing}};
    for (std::size_t i = 0; i < order.size(); ++i)
        (i % 2 == 0 ? halves.first : halves.second).indices.push_back(rows.indices[static_cast<std::size_t>(order[i])]);
    for (data::Rows* half : {&halves.first, &halves.second}) std::sort(half->indices.begin(), half->indices.end());
    return halves;
}

}  // namespace assay::curvature
