// The Hessian of the objective: forward over reverse (Pearlmutter 1994) on the cached primal, the tangent of the gradient with
// the loss's Hessian at the output. Six forward units for a hidden dense or convolution layer: two for the forward tangent, two
// for the tangent of the deltas, two for the weights.

#include "libanalysis/linop/curvature_operator.hpp"

namespace assay::linop::kinds {
namespace {

class HessianOperator final : public CurvatureOperator {
public:
    explicit HessianOperator(const engine::Primal& primal) : CurvatureOperator(primal) {}

protected:
    bool regularised() const override { return true; }
    engine::Primal::Part part() const override { return engine::Primal::Part::deltas; }
    void add(const engine::Primal::Item& item, engine::ConstView direction, engine::View vector) const override {
        const engine::Network& network = primal().network();
        const auto tangents = network.forward_tangent(item.lane, item.tape, direction);
        const engine::Buffer seed = item.head.hessian_product(item.lane, tangents.front());
        network.backward_tangent(item.lane, item.tape, engine::seeds_of(network, seed), vector);
    }
};

}  // namespace

extern const CurvatureKind hessian_kind{
    .name = "hessian", .words = "Hessian", .formula = R"(H = \nabla^2 L(w))", .semidefinite = false,
    .make = [](const engine::Primal& primal) -> std::unique_ptr<CurvatureOperator> { return std::make_unique<HessianOperator>(primal); }};

}  // namespace assay::linop::kinds
