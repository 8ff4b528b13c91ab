// Protocols against published scores: the PGDL competition (tasks 1 and 2), 4,967 Network-in-Network models of Dziugaite et al.;
// and against direct computations on small tables.

#include "libanalysis/evaluate/evaluation.hpp"
#include "libanalysis/evaluate/kendall.hpp"
#include "libanalysis/evaluate/minimax_line.hpp"
#include "libanalysis/evaluate/ranks.hpp"
#include "libanalysis/evaluate/table.hpp"
#include "tests/support/support.hpp"
#include "tests/support/tolerance.hpp"

#include <algorithm>
#include <cmath>
#include <map>

using namespace assay;
using namespace assay::evaluate;

namespace {

EvaluationOptions without_resampling(const std::string& protocol, const std::string& gap) {
    EvaluationOptions options;
    options.protocol = protocol;
    options.gap = gap;
    options.replicates = 0;
    return options;
}

const MeasureScore& of(const Evaluation& evaluation, std::string_view measure) {
    for (const MeasureScore& score : evaluation.targets.at(0).scores)
        if (score.measure == measure) return score;
    throw std::runtime_error("no score of " + std::string(measure));
}

double number(const MeasureScore& score, std::string_view name) {
    for (const auto& [key, value] : score.detail.numbers)
        if (key == name) return value;
    throw std::runtime_error("no number " + std::string(name));
}

Frame pgdl_table(const std::string& task) {
    const auto path = test::shared_folder() / "tables" / ("pgdl-" + task + ".csv");
    TableColumns columns;
    columns.gap = "generalization_gap";
    return frame_of_csv(test::read_file(path), path.string(), columns);
}

// The Network-in-Network table with the authors' filter: converged, high train accuracy, everything finite.
Frame nin_table() {
    const auto path = test::shared_folder() / "tables" / "nin-adjusted.csv";
    TableColumns columns;
    columns.gap = "gen.gap";
    columns.config = [](std::string_view name) { return name.starts_with("hp."); };
    columns.measure = [](std::string_view name) { return name.starts_with("complexity.") && (name.ends_with("_adjusted1") || name == "complexity.params"); };
    columns.where = {"is.converged", "is.high_train_accuracy"};
    return complete_models(frame_of_csv(test::read_file(path), path.string(), columns), [](std::string_view) { return true; });
}

struct Published { const char* measure; double score, tau, psi; };

// Official scores: cadurosar/pgdl, scores of the submissions; tau and Psi recomputed from the same predictions.
const std::map<std::string, std::vector<Published>> pgdl_scores{
    {"task1",
     {{"vpm_1", .060700993773, .500439, .395833}, {"vr", .093162888051, .544298, .479167}, {"rbf", .286613527487, .809211, .583333},
      {"max_rbf_neighbor", .246660131728, -.785526, -.545139}, {"smoothness_gap", .109086266970, .607018, .500000},
      {"train_cross_entropy", .012693837276, .307895, .197917}, {"vc_dim", .000391976825, .150657, .076389}}},
    {"task2",
     {{"vpm_1", .064400298278, .533194, .194444}, {"vr", .195814607566, .751223, .629630}, {"rbf", .268853004337, .784766, .629630},
      {"max_rbf_neighbor", .334867609863, -.692523, -.435185}, {"smoothness_gap", .094660580042, .267645, -.027778},
      {"train_cross_entropy", .030840776700, -.060797, .092593}, {"vc_dim", 0, -.719023, -.250000}}},
};

}  // namespace

TEST(Pgdl, GivesTheFourteenPublishedScores) {
    ASSAY_NEEDS_SHARED("tables");
    int checked = 0;
    for (const auto& [task, rows] : pgdl_scores) {
        const Frame frame = pgdl_table(task);
        const Evaluation cmi = evaluate::evaluate(frame, without_resampling("pgdl", "generalization_gap"));
        const Evaluation tau = evaluate::evaluate(frame, without_resampling("kendall", "generalization_gap"));
        const Evaluation psi = evaluate::evaluate(frame, without_resampling("psi", "generalization_gap"));
        for (const Published& row : rows) {
            EXPECT_NEAR(of(cmi, row.measure).score.value, row.score, 1e-11) << task << " " << row.measure;
            EXPECT_NEAR(of(tau, row.measure).score.value, row.tau, 1e-6) << task << " " << row.measure;
            EXPECT_NEAR(of(psi, row.measure).score.value, row.psi, 1e-6) << task << " " << row.measure;
            ++checked;
        }
    }
    EXPECT_EQ(checked, 14);
}

