// The verbs that judge a zoo, run as a user runs them, on a store written here.

#include "libanalysis/core/json.hpp"
#include "libanalysis/core/seed.hpp"
#include "libanalysis/store/store.hpp"
#include "tests/support/support.hpp"

#include <cmath>
#include <fstream>
#include <set>
#include <sstream>

using namespace assay;

namespace {

struct Verbs : testing::Test {
    test::Scratch scratch;
    std::string store = (scratch / "zoo.assay").string();

    // 48 models, depth 1 to 4; l2 drives the test error, path_norm is noise; test_loss looks at the answer.
    void write_store(bool with_targets = true) const {
        store::Store file(store, store::Store::Mode::write);
        file.set_meta("zoo", {{"title", "forty-eight models"}});
        const Seed seed{4};
        for (std::uint64_t i = 0; i < 48; ++i) {
            store::Result result;
            result.model.path = i == 3 ? "evil\x1b[31m\n.h5" : "m" + std::to_string(i) + ".h5";
            result.model.content = "content" + std::to_string(i);
            result.model.status = "ok";
            result.model.config["depth"] = 1 + i % 4;
            const double l2 = 10 + 2 * seed.normal(i), error = 1 / (1 + std::exp(3 - 0.3 * (l2 - 10) - 0.05 * seed.normal(100 + i)));
            if (with_targets) {
                result.model.metrics["test_accuracy"] = 1 - error;
                result.model.metrics["train_accuracy"] = 0.999;
            }
            const auto add = [&](const std::string& measure, double value, const std::string& convention = "", const std::string& parameters = "") {
                store::ValueRow row;
                row.key.model = result.model.content;
                row.key.measure = measure;
                row.key.convention = convention;
                row.key.parameters = parameters;
                row.key.precision = "float32";
                row.value = value;
                row.status = "ok";
                result.values.push_back(row);
            };
            add("l2", l2);
            add("path_norm", std::exp(seed.normal(200 + i)));
            add("parameter_count", 1000.0 * static_cast<double>(1 + i % 4));
            add("masked_accuracy", 0.5 + 0.01 * seed.normal(300 + i), "", "sparsity=0.9");
            if (with_targets) add("test_loss", error * 3);
            file.put_models({result.model});
            file.put(result);
        }
        store::ModelRow failed;
        failed.path = "broken.h5";
        failed.status = "failed";
        failed.error_kind = "format";
        failed.reason = "truncated";
        file.put_models({failed});
    }

    test::ProcessResult assay(std::vector<std::string> words) const {
        words.insert(words.begin(), test::program().string());
        return test::run(words, scratch.path());
    }
};

std::size_t widest(const std::string& text) {
    std::istringstream lines(text);
    std::string line;
    std::size_t width = 0;
    while (std::getline(lines, line)) width = std::max(width, line.size());
    return width;
}

}  // namespace

