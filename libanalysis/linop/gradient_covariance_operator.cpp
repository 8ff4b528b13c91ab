// The covariance of the rows' gradients: the empirical Fisher matrix less the outer product of the mean gradient.

#include "libanalysis/linop/empirical_fisher.hpp"

namespace assay::linop::kinds {
namespace {

class GradientCovarianceOperator final : public EmpiricalFisherOperator {
public:
    explicit GradientCovarianceOperator(const engine::Primal& primal) : EmpiricalFisherOperator(primal) {
        // The mean gradient from the same deltas as the product's, without the regulariser.
        primal.sum(engine::Primal::Part::deltas, [&](const engine::Primal::Item& item, engine::View vector) {
            primal.network().weighted_gradient(item.lane, item.tape, {}, vector);
            return 0.0;
        }, mean_, engine::DType::float64);
    }

protected:
    engine::Buffer product(engine::ConstView direction, engine::DType type) const override {
        engine::Buffer result = EmpiricalFisherOperator::product(direction, engine::DType::float64);
        // The difference is taken in double precision and rounded once.
        engine::Backend& lane = primal().backend();
        engine::Buffer wide = lane.allocate(engine::DType::float64, direction.size);
        lane.copy(direction, wide.view());
        lane.axpy(-lane.dot(mean_.view(), wide.view()), mean_.view(), result.view());
        if (type == engine::DType::float64) return result;
        engine::Buffer rounded = lane.allocate(type, direction.size);
        lane.copy(result.view(), rounded.view());
        return rounded;
    }

private:
    engine::Buffer mean_;
};

}  // namespace

extern const CurvatureKind gradient_covariance_kind{
    .name = "gradient_covariance", .words = "covariance of the gradients", .formula = R"(\frac{1}{N} \sum_n g_n g_n^\top - \bar{g} \bar{g}^\top)", .semidefinite = true,
    .make = [](const engine::Primal& primal) -> std::unique_ptr<CurvatureOperator> { return std::make_unique<GradientCovarianceOperator>(primal); }};

}  // namespace assay::linop::kinds
