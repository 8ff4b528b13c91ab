// Every rule finds what was planted and is silent about a model, a data set and a zoo that are in order.

#include "libanalysis/lint/rule.hpp"

#include "libanalysis/core/error.hpp"
#include "tests/measures/models.hpp"
#include "tests/support/support.hpp"

#include <cmath>
#include <limits>
#include <set>

namespace assay::lint {
namespace {

using test::Builder;

struct Planted {
    Planted() : builder({6}, 3) { builder.dense(6, 8).activation("relu").dense(8, 3).activation("softmax"); }
    std::vector<Finding> findings(const model::Weights* init = nullptr) {
        model = builder.build();
        outline = engine::outline(*model);
        return check(ModelMaterial{*model, outline, init});
    }
    std::vector<double>& values(std::size_t parameter) { return std::get<std::vector<double>>(builder.model().weights[parameter].values); }
    Builder builder;
    std::shared_ptr<const model::Model> model;
    std::vector<engine::NodeOutline> outline;
};

std::size_t count(const std::vector<Finding>& findings, std::string_view rule) {
    return static_cast<std::size_t>(std::count_if(findings.begin(), findings.end(), [&](const Finding& finding) { return finding.rule == rule; }));
}

const Finding& only(const std::vector<Finding>& findings, std::string_view rule) {
    EXPECT_EQ(count(findings, rule), 1u) << rule;
    for (const Finding& finding : findings)
        if (finding.rule == rule) return finding;
    throw std::runtime_error("no finding of " + std::string(rule));
}

TEST(Rules, HaveIdsOfTheirOwnAndOneThingToLookAt) {
    std::set<std::string_view> ids;
    for (const Rule* rule : rules()) {
        EXPECT_TRUE(ids.insert(rule->id).second) << rule->id;
        EXPECT_EQ((rule->on_model != nullptr) + (rule->on_data != nullptr) + (rule->on_run != nullptr) + (rule->on_zoo != nullptr), 1) << rule->id;
        for (const std::string_view text : {rule->summary, rule->explanation, rule->advice}) EXPECT_FALSE(text.empty()) << rule->id;
        EXPECT_EQ(find_rule(rule->id), rule);
    }
    EXPECT_EQ(find_rule("no-such-rule"), nullptr);
}

TEST(Rules, PageIsCurrent) {
    EXPECT_TRUE(test::read_file(test::source_folder() / "docs/lint.md") == rules_markdown()) << "Run `assay lint --rules --markdown > docs/lint.md`.";
}

TEST(Rules, FindingsSurviveTheWayThroughAWorker) {
    const Finding finding{"dead-units", Severity::note, "a.h5", "dense/kernel", "3 of 8"};
    const Finding back = finding_from_json(to_json(finding));
    EXPECT_EQ(back.rule, finding.rule);
    EXPECT_EQ(back.severity, finding.severity);
    EXPECT_EQ(back.file + back.where + back.message, finding.file + finding.where + finding.message);
    Json unknown = to_json(finding);
    unknown["rule"] = "nonsense";
    EXPECT_THROW(finding_from_json(unknown), Error);
}

TEST(ModelRules, AreSilentAboutAGoodModel) {
    Planted good;
    EXPECT_TRUE(good.findings().empty());
}

TEST(ModelRules, NonFiniteWeights) {
    Planted bad;
    bad.values(0)[5] = std::nan("");
    bad.values(0)[6] = std::numeric_limits<double>::infinity();
    const auto findings = bad.findings();
    const Finding& finding = only(findings, "non-finite-weights");
    EXPECT_EQ(finding.where, "dense_1/kernel");
    EXPECT_EQ(finding.message, "1 of 48 values are NaN, 1 are infinite");
    EXPECT_EQ(finding.severity, Severity::error);
}

TEST(ModelRules, DeadUnitsAndUnreadInputs) {
    Planted bad;
    for (std::size_t input = 0; input < 6; ++input) bad.values(0)[input * 8 + 2] = 0;    // unit 2 of the first layer
    for (std::size_t unit = 0; unit < 3; ++unit) bad.values(2)[4 * 3 + unit] = 0;        // input 4 of the second
    const auto findings = bad.findings();
    ASSERT_EQ(count(findings, "dead-units"), 2u);
    EXPECT_EQ(findings[0].message, "1 of 8 units have no incoming weight that is not 0 (2)");
    EXPECT_EQ(findings[0].severity, Severity::warning);
    EXPECT_EQ(findings[1].message, "1 of 8 inputs are read by no unit (4)");
    EXPECT_EQ(findings[1].severity, Severity::note);
}

TEST(ModelRules, ConstantTensor) {
    Planted bad;
    for (double& value : bad.values(0)) value = 0.25;
    const auto findings = bad.findings();
    EXPECT_EQ(only(findings, "constant-tensor").message, "all 48 values are 0.25");
}

TEST(ModelRules, DuplicatedTensor) {
    Planted bad;
    bad.builder = Builder({6}, 3);
    bad.builder.dense(6, 6).dense(6, 6);
    bad.values(2) = bad.values(0);
    const auto findings = bad.findings();
    const Finding& finding = only(findings, "duplicated-tensor");
    EXPECT_EQ(finding.where, "dense_2/kernel");
    EXPECT_EQ(finding.message, "the same values as dense_1/kernel");
}

TEST(ModelRules, ExplodedWeights) {
    Planted bad;
    for (double& value : bad.values(0)) value *= 1000;
    const auto findings = bad.findings();
    EXPECT_EQ(only(findings, "exploded-weights").where, "dense_1/kernel");
}

TEST(ModelRules, VarianceZeroAndNegative) {
    Planted bad;
    bad.builder = Builder({6}, 3);
    bad.builder.dense(6, 4).normalisation(4);
    bad.values(5)[1] = 0;
    bad.values(5)[3] = -1;
    const auto findings = bad.findings();
    ASSERT_EQ(count(findings, "variance-zero"), 2u);
    EXPECT_EQ(findings[0].severity, Severity::error);
    EXPECT_EQ(findings[0].message, "1 of 4 variances are negative (3)");
    EXPECT_EQ(findings[1].message, "1 of 4 variances are 0 (1)");
}

TEST(ModelRules, OddEpsilon) {
    for (const auto& [epsilon, findings_expected] : std::vector<std::pair<double, std::size_t>>{{1e-3, 0}, {0.5, 1}, {0.0, 1}, {1e-5, 0}, {1e-2, 0}}) {
        Planted bad;
        bad.builder = Builder({6}, 3);
        bad.builder.dense(6, 4).normalisation(4);
        const auto [first, last] = boost::vertices(bad.builder.model().architecture->graph);
        bad.builder.model().architecture->graph[*(last - 1)].attributes["epsilon"] = epsilon;
        EXPECT_EQ(count(bad.findings(), "odd-epsilon"), findings_expected) << epsilon;
    }
}

TEST(ModelRules, UnsupportedLayer) {
    Planted bad;
    bad.builder = Builder({6}, 3);
    bad.builder.dense(6, 4).unsupported("Capsule").dense(4, 2);
    const auto findings = bad.findings();
    EXPECT_EQ(only(findings, "unsupported-layer").message, "Capsule: Assay has no such layer");
}

TEST(ModelRules, UntrainedLayerAndModel) {
    Planted bad;
    model::Weights init = bad.builder.model().weights;
    EXPECT_EQ(only(bad.findings(&init), "untrained-layer").severity, Severity::error);
    std::get<std::vector<double>>(init[0].values)[0] += 1;
    const auto findings = bad.findings(&init);
    EXPECT_EQ(count(findings, "untrained-layer"), 3u);   // the other kernel and two biases
    EXPECT_EQ(findings[0].severity, Severity::warning);
    for (model::Tensor& tensor : init) std::get<std::vector<double>>(tensor.values)[0] += 1;
    EXPECT_EQ(count(bad.findings(&init), "untrained-layer"), 0u);
}

data::Dataset dataset(std::int64_t rows, const std::function<double(std::int64_t, std::int64_t)>& value, const std::function<std::int64_t(std::int64_t)>& label,
                      bool with_test = true) {
    const auto split = [&](std::int64_t from) {
        std::vector<double> values;
        std::vector<std::int64_t> labels;
        for (std::int64_t row = from; row < from + rows; ++row) {
            for (std::int64_t k = 0; k < 6; ++k) values.push_back(value(row, k));
            labels.push_back(label(row));
        }
        return data::make_split(std::move(values), {6}, std::move(labels));
    };
    return {"data.h5", "hash", split(0), with_test ? split(rows) : nullptr};
}

double noise(std::int64_t row, std::int64_t k) { return Seed{8}.child(static_cast<std::uint64_t>(row)).normal(static_cast<std::uint64_t>(k)); }
std::int64_t mixed(std::int64_t row) { return static_cast<std::int64_t>(Seed{9}.bits(static_cast<std::uint64_t>(row)) % 3); }

TEST(DataRules, AreSilentAboutGoodData) { EXPECT_TRUE(check(DataMaterial{dataset(120, noise, mixed)}).empty()); }

TEST(DataRules, LabelsSorted) {
    const auto findings = check(DataMaterial{dataset(120, noise, [](std::int64_t row) { return row % 120 / 40; })});
    EXPECT_EQ(count(findings, "labels-sorted"), 2u);
    EXPECT_EQ(findings[0].file, "data.h5");
    EXPECT_EQ(findings[0].message, "98 % of the rows follow one of their own class; 33 % would by chance");
}

TEST(DataRules, OverlapAndRepetition) {
    const auto findings = check(DataMaterial{dataset(100, [](std::int64_t row, std::int64_t k) { return noise(row >= 105 ? row - 100 : row == 7 ? 8 : row, k); }, mixed)});
    EXPECT_EQ(only(findings, "overlapping-splits").message, "94 of 100 test rows are also training rows");
    EXPECT_EQ(only(findings, "duplicated-rows").message, "1 of 100 rows repeat another one");
}

TEST(DataRules, NonFinite) {
    const auto findings = check(DataMaterial{dataset(60, [](std::int64_t row, std::int64_t k) { return row == 70 && k > 3 ? std::nan("") : noise(row, k); }, mixed)});
    EXPECT_EQ(only(findings, "non-finite-data").where, "test/x");
    EXPECT_EQ(only(findings, "non-finite-data").message, "1 of 60 rows hold NaN or infinity");
}

std::vector<Finding> run_rules(Planted& planted, const std::function<std::int64_t(std::int64_t)>& label) {
    planted.model = planted.builder.build();
    measures::Subject subject(planted.model, {.loss = "cross_entropy"}, Context{});
    const data::Dataset data = dataset(200, noise, label, false);
    subject.set_rows("train", {data.train, data::all_rows(*data.train), {}});
    RunMaterial material{subject};
    std::map<std::string, std::string> skipped;
    std::vector<Finding> findings = check(material, skipped);
    EXPECT_TRUE(skipped.empty()) << skipped.begin()->first << ": " << skipped.begin()->second;
    return findings;
}

// A second run of the same network gives the labels: accuracy 1.
std::int64_t label_by(Planted& planted, std::int64_t row) {
    const auto& first = planted.values(0);
    const auto &bias = planted.values(1), &second = planted.values(2), &last = planted.values(3);
    double hidden[8], best = -1e300;
    for (std::size_t u = 0; u < 8; ++u) {
        hidden[u] = bias[u];
        for (std::size_t k = 0; k < 6; ++k) hidden[u] += noise(row, static_cast<std::int64_t>(k)) * first[k * 8 + u];
        hidden[u] = std::max(hidden[u], 0.0);
    }
    std::int64_t label = 0;
    for (std::size_t c = 0; c < 3; ++c) {
        double logit = last[c];
        for (std::size_t u = 0; u < 8; ++u) logit += hidden[u] * second[u * 3 + c];
        if (logit > best) best = logit, label = static_cast<std::int64_t>(c);
    }
    return label;
}

TEST(RunRules, AreSilentAboutANetworkThatLearned) {
    Planted good;
    EXPECT_TRUE(run_rules(good, [&](std::int64_t row) { return label_by(good, row); }).empty());
}

TEST(RunRules, UntrainedModel) {
    Planted bad;
    const auto findings = run_rules(bad, mixed);
    EXPECT_NE(only(findings, "untrained-model").message.find("on 200 rows"), std::string::npos);
}

TEST(RunRules, DeadActivations) {
    Planted bad;
    bad.values(1)[3] = -1000;   // a bias that no input overcomes
    const auto findings = run_rules(bad, [&](std::int64_t row) { return label_by(bad, row); });
    EXPECT_EQ(only(findings, "dead-activations").message, "1 of 8 units (3) give one value for all 200 rows of train");
    EXPECT_EQ(findings[0].file, "test.h5");
}

TEST(RunRules, SaturatedSoftmax) {
    Planted bad;
    for (double& value : bad.values(2)) value *= 1e4;
    const auto findings = run_rules(bad, [&](std::int64_t row) { return label_by(bad, row); });
    EXPECT_EQ(count(findings, "saturated-softmax"), 1u);
}

TEST(RunRules, InputScale) {
    // Labels by the network on x / 255 of data 0 .. 255; raw inputs differ by the biases.
    Planted bad;
    for (const std::size_t bias : {1, 3})
        for (double& value : bad.values(bias)) value *= 3;
    bad.model = bad.builder.build();
    measures::Subject subject(bad.model, {.loss = "cross_entropy"}, Context{});
    const data::Dataset small = dataset(400, noise, [&](std::int64_t row) { return label_by(bad, row); }, false);
    const data::Dataset raw = dataset(400, [](std::int64_t row, std::int64_t k) { return 255 * noise(row, k); }, [&](std::int64_t row) { return label_by(bad, row); }, false);
    for (const auto& [data, expected] : std::vector<std::pair<const data::Dataset*, std::size_t>>{{&small, 0}, {&raw, 1}}) {
        subject.set_rows("train", {data->train, data::all_rows(*data->train), {}});
        RunMaterial material{subject};
        std::map<std::string, std::string> skipped;
        EXPECT_EQ(count(check(material, skipped), "input-scale"), expected);
    }
}

TEST(RunRules, SayWhyTheyCouldNotLook) {
    Planted bad;
    bad.builder = Builder({6}, 3);
    bad.builder.dense(6, 4).unsupported("Capsule").dense(4, 3);
    bad.model = bad.builder.build();
    measures::Subject subject(bad.model, {.loss = "cross_entropy"}, Context{});
    const data::Dataset data = dataset(50, noise, mixed, false);
    subject.set_rows("train", {data.train, data::all_rows(*data.train), {}});
    RunMaterial material{subject};
    std::map<std::string, std::string> skipped;
    EXPECT_TRUE(check(material, skipped).empty());
    EXPECT_NE(skipped.at("untrained-model").find("Capsule"), std::string::npos);
}

std::vector<ZooModel> zoo() {
    std::vector<ZooModel> models;
    for (int i = 0; i < 20; ++i) {
        const double accuracy = 0.9 + 0.003 * ((i * 7) % 20);
        models.push_back({"m" + std::to_string(i) + ".h5", "content" + std::to_string(i), {{"depth", std::to_string(i % 4)}, {"seed", std::to_string(i)}},
                          {{"test_accuracy", accuracy}, {"train_accuracy", 1.0}}, {{"test_accuracy", accuracy}, {"pacbayes_orig", 100.0 + i}}, 2000});
    }
    return models;
}

TEST(ZooRules, AreSilentAboutAGoodZoo) {
    const auto models = zoo();
    EXPECT_TRUE(check(ZooMaterial{"zoo", models, {}}).empty());
}

TEST(ZooRules, FindWhatWasPlanted) {
    auto models = zoo();
    models[4].content = models[2].content;
    for (ZooModel& model : models) model.config["best"] = std::to_string(100 * model.metrics["test_accuracy"]);
    models[7].measures["test_accuracy"] = 0.5;
    for (ZooModel& model : models) model.measures["pacbayes_orig"] = 5e4;
    const std::vector<std::string> warnings{"row 3 names no file"};
    const auto findings = check(ZooMaterial{"zoo", models, warnings});
    EXPECT_EQ(only(findings, "duplicated-checkpoints").where, "m4.h5");
    EXPECT_EQ(only(findings, "duplicated-checkpoints").message, "the same file as m2.h5");
    EXPECT_EQ(only(findings, "target-leak").where, "config.best");
    EXPECT_NE(only(findings, "accuracy-differs").message.find("1 of 20 models"), std::string::npos);
    EXPECT_NE(only(findings, "vacuous-bound").message.find("above 1 for all 20 models"), std::string::npos);
    EXPECT_EQ(only(findings, "zoo-manifest").message, warnings[0]);
    EXPECT_EQ(findings.size(), 5u);
}

TEST(ZooRules, UnreadableCheckpoint) {
    const auto models = zoo();
    const std::vector<Unread> unread{{"cut.h5", "format", "3000 of 233816 bytes"}, {"slow.h5", "timeout", "ran past 600 s"}, {"new.h5", "unsupported", "float8"},
                                     {"dies.h5", "crash", "the worker process ended"}};
    const auto findings = check(ZooMaterial{"zoo", models, {}, unread});
    ASSERT_EQ(findings.size(), 4u);
    const Severity expected[] = {Severity::error, Severity::warning, Severity::note, Severity::error};
    for (std::size_t i = 0; i < 4; ++i) {
        EXPECT_EQ(findings[i].rule, "unreadable-checkpoint");
        EXPECT_EQ(findings[i].severity, expected[i]) << i;
        EXPECT_EQ(findings[i].where, unread[i].path);
        EXPECT_EQ(findings[i].message, unread[i].kind + ": " + unread[i].reason);
    }
}

}  // namespace
}  // namespace assay::lint