TEST(SignError, GivesTheRobustScoresOf25MeasuresOnNetworkInNetwork) {
    ASSAY_NEEDS_SHARED("tables");
    struct Row { const char* measure; double mean, p90; };
    // nitarshan/banana-smoothie-recipe-1776, nin_adjusted.csv; the authors' code and an independent one agree on these.
    const Row rows[] = {
        {"pacbayes_orig", .055704, .080003}, {"pacbayes_flatness", .077242, .223895}, {"pacbayes_init", .083419, .112397},
        {"path_norm_over_margin", .106552, .72}, {"pacbayes_mag_flatness", .119511, .46}, {"l2_dist", .122436, .96}, {"fro_dist", .122448, .96},
        {"path_norm", .122509, 1}, {"l2", .212265, 1}, {"param_norm", .212439, 1}, {"fro_over_spec", .263101, 1},
        {"log_sum_of_fro_over_margin", .267142, 1}, {"log_sum_of_fro", .269523, 1}, {"log_prod_of_fro_over_margin", .276762, 1},
        {"log_prod_of_fro", .279870, 1}, {"inverse_margin", .310894, 1}, {"log_spec_orig_main", .335086, 1}, {"log_sum_of_spec", .356321, 1},
        {"dist_spec_init", .359360, 1}, {"log_sum_of_spec_over_margin", .373971, 1}, {"log_prod_of_spec", .376717, 1},
        {"pacbayes_mag_init", .391381, 1}, {"log_prod_of_spec_over_margin", .412356, 1}, {"pacbayes_mag_orig", .425534, 1}, {"params", .583312, 1},
    };
    const Frame frame = nin_table();
    EXPECT_EQ(frame.size(), 4836u);
    const Evaluation evaluation = evaluate::evaluate(frame, without_resampling("sign-error", "gen.gap"));
    int checked = 0;
    for (const Row& row : rows) {
        const std::string name = std::string("complexity.") + row.measure + (std::string(row.measure) == "params" ? "" : "_adjusted1");
        const MeasureScore& score = of(evaluation, name);
        EXPECT_NEAR(score.score.value, row.mean, 1e-6) << name;
        EXPECT_NEAR(number(score, "p90"), row.p90, 1e-6) << name;
        EXPECT_EQ(number(score, "max"), 1) << name;
        EXPECT_EQ(number(score, "environments"), 7658) << name;
        ++checked;
    }
    EXPECT_EQ(checked, 25);
    const MeasureScore& best = of(evaluation, "complexity.pacbayes_orig_adjusted1");
    EXPECT_EQ(evaluation.targets[0].scores.front().measure, best.measure);
    EXPECT_NEAR(number(best, "mean_hp.dataset"), .139198, 1e-6);
    EXPECT_NEAR(number(best, "mean_hp.lr"), .015033, 1e-6);
    EXPECT_NEAR(number(best, "mean_hp.model_depth"), .123207, 1e-6);
    EXPECT_NEAR(number(best, "mean_hp.model_width"), .733333, 1e-6);
    EXPECT_NEAR(number(best, "mean_hp.train_dataset_size"), 0, 1e-6);
}

