#include "libanalysis/measures/sparsity/magnitude_mask.hpp"
#include "libanalysis/measures/subject.hpp"
#include "libanalysis/pruning/path_network.hpp"

namespace assay::measures {
namespace {

std::vector<Value> compute(Subject& subject, const Parameters& parameters) {
    const model::Model& model = subject.model();
    const pruning::Masks kept = magnitude_mask(model, model.weights, fraction(parameters, "sparsity"));
    const pruning::Masks effective = pruning::on_paths(model, model.weights, kept, subject.backend(), subject.network().input_shapes());
    return by_matrix(model, [&](const std::vector<const WeightMatrix*>& matrices) {
        double on_paths = 0, all = 0;
        for (const WeightMatrix* matrix : matrices) {
            on_paths += static_cast<double>(pruning::kept(effective[matrix->parameter]));
            all += static_cast<double>(effective[matrix->parameter].size());
        }
        return on_paths / all;
    });
}

}  // namespace

extern const Measure effective_density{
    .name = "effective_density",
    .formula = R"(|\{i : (W \odot M_s)_i \text{ on an input-output path}\}| / \sum_l |W_l|)",
    .source = "vysogorets2023connectivity",
    .needs = Need::weights | Need::architecture,
    .direction = Direction::none,
    .parameters = "sparsity=0|0.95",
    .doc = "Share of the weights that are not zero and lie on a path of such weights from an input to an output, of the network's units as they are "
           "connected, padding and strides included; also by layer. Biases make no path; BatchNormalization with a gamma of zero blocks one. "
           "sparsity as in smallest_layer_density.",
    .compute = compute,
};

}  // namespace assay::measures
