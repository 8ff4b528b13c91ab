#include "libanalysis/evaluate/kendall.hpp"

#include "libanalysis/core/seed.hpp"
#include "libanalysis/evaluate/protocol.hpp"
#include "tests/evaluate/csv.hpp"
#include "tests/support/support.hpp"
#include "tests/support/tolerance.hpp"

#include <cmath>
#include <vector>

using namespace assay;
using namespace assay::evaluate;

namespace {

int sign(double a, double b) { return a < b ? -1 : a > b ? 1 : 0; }

// The definitions, pair by pair.
double brute_tau_a(const std::vector<double>& x, const std::vector<double>& y) {
    double sum = 0, pairs = 0;
    for (std::size_t i = 0; i < x.size(); ++i)
        for (std::size_t j = 0; j < x.size(); ++j)
            if (i != j) {
                sum += sign(x[i], x[j]) * sign(y[i], y[j]);
                pairs += 1;
            }
    return sum / pairs;
}

double brute_tau_b(const std::vector<double>& x, const std::vector<double>& y) {
    double sum = 0, untied_x = 0, untied_y = 0;
    for (std::size_t i = 0; i < x.size(); ++i)
        for (std::size_t j = i + 1; j < x.size(); ++j) {
            sum += sign(x[i], x[j]) * sign(y[i], y[j]);
            untied_x += sign(x[i], x[j]) != 0;
            untied_y += sign(y[i], y[j]) != 0;
        }
    return sum / std::sqrt(untied_x * untied_y);
}

Score score(std::string_view name, const std::vector<double>& x, const std::vector<double>& y, std::vector<std::size_t> rows = {}) {
    if (rows.empty()) rows = complete_rows(x, y);
    return protocol(name).score({x, y, {}, rows});
}

}  // namespace

TEST(Kendall, EqualsTheExamplesByHand) {
    // Six pairs, one discordant: (5 - 1) / 6.
    EXPECT_NEAR_RELATIVE(kendall_tau_b(std::vector<double>{1, 2, 3, 4}, std::vector<double>{1, 2, 4, 3}), 4.0 / 6, 1e-15);
    // x ties one pair; of the other five all agree; y ties none: 5 / sqrt(5 * 6), 5 / 6.
    const std::vector<double> x{1, 1, 2, 3}, y{1, 2, 3, 4};
    EXPECT_NEAR_RELATIVE(kendall_tau_b(x, y), 5 / std::sqrt(30.0), 1e-15);
    EXPECT_NEAR_RELATIVE(kendall_tau_a(x, y), 5.0 / 6, 1e-15);
    EXPECT_EQ(kendall_tau_b(std::vector<double>{1, 2, 3}, std::vector<double>{3, 2, 1}), -1);
}

TEST(Kendall, EqualsTheDefinitionWithManyTies) {
    for (std::uint64_t trial = 0; trial < 200; ++trial) {
        const Seed seed{trial};
        const std::size_t n = 2 + seed.bits(0) % 40, values = 2 + seed.bits(1) % 20;
        std::vector<double> x, y;
        for (std::size_t i = 0; i < n; ++i) {
            x.push_back(static_cast<double>(seed.bits(10 + 2 * i) % values));
            y.push_back(static_cast<double>(seed.bits(11 + 2 * i) % values));
        }
        EXPECT_NEAR_RELATIVE(kendall_tau_a(x, y), brute_tau_a(x, y), 1e-14) << "trial " << trial;
        const double expected = brute_tau_b(x, y);
        if (std::isnan(expected)) {
            EXPECT_TRUE(std::isnan(kendall_tau_b(x, y))) << "trial " << trial;
        } else {
            EXPECT_NEAR_RELATIVE(kendall_tau_b(x, y), expected, 1e-14) << "trial " << trial;
        }
    }
}

