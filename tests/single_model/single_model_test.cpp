#include "formats/format.hpp"
#include "libanalysis/core/csv.hpp"
#include "libanalysis/core/json.hpp"
#include "tests/formats/keras_writer.hpp"
#include "tests/support/support.hpp"
#include "tests/support/tolerance.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>
#include <sstream>

namespace assay {
namespace {

using test::program;
using test::run;

std::string shared(const std::string& path) { return (test::shared_folder() / path).string(); }

void expect_lines_fit(const std::string& text) {
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 100u) << line;
}

const Json& value_named(const Json& result, const std::string& measure, const std::string& convention = "") {
    for (const Json& value : result.at("values"))
        if (value.at("measure") == measure && value.at("convention") == convention && value.at("layer") == "") return value;
    static const Json none;
    return none;
}

TEST(Measures, VerbPrintsTheCommittedPage) {
    const auto done = run({program(), "measures", "--markdown"});
    EXPECT_EQ(done.exit_code, 0) << done.err;
    EXPECT_TRUE(done.out == test::read_file(test::source_folder() / "docs/measures.md"));
    const auto table = run({program(), "measures"});
    EXPECT_NE(table.out.find("path_norm"), std::string::npos);
    expect_lines_fit(table.out);
    EXPECT_GE(parse_json(run({program(), "measures", "--json"}).out, "measures").at("measures").size(), 20u);
    EXPECT_EQ(run({program(), "measures", "--nonsense"}).exit_code, 2);
}

TEST(Measure, AFileThatIsNoModelIsBadData) {
    const test::Scratch scratch;
    test::write_file(scratch / "notes.txt", "hello");
    for (const char* verb : {"measure", "inspect"}) {
        const auto done = run({program(), verb, (scratch / "notes.txt").string()});
        EXPECT_EQ(done.exit_code, 65) << done.err;
        EXPECT_NE(done.err.find("notes.txt"), std::string::npos) << done.err;
        EXPECT_EQ(run({program(), verb, (scratch / "absent.h5").string()}).exit_code, 66);
    }
    EXPECT_EQ(run({program(), "measure", (scratch / "notes.txt").string(), "--measures", "spectral_nrom"}).exit_code, 2);
}

std::string example(const std::string& file) { return (test::source_folder() / "examples/mnist-grid" / file).string(); }

std::string first_example() {
    std::string first;
    for (const auto& entry : std::filesystem::directory_iterator(test::source_folder() / "examples/mnist-grid"))
        if (const std::string name = entry.path().filename(); name.starts_with("grid_") && name.ends_with(".h5") && (first.empty() || name < first)) first = name;
    return first;
}

TEST(Inspect, DrawsATreeOfNestedLayersAndTellsTheOptimizersState) {
    const test::Scratch scratch;
    test::KerasFile file;
    file.config = test::keras_sequential({3}, Json::array({test::keras_layer("Dense", "block/inner/a", {{"units", 4}}), test::keras_layer("Dense", "block/inner/b", {{"units", 2}}),
                                                     test::keras_layer("Dense", "block/c", {{"units", 2}}), test::keras_layer("Dense", "head", {{"units", 1}})}));
    file.layers = {test::dense_arrays("block/inner/a", 3, 4), test::dense_arrays("block/inner/b", 4, 2), test::dense_arrays("block/c", 2, 2), test::dense_arrays("head", 2, 1)};
    file.optimizer = true;
    file.write(scratch / "m.h5");
    const auto done = run({program(), "inspect", scratch / "m.h5"});
    ASSERT_EQ(done.exit_code, 0) << done.err;
    for (const char* line : {"\nblock/ ", "\n  inner/ ", "\n    a ", "\n    b ", "\n  c ", "\nhead ", "optimizer's state: 1 arrays of 2 numbers in all, after 1200 steps"})
        EXPECT_NE(done.out.find(line), std::string::npos) << line << done.out;
    const std::string group = done.out.substr(done.out.find("\nblock/ ") + 1);
    EXPECT_NE(group.substr(0, group.find('\n')).find("32"), std::string::npos) << "parameters of the three below: " << group;   // 16 + 10 + 6
}

TEST(Inspect, TellsShapesMultiplyAddsAndReceptiveFieldsAndDraws) {
    const test::Scratch scratch;
    const auto done = run({program(), "inspect", example(first_example()), "--dot", (scratch / "model.dot").string()});
    ASSERT_EQ(done.exit_code, 0) << done.err;
    expect_lines_fit(done.out);
    EXPECT_NE(done.out.find("28 x 28 x 1"), std::string::npos) << done.out;
    EXPECT_NE(done.out.find("multiply-adds a row; stored as float32"), std::string::npos) << done.out;
    const Json result = parse_json(run({program(), "inspect", example(first_example()), "--json"}).out, "inspect");
    double madds = 0;
    for (const Json& layer : result.at("layers")) madds += layer.at("multiply_adds").get<double>();
    EXPECT_EQ(madds, result.at("multiply_adds").get<double>());
    EXPECT_GT(madds, 0);
    const std::string dot = test::read_file(scratch / "model.dot");
    EXPECT_EQ(dot.substr(0, 9), "digraph G") << dot;
    for (const Json& layer : result.at("layers")) EXPECT_NE(dot.find(layer.at("name").get<std::string>()), std::string::npos);
    const auto svg = run({program(), "inspect", example(first_example()), "--svg", (scratch / "model.svg").string()});
    if (svg.exit_code == 69) GTEST_SKIP() << "Graphviz's program dot is not installed";
    ASSERT_EQ(svg.exit_code, 0) << svg.err;
    EXPECT_NE(test::read_file(scratch / "model.svg").find("<svg"), std::string::npos);
}

TEST(Inspect, TellsALayerThatItLacksOnce) {
    const test::Scratch scratch;
    test::KerasFile file;
    file.config = test::keras_sequential({3}, Json::array({test::keras_layer("Dense", "d", {{"units", 2}}), test::keras_layer("Mystery", "m", Json::object())}));
    file.layers = {test::dense_arrays("d", 3, 2)};
    file.write(scratch / "m.h5");
    const std::string text = run({program(), "inspect", (scratch / "m.h5").string()}).out;
    EXPECT_NE(text.find("[unsupported-layer]: m: Mystery"), std::string::npos) << text;
    EXPECT_EQ(text.find("is not supported"), std::string::npos) << text;
}

TEST(Inspect, ANameIsNeitherGraphvizNorACost) {
    const test::Scratch scratch;
    const std::string name = R"(a\"]; evil [URL=x]; \N)";
    test::KerasFile file;
    file.config = test::keras_sequential({3}, Json::array({test::keras_layer("Dense", name, {{"units", 4}})}));
    file.layers = {test::dense_arrays(name, 3, 4)};
    file.write(scratch / "odd.h5");
    const auto drawn = run({program(), "inspect", (scratch / "odd.h5").string(), "--dot", (scratch / "odd.dot").string()});
    ASSERT_EQ(drawn.exit_code, 0) << drawn.err;
    const std::string dot = test::read_file(scratch / "odd.dot");
    EXPECT_NE(dot.find(R"(label="a\\\"]; evil [URL=x]; \\N)"), std::string::npos) << dot;
    file.config = nullptr;
    file.write(scratch / "weights.h5");
    const auto text = run({program(), "inspect", (scratch / "weights.h5").string()});
    EXPECT_NE(text.out.find("multiply-adds unknown"), std::string::npos) << text.out;
    EXPECT_NE(text.out.find("kernel 3 x 4, bias 4"), std::string::npos) << text.out;
    const Json json = parse_json(run({program(), "inspect", (scratch / "weights.h5").string(), "--json"}).out, "inspect");
    EXPECT_TRUE(json.at("multiply_adds").is_null());
    EXPECT_TRUE(json.at("layers").at(0).at("multiply_adds").is_null());
}

TEST(Outputs, AreNeverAFileThatIsRead) {
    namespace fs = std::filesystem;
    const test::Scratch scratch;
    fs::create_directory(scratch / "zoo");
    const std::string model = scratch / "zoo/model.h5", data = scratch / "data.h5", store = scratch / "zoo.assay", link = scratch / "link.h5";
    fs::copy_file(example(first_example()), model);
    fs::copy_file(example("data.h5"), data);
    fs::create_symlink(model, link);
    ASSERT_EQ(run({program(), "zoo", "run", (scratch / "zoo").string(), "-o", store, "--measures", "parameter_count", "-q"}).exit_code, 0);
    std::map<std::string, std::string> before;
    for (const std::string& file : {model, data, store}) before[file] = test::read_file(file);
    const std::vector<std::vector<std::string>> commands{
        {"inspect", model, "--dot", model}, {"inspect", model, "--svg", model}, {"inspect", model, "--dot", link}, {"inspect", model, "--data", data, "--dot", data},
        {"forward", model, "--data", data, "-o", model}, {"forward", model, "--data", data, "-o", data}, {"forward", link, "--data", data, "-o", model},
        {"hessian", model, "--data", data, "--save-vectors", model}, {"hessian", model, "--data", data, "--save-vectors", data},
        {"mask", model, "--method", "random", "--sparsity", "0.5", "-o", model},
        {"fit", store, "-o", store}, {"report", store, "-o", store}, {"export", store, "-o", store}};
    for (std::vector<std::string> words : commands) {
        words.insert(words.begin(), program());
        const auto done = run(words);
        EXPECT_EQ(done.exit_code, 2) << words[1] << done.err;
        EXPECT_NE(done.err.find("expected another file than those that are read"), std::string::npos) << words[1] << done.err;
        for (const auto& [file, content] : before) ASSERT_TRUE(test::read_file(file) == content) << words[1] << " wrote to " << file;
    }
    EXPECT_EQ(run({program(), "zoo", "run", (scratch / "zoo").string(), "-o", model, "--measures", "parameter_count", "-q"}).exit_code, 66);
    EXPECT_TRUE(test::read_file(model) == before[model]);
}

TEST(Lint, LooksAtAModelAZooAndAStore) {
    const auto clean = run({program(), "lint", example(first_example()), "--fail-on", "note"});
    EXPECT_EQ(clean.exit_code, 0) << clean.out << clean.err;
    EXPECT_NE(clean.out.find("0 errors, 0 warnings, 0 notes in 1 models"), std::string::npos) << clean.out;
    // The same with data on another scale than it was trained on.
    const auto wrong = run({program(), "lint", example(first_example()), "--data", example("data.h5"), "--scale", "50", "--fail-on", "error", "--json"});
    const auto right = run({program(), "lint", example(first_example()), "--data", example("data.h5"), "--scale", "1/255", "--json"});
    const auto count = [](const std::string& out, std::string_view rule) {
        std::size_t found = 0;
        const Json result = parse_json(out, "lint");
        for (const Json& finding : result.at("findings")) found += finding.at("rule").get<std::string>() == rule;
        return found;
    };
    EXPECT_EQ(count(wrong.out, "saturated-softmax"), 1u) << wrong.out;
    EXPECT_EQ(count(right.out, "input-scale"), 0u) << right.out;
    const auto zoo = run({program(), "lint", (test::source_folder() / "examples/mnist-grid").string(), "--sarif"});
    ASSERT_EQ(zoo.exit_code, 0) << zoo.err;
    const Json sarif = parse_json(zoo.out, "sarif");
    EXPECT_EQ(sarif.at("version"), "2.1.0");
    const Json& driver = sarif.at("runs").at(0).at("tool").at("driver");
    for (const Json& finding : sarif.at("runs").at(0).at("results"))
        EXPECT_EQ(driver.at("rules").at(finding.at("ruleIndex").get<std::size_t>()).at("id"), finding.at("ruleId"));
    EXPECT_EQ(run({program(), "lint", "--explain", "dead-units"}).exit_code, 0);
    EXPECT_EQ(run({program(), "lint", "--explain", "nonsense"}).exit_code, 2);
    EXPECT_EQ(run({program(), "lint", example(first_example()), "--fail-on", "maybe"}).exit_code, 2);
    EXPECT_EQ(run({program(), "lint", example("absent.h5")}).exit_code, 66);
    const auto rules = run({program(), "lint", "--rules", "--markdown"});
    EXPECT_TRUE(rules.out == test::read_file(test::source_folder() / "docs/lint.md"));
}

TEST(Lint, FailsAPipelineWhenAskedTo) {
    const test::Scratch scratch;
    std::filesystem::copy(example(first_example()), scratch / "a.h5");
    std::filesystem::copy(example(first_example()), scratch / "b.h5");   // the same checkpoint twice
    const auto done = run({program(), "lint", scratch.path().string(), "--fail-on", "error"});
    EXPECT_EQ(done.exit_code, 1) << done.out << done.err;
    EXPECT_NE(done.out.find("[duplicated-checkpoints] b.h5: the same file as a.h5"), std::string::npos) << done.out;
    EXPECT_EQ(run({program(), "lint", scratch.path().string()}).exit_code, 0);
}

TEST(Lint, ACheckpointOfAZooThatCannotBeReadIsAnError) {
    const test::Scratch scratch;
    std::filesystem::copy(example(first_example()), scratch / "a.h5");
    test::write_file(scratch / "cut.h5", test::read_file(example(first_example())).substr(0, 3000));
    test::write_file(scratch / "README.md", "no model, and no harm\n");
    const std::string zoo = scratch.path().string();
    const auto failed = run({program(), "lint", zoo, "--fail-on", "error"});
    EXPECT_EQ(failed.exit_code, 1) << failed.out << failed.err;
    EXPECT_NE(failed.out.find("[unreadable-checkpoint] cut.h5: format: "), std::string::npos) << failed.out;
    EXPECT_NE(failed.out.find("1 errors, 0 warnings, 0 notes in 3 models"), std::string::npos) << failed.out;
    EXPECT_NE(failed.out.find("note: README.md: no format claims it"), std::string::npos) << failed.out;
    const Json json = parse_json(run({program(), "lint", zoo, "--json"}).out, "lint");
    ASSERT_EQ(json.at("findings").size(), 1u);
    EXPECT_EQ(json.at("findings").at(0).at("rule"), "unreadable-checkpoint");
    EXPECT_EQ(json.at("findings").at(0).at("severity"), "error");
    EXPECT_NE(json.at("findings").at(0).at("message").get<std::string>().find("cut short"), std::string::npos);
    const Json sarif = parse_json(run({program(), "lint", zoo, "--sarif"}).out, "sarif");
    ASSERT_EQ(sarif.at("runs").at(0).at("results").size(), 1u);
    EXPECT_EQ(sarif.at("runs").at(0).at("results").at(0).at("level"), "error");
    // What the zoo's table counts among its models has to be one.
    test::write_file(scratch / "metrics.csv", "model,config.depth\na.h5,1\nREADME.md,2\n");
    const auto listed = run({program(), "lint", zoo, "--fail-on", "error"});
    EXPECT_EQ(listed.exit_code, 1) << listed.out << listed.err;
    EXPECT_NE(listed.out.find("[unreadable-checkpoint] README.md: format: the table of the zoo has a"), std::string::npos) << listed.out;
    EXPECT_EQ(run({program(), "lint", (scratch / "cut.h5").string()}).exit_code, 65);   // a model by itself, as before
}

TEST(Measure, GivesTheLoggedAccuracyAndSaysWhenTheScaleIsWrong) {
    ASSAY_NEEDS_SHARED("zoo/dnn-repair-b");
    const std::string model = shared("zoo/dnn-repair-b/epoch-20.hdf5"), data = shared("data/mnist.h5");
    const auto right = run({program(), "measure", model, "--data", data, "--scale", "1", "--measures", "test_accuracy,test_loss_clipped,norm", "--json"});
    ASSERT_EQ(right.exit_code, 0) << right.err;
    const Json result = parse_json(right.out, "measure");
    EXPECT_EQ(result.at("schema_version"), 1);
    const std::string table = test::read_file(test::shared_folder() / "zoo/dnn-repair-b/metrics.csv");
    const std::string line = table.substr(table.find("epoch-20.hdf5"));
    const std::string row = line.substr(0, line.find_first_of("\r\n"));
    const double logged = std::stod(row.substr(row.rfind(',') + 1));
    EXPECT_NEAR(value_named(result, "test_accuracy").at("value").get<double>(), logged, 0.5e-4);
    const std::string before = row.substr(0, row.rfind(','));
    EXPECT_NEAR(value_named(result, "test_loss_clipped").at("value").get<double>(), std::stod(before.substr(before.rfind(',') + 1)), 0.6e-4);
    EXPECT_EQ(value_named(result, "path_norm", "exact").at("status"), "ok") << value_named(result, "path_norm", "exact").dump();
    for (const Json& note : result.at("notes")) EXPECT_EQ(note.get<std::string>().find("scale looks wrong"), std::string::npos) << note;

    const auto wrong = run({program(), "measure", model, "--data", data, "--scale", "1/255", "--measures", "test_accuracy"});
    EXPECT_NE(wrong.out.find("scale looks wrong"), std::string::npos) << wrong.out << wrong.err;
    expect_lines_fit(wrong.out);
}

TEST(Compare, SaysWhatEachMeasurePrefersAndWhatDiffers) {
    const std::string folder = (test::source_folder() / "examples/mnist-grid").string() + "/";
    std::vector<std::string> models;
    for (const auto& entry : std::filesystem::directory_iterator(folder))
        if (const std::string name = entry.path().filename(); name.starts_with("grid_") && name.ends_with(".h5") && name.find("init") == std::string::npos) models.push_back(entry.path());
    std::sort(models.begin(), models.end());
    ASSERT_GE(models.size(), 2u);
    const std::string a = models.front(), b = models.back(), measures = "param_norm,normalised_margin[quantile=0.1],parameter_count,test_accuracy,generalization_gap,weight_kurtosis";
    const std::vector<std::string> options{"--data", folder + "data.h5", "--scale", "1/255", "--measures", measures};
    const auto with = [&](std::vector<std::string> command, const std::vector<std::string>& more) {
        command.insert(command.end(), options.begin(), options.end());
        command.insert(command.end(), more.begin(), more.end());
        return run(command);
    };
    const auto compared = with({program(), "compare", a, b}, {"--json"});
    ASSERT_EQ(compared.exit_code, 0) << compared.err;
    const Json json = parse_json(compared.out, "compare");
    const Json of_a = parse_json(with({program(), "measure", a}, {"--json"}).out, "measure"), of_b = parse_json(with({program(), "measure", b}, {"--json"}).out, "measure");
    EXPECT_FALSE(json.at("identical").get<bool>());
    const double accuracy_a = value_named(of_a, "test_accuracy").at("value"), accuracy_b = value_named(of_b, "test_accuracy").at("value");
    const std::string truth = accuracy_a > accuracy_b ? "a" : "b";
    ASSERT_NE(accuracy_a, accuracy_b);
    EXPECT_EQ(json.at("better_on_test"), truth);
    // The direction of a measure speaks of the gap, which may well be smaller for the worse of the two.
    const double gap_a = value_named(of_a, "generalization_gap").at("value"), gap_b = value_named(of_b, "generalization_gap").at("value");
    const std::string smaller_gap = gap_a < gap_b ? "a" : "b";
    ASSERT_NE(gap_a, gap_b);
    EXPECT_EQ(json.at("smaller_gap"), smaller_gap);
    // Layer by layer, from what measure says of A with B as its initial weights.
    const Json apart = parse_json(run({program(), "measure", a, "--init", b, "--measures", "fro_dist,frobenius_norm", "--layers", "--json"}).out, "measure");
    for (const Json& one : json.at("layers")) {
        double distance = -1, norm = 0;
        for (const Json& value : apart.at("values"))
            if (value.at("layer") == one.at("layer")) (value.at("measure") == "fro_dist" ? distance : norm) = value.at("value").get<double>();
        EXPECT_NEAR_RELATIVE(one.at("relative_distance").get<double>(), std::sqrt(distance) / norm, 1e-12);
    }
    EXPECT_EQ(json.at("layers").empty(), !json.at("layers_reason").get<std::string>().empty()) << json.at("layers_reason");
    const Json twice = parse_json(run({program(), "compare", a, a, "--measures", "param_norm", "--json"}).out, "compare");
    EXPECT_FALSE(twice.at("layers").empty());
    for (const Json& one : twice.at("layers")) {
        EXPECT_EQ(one.at("relative_distance").get<double>(), 0);
        EXPECT_EQ(one.at("sign_agreement").get<double>(), 1);
    }
    // Norms are held to go with a larger gap, margins with a smaller one; kurtosis is held to say nothing.
    int checked = 0;
    for (const Json& row : json.at("measures")) {
        const std::string name = row.at("measure"), convention = row.at("convention");
        const double x = row.at("a"), y = row.at("b");
        EXPECT_EQ(x, value_named(of_a, name, convention).at("value").get<double>()) << name;
        EXPECT_EQ(y, value_named(of_b, name, convention).at("value").get<double>()) << name;
        EXPECT_EQ(row.at("difference").get<double>(), y - x) << name;
        std::string expected;
        if (name == "param_norm" || name == "parameter_count") expected = x < y ? "a" : x > y ? "b" : "equal";
        else if (name == "normalised_margin") expected = x > y ? "a" : "b";
        else {
            EXPECT_TRUE(row.at("prefers").is_null()) << name;
            continue;
        }
        EXPECT_EQ(row.at("prefers"), expected) << name;
        if (expected != "equal") {
            EXPECT_EQ(row.at("right_on_test").get<bool>(), expected == truth) << name;
            EXPECT_EQ(row.at("right_on_gap").get<bool>(), expected == smaller_gap) << name;
        }
        ++checked;
    }
    EXPECT_GE(checked, 3);
    const auto text = with({program(), "compare", a, b}, {});
    EXPECT_EQ(text.exit_code, 0) << text.err;
    std::istringstream table(text.out.substr(text.out.find("\nmeasure")));
    for (std::string line; std::getline(table, line);) EXPECT_LE(line.size(), 100u) << line;
    EXPECT_EQ(with({program(), "compare", a, b}, {"--csv"}).out.find("measure,a,b,"), 0u);
    const Json same = parse_json(with({program(), "compare", a, a}, {"--json"}).out, "compare");
    EXPECT_TRUE(same.at("identical").get<bool>());
    EXPECT_TRUE(same.at("differences").empty());
    for (const Json& row : same.at("measures")) EXPECT_TRUE(row.at("prefers").is_null() || row.at("prefers") == "equal") << row;
    EXPECT_EQ(run({program(), "compare", a}).exit_code, 2);
}

TEST(Measure, TablesFitAHundredColumns) {
    ASSAY_NEEDS_SHARED("zoo/mnist-grid");
    const std::string zoo = shared("zoo/mnist-grid/");
    const auto done = run({program(), "measure", zoo + "grid_0000.h5", "--init", zoo + "grid_0000.init.weights.h5", "--data", zoo + "data.h5", "--scale",
                           "1/255", "--layers", "--samples", "500"});
    ASSERT_EQ(done.exit_code, 0) << done.err;
    expect_lines_fit(done.out);
    EXPECT_NE(done.out.find("masked_accuracy[sparsity=0.9]"), std::string::npos);
}

TEST(Measure, LayersAreATableInEveryForm) {
    ASSAY_NEEDS_SHARED("zoo/dnn-repair-b");
    const std::string model = shared("zoo/dnn-repair-b/epoch-20.hdf5");
    const auto csv = run({program(), "measure", model, "--csv"});
    ASSERT_EQ(csv.exit_code, 0) << csv.err;
    const auto table = parse_csv(csv.out, "stdout");
    ASSERT_EQ(table.size(), 5u) << csv.out;   // four layers, of which WeightWatcher leaves the first out
    const auto column = [&](const std::string& name) {
        return static_cast<std::size_t>(std::find(table[0].cells.begin(), table[0].cells.end(), name) - table[0].cells.begin());
    };
    ASSERT_LT(column("alpha"), table[0].cells.size());
    EXPECT_EQ(table[1].cells[column("alpha")], "");
    EXPECT_NE(table[1].cells[column("reason")].find("eigenvalues"), std::string::npos);
    EXPECT_EQ(table[3].cells[column("name")], "dense_1");
    EXPECT_NEAR(std::stod(table[3].cells[column("alpha")]), 2.235412144, 3e-6);   // WeightWatcher 0.7.7
    const auto json = run({program(), "measure", model, "--layers", "--measures", "depth", "--json"});
    const Json layers = parse_json(json.out, "measure").at("layers");
    ASSERT_EQ(layers.size(), 4u);
    EXPECT_NEAR(layers[2].at("alpha").get<double>(), 2.235412144, 3e-6);
    EXPECT_TRUE(layers[0].at("alpha").is_null());
    const auto text = run({program(), "measure", model, "--layers", "--measures", "depth"});
    expect_lines_fit(text.out);
    EXPECT_NE(text.out.find("2.235"), std::string::npos) << text.out;
    EXPECT_EQ(run({program(), "measure", model, "--csv", "--json"}).exit_code, 2);
    EXPECT_EQ(run({program(), "measure", model, "--csv", "--measures", "depth"}).exit_code, 2);
}

TEST(Measure, WeightsWithoutAnArchitectureStillHaveTheirNorms) {
    ASSAY_NEEDS_SHARED("zoo/mnist-grid");
    const std::string zoo = shared("zoo/mnist-grid/");
    // Weights without an architecture still have their norms.
    const auto done = run({program(), "measure", zoo + "grid_0000.init.weights.h5", "--json"});
    ASSERT_EQ(done.exit_code, 0) << done.err;
    const Json result = parse_json(done.out, "measure");
    EXPECT_EQ(value_named(result, "log_prod_of_spec", "matrix").at("status"), "ok");
    EXPECT_EQ(value_named(result, "path_norm", "exact").at("reason"), "no architecture in a weights-only file");
}

TEST(Inspect, ShowsLayersAndTriesScales) {
    ASSAY_NEEDS_SHARED("zoo/dnn-repair-b");
    const std::string model = shared("zoo/dnn-repair-b/epoch-20.hdf5");
    const auto table = run({program(), "inspect", model, "--data", shared("data/mnist.h5")});
    ASSERT_EQ(table.exit_code, 0) << table.err;
    expect_lines_fit(table.out);
    EXPECT_NE(table.out.find("Conv2D"), std::string::npos) << table.out;
    const Json result = parse_json(run({program(), "inspect", model, "--data", shared("data/mnist.h5"), "--json"}).out, "inspect");
    ASSERT_EQ(result.at("scales").size(), 3u);
    EXPECT_GT(result.at("scales")[0].at("accuracy").get<double>(), 0.9);   // raw pixels: what it was trained on
    EXPECT_LT(result.at("scales")[1].at("accuracy").get<double>(), result.at("scales")[0].at("accuracy").get<double>());
    EXPECT_TRUE(result.at("problems").empty()) << result.at("problems");
}

TEST(Inspect, TakesALambdaForWhatItsUserSays) {
    ASSAY_NEEDS_SHARED("models/public");
    const std::string model = shared("models/public/deeplearning4j__dl4j-test-resources/src__main__resources__modelimport__keras__examples__lambda__sequential_lambda.h5");
    const auto class_of = [](const Json& result, const std::string& name) {
        for (const Json& layer : result.at("layers"))
            if (layer.at("name") == name) return layer.at("class").get<std::string>();
        return std::string("none");
    };
    const Json untold = parse_json(run({program(), "inspect", model, "--json"}).out, "inspect");
    EXPECT_EQ(class_of(untold, "lambda_2"), "Lambda");
    const Json told = parse_json(run({program(), "inspect", model, "--lambda", "lambda_2=3*x", "--json"}).out, "inspect");
    EXPECT_EQ(class_of(told, "lambda_2"), "Rescaling");
    EXPECT_EQ(class_of(told, "lambda_1"), "Lambda");   // x squared, which is not affine
    EXPECT_NE(told.at("notes").dump().find("lambda_2, a Lambda, is taken to be 3*x"), std::string::npos) << told.at("notes");
    for (const char* wrong : {"lambda_2", "=x", "lambda_2=x*x", "dense_1=x"}) {
        const auto done = run({program(), "inspect", model, "--lambda", wrong});
        EXPECT_EQ(done.exit_code, 2) << wrong << done.err;
        EXPECT_NE(done.err.find("lambda"), std::string::npos) << done.err;
    }
    EXPECT_EQ(run({program(), "inspect", model, "--lambda", "lambda_2=x", "--lambda", "lambda_2=2*x"}).exit_code, 2);
}

TEST(Measure, TakesMeansOfChannelsAsOneWordOrSeveral) {
    const auto accuracy = [](const std::vector<std::string>& more) {
        std::vector<std::string> words{program(), "measure", example(first_example()), "--measures", "test_accuracy", "--json", "--data", example("data.h5"), "--scale", "1/255"};
        words.insert(words.end(), more.begin(), more.end());
        const auto done = run(words);
        return done.exit_code == 0 ? value_named(parse_json(done.out, "measure"), "test_accuracy").at("value").get<double>() : -done.exit_code;
    };
    const double plain = accuracy({}), shifted = accuracy({"--mean", "0.5", "--std", "0.25"});
    EXPECT_NE(shifted, plain);
    EXPECT_EQ(accuracy({"--mean", "0,"}), -2);
    EXPECT_EQ(accuracy({"--mean", "0.5,x"}), -2);
    EXPECT_EQ(accuracy({"--threads", "-1"}), -2);
    for (const std::vector<std::string>& three : {std::vector<std::string>{"1,2,3"}, {"1", "2", "3"}}) {
        std::vector<std::string> words{program(), "measure", example(first_example()), "--measures", "test_accuracy", "--data", example("data.h5"), "--mean"};
        words.insert(words.end(), three.begin(), three.end());
        EXPECT_NE(run(words).out.find("one a channel, found 3"), std::string::npos) << "one channel has one mean";
    }
}

TEST(Predict, ComparesOnlyWhatIsAlike) {
    const test::Scratch scratch;
    const std::string zoo = (test::source_folder() / "examples/mnist-grid").string(), store = scratch / "zoo.assay", of_margins = scratch / "margins.json",
                      of_weights = scratch / "weights.json", model = example(first_example()), data = example("data.h5");
    ASSERT_EQ(run({program(), "zoo", "run", zoo, "-o", store, "--measures", "param_norm,normalised_margin[quantile=0.1],test_accuracy", "-q"}).exit_code, 0);
    ASSERT_EQ(run({program(), "fit", store, "-o", of_margins, "--group", "model"}).exit_code, 0);
    ASSERT_EQ(run({program(), "fit", store, "-o", of_weights, "--group", "model", "--measure", "param_norm*"}).exit_code, 0);
    const Json population = parse_json(test::read_file(of_margins), "predictor").at("training").at("population");
    EXPECT_EQ(population.at("inputs"), Json::array({"28 x 28 x 1"}));
    EXPECT_EQ(population.at("outputs"), Json::array({"10"}));
    EXPECT_EQ(population.at("preprocessing"), Json::array({"x * 0.00392157"})) << "as the zoo's zoo.json declares it";

    const auto predict = [&](const std::vector<std::string>& more) {
        std::vector<std::string> words{program(), "predict", model, "--with", of_margins, "--data", data};
        words.insert(words.end(), more.begin(), more.end());
        return run(words);
    };
    const auto right = predict({"--scale", "1/255", "--json"});
    ASSERT_EQ(right.exit_code, 0) << right.err;
    EXPECT_TRUE(parse_json(right.out, "predict").at("unlike").empty());
    for (const std::vector<std::string>& wrong : {std::vector<std::string>{}, {"--scale", "1/127.5", "--offset", "-1"}}) {
        const auto refused = predict(wrong);
        EXPECT_EQ(refused.exit_code, 65) << refused.out;
        EXPECT_NE(refused.err.find("inputs prepared as in the predictor's zoo: x * 0.00392157"), std::string::npos) << refused.err;
    }
    EXPECT_EQ(predict({"--scale", "1/127.5", "--offset", "-1", "--own-inputs"}).exit_code, 0);

    // Norms of a network for something else may lie within the range that the zoo had; it is no less another kind of network.
    test::KerasFile file;
    file.config = test::keras_sequential({7}, Json::array({test::keras_layer("Dense", "d", {{"units", 3}})}));
    const Json zoo_model = parse_json(run({program(), "predict", model, "--with", of_weights, "--json"}).out, "predict");
    const double norm = zoo_model.at("features").at("param_norm").get<double>();   // the sum of squares
    std::vector<double> kernel(21, std::sqrt(norm / 21));
    file.layers = {{"d", {{"d/kernel:0", {7, 3}, kernel}, {"d/bias:0", {3}, {0, 0, 0}}}}};
    file.write(scratch / "other.h5");
    const std::string other = scratch / "other.h5";
    const Json strange = parse_json(run({program(), "predict", other, "--with", of_weights, "--json"}).out, "predict");
    EXPECT_TRUE(strange.at("features_outside_training_range").empty());
    ASSERT_EQ(strange.at("unlike").size(), 2u) << strange.at("unlike");
    EXPECT_NEAR(strange.at("predicted").get<double>(), zoo_model.at("predicted").get<double>(), 1e-4);
    EXPECT_LT(strange.at("low").get<double>(), zoo_model.at("low").get<double>() - 1e-3);
    EXPECT_GT(strange.at("high").get<double>(), zoo_model.at("high").get<double>() + 1e-3);
    const auto words = run({program(), "predict", other, "--with", of_weights});
    EXPECT_NE(words.out.find("another kind than the fitted ones: inputs 7"), std::string::npos) << words.out;
    expect_lines_fit(words.out);
    // Below the limit by itself, but nobody knows: the interval reaches beyond it.
    const double between = (strange.at("predicted").get<double>() + strange.at("high").get<double>()) / 2;
    const auto limit = std::to_string(between);
    EXPECT_EQ(run({program(), "predict", model, "--with", of_weights, "--fail-above", limit}).exit_code, 0);
    const auto failed = run({program(), "predict", other, "--with", of_weights, "--fail-above", limit});
    EXPECT_EQ(failed.exit_code, 1);
    EXPECT_NE(failed.out.find("not known to be below the limit"), std::string::npos) << failed.out;
}

TEST(Forward, NamesALayerThatIsTwoOutputsTwice) {
    const test::Scratch scratch;
    test::KerasFile file;
    file.config = test::keras_functional({test::keras_node("InputLayer", "in", {{"batch_input_shape", {nullptr, 3}}}, Json::array()),
                                          test::keras_node("Dense", "d", {{"units", 2}}, Json::parse(R"([[["in", 0, 0, {}]]])"))},
                                         Json::parse(R"([["in", 0, 0]])"), Json::parse(R"([["d", 0, 0], ["d", 0, 0]])"));
    file.layers = {{"in", {}}, test::dense_arrays("d", 3, 2)};
    file.write(scratch / "two.h5");
    const formats::NamedArray x{"x", {1, 3}, {1, 1, 1}};
    formats::write_arrays(scratch / "x.h5", std::span(&x, 1));
    const auto done = run({program(), "forward", (scratch / "two.h5").string(), "--data", (scratch / "x.h5").string(), "-o", (scratch / "y.h5").string(), "--json"});
    ASSERT_EQ(done.exit_code, 0) << done.err;
    const Json outputs = parse_json(done.out, "forward").at("outputs");
    ASSERT_EQ(outputs.size(), 2u);
    EXPECT_EQ(outputs[1].at("name"), "d_1");
    for (const char* name : {"d", "d_1"}) {   // kernel 0 .. 5 by rows, bias 100, 101
        const auto split = formats::open_inputs(scratch / "y.h5", std::vector<std::string>{name});
        std::vector<double> y(2);
        split->read(0, std::vector<std::int64_t>{0}, std::span<double>(y));
        EXPECT_EQ(y, (std::vector<double>{106, 110})) << name;
    }
}

TEST(Forward, WritesOutputsThatCanBeReadBack) {
    ASSAY_NEEDS_SHARED("zoo/mnist-grid");
    const test::Scratch scratch;
    std::vector<float> pixels(5 * 28 * 28);
    for (std::size_t i = 0; i < pixels.size(); ++i) pixels[i] = static_cast<float>((i * 37) % 256);
    // The grid's images are 14 x 14.
    const auto inspected = parse_json(run({program(), "inspect", shared("zoo/mnist-grid/grid_0000.h5"), "--json"}).out, "inspect");
    Shape shape{5};
    for (const Json& extent : inspected.at("layers")[0].at("output_shape")) shape.push_back(extent.get<std::int64_t>());
    if (inspected.at("layers")[0].at("class") != "InputLayer") shape = {5, 14, 14, 1};
    pixels.resize(static_cast<std::size_t>(element_count(shape)));
    const formats::NamedArray x{"x", shape, pixels};
    formats::write_arrays(scratch / "x.h5", std::span(&x, 1));
    const auto done = run({program(), "forward", shared("zoo/mnist-grid/grid_0000.h5"), "--data", (scratch / "x.h5").string(), "-o",
                           (scratch / "y.h5").string(), "--scale", "1/255", "--layers", "--json"});
    ASSERT_EQ(done.exit_code, 0) << done.err;
    const Json result = parse_json(done.out, "forward");
    const std::string name = result.at("outputs")[0].at("name");
    const auto split = formats::open_inputs(scratch / "y.h5", std::vector<std::string>{name});
    ASSERT_EQ(split->rows(), 5);
    const std::int64_t width = element_count(split->input_shape(0));
    std::vector<double> y(static_cast<std::size_t>(5 * width));
    const std::vector<std::int64_t> rows{0, 1, 2, 3, 4};
    split->read(0, rows, std::span<double>(y));
    double sum = 0;
    for (const double value : y) sum += value;
    EXPECT_NEAR(sum / static_cast<double>(y.size()), result.at("outputs")[0].at("mean").get<double>(), 1e-6);
    EXPECT_GE(result.at("layers").size(), 3u);
    EXPECT_EQ(run({program(), "forward", shared("zoo/mnist-grid/grid_0000.h5")}).exit_code, 2);
}

}  // namespace
}  // namespace assay
