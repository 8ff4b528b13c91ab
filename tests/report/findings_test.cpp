#include "libanalysis/report/findings.hpp"

#include "libanalysis/evaluate/kendall.hpp"
#include "tests/report/zoo.hpp"

#include <gtest/gtest.h>

#include <algorithm>

using namespace assay;
using namespace assay::report;
using namespace assay::report::test;

namespace {

const MatrixCell& cell(const ProtocolMatrix& matrix, std::string_view measure, std::string_view protocol) {
    const auto column = std::find_if(matrix.columns.begin(), matrix.columns.end(), [&](const MatrixColumn& one) { return one.protocol->name == protocol; });
    const auto row = std::find_if(matrix.rows.begin(), matrix.rows.end(), [&](const MatrixRow& one) { return one.measure == measure; });
    EXPECT_TRUE(column != matrix.columns.end() && row != matrix.rows.end()) << measure << ' ' << protocol;
    return row->cells.at(static_cast<std::size_t>(column - matrix.columns.begin()));
}

// 48 models on a full grid of three hyper-parameters. The target grows with each of them. `right` is the target; `broken` is the target
// but where depth is 2 and 3, where it says the contrary; `falling` is the target turned round.
Content grid() {
    Content content;
    auto& table = content.table;
    for (int depth = 1; depth <= 3; ++depth)
        for (int width = 1; width <= 4; ++width)
            for (int rate = 1; rate <= 4; ++rate) {
                const double error = 0.02 * depth + 0.005 * width + 0.004 * rate;
                table.models.push_back("d" + std::to_string(depth) + "w" + std::to_string(width) + "r" + std::to_string(rate));
                table.config["depth"].push_back(depth);
                table.config["width"].push_back(width);
                table.config["rate"].push_back(rate);
                table.metrics["test_accuracy"].push_back(1 - error);
                table.measures["right"].push_back(error);
                table.measures["broken"].push_back(depth == 1 ? error : error + (depth == 2 ? 0.02 : -0.02));
                table.measures["falling"].push_back(-error);
                table.measures["flat"].push_back(1);
                table.measures["parameter_count"].push_back(width);
            }
    return content;
}

FindingsOptions grid_options() {
    FindingsOptions options = finding();
    options.refusal = [](std::string_view) { return std::string(); };
    options.needs_test_labels = nullptr;
    options.falls = [](std::string_view measure) { return measure == "falling"; };
    return options;
}

}  // namespace

TEST(ProtocolMatrix, HoldsEveryProtocolWithBaselinesFirst) {
    const Findings found = find(grid(), grid_options());
    ASSERT_EQ(found.matrices.size(), 1u);   // no train accuracy: the test error alone
    const ProtocolMatrix& matrix = found.matrices[0];
    EXPECT_EQ(matrix.columns.size(), 7u);
    for (const ProtocolMatrix::Absent& absent : matrix.absent) ADD_FAILURE() << absent.protocol->name << ": " << absent.reason;
    EXPECT_EQ(matrix.rows[0].measure, "parameter_count");
    EXPECT_EQ(matrix.rows[0].role, evaluate::Role::baseline);
    for (const MatrixRow& row : matrix.rows) EXPECT_EQ(row.cells.size(), 7u);
    EXPECT_EQ(cell(matrix, "right", "kendall").score, 1);
    EXPECT_EQ(cell(matrix, "right", "psi").score, 1);
    EXPECT_EQ(cell(matrix, "right", "pairwise").score, 1);
    EXPECT_EQ(cell(matrix, "falling", "kendall").score, -1);
    EXPECT_EQ(cell(matrix, "falling", "pairwise").score, 1);   // negated first, since it is held to fall
    EXPECT_TRUE(cell(matrix, "falling", "pairwise").negated);
    EXPECT_FALSE(cell(matrix, "flat", "kendall").reason.empty());
    EXPECT_FALSE(std::isfinite(cell(matrix, "flat", "kendall").score));
    const MatrixCell& one = cell(matrix, "broken", "kendall");
    EXPECT_LE(one.interval.low, one.score);
    EXPECT_GE(one.interval.high, one.score);
}