TEST(NetworkInNetwork, TauPsiAndInformationOnTheMeansOfConfigurations) {
    ASSAY_NEEDS_SHARED("tables");
    const Frame frame = average_repeats(nin_table());
    EXPECT_EQ(frame.size(), 998u);
    struct Row { const char* measure; double tau, psi, information; };
    const Row rows[] = {{"pacbayes_orig", .47445, .53061, .02469}, {"pacbayes_mag_flatness", .55345, .63504, .07230}, {"path_norm", .39212, .56099, .02681},
                        {"inverse_margin", .44958, .34404, .01712}, {"log_prod_of_spec", -.19115, .05412, .00137}};
    EvaluationOptions tau = without_resampling("kendall_a", "gen.gap"), psi = without_resampling("psi", "gen.gap"), cmi = without_resampling("pgdl", "gen.gap");
    for (EvaluationOptions* options : {&tau, &psi, &cmi})
        options->wanted = [&](std::string_view column) {
            return std::any_of(std::begin(rows), std::end(rows), [&](const Row& row) { return column == "complexity." + std::string(row.measure) + "_adjusted1"; });
        };
    const Evaluation taus = evaluate::evaluate(frame, tau), psis = evaluate::evaluate(frame, psi), cmis = evaluate::evaluate(frame, cmi);
    for (const Row& row : rows) {
        const std::string name = "complexity." + std::string(row.measure) + "_adjusted1";
        EXPECT_NEAR(of(taus, name).score.value, row.tau, 6e-6) << name;
        EXPECT_NEAR(of(psis, name).score.value, row.psi, 6e-6) << name;
        EXPECT_NEAR(of(cmis, name).score.value, row.information, 6e-6) << name;
    }
    EXPECT_NEAR(number(of(psis, "complexity.path_norm_adjusted1"), "psi_hp.dataset"), -.09237, 6e-6);
    EXPECT_NEAR(number(of(psis, "complexity.path_norm_adjusted1"), "psi_hp.lr"), .949, 6e-6);
}

TEST(Robust, IsAtMostThePublishedValuesOfGradientDescentAndNearThem) {
    ASSAY_NEEDS_SHARED("tables");
    const auto path = test::shared_folder() / "tables" / "nin-adjusted.csv";
    TableColumns columns;
    columns.gap = "gen.gap";
    columns.config = [](std::string_view name) { return name.starts_with("hp."); };
    columns.measure = [](std::string_view name) { return name.starts_with("complexity.") && (name.ends_with("_adjusted1") || name == "complexity.params"); };
    const Frame frame = complete_models(frame_of_csv(test::read_file(path), path.string(), columns), [](std::string_view) { return true; });
    EXPECT_EQ(frame.size(), 4892u);   // finite, not filtered by convergence
    const Evaluation evaluation = evaluate::evaluate(frame, without_resampling("robust", "gen.gap"));
    const auto check = [&](const char* measure, double optimum, double published) {
        const MeasureScore& score = of(evaluation, std::string("complexity.") + measure + "_adjusted1");
        EXPECT_NEAR(score.score.value, optimum, 1e-6) << measure;
        EXPECT_LE(score.score.value, published) << measure;
        EXPECT_EQ(number(score, "environments"), 1350);
        EXPECT_NEAR(score.detail.worst_score, score.score.value, 1e-9);
    };
    check("pacbayes_mag_flatness", .024460, .024475);
    check("pacbayes_init", .030356, .030466);
}

TEST(MinimaxLine, HasTheOptimumThatAFineGridHas) {
    for (std::uint64_t trial = 0; trial < 20; ++trial) {
        const Seed seed = Seed{11}.child(trial);
        std::vector<SquaredError> environments;
        for (std::uint64_t e = 0; e < 6; ++e) {
            SquaredError error;
            for (std::uint64_t i = 0; i < 4; ++i) {
                const double x = seed.normal(100 * e + i), y = (trial % 2 ? 0.4 : -0.3) * x + seed.normal(100 * e + 50 + i);
                error.add(x, y);
            }
            environments.push_back(error.mean());
        }
        const Line line = minimax_line(environments);
        double best = 1e300;
        for (int a = 0; a <= 400; ++a)
            for (int b = -400; b <= 400; ++b) {
                double worst = 0;
                for (const SquaredError& e : environments) worst = std::max(worst, e.at(a * 0.005, b * 0.005));
                best = std::min(best, worst);
            }
        EXPECT_LE(line.worst, best * (1 + 1e-9)) << trial;
        EXPECT_GE(line.slope, 0);
        EXPECT_GT(line.worst, best * 0.97) << trial;
    }
}

