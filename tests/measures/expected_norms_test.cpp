// Norms of real checkpoints against NumPy float64 on the tensors that the frameworks loaded.

#include "formats/format.hpp"
#include "libanalysis/core/json.hpp"
#include "tests/measures/models.hpp"
#include "tests/support/support.hpp"
#include "tests/support/tolerance.hpp"

#include <algorithm>
#include <cstdio>

namespace assay::measures {
namespace {

namespace fs = std::filesystem;

// NumPy has other matrices there: a depthwise kernel as one, where Assay has one for each channel; a projection to heads as [in heads, width], here [in, heads width].
bool is_other_matrix(const std::string& name) {
    return name.ends_with("depthwise_kernel") || name.ends_with("query/kernel") || name.ends_with("key/kernel") || name.ends_with("value/kernel");
}

TEST(ExpectedNorms, OfKerasKernelsEqualTheStoredOnes) {
    ASSAY_NEEDS_SHARED("models/expected");
    const fs::path folder = test::shared_folder() / "models";
    int models = 0, matrices = 0;
    for (const auto& entry : fs::directory_iterator(folder / "expected")) {
        if (entry.path().extension() != ".json") continue;
        const Json file = parse_json(test::read_file(entry.path()), entry.path().string());
        if (file.value("kind", "") != "keras_whole" || !file.contains("weights")) continue;
        std::shared_ptr<model::Model> model;
        try {
            model = std::make_shared<model::Model>(formats::load_model(folder / "public" / file.at("file").get<std::string>()));
            model->architecture.reset();   // the matrix convention alone is compared: no convolution norms
        } catch (const Error&) {
            continue;   // what is refused is the formats' own test
        }
        Subject subject = test::subject_of(model);
        // Both lists as multisets of (Frobenius norm, spectral norm): layer names may repeat, layouts may be converted.
        std::vector<std::pair<double, double>> ours, theirs;
        for (const auto& weight : file.at("weights")) {
            if (!weight.contains("spectral")) continue;
            std::string name = weight.value("name", "");
            name = name.substr(0, name.rfind(':'));
            if (!name.ends_with("kernel") && !name.ends_with("embeddings")) continue;
            theirs.emplace_back(number_from_json(weight.at("frobenius")), is_other_matrix(name) ? 0 : number_from_json(weight.at("spectral")));
        }
        if (theirs.empty()) continue;
        std::map<std::string, std::pair<double, double>> layers;
        for (const Row& row : measure_all(subject, parse_requests("frobenius_norm,spectral_norm"))) {
            if (row.value.layer.empty() || !row.value.ok()) continue;
            if (row.measure->name == "frobenius_norm") layers[row.value.layer].first = std::get<double>(row.value.value);
            if (row.measure->name == "spectral_norm" && row.value.convention == "matrix") layers[row.value.layer].second = std::get<double>(row.value.value);
        }
        for (const auto& [name, norms] : layers) ours.emplace_back(norms.first, is_other_matrix(name) ? 0 : norms.second);
        if (ours.size() != theirs.size()) {
            std::printf("%s: %zu matrices here, %zu there (other layer kinds)\n", file.at("file").get<std::string>().c_str(), ours.size(), theirs.size());
            continue;
        }
        std::sort(ours.begin(), ours.end());
        std::sort(theirs.begin(), theirs.end());
        for (std::size_t i = 0; i < ours.size(); ++i) {
            EXPECT_NEAR_RELATIVE(ours[i].first, theirs[i].first, 2e-6) << file.at("file");
            EXPECT_NEAR_RELATIVE(ours[i].second, theirs[i].second, 2e-6) << file.at("file");
            ++matrices;
        }
        ++models;
    }
    std::printf("%d models, %d matrices agree\n", models, matrices);
    EXPECT_GE(models, 18);
}

}  // namespace
}  // namespace assay::measures
