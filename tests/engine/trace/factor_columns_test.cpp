// The factor of the loss's Hessian with the fewest columns, and gradients at sampled labels.

#include "libanalysis/engine/loss.hpp"
#include "tests/engine/backend/guarded.hpp"
#include "tests/support/tolerance.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

namespace assay::test {
namespace {

using engine::Labels;

constexpr std::int64_t rows = 5;

struct FactorCase { const char* loss; std::int64_t width; double scale; };
class Factor : public testing::TestWithParam<FactorCase> {
protected:
    Factor() : loss(*engine::find_loss(GetParam().loss)), width(GetParam().width), outputs(normals(static_cast<std::size_t>(rows * width), 3)) {
        for (double& z : outputs) z *= GetParam().scale;
        labels.classes.assign(static_cast<std::size_t>(rows), 0);
        labels.targets.assign(outputs.size(), 0);
    }
    std::vector<double> hessian(std::size_t column) const {   // times e_column, of every row
        std::vector<double> unit(outputs.size(), 0), product(outputs.size());
        for (std::size_t i = column; i < unit.size(); i += static_cast<std::size_t>(width)) unit[i] = 1;
        loss.hessian_product(outputs, rows, width, labels, unit, product);
        return product;
    }
    const engine::Loss& loss;
    std::int64_t width;
    std::vector<double> outputs;
    Labels labels;
};
INSTANTIATE_TEST_SUITE_P(Losses, Factor,
                         testing::Values(FactorCase{"cross_entropy", 2, 1}, FactorCase{"cross_entropy", 10, 2}, FactorCase{"cross_entropy", 10, 60},
                                         FactorCase{"binary_cross_entropy", 1, 1}, FactorCase{"binary_cross_entropy", 4, 3},
                                         FactorCase{"mean_squared_error", 3, 1}));

TEST_P(Factor, TimesItsTransposeIsTheHessianOfTheLoss) {
    const std::int64_t rank = loss.rank(width);
    EXPECT_EQ(rank, loss.class_labels ? width - 1 : width);
    std::vector<double> columns(static_cast<std::size_t>(rank) * outputs.size());
    loss.factor_columns(outputs, rows, width, 0, rank, columns);
    const auto n = static_cast<std::size_t>(width);
    for (std::size_t j = 0; j < n; ++j) {
        const std::vector<double> known = hessian(j);
        std::vector<double> found(outputs.size(), 0);
        for (std::size_t i = 0; i < found.size(); ++i)
            for (std::size_t k = 0; k < static_cast<std::size_t>(rank); ++k)
                found[i] += columns[k * found.size() + i] * columns[k * found.size() + i / n * n + j];
        for (std::size_t i = 0; i < found.size(); ++i) EXPECT_NEAR(found[i], known[i], 1e-15) << i << ", " << j;
    }
}

TEST_P(Factor, ComesInAnyBlocks) {
    const std::int64_t rank = loss.rank(width), first = rank / 2;
    std::vector<double> all(static_cast<std::size_t>(rank) * outputs.size()), part(static_cast<std::size_t>(rank - first) * outputs.size());
    loss.factor_columns(outputs, rows, width, 0, rank, all);
    loss.factor_columns(outputs, rows, width, first, rank - first, part);
    EXPECT_TRUE(std::equal(part.begin(), part.end(), all.end() - static_cast<std::ptrdiff_t>(part.size())));
}

TEST_P(Factor, SampledGradientsSquareToTheHessianInTheMean) {
    constexpr int draws = 20000;
    const auto n = static_cast<std::size_t>(width);
    std::vector<double> g(outputs.size()), mean(outputs.size(), 0), squares(outputs.size() * n, 0);
    for (int draw = 0; draw < draws; ++draw) {
        loss.sampled_gradient(outputs, rows, width, Seed{static_cast<std::uint64_t>(draw)}, 7, g);
        for (std::size_t i = 0; i < g.size(); ++i) {
            mean[i] += g[i] / draws;
            for (std::size_t j = 0; j < n; ++j) squares[i * n + j] += g[i] * g[i / n * n + j] / draws;
        }
    }
    for (std::size_t j = 0; j < n; ++j) {
        const std::vector<double> known = hessian(j);
        for (std::size_t i = 0; i < known.size(); ++i) EXPECT_NEAR(squares[i * n + j], known[i], 5 / std::sqrt(static_cast<double>(draws))) << i << ", " << j;
    }
    for (const double value : mean) EXPECT_NEAR(value, 0, 5 / std::sqrt(static_cast<double>(draws)));
}

TEST_P(Factor, SampledGradientsBelongToTheirRows) {
    std::vector<double> all(outputs.size()), last(static_cast<std::size_t>(width));
    loss.sampled_gradient(outputs, rows, width, Seed{8}, 100, all);
    const auto begin = outputs.size() - static_cast<std::size_t>(width);
    loss.sampled_gradient(std::span(outputs).subspan(begin), 1, width, Seed{8}, 100 + rows - 1, last);
    EXPECT_TRUE(std::equal(last.begin(), last.end(), all.begin() + static_cast<std::ptrdiff_t>(begin)));
}

}  // namespace
}  // namespace assay::test
