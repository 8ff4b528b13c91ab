// The generalised Gauss-Newton matrix J' H_loss J (Schraudolph 2002): the Hessian of the objective with the network linearised.
// Four forward units for a hidden layer: two for the forward tangent, two for the reverse pass.

#include "libanalysis/linop/curvature_operator.hpp"

namespace assay::linop::kinds {
namespace {

class GaussNewtonOperator final : public CurvatureOperator {
public:
    explicit GaussNewtonOperator(const engine::Primal& primal) : CurvatureOperator(primal) {}

protected:
    bool regularised() const override { return true; }
    engine::Primal::Part part() const override { return engine::Primal::Part::values; }
    void add(const engine::Primal::Item& item, engine::ConstView direction, engine::View vector) const override {
        const engine::Network& network = primal().network();
        const auto tangents = network.forward_tangent(item.lane, item.tape, direction);
        const engine::Buffer seed = item.head.hessian_product(item.lane, tangents.front());
        network.transpose(item.lane, item.tape, engine::seeds_of(network, seed), vector);
    }
};

}  // namespace

extern const CurvatureKind ggn_kind{
    .name = "ggn", .words = "Gauss-Newton matrix", .formula = R"(G = \frac{1}{N} \sum_n J_n^\top H_{\ell,n} J_n)", .semidefinite = true,
    .make = [](const engine::Primal& primal) -> std::unique_ptr<CurvatureOperator> { return std::make_unique<GaussNewtonOperator>(primal); }};

}  // namespace assay::linop::kinds