TEST_F(Verbs, EvaluateReadsPeoplesOwnTables) {
    const std::string table = (scratch / "table.csv").string();
    std::ofstream file(table);
    file << "run,hp.depth,hp.width,complexity.right,complexity.wrong,gap,done\n";
    for (int i = 0; i < 24; ++i)
        file << "r" << i << "," << i % 2 << "," << i % 3 << "," << i << "," << (i % 2 == 0 ? 100 + i : i) << "," << 0.01 * i << "," << (i == 5 ? "False" : "True") << "\n";
    file.close();
    const std::vector<std::string> words{"evaluate", table, "--gap", "gap", "--config", "hp.*", "--measure", "complexity.*", "--where", "done"};
    const auto with = [&](std::vector<std::string> more) {
        std::vector<std::string> all = words;
        all.insert(all.end(), more.begin(), more.end());
        return assay(all);
    };
    for (const char* protocol : {"kendall", "kendall_a", "psi", "pgdl", "sign-error", "robust", "partial", "pairwise", "r2"}) {
        const auto text = with({"--protocol", protocol, "--replicates", "50", "--breaks", "2"});
        EXPECT_EQ(text.exit_code, 0) << protocol << text.err;
        EXPECT_LE(widest(text.out), 100u) << text.out;
        EXPECT_NE(text.out.find("right"), std::string::npos) << text.out;
        EXPECT_NE(text.out.find("23 models"), std::string::npos) << text.out;
        const Json json = parse_json(with({"--protocol", protocol, "--replicates", "50", "--breaks", "2", "--json"}).out, "stdout");
        EXPECT_EQ(json["protocol"], protocol);
        EXPECT_EQ(json["measures"].size(), 2u);
    }
    const auto broken = with({"--breaks", "1", "--replicates", "0"});
    EXPECT_NE(broken.out.find("Where it breaks"), std::string::npos) << broken.out;
    EXPECT_NE(broken.out.find("complexity.wrong: "), std::string::npos) << broken.out;
    EXPECT_EQ(broken.out.find("luck:"), std::string::npos) << broken.out;
    const auto none = assay({"evaluate", table, "--gap", "gap", "--measure", "complexity.*", "--protocol", "psi", "--breaks", "2"});
    EXPECT_NE(none.out.find("no score for any of the 2 measures and baselines: no two models"), std::string::npos) << none.out;
    EXPECT_NE(none.out.find("no breaks: they are looked for where a measure has a score"), std::string::npos) << none.out;
    const auto unbroken = assay({"evaluate", table, "--gap", "gap", "--config", "hp.*", "--measure", "complexity.right", "--replicates", "0", "--breaks", "2"});
    EXPECT_NE(unbroken.out.find("no breaks: between no two settings"), std::string::npos) << unbroken.out;
    EXPECT_EQ(with({"--protocol", "nonsense"}).exit_code, 2);
    EXPECT_EQ(with({"--where", "nothing"}).exit_code, 2);
    EXPECT_EQ(assay({"evaluate", (scratch / "absent.csv").string()}).exit_code, 66);
    EXPECT_EQ(assay({"evaluate", table}).exit_code, 65);   // no column begins with measure.
    const auto aimless = assay({"evaluate", table, "--measure", "complexity.*"});
    EXPECT_EQ(aimless.exit_code, 65);
    for (const char* word : {"table.csv", "metric.test_accuracy", "complexity.wrong, gap", "--gap COLUMN"}) EXPECT_NE(aimless.err.find(word), std::string::npos) << aimless.err;
    const auto flat = assay({"evaluate", table, "--measure", "complexity.*", "--gap", "hp.depth", "--where", "hp.depth=1"});
    EXPECT_EQ(flat.exit_code, 65);
    EXPECT_NE(flat.err.find("--gap hp.depth: expected numbers"), std::string::npos) << flat.err;
}

TEST_F(Verbs, EvaluatePutsTheDrivingMeasureFirstAndFitsTheTerminal) {
    write_store();
    const auto text = assay({"evaluate", store, "--replicates", "100"});
    ASSERT_EQ(text.exit_code, 0) << text.err;
    EXPECT_LE(widest(text.out), 100u) << text.out;
    EXPECT_NE(text.out.find("logged metric.train_accuracy - metric.test_accuracy"), std::string::npos);
    const auto json = assay({"evaluate", store, "--replicates", "100", "--target", "test_error", "--json"});
    ASSERT_EQ(json.exit_code, 0) << json.err;
    const Json parsed = Json::parse(json.out);
    EXPECT_EQ(parsed["schema_version"], 1);
    EXPECT_EQ(parsed["measures"][0]["measure"], "l2");
    EXPECT_GT(parsed["measures"][0]["score"], 0.8);
    EXPECT_EQ(parsed["measures"].back()["measure"], "test_loss");   // the answer itself, marked as such
    EXPECT_EQ(parsed["measures"].back()["role"], "needs_test_labels");
    // l2, path_norm, parameter_count and masked_accuracy count; test_loss is the answer.
    EXPECT_NE(text.out.find("Tried: 4 measures and baselines, and 1 column"), std::string::npos) << text.out;
    EXPECT_NE(text.out.find("best of the 4 tried"), std::string::npos) << text.out;
    const auto grouped = assay({"evaluate", store, "--replicates", "100", "--group", "config.depth"});
    EXPECT_NE(grouped.out.find("groups of config.depth"), std::string::npos);
    EXPECT_EQ(assay({"evaluate", store, "--group", "config.nothing"}).exit_code, 2);
    EXPECT_EQ(assay({"evaluate", (scratch / "absent.assay").string()}).exit_code, 66);
}