TEST(MinimaxLine, TwoPointsThatNoRisingLineJoins) {
    SquaredError low, high;   // (0, 1) and (1, 0): the best rising line is flat at 1/2
    low.add(0, 1);
    high.add(1, 0);
    const SquaredError both[] = {low.mean(), high.mean()};
    const Line line = minimax_line(both);
    EXPECT_NEAR(line.worst, 0.25, 1e-9);
    EXPECT_NEAR(line.slope, 0, 1e-6);
}

TEST(AverageRanks, TiesShareTheMeanOfTheirPlaces) {
    EXPECT_EQ(average_ranks(std::vector<double>{3, 1, 3, 0}), (std::vector<double>{3.5, 2, 3.5, 1}));
}

namespace {

// 2 x 3 grid with three runs each; `follows` follows the gap but for one corner.
Frame grid() {
    Frame frame;
    Factor depth{"depth", {}}, width{"width", {}};
    Column gap{"gap", {}}, follows{"follows", {}}, contrary{"contrary", {}}, flat{"flat", {}};
    for (int d = 0; d < 2; ++d)
        for (int w = 0; w < 3; ++w)
            for (int run = 0; run < 3; ++run) {
                const double value = 0.1 * (d + 1) + 0.05 * w + 0.003 * d * w + 0.001 * run;
                frame.models.push_back("d" + std::to_string(d) + "w" + std::to_string(w) + "r" + std::to_string(run));
                depth.values.push_back(d == 0 ? "shallow" : "deep");
                width.values.push_back(std::to_string(8 << w));
                gap.values.push_back(value);
                follows.values.push_back(d == 1 && w == 2 ? -value : value);
                contrary.values.push_back(-value);
                flat.values.push_back(1);
            }
    frame.config = {depth, width};
    frame.metrics = {gap};
    frame.measures = {follows, contrary, flat};
    return frame;
}

}  // namespace

TEST(Psi, CountsOnlyPairsThatDifferInOneHyperParameter) {
    const Evaluation evaluation = evaluate::evaluate(grid(), without_resampling("psi", "gap"));
    // depth: three groups of 2 settings with taus 1, 1, -1; width: two groups of 3 settings with taus 1 and (1 - 2) / 3.
    EXPECT_NEAR(number(of(evaluation, "follows"), "psi_depth"), 1.0 / 3, 1e-15);
    EXPECT_NEAR(number(of(evaluation, "follows"), "psi_width"), (1 - 1.0 / 3) / 2, 1e-15);
    EXPECT_NEAR(of(evaluation, "follows").score.value, 1.0 / 3, 1e-15);
    EXPECT_EQ(of(evaluation, "contrary").score.value, -1);
    EXPECT_EQ(of(evaluation, "flat").score.value, 0);
    EXPECT_EQ(of(evaluation, "follows").detail.worst, "along depth at width=32");
    EXPECT_EQ(of(evaluation, "follows").detail.worst_score, -1);
}

TEST(Psi, AMeasureThatFallsDoesWorstWhereItRises) {
    Frame frame = grid();
    Column fallen{"fallen", {}};
    for (const double value : frame.measures[0].values) fallen.values.push_back(-value);
    frame.measures.push_back(fallen);
    const Evaluation evaluation = evaluate::evaluate(frame, without_resampling("psi", "gap"));
    // The same measure with its sign turned: the same environment is the worst one, with its sign turned.
    EXPECT_EQ(of(evaluation, "fallen").score.value, -of(evaluation, "follows").score.value);
    EXPECT_EQ(of(evaluation, "fallen").detail.worst, of(evaluation, "follows").detail.worst);
    EXPECT_EQ(of(evaluation, "fallen").detail.worst_score, 1);
    EXPECT_EQ(of(evaluation, "contrary").detail.worst_score, -1);   // all environments are alike
}

