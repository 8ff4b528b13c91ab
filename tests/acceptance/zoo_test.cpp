// The main job on real zoos: accuracies and losses equal what was logged when the models were trained.

#include "libanalysis/core/json.hpp"
#include "tests/support/support.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <sstream>

namespace assay {
namespace {

using test::run;

struct Zoo {
    test::Scratch scratch;
    std::map<std::string, Json> rows;   // by model
    std::string summary;
    int exit_code = 0;

    // Runs the zoo and reads the store back through `assay export`.
    explicit Zoo(const std::string& name, std::vector<std::string> options = {}) {
        std::vector<std::string> command{test::program().string(), "zoo", "run", (test::shared_folder() / "zoo" / name).string(), "-o",
                                         (scratch / "zoo.assay").string()};
        command.insert(command.end(), options.begin(), options.end());
        const auto done = run(command);
        exit_code = done.exit_code;
        summary = done.out + done.err;
        const auto exported = run({test::program().string(), "export", (scratch / "zoo.assay").string(), "--format", "jsonl"});
        std::istringstream lines(exported.out);
        for (std::string line; std::getline(lines, line);) {
            const Json row = parse_json(line, "export");
            rows[row.at("model").get<std::string>()] = row;
        }
    }
};

double number(const Json& row, const std::string& column) {
    return row.contains(column) && !row.at(column).is_null() ? number_from_json(row.at(column)) : std::nan("");
}

// Counts models whose measured value, rounded to the logged decimals, is the logged one.
int equal_to_decimals(const Zoo& zoo, const std::string& measure, const std::string& metric, double unit) {
    int equal = 0;
    for (const auto& [name, row] : zoo.rows) {
        const double measured = number(row, "measure." + measure), logged = number(row, "metric." + metric);
        if (std::abs(std::round(measured / unit) * unit - logged) < unit * 1e-3)
            ++equal;
        else
            ADD_FAILURE() << name << ": " << measure << " " << measured << ", logged " << logged;
    }
    return equal;
}

TEST(DnnRepair, RunBGivesTheLoggedTestAccuracyAndLossOfEveryEpoch) {
    ASSAY_NEEDS_SHARED("zoo/dnn-repair-b");
    const Zoo zoo("dnn-repair-b", {"--data", (test::shared_folder() / "data/mnist.h5").string(), "--scale", "1", "--measures",
                                   "test_accuracy,test_loss_clipped"});
    EXPECT_EQ(zoo.exit_code, 0) << zoo.summary;
    ASSERT_EQ(zoo.rows.size(), 20u) << zoo.summary;
    EXPECT_EQ(equal_to_decimals(zoo, "test_accuracy", "test_accuracy", 1e-4), 20);
    EXPECT_EQ(equal_to_decimals(zoo, "test_loss_clipped[clip=1e-07]", "test_loss", 1e-4), 20);
}

TEST(DnnRepair, ModeGivesTheAccuracyInEveryFileName) {
    ASSAY_NEEDS_SHARED("zoo/dnn-repair-mode");
    const Zoo zoo("dnn-repair-mode", {"--data", (test::shared_folder() / "data/mnist.h5").string(), "--scale", "1", "--measures", "test_accuracy"});
    ASSERT_EQ(zoo.rows.size(), 12u) << zoo.summary;
    EXPECT_EQ(equal_to_decimals(zoo, "test_accuracy", "test_accuracy", 1e-4), 12);
}

TEST(DnnRepair, AWrongScaleIsSaid) {
    ASSAY_NEEDS_SHARED("zoo/dnn-repair-b");
    const Zoo zoo("dnn-repair-b", {"--data", (test::shared_folder() / "data/mnist.h5").string(), "--scale", "1/255", "--measures",
                                   "test_accuracy", "--limit", "2"});
    EXPECT_NE(zoo.summary.find("scale looks wrong"), std::string::npos) << zoo.summary;
}

TEST(PgdlToy, GivesTheAccuraciesOfItsModelConfigs) {
    ASSAY_NEEDS_SHARED("zoo/pgdl-toy");
    const Zoo zoo("pgdl-toy");
    EXPECT_EQ(zoo.exit_code, 0) << zoo.summary;
    ASSERT_EQ(zoo.rows.size(), 18u) << zoo.summary;
    for (const auto& [name, row] : zoo.rows) {
        EXPECT_DOUBLE_EQ(number(row, "measure.train_accuracy"), number(row, "metric.train_accuracy")) << name;
        EXPECT_DOUBLE_EQ(number(row, "measure.test_accuracy"), number(row, "metric.test_accuracy")) << name;
    }
}

// Logged from Keras' probabilities in float32, clipped at 1e-30: an accuracy may differ by the counted near-ties.
const std::string logged_measures = "train_accuracy,train_loss_clipped[clip=1e-30],train_near_ties,test_accuracy,test_loss_clipped[clip=1e-30],test_near_ties";

void expect_keras_numbers(const Zoo& zoo, std::size_t models, double train_rows_column_default) {
    ASSERT_EQ(zoo.rows.size(), models) << zoo.summary;
    for (const auto& [name, row] : zoo.rows) {
        for (const std::string split : {"train", "test"}) {
            const double rows = split == "test" ? 10000 : number(row, "config.n_train") > 0 ? number(row, "config.n_train") : train_rows_column_default;
            const double ties = number(row, "measure." + split + "_near_ties");
            const double accuracy = number(row, "measure." + split + "_accuracy"), logged = number(row, "metric." + split + "_accuracy");
            EXPECT_LE(std::abs(accuracy - logged) * rows, ties + 0.05) << name << " " << split << ": " << accuracy << ", logged " << logged;
            const double loss = number(row, "measure." + split + "_loss_clipped[clip=1e-30]"), logged_loss = number(row, "metric." + split + "_loss");
            EXPECT_LE(std::abs(loss - logged_loss), 1e-4 * std::abs(logged_loss) + 1e-7) << name << " " << split << ": " << loss << ", logged " << logged_loss;
        }
    }
}

TEST(MnistGrid, GivesWhatKerasLogged) {
    ASSAY_NEEDS_SHARED("zoo/mnist-grid");
    const Zoo zoo("mnist-grid", {"--measures", logged_measures});
    EXPECT_EQ(zoo.exit_code, 0) << zoo.summary;
    expect_keras_numbers(zoo, 144, 2000);
}

TEST(MnistSmallCnn, GivesWhatKerasLogged) {
    ASSAY_NEEDS_SHARED("zoo/mnist-small-cnn");
    const Zoo zoo("mnist-small-cnn", {"--measures", logged_measures});
    expect_keras_numbers(zoo, 500, 0);
}

// Weights alone, and the architecture from elsewhere: the values are those of the whole model.
TEST(WeightsOnlyZoo, TakesOneArchitectureForAllThatHaveNone) {
    ASSAY_NEEDS_SHARED("zoo/mnist-grid");
    const std::filesystem::path source = test::shared_folder() / "zoo/mnist-grid";
    const test::Scratch scratch;
    const std::string zoo = scratch / "zoo", store = scratch / "zoo.assay";
    std::filesystem::create_directory(zoo);
    std::filesystem::copy(source / "grid_0000.init.weights.h5", zoo);
    const std::vector<std::string> command{test::program().string(), "zoo", "run", zoo, "-o", store, "--data", (source / "data.h5").string(), "--scale", "1/255", "--measures", "test_loss"};
    const auto value = [&] { return parse_json(run({test::program().string(), "export", store, "--format", "jsonl"}).out, "export").at("measure.test_loss"); };
    run(command);
    EXPECT_TRUE(value().is_null());
    std::vector<std::string> with = command;
    with.insert(with.end(), {"--architecture", (source / "grid_0000.h5").string()});
    const auto done = run(with);
    EXPECT_EQ(done.exit_code, 0) << done.out << done.err;
    ASSERT_TRUE(value().is_number()) << done.out << done.err;
    EXPECT_NEAR(value().get<double>(), std::log(10.0), 0.5);   // ten classes, untrained
    with.back() = (scratch / "nothing.json").string();
    const auto lost = run(with);
    EXPECT_EQ(lost.exit_code, 1);
    EXPECT_NE((lost.out + lost.err).find("there is no such"), std::string::npos) << lost.out << lost.err;
}

// A model trained on fewer rows than the file holds has no train measures until somebody says which rows they were.
TEST(TrainRows, UndeclaredOnesGiveAReasonInsteadOfANumber) {
    ASSAY_NEEDS_SHARED("zoo/mnist-small-cnn");
    const std::filesystem::path source = test::shared_folder() / "zoo/mnist-small-cnn";
    const test::Scratch scratch;
    const std::string zoo = scratch / "zoo", store = scratch / "zoo.assay";
    std::filesystem::create_directory(zoo);
    std::filesystem::copy(source / "smallcnn_0001.h5", zoo);
    test::write_file(zoo + "/metrics.csv", "model,config.n_train\nsmallcnn_0001.h5,30000\n");
    const std::vector<std::string> command{test::program().string(), "zoo", "run", zoo, "-o", store, "--data", (test::shared_folder() / "data/mnist.h5").string(),
                                           "--scale", "1/255", "--measures", "train_accuracy,test_accuracy,generalization_gap"};
    const auto undeclared = run(command);
    EXPECT_NE(undeclared.out.find("train_rows_undeclared"), std::string::npos) << undeclared.out;
    const auto row = [&] { return parse_json(run({test::program().string(), "export", store, "--format", "jsonl"}).out, "export"); };
    EXPECT_TRUE(row().at("measure.train_accuracy").is_null());
    EXPECT_TRUE(row().at("measure.generalization_gap").is_null());
    EXPECT_EQ(row().at("measure.test_accuracy"), 0.9309);
    std::vector<std::string> declared = command;
    declared.insert(declared.end(), {"--train-rows", "30000"});
    EXPECT_EQ(run(declared).exit_code, 0);
    EXPECT_NEAR(row().at("measure.train_accuracy").get<double>(), 0.940133, 1e-6);   // as logged
}

}  // namespace
}  // namespace assay