TEST(Kendall, OrdersInfinities) {
    const double infinity = std::numeric_limits<double>::infinity();
    EXPECT_EQ(kendall_tau_b(std::vector<double>{-infinity, 0, 1, infinity}, std::vector<double>{1, 2, 3, 4}), 1);
}

TEST(Kendall, AConstantHasAReasonInsteadOfANumber) {
    const Score flat = score("kendall", {2, 2, 2}, {1, 2, 3});
    EXPECT_TRUE(std::isnan(flat.value));
    EXPECT_EQ(flat.reason, "measure is constant");
    EXPECT_EQ(score("kendall", {1, 2, 3}, {2, 2, 2}).reason, "target is constant");
    EXPECT_EQ(score("kendall", {1, missing}, {1, 2}).reason, "fewer than two models");
    EXPECT_EQ(score("kendall_a", {1, missing}, {1, 2}).reason, "fewer than two models");
    EXPECT_EQ(score("kendall_a", {2, 2, 2}, {1, 2, 3}).value, 0);
}

TEST(Kendall, APairOfOneModelWithItselfIsNoPair) {
    const std::vector<double> x{1, 2, 3}, y{1, 3, 2};
    // Rows 0 0 1 2 2: the pairs are 0-1, 0-1, 0-2 four times, 1-2 twice, 6 of 8 alike, 2 not.
    EXPECT_NEAR_RELATIVE(score("kendall_a", x, y, {0, 0, 1, 2, 2}).value, 4.0 / 8, 1e-15);
    EXPECT_NEAR_RELATIVE(score("kendall", x, y, {0, 0, 1, 2, 2}).value, 4.0 / 8, 1e-15);
}

TEST(Kendall, EqualsPublishedTables) {
    ASSAY_NEEDS_SHARED("tables/pgdl-task2.csv");
    struct Row { const char* table; const char* column; double tau_b; double tau_a; };
    // Recomputed independently from the official gaps of PGDL's tasks 1 and 2, six decimals.
    constexpr Row rows[] = {
        {"pgdl-task1", "measure.vpm_1", .500439, missing},           {"pgdl-task1", "measure.vr", .544298, missing},
        {"pgdl-task1", "measure.rbf", .809211, missing},             {"pgdl-task1", "measure.max_rbf_neighbor", -.785526, missing},
        {"pgdl-task1", "measure.smoothness_gap", .607018, missing},  {"pgdl-task1", "measure.train_cross_entropy", .307895, missing},
        {"pgdl-task1", "measure.vc_dim", .150657, .141667},          {"pgdl-task2", "measure.vpm_1", .533194, missing},
        {"pgdl-task2", "measure.vr", .751223, missing},              {"pgdl-task2", "measure.rbf", .784766, missing},
        {"pgdl-task2", "measure.max_rbf_neighbor", -.692523, missing}, {"pgdl-task2", "measure.smoothness_gap", .267645, missing},
        {"pgdl-task2", "measure.train_cross_entropy", -.060797, missing}, {"pgdl-task2", "measure.vc_dim", -.719023, -.592593},
    };
    for (const Row& row : rows) {
        const test::Csv table(test::shared_folder() / "tables" / (std::string(row.table) + ".csv"));
        const std::vector<double> x = table.numbers(row.column), y = table.numbers("generalization_gap");
        EXPECT_NEAR(score("kendall", x, y).value, row.tau_b, 5.1e-7) << row.table << " " << row.column;
        if (std::isnan(row.tau_a)) continue;
        EXPECT_NEAR(score("kendall_a", x, y).value, row.tau_a, 5.1e-7) << row.table << " " << row.column;
    }
}

TEST(Protocols, HaveUniqueNamesAndSayWhatTheyAre) {
    for (const Protocol* one : protocols()) {
        EXPECT_EQ(&protocol(one->name), one);
        EXPECT_FALSE(one->summary.empty());
        EXPECT_FALSE(one->source.empty());
    }
    EXPECT_THROW(protocol("kendal"), std::runtime_error);
}