TEST(SignError, MergesContextsWhereRunsAreFewAndSaysSo) {
    const Evaluation evaluation = evaluate::evaluate(grid(), without_resampling("sign-error", "gap"));
    EXPECT_TRUE(std::any_of(evaluation.notes.begin(), evaluation.notes.end(), [](const std::string& note) { return note.find("over all settings of the others") != std::string::npos; }));
    EXPECT_EQ(of(evaluation, "contrary").score.value, 1);
    EXPECT_EQ(of(evaluation, "flat").score.value, 0.5);
    // depth: 27 equally sure pairs, 9 of them wrong. width: 8-16 right, the others half wrong (18 pairs each: 9 of shallow, 9 of deep).
    EXPECT_NEAR(number(of(evaluation, "follows"), "mean_depth"), 1.0 / 3, 1e-3);
    EXPECT_NEAR(of(evaluation, "follows").detail.worst_score, 0.5, 1e-3);
    EXPECT_EQ(of(evaluation, "follows").detail.worst.substr(0, 6), "width=");
}

TEST(Pairwise, IsTheShareOfRightPairs) {
    const Evaluation evaluation = evaluate::evaluate(grid(), without_resampling("pairwise", "gap"));
    EXPECT_EQ(of(evaluation, "contrary").score.value, 0);
    EXPECT_EQ(of(evaluation, "flat").score.value, 0.5);
    const Frame frame = grid();
    double right = 0, pairs = 0;
    for (std::size_t i = 0; i < frame.size(); ++i)
        for (std::size_t j = 0; j < frame.size(); ++j)
            if (frame.metrics[0].values[i] > frame.metrics[0].values[j]) {
                ++pairs;
                right += frame.measures[0].values[i] > frame.measures[0].values[j];
            }
    EXPECT_NEAR(of(evaluation, "follows").score.value, right / pairs, 1e-15);
}

TEST(Evaluation, NegatesAMeasureThatFallsWithTheGapWhereTheProtocolAsksForGrowth) {
    EvaluationOptions options = without_resampling("pairwise", "gap");
    options.falls = [](std::string_view measure) { return measure == "contrary"; };
    const Evaluation evaluation = evaluate::evaluate(grid(), options);
    EXPECT_EQ(of(evaluation, "contrary").score.value, 1);
    EXPECT_TRUE(of(evaluation, "contrary").negated);
    EXPECT_FALSE(of(evaluation, "follows").negated);
}

TEST(Protocols, SayWhatAPerfectMeasureHasAndOneThatKnowsNothing) {
    Frame frame = grid();
    for (std::size_t i = 0; i < frame.size(); ++i) frame.metrics[0].values[i] += 1e-4 * static_cast<double>(i);   // no ties
    frame.measures.push_back({"perfect", frame.metrics[0].values});
    const Design design(frame.config);
    const std::vector<double>& target = frame.metrics[0].values;
    const std::vector<std::size_t> rows = complete_rows(target, target);
    const Problem problem{target, target, &design, rows};
    for (const Protocol* protocol : protocols()) {
        const Evaluation evaluation = evaluate::evaluate(frame, without_resampling(std::string(protocol->name), "gap"));
        EXPECT_NEAR(of(evaluation, "perfect").score.value, protocol->perfect, 1e-9) << protocol->name;
        const double uninformed = protocol->uninformed(problem);
        const MeasureScore& flat = of(evaluation, "flat");
        EXPECT_TRUE(!flat.score.reason.empty() || std::abs(flat.score.value - uninformed) < 1e-12) << protocol->name << ' ' << flat.score.value;
        EXPECT_TRUE(protocol->name != "robust" || number(of(evaluation, "follows"), "without_measure") == uninformed);
    }
}