TEST_F(Verbs, EvaluateShowsEveryBaselineWhereverItRanks) {
    const std::string table = (scratch / "table.csv").string();
    std::ofstream file(table);
    file << "model,measure.parameter_count,measure.depth,gap";
    for (int k = 0; k < 50; ++k) file << ",measure.m" << k;
    file << "\n";
    for (int i = 0; i < 10; ++i) {
        file << "r" << i << "," << i % 3 << ",2," << 0.01 * i;   // the depth is constant: a baseline without a score
        for (int k = 0; k < 50; ++k) file << "," << i;
        file << "\n";
    }
    file.close();
    const auto shown = assay({"evaluate", table, "--gap", "gap", "--replicates", "0"});
    ASSERT_EQ(shown.exit_code, 0) << shown.err;
    EXPECT_NE(shown.out.find("baseline, rank 51"), std::string::npos) << shown.out;
    EXPECT_NE(shown.out.find("baseline, rank 52: measure is constant"), std::string::npos) << shown.out;
    EXPECT_NE(shown.out.find("(10 of 52 rows are not shown: --limit 0 shows all)"), std::string::npos) << shown.out;
    const auto all = assay({"evaluate", table, "--gap", "gap", "--replicates", "0", "--limit", "0"});
    EXPECT_EQ(all.out.find("rank"), std::string::npos) << all.out;
    EXPECT_EQ(all.out.find("not shown"), std::string::npos) << all.out;
}

TEST_F(Verbs, FitWritesAPredictorWithoutTheAnswerAndRankApplies) {
    write_store();
    const std::string predictor = (scratch / "p.json").string();
    const auto fit = assay({"fit", store, "-o", predictor, "--group", "config.depth"});
    ASSERT_EQ(fit.exit_code, 0) << fit.err;
    EXPECT_LE(widest(fit.out), 100u) << fit.out;
    EXPECT_NE(fit.out.find("needs labelled test data: test_loss"), std::string::npos) << fit.out;
    const Json json = Json::parse(test::read_file(predictor));
    EXPECT_EQ(json["cross_validation"]["group"], "config.depth");
    EXPECT_EQ(json["training"]["models"], 48);
    EXPECT_EQ(json["training"]["title"], "forty-eight models");
    for (const Json& feature : json["features"]) EXPECT_NE(feature["measure"], "test_loss");
    bool masked = false;
    for (const Json& feature : json["features"]) masked = masked || feature["column"] == "masked_accuracy[sparsity=0.9]";
    EXPECT_TRUE(masked);

    const auto rank = assay({"rank", store, "--with", predictor});
    ASSERT_EQ(rank.exit_code, 0) << rank.err;
    EXPECT_LE(widest(rank.out), 100u) << rank.out;
    EXPECT_EQ(rank.out.find('\x1b'), std::string::npos);
    EXPECT_NE(rank.out.find("fitted to 48 of these 48 models"), std::string::npos) << rank.out;   // no training score passes for skill
    const auto crossed = assay({"rank", store, "--json"});
    ASSERT_EQ(crossed.exit_code, 0) << crossed.err;
    const Json ranking = Json::parse(crossed.out);
    EXPECT_EQ(ranking["models"].size(), 48u);
    EXPECT_EQ(ranking["models"][0]["rank"], 1);
    EXPECT_EQ(ranking["held_out_scores"]["group"], "config.depth");
    EXPECT_GT(ranking["held_out_scores"]["kendall"], 0.7);
}

TEST_F(Verbs, FitTakesEveryMethodAndTellsWhatCarriesThePrediction) {
    write_store();
    for (const char* method : {"ridge", "lasso", "boosted", "forest", "neighbours", "gaussian", "ranked"}) {
        const std::string output = (scratch / (std::string(method) + ".json")).string();
        const auto done = assay({"fit", store, "-o", output, "--method", method, "--group", "model", "--replicates", "50"});
        ASSERT_EQ(done.exit_code, 0) << done.err;
        EXPECT_LE(widest(done.out), 100u) << done.out;
        const Json json = parse_json(test::read_file(output), output);
        EXPECT_EQ(json["method"], method);
        EXPECT_FALSE(json["setting"].get<std::string>().empty());
        EXPECT_EQ(json.dump().find("train_score"), std::string::npos);
        if (std::string(method) == "neighbours" || std::string(method) == "gaussian") continue;   // which tell no contributions
        double l2 = 0, most = 0;
        for (const Json& feature : json["features"]) {
            const double importance = feature["importance"].get<double>();
            if (feature["column"] == "l2") l2 = importance;
            most = std::max(most, importance);
        }
        EXPECT_EQ(l2, most) << method;   // it drives the test error
    }
    EXPECT_EQ(assay({"fit", store, "-o", (scratch / "x.json").string(), "--method", "oracle"}).exit_code, 2);
}

