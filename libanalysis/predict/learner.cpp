#include "libanalysis/predict/learner.hpp"

#include "libanalysis/core/named.hpp"

#include <fmt/format.h>

namespace assay::predict {

namespace learner_constants {
#define LEARNER(id) extern const Learner id;
#include "libanalysis/predict/learners.def"
#undef LEARNER
}  // namespace learner_constants

std::vector<double> Fitted::predict_rows(const Matrix& x, std::span<const std::size_t> rows) const {
    std::vector<double> out;
    for (const std::size_t row : rows) out.push_back(predict(x.row(row)));
    return out;
}

std::span<const Learner* const> learners() {
#define LEARNER(id) &learner_constants::id,
    static constexpr const Learner* all[] = {
#include "libanalysis/predict/learners.def"
    };
#undef LEARNER
    return all;
}

const Learner& learner(std::string_view name) { return named(learners(), "method", name); }

std::string in_words(const Json& setting) {
    std::string words;
    for (const auto& [name, value] : setting.items())
        words += fmt::format("{}{} {}", words.empty() ? "" : ", ", name, value.is_number_float() ? fmt::format("{:.3g}", value.get<double>()) : value.dump());
    return words;
}

}  // namespace assay::predict