TEST(Partial, IsTheDirectComputation) {
    // One numeric control: the classic three-variable formula on ranks (no ties).
    Frame frame;
    const Seed seed{5};
    Factor size{"size", {}};
    Column gap{"gap", {}}, measure{"m", {}};
    std::vector<double> z;
    for (std::uint64_t i = 0; i < 40; ++i) {
        z.push_back(static_cast<double>((i * 17) % 40));
        size.values.push_back(std::to_string(static_cast<int>(z.back())));
        gap.values.push_back(0.1 * z.back() + seed.normal(i));
        measure.values.push_back(0.2 * z.back() + 0.5 * gap.values.back() + seed.normal(100 + i));
        frame.models.push_back(std::to_string(i));
    }
    frame.config = {size};
    frame.metrics = {gap};
    frame.measures = {measure};
    const auto pearson = [](const std::vector<double>& a, const std::vector<double>& b) {
        double ma = 0, mb = 0, aa = 0, bb = 0, ab = 0;
        for (std::size_t i = 0; i < a.size(); ++i) ma += a[i] / static_cast<double>(a.size()), mb += b[i] / static_cast<double>(a.size());
        for (std::size_t i = 0; i < a.size(); ++i) aa += (a[i] - ma) * (a[i] - ma), bb += (b[i] - mb) * (b[i] - mb), ab += (a[i] - ma) * (b[i] - mb);
        return ab / std::sqrt(aa * bb);
    };
    const auto rx = average_ranks(measure.values), ry = average_ranks(gap.values), rz = average_ranks(z);
    const double xy = pearson(rx, ry), xz = pearson(rx, rz), yz = pearson(ry, rz);
    const double expected = (xy - xz * yz) / std::sqrt((1 - xz * xz) * (1 - yz * yz));
    EXPECT_NEAR(of(evaluate::evaluate(frame, without_resampling("partial", "gap")), "m").score.value, expected, 1e-12);
}

TEST(Breaks, NameSettingsAndTheTwoModelsThatAreFarthestApart) {
    EvaluationOptions options = without_resampling("kendall", "gap");
    options.breaks = 5;
    const Evaluation evaluation = evaluate::evaluate(grid(), options);
    // Read in the direction of its own score, a measure that is all wrong is all right.
    EXPECT_TRUE(of(evaluation, "contrary").breaks.empty());
    EXPECT_TRUE(of(evaluation, "contrary").breaks_falling);
    EXPECT_FALSE(of(evaluation, "follows").breaks_falling);
    const Frame frame = grid();
    const Design design(frame.config);
    const std::vector<double>& measure = frame.measure("contrary")->values;
    const std::vector<double> target = gap(frame)->values;
    const std::vector<std::size_t> rows = complete_rows(measure, target);
    const std::vector<Break> breaks = evaluate::breaks({measure, target, &design, rows}, frame.models, 5);
    ASSERT_EQ(breaks.size(), 4u);   // shallow/deep and three pairs of widths, all wrong
    EXPECT_EQ(breaks[0].axis, "depth");
    EXPECT_EQ(breaks[0].pairs, 27u);
    EXPECT_EQ(breaks[0].wrong, 27u);
    EXPECT_TRUE(breaks[0].others_equal);
    EXPECT_EQ(breaks[0].smaller, "d0w2r0");
    EXPECT_EQ(breaks[0].larger, "d1w2r2");
    EXPECT_TRUE(of(evaluation, "flat").breaks.empty());   // knows nothing, and is not contrary
    // Read as falling, what is all right is all wrong; the values are those of the measure.
    const std::vector<double> right = gap(frame)->values;
    const std::vector<Break> turned = evaluate::breaks({right, target, &design, rows}, frame.models, 5, true);
    ASSERT_EQ(turned.size(), 4u);
    EXPECT_EQ(turned[0].wrong, 27u);
    EXPECT_EQ(turned[0].smaller_measure, turned[0].smaller_target);
    EXPECT_EQ(turned[0].larger_measure, turned[0].larger_target);
}

