// The Fisher matrix (type 2): the mean over the rows of E[g g'] with labels drawn from the model's own distribution. For losses
// that are negative log-likelihoods of exponential families in their natural parameters the expectation is J' S S' J with S S' the
// loss's Hessian (Martens 2020, section 9.2); a binary cross-entropy averaged over several outputs is such a likelihood up to
// that factor. Computed through the factor S and its transpose, another way than the Gauss-Newton product, whose matrix it equals.

#include "libanalysis/linop/curvature_operator.hpp"

namespace assay::linop::kinds {
namespace {

class FisherOperator final : public CurvatureOperator {
public:
    explicit FisherOperator(const engine::Primal& primal) : CurvatureOperator(primal) {}

protected:
    engine::Primal::Part part() const override { return engine::Primal::Part::values; }
    void add(const engine::Primal::Item& item, engine::ConstView direction, engine::View vector) const override {
        const engine::Network& network = primal().network();
        const auto tangents = network.forward_tangent(item.lane, item.tape, direction);
        const engine::Buffer seed = item.head.factored_product(item.lane, tangents.front());
        network.transpose(item.lane, item.tape, engine::seeds_of(network, seed), vector);
    }
};

}  // namespace

extern const CurvatureKind fisher_kind{
    .name = "fisher", .words = "Fisher matrix (type 2)", .formula = R"(F = \frac{1}{N} \sum_n \mathbb{E}_{y \sim p(\cdot | x_n)} [g g^\top])", .semidefinite = true,
    .make = [](const engine::Primal& primal) -> std::unique_ptr<CurvatureOperator> { return std::make_unique<FisherOperator>(primal); }};

}  // namespace assay::linop::kinds
