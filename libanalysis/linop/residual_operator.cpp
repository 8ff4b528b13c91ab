// H - G, what the Gauss-Newton matrix leaves out: the network's second derivatives weighted by the loss's gradient. It is the
// Hessian product with outputs that are held to move on a straight line, so no difference of two products is taken.

#include "libanalysis/linop/curvature_operator.hpp"

namespace assay::linop::kinds {
namespace {

class ResidualOperator final : public CurvatureOperator {
public:
    explicit ResidualOperator(const engine::Primal& primal) : CurvatureOperator(primal) {}

protected:
    engine::Primal::Part part() const override { return engine::Primal::Part::deltas; }
    void add(const engine::Primal::Item& item, engine::ConstView direction, engine::View vector) const override {
        const engine::Network& network = primal().network();
        network.forward_tangent(item.lane, item.tape, direction);
        network.backward_tangent(item.lane, item.tape, std::vector<engine::ConstView>(network.output_names().size()), vector);
    }
};

}  // namespace

extern const CurvatureKind residual_kind{
    .name = "residual", .words = "residual H - G", .formula = R"(H - G = \frac{1}{N} \sum_n \sum_c (\nabla \ell_n)_c \nabla^2 f_c(x_n))", .semidefinite = false,
    .make = [](const engine::Primal& primal) -> std::unique_ptr<CurvatureOperator> { return std::make_unique<ResidualOperator>(primal); }};

}  // namespace assay::linop::kinds