TEST(Design, ASeedIsARepeatAndNoHyperParameter) {
    Frame frame;
    Column accuracy{"gap", {}}, measure{"m", {}};
    Factor depth{"depth", {}}, width{"width", {}}, seed{"seed", {}};
    for (int i = 0; i < 24; ++i) {
        frame.models.push_back(std::to_string(i));
        depth.values.push_back(std::to_string(i % 2));
        width.values.push_back(std::to_string(i / 2 % 3));
        seed.values.push_back(std::to_string(1000 + i));
        accuracy.values.push_back(0.01 * (i % 6) + 0.001 * (i / 6));
        measure.values.push_back(i % 6 + 0.1 * (i % 5));
    }
    frame.config = {depth, width, seed};
    frame.metrics = {accuracy};
    frame.measures = {measure};
    Frame without = frame;
    without.config.pop_back();
    for (const char* name : {"psi", "pgdl", "sign-error", "robust", "partial"}) {
        const Evaluation with = evaluate::evaluate(frame, without_resampling(name, "gap")), same = evaluate::evaluate(without, without_resampling(name, "gap"));
        EXPECT_FALSE(std::isnan(of(with, "m").score.value)) << name;
        EXPECT_EQ(of(with, "m").score.value, of(same, "m").score.value) << name;
        EXPECT_EQ(with.notes.front(), "config.seed counts as a repeat, not as a hyper-parameter");
    }
}

TEST(Robust, AnEnvironmentHasTwoModels) {
    // Each model has settings of its own: no two agree in all but one.
    Frame frame;
    Column target{"gap", {}}, measure{"m", {}};
    Factor a{"a", {}}, b{"b", {}};
    for (int i = 0; i < 12; ++i) {
        frame.models.push_back(std::to_string(i));
        a.values.push_back(std::to_string(i));
        b.values.push_back(std::to_string(i));
        target.values.push_back(0.1 * i);
        measure.values.push_back(i);
    }
    frame.config = {a, b};
    frame.metrics = {target};
    frame.measures = {measure};
    const MeasureScore score = of(evaluate::evaluate(frame, without_resampling("robust", "gap")), "m");
    EXPECT_TRUE(std::isnan(score.score.value));
    EXPECT_EQ(score.score.reason, "no two models agree in all hyper-parameters (config columns) but one");
}

TEST(Table, ReadsPeoplesOwnTablesAndNamesWhatIsWrong) {
    const std::string text = "id,hp.lr,ok,complexity.a,gap\n1,0.1,True,1.5,.2\n2,0.1,false,nan,.3\n3,0.2,TRUE,inf,.4\n4,0.2,true,,.5\n";
    TableColumns columns;
    columns.gap = "gap";
    columns.config = [](std::string_view name) { return name.starts_with("hp."); };
    columns.measure = [](std::string_view name) { return name.starts_with("complexity."); };
    columns.where = {"ok=true"};
    const Frame frame = frame_of_csv(text, "t.csv", columns);
    EXPECT_EQ(frame.models, (std::vector<std::string>{"line 2", "line 4", "line 5"}));
    EXPECT_EQ(frame.config.at(0).values, (std::vector<std::string>{"0.1", "0.2", "0.2"}));
    EXPECT_EQ(frame.measures.at(0).values[0], 1.5);
    EXPECT_TRUE(std::isinf(frame.measures[0].values[1]));
    EXPECT_TRUE(std::isnan(frame.measures[0].values[2]));
    EXPECT_EQ(complete_models(frame, [](std::string_view) { return true; }).size(), 1u);
    const auto message = [&](const std::string& table, auto change) {
        TableColumns changed = columns;
        change(changed);
        try {
            frame_of_csv(table, "t.csv", changed);
        } catch (const Error& error) {
            return std::string(error.what());
        }
        return std::string("no error");
    };
    EXPECT_NE(message("id,complexity.a,gap,ok\n1,x,2,1\n", [](TableColumns& c) { c.where = {}; }).find("line 2, column complexity.a"), std::string::npos);
    EXPECT_NE(message(text, [](TableColumns& c) { c.gap = "nope"; }).find("--gap"), std::string::npos);
    EXPECT_NE(message(text, [](TableColumns& c) { c.where = {"ok=maybe"}; }).find("--where"), std::string::npos);
    EXPECT_NE(message("a,a\n1,2\n", [](TableColumns&) {}).find("two columns a"), std::string::npos);
    EXPECT_NE(message("a,b\n1\n", [](TableColumns&) {}).find("line 2"), std::string::npos);
}
