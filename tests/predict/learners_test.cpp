// What every learner owes: it learns a law, is the same for the same seed, comes back from JSON with the same predictions, and its
// contributions add up. Then what each is known by.

#include "libanalysis/predict/learner.hpp"

#include "libanalysis/core/error.hpp"
#include "libanalysis/predict/lasso.hpp"
#include "libanalysis/predict/tuning.hpp"
#include "tests/support/tolerance.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

using namespace assay;
using namespace assay::predict;

namespace {

std::vector<std::size_t> first(std::size_t n) {
    std::vector<std::size_t> rows(n);
    std::iota(rows.begin(), rows.end(), std::size_t{0});
    return rows;
}

// y = 2 x0 - x1 + noise; three more columns say nothing.
struct Table {
    explicit Table(std::size_t n = 160) : x(n, 5) {
        for (std::size_t i = 0; i < x.values.size(); ++i) x.values[i] = Seed{21}.normal(i);
        for (std::size_t i = 0; i < n; ++i) y.push_back(2 * x(i, 0) - x(i, 1) + 0.1 * Seed{22}.normal(i));
    }
    Matrix x;
    std::vector<double> y;
};

struct EveryLearner : testing::TestWithParam<const Learner*> {};

double r2(const std::vector<double>& predicted, const std::vector<double>& y, std::size_t from) {
    double mean = 0, residual = 0, total = 0;
    for (std::size_t i = from; i < y.size(); ++i) mean += y[i] / static_cast<double>(y.size() - from);
    for (std::size_t i = from; i < y.size(); ++i) {
        residual += (y[i] - predicted[i]) * (y[i] - predicted[i]);
        total += (y[i] - mean) * (y[i] - mean);
    }
    return 1 - residual / total;
}

}  // namespace

TEST_P(EveryLearner, LearnsALawFromTheRowsItIsGivenAlone) {
    const Learner& method = *GetParam();
    Table table;
    const Json setting = choose_setting(method, table.x, table.y, first(100), std::vector<int>(160, 0), Seed{1});
    const auto predictions = [&] {
        const auto fitted = std::move(method.fit(table.x, table.y, first(100), std::span(&setting, 1), Seed{2}).front());
        std::vector<double> predicted;
        for (std::size_t i = 0; i < 160; ++i) predicted.push_back(fitted->predict(table.x.row(i)));
        return predicted;
    };
    const std::vector<double> predicted = predictions();
    EXPECT_GT(r2(predicted, table.y, 100), method.name == "ridge" || method.name == "lasso" ? 0.98 : 0.6) << in_words(setting);
    for (std::size_t i = 100; i < 160; ++i) table.y[i] = 1e6;   // answers that it must not have seen
    EXPECT_EQ(predictions(), predicted);
}

TEST_P(EveryLearner, ComesBackFromJsonAndItsContributionsAddUp) {
    const Learner& method = *GetParam();
    const Table table;
    const std::vector<Json> settings = method.settings();
    const auto fits = method.fit(table.x, table.y, first(100), settings, Seed{3});
    ASSERT_EQ(fits.size(), settings.size());
    for (const auto& fitted : fits) {
        const auto again = method.load(parse_json(fitted->to_json().dump(), "fit"), 5);
        EXPECT_THROW(method.load(fitted->to_json(), 6), Error);
        for (const std::size_t row : {5, 120, 159}) {
            const double value = fitted->predict(table.x.row(row));
            EXPECT_EQ(again->predict(table.x.row(row)), value);
            const std::vector<double> parts = fitted->contributions(table.x.row(row));
            if (parts.empty()) continue;
            ASSERT_EQ(parts.size(), 5u);
            EXPECT_NEAR(std::accumulate(parts.begin(), parts.end(), fitted->base()), value, 1e-5);
        }
    }
    EXPECT_THROW(method.load(Json::object(), 5), std::exception);
}

TEST_P(EveryLearner, ManySettingsAreTheFitsOfEach) {
    const Learner& method = *GetParam();
    const Table table(60);
    const std::vector<Json> settings = method.settings();
    const auto together = method.fit(table.x, table.y, first(50), settings, Seed{3});
    for (const std::size_t k : {std::size_t{0}, settings.size() - 1}) {
        const auto alone = std::move(method.fit(table.x, table.y, first(50), std::span(&settings[k], 1), Seed{3}).front());
        for (std::size_t row = 50; row < 60; ++row) EXPECT_NEAR(alone->predict(table.x.row(row)), together[k]->predict(table.x.row(row)), 1e-6) << in_words(settings[k]);
    }
}

INSTANTIATE_TEST_SUITE_P(Learners, EveryLearner, testing::ValuesIn(learners().begin(), learners().end()),
                         [](const auto& one) { return std::string(one.param->name); });

TEST(Learners, UnknownNamesAreUsageErrors) { EXPECT_THROW(learner("oracle"), Error); }

TEST(Lasso, MeetsTheOptimalityConditions) {
    const Table table;
    const double shares[] = {0.3, 0.02, 1.0};
    for (const LinearFit& lasso : lasso_path(table.x, table.y, first(120), shares)) {
        // Karush-Kuhn-Tucker: |slope| <= penalty, with equality and the sign of the coefficient where there is one.
        for (std::size_t c = 0; c < 5; ++c) {
            double slope = 0;
            for (std::size_t i = 0; i < 120; ++i) {
                double residual = table.y[i] - lasso.intercept;
                for (std::size_t k = 0; k < 5; ++k) residual -= lasso.coefficients[k] * lasso.scalings[k].apply(table.x(i, k));
                slope += residual * lasso.scalings[c].apply(table.x(i, c)) / 120;
            }
            EXPECT_LE(std::abs(slope), lasso.penalty * (1 + 1e-6));
            if (lasso.coefficients[c] != 0) {
                EXPECT_NEAR(slope, std::copysign(lasso.penalty, lasso.coefficients[c]), 1e-6);
            }
        }
    }
    const double all[] = {1.0}, light[] = {0.001};
    const LinearFit none = lasso_path(table.x, table.y, first(120), all).front();
    for (const double coefficient : none.coefficients) EXPECT_NEAR(coefficient, 0, 1e-9);
    EXPECT_GT(std::abs(lasso_path(table.x, table.y, first(120), light).front().coefficients[0]), 1);
}

TEST(Boosted, LearnsWhatNoLineCan) {
    Matrix x(300, 2);
    std::vector<double> y;
    for (std::size_t i = 0; i < 300; ++i) {
        x(i, 0) = Seed{1}.normal(i);
        x(i, 1) = Seed{2}.normal(i);
        y.push_back(x(i, 0) * x(i, 1) > 0 ? 1 : -1);   // a product: no main effect
    }
    const auto quality = [&](const char* name) {
        const Learner& method = learner(name);
        const Json setting = choose_setting(method, x, y, first(200), std::vector<int>(300, 0), Seed{1});
        const auto fitted = std::move(method.fit(x, y, first(200), std::span(&setting, 1), Seed{2}).front());
        std::vector<double> predicted;
        for (std::size_t i = 0; i < 300; ++i) predicted.push_back(fitted->predict(x.row(i)));
        return r2(predicted, y, 200);
    };
    EXPECT_LT(quality("ridge"), 0.1);
    EXPECT_GT(quality("boosted"), 0.7);
}