TEST(ProtocolMatrix, TonesRunFromKnowingNothingToTheStrongest) {
    const Findings found = find(grid(), grid_options());
    const ProtocolMatrix& matrix = found.matrices[0];
    EXPECT_DOUBLE_EQ(cell(matrix, "right", "kendall").tone, 1);
    EXPECT_DOUBLE_EQ(cell(matrix, "falling", "kendall").tone, -1);
    EXPECT_DOUBLE_EQ(cell(matrix, "right", "pairwise").tone, 1);
    EXPECT_DOUBLE_EQ(cell(matrix, "right", "sign-error").tone, 1);   // the least error is the strongest
    // One colour for what is the contrary of the target, whether a protocol gives it a sign, was given its negation, or is blind to it.
    // (The rule of pgdl counts pairs of a model with itself, so that its two numbers are not the same.)
    EXPECT_LT(cell(matrix, "falling", "pgdl").tone, -0.5);
    EXPECT_GT(cell(matrix, "falling", "pgdl").score, 0);
    for (const char* protocol : {"kendall", "psi", "partial", "pairwise", "sign-error", "robust"}) {
        EXPECT_NEAR(cell(matrix, "falling", protocol).tone, -1, 1e-9) << protocol;
        EXPECT_NEAR(cell(matrix, "right", protocol).tone, 1, 1e-9) << protocol;
    }
    EXPECT_DOUBLE_EQ(cell(matrix, "broken", "pairwise").tone, 2 * (cell(matrix, "broken", "pairwise").score - 0.5));
    for (const MatrixRow& row : matrix.rows)
        for (const MatrixCell& one : row.cells) EXPECT_LE(std::abs(one.tone), 1 + 1e-12);
    // A line in a measure that says nothing is a constant: 0 on the scale of robust regression, and what no measure exceeds.
    const auto robust = std::find_if(matrix.columns.begin(), matrix.columns.end(), [](const MatrixColumn& one) { return one.protocol->name == "robust"; });
    for (const MatrixRow& row : matrix.rows) {
        const MatrixCell& one = row.cells[static_cast<std::size_t>(robust - matrix.columns.begin())];
        EXPECT_TRUE(!one.reason.empty() || one.score <= robust->uninformed * (1 + 1e-9)) << row.measure;
    }
}

TEST(ProtocolMatrix, SaysWhyAProtocolIsAbsent) {
    Content content = grid();
    content.table.config.clear();
    const ProtocolMatrix matrix = find(content, grid_options()).matrices.at(0);
    std::vector<std::string_view> names;
    for (const MatrixColumn& column : matrix.columns) names.push_back(column.protocol->name);
    EXPECT_EQ(names, (std::vector<std::string_view>{"kendall", "partial", "pairwise"}));
    ASSERT_EQ(matrix.absent.size(), 4u);
    for (const ProtocolMatrix::Absent& absent : matrix.absent) EXPECT_NE(absent.reason.find("hyper-parameter"), std::string::npos) << absent.reason;
}

TEST(WhereItBreaks, NamesSettingsAndModels) {
    const Findings found = find(grid(), grid_options());
    ASSERT_EQ(found.breaks.size(), 1u);
    const Breaks& breaks = found.breaks[0];
    ASSERT_FALSE(breaks.all.empty());
    const MeasureBreak& worst = breaks.all[0];
    EXPECT_EQ(worst.measure, "broken");
    EXPECT_EQ(worst.found.axis, "depth");
    EXPECT_EQ(worst.found.low + worst.found.high, "23");
    EXPECT_EQ(worst.found.wrong, 16u);   // each of sixteen pairs that agree in width and rate
    EXPECT_EQ(worst.found.pairs, 16u);
    EXPECT_TRUE(worst.found.others_equal);
    EXPECT_EQ(worst.found.smaller.substr(0, 2), "d2");
    EXPECT_EQ(worst.found.larger, "d3" + worst.found.smaller.substr(2));
    // What falls everywhere contradicts itself nowhere.
    for (const char* sound : {"right", "falling"}) EXPECT_NE(std::find(breaks.without.begin(), breaks.without.end(), sound), breaks.without.end()) << sound;
    for (std::size_t i = 1; i < breaks.all.size(); ++i)
        EXPECT_GE(2 * breaks.all[i - 1].found.wrong - breaks.all[i - 1].found.pairs, 2 * breaks.all[i].found.wrong - breaks.all[i].found.pairs);
}

TEST(Coverage, CountsHeldOutModelsInsideForEachLevel) {
    const predict::Fit fit = *find(zoo(), finding()).fit;
    ASSERT_FALSE(fit.coverage.empty());
    for (std::size_t i = 1; i < fit.coverage.size(); ++i) {
        EXPECT_GT(fit.coverage[i].level, fit.coverage[i - 1].level);
        EXPECT_GE(fit.coverage[i].held, fit.coverage[i - 1].held);   // wider intervals hold what narrower ones do
    }
    // The level of the fit's own intervals, counted from the intervals themselves.
    const auto own = std::find_if(fit.coverage.begin(), fit.coverage.end(), [&](const predict::Coverage& one) { return one.level == fit.predictor.level; });
    ASSERT_NE(own, fit.coverage.end());
    const auto inside = std::count_if(fit.held_out.begin(), fit.held_out.end(), [](const predict::HeldOutPrediction& one) {
        return one.truth >= one.prediction.low - 1e-12 && one.truth <= one.prediction.high + 1e-12;
    });
    EXPECT_EQ(own->held, static_cast<std::size_t>(inside));
    EXPECT_EQ(own->models, 24u);
}
