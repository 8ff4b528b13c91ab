// Four networks of 31 parameters whose curvature is known to 40 digits: traces, norms, extreme eigenvalues and products of every
// operator, through the public operators alone.

#include "libanalysis/linop/curvature_operator.hpp"
#include "libanalysis/spectral/lanczos.hpp"
#include "libanalysis/spectral/lapack.hpp"
#include "tests/engine/layers/golden_networks.hpp"
#include "tests/spectral/places.hpp"
#include "tests/support/tolerance.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>
#include <tuple>

namespace assay::test {
namespace {

// 40-digit hyper-dual arithmetic; eigenvalues largest first.
struct Known {
    double trace, gauss_newton_trace, fisher_trace, frobenius;
    std::vector<double> top, gauss_newton_top;
    double lowest, fisher_top, gauss_newton_rank, vEFv;
};

const Known knowns[] = {
    {1.321480331486, 1.512244085353, 1.668747974724, 0.9629865281172, {0.5847224956735, 0.4298421491427, 0.3083422057334},
     {0.5990197963, 0.4208403899762, 0.2152435114374}, -0.2308955495265, 0.5834692374277, 12, 0.03464298182903},
    {1.328542036128, 1.328542036128, 1.497884499704, 1.171216527927, {0.6414944597711, 0.4277175434656, 0.3809566807254},
     {0.6115168524695, 0.3866306794254, 0.1142999504266}, -0.3479552460685, 0.6289895470521, 12, 0.03096805529028},
    {6.612323382331, 6.340199312417, 2.058542078705, 3.247440161099, {1.681817099194, 1.338333049763, 1.053265140313},
     {1.639855777257, 1.10622017444, 0.9987627425868}, -0.7357438034156, 1.453651882456, 17, 0.0253792313032},
    {0.7296742412662, 0.7296742412662, 0.1825982481699, 0.3895656232377, {0.2428183414159, 0.1449966509541, 0.1255914852984},
     {0.2201363188518, 0.132291408695, 0.1204272275526}, -0.08207541766758, 0.1340927078348, 17, 0.00055427708381},
};

class GoldenCurvature : public testing::TestWithParam<std::tuple<std::size_t, Place>> {
protected:
    GoldenCurvature() : golden(std::get<0>(GetParam())), known(knowns[golden]) {}
    static std::unique_ptr<engine::Backend> backend() {
        if (std::get<1>(GetParam()) == Place::host) return engine::make_cpu_backend();
        return std::make_unique<DeviceDouble>();
    }
    /// The operator as a matrix: products with unit vectors.
    std::vector<double> dense(const char* kind, engine::DType precision) {
        const GoldenPrimal primal(golden, precision, backend());
        const auto op = linop::find_curvature_kind(kind).make(primal.primal);
        const std::size_t n = op->rows();
        std::vector<double> matrix(n * n), unit(n, 0);
        for (std::size_t j = 0; j < n; ++j) {
            unit[j] = 1;
            const std::vector<double> column = product(*op, unit);
            std::copy(column.begin(), column.end(), matrix.begin() + static_cast<std::ptrdiff_t>(j * n));
            unit[j] = 0;
        }
        return matrix;
    }
    static double trace(const std::vector<double>& matrix) {
        const auto n = static_cast<std::size_t>(std::lround(std::sqrt(static_cast<double>(matrix.size()))));
        double sum = 0;
        for (std::size_t i = 0; i < n; ++i) sum += matrix[i * n + i];
        return sum;
    }
    static double frobenius(const std::vector<double>& matrix) {
        return std::sqrt(std::inner_product(matrix.begin(), matrix.end(), matrix.begin(), 0.0));
    }
    static std::vector<double> eigenvalues(std::vector<double> matrix) {   // descending
        std::vector<double> values = spectral::lapack::symmetric_eigenvalues(matrix, golden_count, false);
        std::sort(values.rbegin(), values.rend());
        return values;
    }
    const std::size_t golden;
    const Known& known;
};

TEST_P(GoldenCurvature, IsKnownToTenDigitsInDoubleAndToSixInSinglePrecision) {
    for (const auto& [precision, digits] : {std::pair{engine::DType::float64, 1e-10}, std::pair{engine::DType::float32, 1e-5}}) {
        const auto hessian = dense("hessian", precision), gauss_newton = dense("ggn", precision), fisher = dense("ef", precision);
        EXPECT_NEAR_RELATIVE(trace(hessian), known.trace, digits);
        EXPECT_NEAR_RELATIVE(trace(gauss_newton), known.gauss_newton_trace, digits);
        EXPECT_NEAR_RELATIVE(trace(fisher), known.fisher_trace, digits);
        EXPECT_NEAR_RELATIVE(frobenius(hessian), known.frobenius, digits);
        const auto values = eigenvalues(hessian), gauss_newton_values = eigenvalues(gauss_newton);
        for (std::size_t k = 0; k < 3; ++k) {
            EXPECT_NEAR_RELATIVE(values[k], known.top[k], digits);
            EXPECT_NEAR_RELATIVE(gauss_newton_values[k], known.gauss_newton_top[k], digits);
        }
        EXPECT_NEAR_RELATIVE(values.back(), known.lowest, digits);
        EXPECT_NEAR_RELATIVE(eigenvalues(fisher)[0], known.fisher_top, digits);
        const auto rank = std::count_if(gauss_newton_values.begin(), gauss_newton_values.end(),
                                        [&](double value) { return value > 10 * digits * gauss_newton_values[0]; });
        if (precision == engine::DType::float64) {
            EXPECT_EQ(static_cast<double>(rank), known.gauss_newton_rank);
        }
        EXPECT_GT(gauss_newton_values.back(), -digits) << "positive semi-definite";
        const GoldenPrimal primal(golden, precision, backend());
        const std::vector<double> v = golden_direction(), image = product(*linop::find_curvature_kind("ef").make(primal.primal), v);
        EXPECT_NEAR_RELATIVE(std::inner_product(v.begin(), v.end(), image.begin(), 0.0), known.vEFv, digits);
    }
}

TEST_P(GoldenCurvature, EigenvaluesByLanczosAreThoseKnown) {
    for (const auto& [precision, digits] : {std::pair{engine::DType::float64, 1e-9}, std::pair{engine::DType::float32, 1e-5}}) {
        const GoldenPrimal primal(golden, precision, backend());
        const spectral::EigenOptions options{.largest = 3, .smallest = 1, .tolerance = digits};
        const auto hessian = spectral::lanczos(*linop::find_curvature_kind("hessian").make(primal.primal), options);
        const auto gauss_newton = spectral::lanczos(*linop::find_curvature_kind("ggn").make(primal.primal), options);
        ASSERT_TRUE(hessian.converged && gauss_newton.converged);
        for (std::size_t k = 0; k < 3; ++k) {
            EXPECT_NEAR_RELATIVE(hessian.largest[k].value, known.top[k], digits) << k;
            EXPECT_NEAR_RELATIVE(gauss_newton.largest[k].value, known.gauss_newton_top[k], digits) << k;
        }
        EXPECT_NEAR_RELATIVE(hessian.smallest[0].value, known.lowest, digits);
    }
}

INSTANTIATE_TEST_SUITE_P(Networks, GoldenCurvature, testing::Combine(testing::Values(std::size_t{0}, std::size_t{1}, std::size_t{2}, std::size_t{3}), both_places()));

}  // namespace
}  // namespace assay::test