TEST_F(Verbs, FitLeavesModelsForATestAndRankPredictsThem) {
    write_store();
    const Json all = parse_json(assay({"rank", store, "--json"}).out, "rank");
    std::string half;
    std::set<std::string> seen;
    for (const Json& row : all["models"]) {
        const std::string name = row["model"].get<std::string>();
        if (seen.size() == 24 || name.find('\n') != std::string::npos) continue;   // a list of lines cannot name that one
        seen.insert(name);
        half += name + "\n";
    }
    const std::string list = (scratch / "half.txt").string(), output = (scratch / "half.json").string();
    test::write_file(list, half);
    const auto fit = assay({"fit", store, "-o", output, "--only", list, "--method", "gaussian", "--group", "model"});
    ASSERT_EQ(fit.exit_code, 0) << fit.err;
    EXPECT_EQ(parse_json(test::read_file(output), output)["training"]["models"], 24);
    const Json ranking = parse_json(assay({"rank", store, "--with", output, "--json"}).out, "rank");
    ASSERT_EQ(ranking["models"].size(), 48u);
    for (const Json& row : ranking["models"]) {
        EXPECT_EQ(row["predictor_saw_it"].get<bool>(), seen.contains(row["model"].get<std::string>())) << row;
        // The ranks that the intervals allow, counted directly.
        std::size_t first = 1, last = 48;
        for (const Json& other : ranking["models"]) {
            first += other["high"].get<double>() < row["low"].get<double>();
            last -= other["low"].get<double>() > row["high"].get<double>();
        }
        EXPECT_EQ(row["rank_low"], first);
        EXPECT_EQ(row["rank_high"], last);
    }
    test::write_file(list, "no such model\n");
    const auto unknown = assay({"fit", store, "-o", output, "--only", list});
    EXPECT_EQ(unknown.exit_code, 65);
    EXPECT_NE(unknown.err.find("no such model"), std::string::npos) << unknown.err;
}

TEST_F(Verbs, CurveReadsTables) {
    const std::string table = (scratch / "runs.csv").string();
    test::write_file(table, "name,width,test_error\na,1,0.4\nb,2,0.3\nc,3,0.5\nd,4,0.2\n");
    const auto done = assay({"curve", table, "--kind", "double-descent", "--column", "size=width", "--json"});
    ASSERT_EQ(done.exit_code, 0) << done.err;
    const Json json = parse_json(done.out, "curve");
    EXPECT_EQ(json["numbers"]["peak_size"]["value"], 3);
    EXPECT_EQ(json["rows"], 4);
    EXPECT_LE(widest(assay({"curve", table, "--kind", "double-descent", "--column", "size=width"}).out), 100u);
    EXPECT_EQ(assay({"curve", table, "--kind", "double-descent", "--column", "size=width", "--csv"}).out.find("kind,number,value,low,high\n"), 0u);
    EXPECT_EQ(assay({"curve", table, "--kind", "double-descent", "--column", "size=height"}).exit_code, 2);
    EXPECT_EQ(assay({"curve", table, "--kind", "double-descent"}).exit_code, 2);
    const auto unknown = assay({"curve", table, "--kind", "double-descent", "--column", "size=WIDTHS"});
    EXPECT_NE(unknown.err.find("width, name, test_error"), std::string::npos) << unknown.err;   // what resembles it first
    // As assay export writes: with the beginning or without, and what the input is called needs no --column.
    const std::string exported = (scratch / "exported.csv").string();
    test::write_file(exported, "model,metric.test_error,config.width,measure.norm\na,0.4,1,1\nb,0.3,2,2\nc,0.5,3,3\nd,0.2,4,4\n");
    for (const char* column : {"size=measure.norm", "size=norm", "size=config.width", "size=width"}) {
        const auto same = assay({"curve", exported, "--kind", "double-descent", "--column", column, "--json"});
        ASSERT_EQ(same.exit_code, 0) << column << same.err;
        EXPECT_EQ(parse_json(same.out, "curve")["numbers"], json["numbers"]) << column;
    }
    test::write_file(exported, "model,test_error,measure.test_error,x,measure.x\na,0.4,9,1,4\nb,0.3,9,2,3\nc,0.5,9,3,2\nd,0.2,9,4,1\n");
    const auto exact = assay({"curve", exported, "--kind", "double-descent", "--column", "size=x", "--json"});
    EXPECT_EQ(parse_json(exact.out, "curve")["numbers"], json["numbers"]) << exact.err;   // the exact name first
    const auto other = assay({"curve", exported, "--kind", "double-descent", "--column", "size=measure.x", "--json"});
    EXPECT_EQ(parse_json(other.out, "curve")["numbers"]["peak_size"]["value"], 2) << other.err;
    EXPECT_EQ(assay({"curve", table, "--kind", "hockey-stick"}).exit_code, 2);
}

