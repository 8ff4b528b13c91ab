#pragma once
// The empirical Fisher matrix (1/N) sum_n g_n g_n' of the rows' gradients g_n: two forward units for every layer on cached values
// and deltas. <g_n, v> is the product of a layer's deltas with the part of its tangent that v moves; the sum of <g_n, v> g_n is
// a weight gradient with scaled deltas. No row's gradient is ever formed.

#include "libanalysis/linop/curvature_operator.hpp"

namespace assay::linop {

class EmpiricalFisherOperator : public CurvatureOperator {
public:
    explicit EmpiricalFisherOperator(const engine::Primal& primal) : CurvatureOperator(primal) {}

protected:
    engine::Primal::Part part() const final { return engine::Primal::Part::deltas; }
    void add(const engine::Primal::Item& item, engine::ConstView direction, engine::View vector) const final {
        const engine::Network& network = primal().network();
        const engine::Buffer slopes = network.row_slopes(item.lane, item.tape, direction);
        network.weighted_gradient(item.lane, item.tape, slopes.view(), vector);
    }
};

}  // namespace assay::linop
