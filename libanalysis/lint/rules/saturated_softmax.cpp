// Outputs so large that the loss has no gradient left.

#include "libanalysis/engine/passes.hpp"
#include "libanalysis/lint/rule.hpp"
#include "libanalysis/lint/sample.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace assay::lint::rule {
namespace {

void look(RunMaterial& material, Report& report) {
    const std::string split = material.subject.rows("train") ? "train" : "test";
    const data::Rows rows = sample_of(material.subject, split);
    if (material.subject.network().folded_activation() != "softmax") return;
    const engine::Outputs outputs = engine::outputs_over(material.subject.network(), material.subject.backend(), material.subject.parameters("final"), rows,
                                                         material.subject.context());
    std::int64_t saturated = 0;
    for (std::int64_t i = 0; i < outputs.count; ++i) {
        const auto row = outputs.row(i);
        const double top = *std::max_element(row.begin(), row.end());
        double others = 0;
        for (const double value : row) others += std::exp(value - top);
        saturated += others - 1 < 6e-8;   // the probabilities of the other classes vanish beside 1 in float32
    }
    const double share = static_cast<double>(saturated) / static_cast<double>(outputs.count);
    if (share > 0.5) report.add(split, fmt::format("{:.0f} % of {} rows have a probability of 1 in single precision", 100 * share, outputs.count));
}

}  // namespace

extern const Rule saturated_softmax{
    .id = "saturated-softmax",
    .severity = Severity::warning,
    .summary = "for most rows the softmax gives a probability of exactly 1",
    .explanation = "The largest logit leads by more than 16 for more than half of the rows. Cross-entropy, its gradient and its curvature are then rounding noise: sharpness and Hessian eigenvalues of such a "
                   "network say more about the size of the logits than about the minimum.",
    .advice = "Compare measures at equal temperature, or read margins that are normalised by the norms of the layers.",
    .on_run = look,
};

}  // namespace assay::lint::rule