TEST_F(Verbs, RankByAMeasureSharesRanksAndNeedsNoTarget) {
    write_store(false);
    const auto nothing = assay({"rank", store});
    EXPECT_EQ(nothing.exit_code, 65);
    EXPECT_NE(nothing.err.find("--by"), std::string::npos) << nothing.err;
    const auto by = assay({"rank", store, "--by", "parameter_count", "--json"});
    ASSERT_EQ(by.exit_code, 0) << by.err;
    const Json ranking = Json::parse(by.out);
    EXPECT_EQ(ranking["models"][11]["rank"], 1);    // twelve models of depth 1 share the first rank
    EXPECT_EQ(ranking["models"][12]["rank"], 13);
    EXPECT_EQ(assay({"rank", store, "--by", "no_such_measure"}).exit_code, 2);
    EXPECT_EQ(assay({"rank", store, "--by", "l2", "--with", "x"}).exit_code, 2);
    for (const char* idle : {"--method", "--group", "--measure"}) EXPECT_EQ(assay({"rank", store, "--by", "l2", idle, "ridge"}).exit_code, 2) << idle;
    EXPECT_EQ(assay({"fit", store, "-o", (scratch / "p.json").string()}).exit_code, 65);
}

TEST_F(Verbs, ReportIsWrittenWhole) {
    write_store();
    const std::string page = (scratch / "r.html").string();
    const auto report = assay({"report", store, "-o", page, "--replicates", "50", "--figures", (scratch / "figures").string()});
    EXPECT_TRUE(std::filesystem::exists(scratch / "figures/calibration.gnuplot"));
    if (report.exit_code == 69) {   // not installed here
        EXPECT_NE(report.err.find("gnuplot-nox"), std::string::npos) << report.err;
    } else {
        ASSERT_EQ(report.exit_code, 0) << report.err;
        EXPECT_NE(test::read_file(scratch / "figures/protocols-gap.svg").find("</svg>"), std::string::npos);
    }
    const std::string html = test::read_file(page);
    EXPECT_NE(html.find("forty-eight models"), std::string::npos);
    EXPECT_TRUE(html.ends_with("</html>\n"));
    EXPECT_EQ(assay({"report", store, "-o", (scratch / "absent/r.html").string()}).exit_code, 73);
    EXPECT_EQ(assay({"report", store}).exit_code, 2);
}

TEST_F(Verbs, PredictSaysWhatIsWrongWithThePredictor) {
    test::write_file(scratch / "p.json", "{\"kind\": \"something\"}");
    const auto bad = assay({"predict", "model.h5", "--with", (scratch / "p.json").string()});
    EXPECT_EQ(bad.exit_code, 65);
    EXPECT_NE(bad.err.find("a predictor file, as assay fit writes it"), std::string::npos) << bad.err;
    EXPECT_EQ(assay({"predict", "model.h5", "--with", (scratch / "absent.json").string()}).exit_code, 66);
    EXPECT_EQ(assay({"predict", "model.h5"}).exit_code, 2);
}

TEST_F(Verbs, HelpHasExamples) {
    for (const char* verb : {"evaluate", "fit", "predict", "rank", "report"}) {
        const auto help = assay({verb, "--help"});
        EXPECT_EQ(help.exit_code, 0);
        EXPECT_NE(help.out.find("assay " + std::string(verb)), std::string::npos);
        EXPECT_LE(widest(help.out), 100u) << help.out;
    }
}
