#include "libanalysis/evaluate/protocol.hpp"

#include "libanalysis/core/named.hpp"

#include <algorithm>
#include <cmath>

namespace assay::evaluate {

#define PROTOCOL(id) extern const Protocol id;
#include "libanalysis/evaluate/protocols.def"
#undef PROTOCOL

std::span<const Protocol* const> protocols() {
#define PROTOCOL(id) &id,
    static constexpr const Protocol* all[] = {
#include "libanalysis/evaluate/protocols.def"
    };
#undef PROTOCOL
    return all;
}

const Protocol& protocol(std::string_view name) { return named(protocols(), "protocol", name); }

double strength(Sense sense, double score) { return sense == Sense::signed_score ? std::abs(score) : sense == Sense::gain ? score : -score; }

double score_of_strength(Sense sense, double strength) { return sense == Sense::loss ? -strength : strength; }

std::vector<std::size_t> complete_rows(std::span<const double> measure, std::span<const double> target) {
    std::vector<std::size_t> rows;
    for (std::size_t i = 0; i < std::min(measure.size(), target.size()); ++i)
        if (!std::isnan(measure[i]) && !std::isnan(target[i])) rows.push_back(i);
    return rows;
}

}  // namespace assay::evaluate
