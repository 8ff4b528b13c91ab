#include "libanalysis/lint/input_scale.hpp"

#include "libanalysis/engine/passes.hpp"
#include "libanalysis/measures/ingredients/predictions.hpp"

#include <fmt/format.h>

#include <cmath>
#include <limits>

namespace assay::lint {
namespace {

constexpr std::int64_t subset = 500;

bool same(const data::Preprocessing& a, const data::Preprocessing& b) {
    return a.scale == b.scale && a.offset == b.offset && a.mean == b.mean && a.deviation == b.deviation;
}

}  // namespace

std::vector<data::Preprocessing> common_scales() {
    std::vector<data::Preprocessing> scales(3);
    scales[1].scale = 1.0 / 255;
    scales[2].scale = 1.0 / 127.5;
    scales[2].offset = -1;
    for (data::Preprocessing& scale : scales) scale.declared = true;
    return scales;
}

double accuracy_on(measures::Subject& subject, const data::Rows& rows) {
    const engine::Outputs outputs =
        engine::outputs_over(subject.network(), subject.backend(), subject.parameters("final"), rows, subject.context());
    std::vector<std::int64_t> labels(rows.indices.size());
    rows.split->read_labels(rows.indices, labels);
    const double threshold = outputs.width == 1 ? measures::ingredients::single_output_threshold(subject) : 0;
    std::int64_t correct = 0;
    for (std::int64_t i = 0; i < outputs.count; ++i) {
        for (const double value : outputs.row(i))
            if (!std::isfinite(value)) return std::numeric_limits<double>::quiet_NaN();
        correct += measures::ingredients::predicted_class(outputs.row(i), threshold) == labels[static_cast<std::size_t>(i)];
    }
    return static_cast<double>(correct) / static_cast<double>(outputs.count);
}

ScaleComplaint scale_complaint(measures::Subject& subject, const data::Rows& rows) {
    if (!rows.split->has_labels() || rows.count() == 0) return {};
    data::Rows few{rows.split, data::sample_rows(rows.indices, std::min(subset, rows.count()), subject.context().seed.child("scale_check")),
                   rows.preprocessing};
    const double declared = accuracy_on(subject, few);
    ScaleComplaint complaint{declared, declared, {}};
    double best = std::isfinite(declared) ? declared : 0;
    for (const data::Preprocessing& scale : common_scales()) {
        if (same(scale, rows.preprocessing)) continue;
        few.preprocessing = scale;
        const double other = accuracy_on(subject, few);
        const double errors = 1 - (std::isfinite(declared) ? declared : 0);
        if (other > best && other >= 1 - errors + 0.1 && 1.5 * (1 - other) <= errors) {
            best = other;
            complaint.other = other;
            complaint.words = fmt::format("input scale looks wrong: accuracy {:.3f} at {}, {:.3f} at {} (on {} rows)", declared,
                                    rows.preprocessing.describe(), other, scale.describe(), few.count());
        }
    }
    return complaint;
}

}  // namespace assay::lint
