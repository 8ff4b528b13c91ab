#include "libanalysis/measures/sparsity/magnitude_mask.hpp"
#include "libanalysis/measures/subject.hpp"

namespace assay::measures {
namespace {

std::vector<Value> compute(Subject& subject, const Parameters& parameters) {
    const model::Model& model = subject.model();
    const pruning::Masks mask = magnitude_mask(model, model.weights, fraction(parameters, "sparsity"));
    return by_matrix(model, [&](const std::vector<const WeightMatrix*>& matrices) {
        double agree = 0, all = 0;
        for (const WeightMatrix* matrix : matrices) {
            const std::vector<double> final = model.weights[matrix->parameter].to_double(), initial = subject.weights("init")->at(matrix->parameter).to_double();
            for (std::size_t k = 0; k < final.size(); ++k) {
                if (mask[matrix->parameter][k] == 0) continue;
                agree += (final[k] > 0 && initial[k] > 0) || (final[k] < 0 && initial[k] < 0);
                ++all;
            }
        }
        return agree / all;
    });
}

}  // namespace

extern const Measure sign_agreement{
    .name = "sign_agreement",
    .formula = R"(|\{i \in M_s : \operatorname{sgn} w_i = \operatorname{sgn} w^0_i\}| / |M_s|)",
    .source = "zhou2019deconstructing",
    .needs = Need::weights | Need::init,
    .direction = Direction::none,
    .parameters = "sparsity=0|0.8|0.95",
    .doc = "Share of the surviving weights, those of largest magnitude in the whole network, that still have the sign of their initial value; also by layer. "
           "Weights that are zero survive nothing.",
    .compute = compute,
};

}  // namespace assay::measures
