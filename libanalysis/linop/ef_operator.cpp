// The empirical Fisher matrix (1/N) sum_n g_n g_n' of the rows' gradients g_n: two forward units for every layer on cached values
// and deltas. <g_n, v> is the product of a layer's deltas with the part of its tangent that v moves; the sum of <g_n, v> g_n is
// a weight gradient with scaled deltas. No row's gradient is ever formed.

#include "libanalysis/linop/curvature_operator.hpp"

namespace assay::linop::kinds {
namespace {

class EmpiricalFisherOperator final : public CurvatureOperator {
public:
    explicit EmpiricalFisherOperator(const engine::Primal& primal) : CurvatureOperator(primal) {}

protected:
    engine::Buffer product(engine::ConstView direction, engine::DType type) const override {
        const engine::Network& network = primal().network();
        engine::Buffer result;
        primal().sum(engine::Primal::Part::deltas, [&](const engine::Primal::Item& item, engine::View vector) {
            const engine::Buffer slopes = network.row_slopes(item.lane, item.tape, direction);
            network.weighted_gradient(item.lane, item.tape, slopes.view(), vector);
            return 0.0;
        }, result, type);
        return result;
    }
};

}  // namespace

extern const CurvatureKind ef_kind{
    .name = "ef", .words = "empirical Fisher matrix", .formula = R"(\frac{1}{N} \sum_n g_n g_n^\top)", .semidefinite = true,
    .make = [](const engine::Primal& primal) -> std::unique_ptr<CurvatureOperator> { return std::make_unique<EmpiricalFisherOperator>(primal); }};

}  // namespace assay::linop::kinds
