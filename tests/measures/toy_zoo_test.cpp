// The starting kit of PGDL: measures of weights and margins that were computed independently in NumPy float64, and the
// accuracies that the kit's own tables give.

#include "formats/format.hpp"
#include "libanalysis/core/json.hpp"
#include "tests/measures/models.hpp"
#include "tests/support/support.hpp"
#include "tests/support/tolerance.hpp"

namespace assay::measures {
namespace {

namespace fs = std::filesystem;

Subject toy(int id, const data::Dataset& dataset, engine::DType precision) {
    const fs::path folder = test::shared_folder() / "zoo/pgdl-toy" / ("model_" + std::to_string(id));
    auto model = std::make_shared<const model::Model>(formats::load_model(folder / "weights.hdf5"));
    Subject subject(model, {.loss = "cross_entropy", .precision = precision}, Context{});
    subject.set_weights("init", std::make_shared<model::Weights>(formats::load_weights_for(*model, folder / "weights_init.hdf5")));
    subject.set_rows("train", {dataset.train, data::all_rows(*dataset.train), {}});
    subject.set_rows("test", {dataset.test, data::all_rows(*dataset.test), {}});
    return subject;
}

struct Published { int id; double parameters, l2, l2_dist, log_spec, log_fro, fro_over_spec, fro_dist, gamma, path, train_loss; };

constexpr Published published[] = {
    {0, 386, 9.145354, .301185, 1.578556, 2.976829, 4.084121, .257240, -.013910, .315158, .621351},
    {2, 4546, 78.757651, 3.075463, 3.924119, 7.690900, 15.955397, 2.991908, .107792, .535256, .367363},
    {5, 8706, 144.238801, 4.049047, 5.547907, 11.742632, 28.450944, 4.048677, .642125, .480519, .139843},
    {10, 33794, 285.372372, 14.498463, 6.829349, 13.387265, 33.108713, 14.349916, .922774, .319834, .091329},
    {14, 67330, 295.521995, 26.447360, 5.776451, 9.437444, 15.132629, 26.245705, .714148, .197754, .122355},
    {17, 133122, 546.271427, 17.950601, 7.449586, 14.675929, 43.396797, 17.950440, 1.281570, .141315, .052115},
};

TEST(ToyZoo, MeasuresEqualThePublishedOnes) {
    ASSAY_NEEDS_SHARED("zoo/pgdl-toy");
    const data::Dataset dataset = formats::open_dataset(test::shared_folder() / "zoo/pgdl-toy/dataset_1");
    for (const engine::DType precision : {engine::DType::float64, engine::DType::float32})
        for (const Published& row : published) {
            Subject subject = toy(row.id, dataset, precision);
            // Six decimals are printed: half of the last one, and a little for single precision passes.
            const double weights = 0.6e-6, passes = precision == engine::DType::float64 ? 0.6e-6 : 2e-6;
            EXPECT_EQ(test::value_of(subject, "parameter_count"), row.parameters);
            EXPECT_NEAR(test::value_of(subject, "l2"), row.l2, weights) << row.id;
            EXPECT_NEAR(test::value_of(subject, "l2_dist"), row.l2_dist, weights) << row.id;
            EXPECT_NEAR(test::value_of(subject, "log_prod_of_spec", "matrix"), row.log_spec, weights) << row.id;
            EXPECT_NEAR(test::value_of(subject, "log_prod_of_spec", "exact"), row.log_spec, weights) << row.id;
            EXPECT_NEAR(test::value_of(subject, "log_prod_of_fro"), row.log_fro, weights) << row.id;
            EXPECT_NEAR(test::value_of(subject, "fro_over_spec"), row.fro_over_spec, weights) << row.id;
            EXPECT_NEAR(test::value_of(subject, "fro_dist"), row.fro_dist, weights) << row.id;
            EXPECT_NEAR(test::value_of(subject, "path_norm", "pgdl"), row.path, weights) << row.id;
            EXPECT_NEAR(test::value_of(subject, "margin_quantile[quantile=0.1]", "dziugaite"), row.gamma, passes) << row.id;
            EXPECT_NEAR(test::value_of(subject, "train_loss"), row.train_loss, passes) << row.id;
        }
}

TEST(ToyZoo, AccuraciesAreExactForAllEighteen) {
    ASSAY_NEEDS_SHARED("zoo/pgdl-toy");
    const fs::path folder = test::shared_folder() / "zoo/pgdl-toy";
    const data::Dataset dataset = formats::open_dataset(folder / "dataset_1");
    const Json configs = parse_json(test::read_file(folder / "model_configs.json"), "model_configs.json");
    int models = 0;
    for (const auto& [id, about] : configs.items()) {
        Subject subject = toy(std::stoi(id), dataset, engine::DType::float32);
        EXPECT_EQ(test::value_of(subject, "train_accuracy"), about.at("metrics").at("train_acc").get<double>()) << id;
        EXPECT_EQ(test::value_of(subject, "test_accuracy"), about.at("metrics").at("test_acc").get<double>()) << id;
        ++models;
    }
    EXPECT_EQ(models, 18);
}

}  // namespace
}  // namespace assay::measures
