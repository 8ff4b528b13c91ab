#include "libanalysis/predict/ridge.hpp"

#include "libanalysis/predict/tuning.hpp"

#include "tests/support/tolerance.hpp"

#include <cmath>
#include <numeric>

using namespace assay;
using namespace assay::predict;

namespace {

std::vector<std::size_t> all(std::size_t n) {
    std::vector<std::size_t> rows(n);
    std::iota(rows.begin(), rows.end(), std::size_t{0});
    return rows;
}

Matrix noise(std::size_t n, std::size_t p, Seed seed) {
    Matrix x(n, p);
    for (std::size_t i = 0; i < x.values.size(); ++i) x.values[i] = seed.normal(i);
    return x;
}

std::vector<double> noise(std::size_t n, Seed seed) {
    std::vector<double> y;
    for (std::size_t i = 0; i < n; ++i) y.push_back(seed.normal(i));
    return y;
}

}  // namespace

TEST(Scaling, TakesTheLogarithmOfWhatSpansADecade) {
    const Scaling wide = fit_scaling(std::vector<double>{1, 10, 100});
    EXPECT_EQ(wide.transform, Transform::log);
    EXPECT_NEAR_RELATIVE(wide.mean, std::log(10.0), 1e-15);
    EXPECT_NEAR_RELATIVE(wide.apply(100), std::sqrt(1.5), 1e-14);   // deviation of {-1, 0, 1} ln 10 is sqrt(2/3) ln 10
    EXPECT_EQ(wide.apply(0), wide.apply(1));                        // outside the range seen: as its nearest end
    EXPECT_EQ(wide.apply(1e9), wide.apply(100));
    EXPECT_TRUE(wide.outside(0));
    EXPECT_EQ(fit_scaling(std::vector<double>{1, 9.9}).transform, Transform::identity);
    EXPECT_EQ(fit_scaling(std::vector<double>{0, 100}).transform, Transform::identity);
    EXPECT_EQ(fit_scaling(std::vector<double>{-1, 100}).transform, Transform::identity);
}

TEST(Scaling, AConstantCountsNothing) {
    const Scaling flat = fit_scaling(std::vector<double>{0.1, 0.1, 0.1});
    EXPECT_EQ(flat.deviation, 0);
    EXPECT_EQ(flat.apply(5), 0);
}

TEST(Ridge, EqualsTheClosedFormOfOneFeature) {
    // z = {-1, 1}, y = {0, 4}: minimum of mean (y - 2 - b z)^2 + lambda b^2 is b = 2 / (1 + lambda).
    Matrix x(2, 1);
    x.values = {3, 5};
    const std::vector<double> y{0, 4}, lambdas{0.25, 1};
    const std::vector<LinearFit> path = ridge_path(x, y, all(2), lambdas);
    EXPECT_NEAR_RELATIVE(path[0].coefficients[0], 1.6, 1e-14);
    EXPECT_NEAR_RELATIVE(path[1].coefficients[0], 1.0, 1e-14);
    EXPECT_NEAR_RELATIVE(path[1].predict(std::vector<double>{5}), 3.0, 1e-14);
}

TEST(Ridge, HasAZeroGradientForMoreFeaturesThanModelsAndFewer) {
    for (const auto& [n, p] : {std::pair<std::size_t, std::size_t>{40, 7}, {12, 30}}) {
        const Matrix x = noise(n, p, Seed{1});
        const std::vector<double> y = noise(n, Seed{2});
        const double lambda = 0.03;
        const LinearFit ridge = ridge_path(x, y, all(n), std::span(&lambda, 1)).front();
        for (std::size_t c = 0; c < p; ++c) {
            double gradient = lambda * ridge.coefficients[c];
            for (std::size_t i = 0; i < n; ++i)
                gradient += (ridge.predict(x.row(i)) - y[i]) * ridge.scalings[c].apply(x(i, c)) / static_cast<double>(n);
            EXPECT_NEAR(gradient, 0, 1e-13);
        }
    }
}

TEST(Ridge, IgnoresAColumnThatIsConstantInTheFold) {
    Matrix x = noise(10, 2, Seed{1});
    for (std::size_t i = 0; i < 10; ++i) x(i, 1) = 7;
    const double lambda = 0.1;
    const LinearFit ridge = ridge_path(x, noise(10, Seed{2}), all(10), std::span(&lambda, 1)).front();
    EXPECT_EQ(ridge.predict(std::vector<double>{0.5, 7}), ridge.predict(std::vector<double>{0.5, 1e9}));
}

TEST(CrossFit, DoesNotSeeWhatItPredicts) {
    // Whatever the answers of a fold are, the predictions for that fold keep their bits.
    const std::size_t n = 30;
    const Matrix x = noise(n, 5, Seed{3});
    std::vector<double> y = noise(n, Seed{4});
    std::vector<int> fold;
    for (std::size_t i = 0; i < n; ++i) fold.push_back(static_cast<int>(i % 3));
    const CrossFit before = cross_fit(learner("ridge"), x, y, fold, Seed{1});
    for (std::size_t i = 0; i < n; ++i)
        if (fold[i] == 1) y[i] = 1e3 * static_cast<double>(i);
    const CrossFit after = cross_fit(learner("ridge"), x, y, fold, Seed{1});
    for (std::size_t i = 0; i < n; ++i) {
        if (fold[i] == 1) EXPECT_EQ(before.predicted[i], after.predicted[i]);
        else EXPECT_NE(before.predicted[i], after.predicted[i]);
    }
    EXPECT_EQ(before.setting[1], after.setting[1]);
}

TEST(CrossFit, ALawIsFoundAndNoiseIsShrunkAway) {
    const std::size_t n = 60;
    const Matrix x = noise(n, 8, Seed{5});
    std::vector<double> law;
    std::vector<int> fold;
    for (std::size_t i = 0; i < n; ++i) {
        law.push_back(2 * x(i, 0) - x(i, 3) + 0.5);
        fold.push_back(static_cast<int>(i % 4));
    }
    const CrossFit found = cross_fit(learner("ridge"), x, law, fold, Seed{1});
    // Rows inside the range of the rows that their fit saw: a fit is not extended beyond it.
    std::vector<double> inside, predicted;
    for (std::size_t i = 0; i < n; ++i) {
        bool seen = true;
        for (std::size_t c = 0; c < 8; ++c) {
            bool below = false, above = false;
            for (std::size_t j = 0; j < n; ++j)
                if (fold[j] != fold[i]) {
                    below = below || x(j, c) <= x(i, c);
                    above = above || x(j, c) >= x(i, c);
                }
            seen = seen && below && above;
        }
        if (seen) {
            inside.push_back(law[i]);
            predicted.push_back(found.predicted[i]);
        }
    }
    EXPECT_GT(inside.size(), n / 2);
    EXPECT_LT(test::distance(predicted, inside), 1e-3);
    for (const Json& setting : found.setting) EXPECT_LE(setting.at("lambda").get<double>(), 1e-4);
    const CrossFit none = cross_fit(learner("ridge"), x, noise(n, Seed{6}), fold, Seed{1});
    for (const Json& setting : none.setting) EXPECT_GE(setting.at("lambda").get<double>(), 0.3);
}
