// NaN and infinite inputs.

#include "libanalysis/lint/rule.hpp"
#include "libanalysis/lint/sample.hpp"

#include <fmt/format.h>

#include <cmath>

namespace assay::lint::rule {
namespace {

void look(const DataMaterial& material, Report& report) {
    constexpr std::size_t block = 256;
    for (const auto& [name, split] : splits_of(material.dataset)) {
        const std::vector<std::int64_t> rows = data::all_rows(*split);
        const std::vector<std::string> inputs = split->input_names();
        for (std::size_t input = 0; input < inputs.size(); ++input) {
            const auto width = static_cast<std::size_t>(element_count(split->input_shape(input)));
            std::vector<float> values;
            std::int64_t bad = 0;
            for (std::size_t first = 0; first < rows.size(); first += block) {
                const std::span<const std::int64_t> part(rows.data() + first, std::min(block, rows.size() - first));
                values.resize(part.size() * width);
                split->read(input, part, values);
                for (std::size_t i = 0; i < part.size(); ++i) {
                    bool finite = true;
                    for (std::size_t k = 0; k < width; ++k) finite = finite && std::isfinite(values[i * width + k]);
                    bad += !finite;
                }
            }
            if (bad > 0) report.add(name + "/" + inputs[input], fmt::format("{} of {} rows hold NaN or infinity", bad, rows.size()));
        }
    }
}

}  // namespace

extern const Rule non_finite_data{
    .id = "non-finite-data",
    .severity = Severity::error,
    .summary = "input rows with NaN or infinity",
    .explanation = "One such value makes the outputs of its row, and every mean over rows, NaN.",
    .advice = "Clean the data, or leave the rows out.",
    .on_data = look,
};

}  // namespace assay::lint::rule
