// The layer table against WeightWatcher's own, layer by layer and as its summary averages them.

#include "formats/format.hpp"
#include "libanalysis/core/csv.hpp"
#include "libanalysis/measures/layer_table.hpp"
#include "tests/measures/models.hpp"
#include "tests/support/support.hpp"
#include "tests/support/tolerance.hpp"

#include <cstdio>
#include <map>

namespace assay::measures {
namespace {

namespace fs = std::filesystem;
using test::Builder;

using Row = std::map<std::string, std::string>;

std::vector<Row> table_in(const fs::path& file) {
    const auto rows = parse_csv(test::read_file(file), file.string());
    std::vector<Row> table;
    for (std::size_t i = 1; i < rows.size(); ++i) {
        table.emplace_back();
        for (std::size_t j = 0; j < rows[0].cells.size(); ++j) table.back()[rows[0].cells[j]] = rows[i].cells.at(j);
    }
    return table;
}

/// The checkpoint that a table is about: "<folder>__<file>.csv" under models/public, or one of the zoos'.
fs::path checkpoint_of(const std::string& table) {
    const fs::path shared = test::shared_folder();
    const std::string name = table.substr(0, table.size() - 4);
    if (name.starts_with("dnn-repair-b__")) return shared / "zoo/dnn-repair-b" / name.substr(14);
    if (name.starts_with("pgdl-toy__")) return shared / "zoo/pgdl-toy/model_17/weights.hdf5";
    for (const auto& entry : fs::recursive_directory_iterator(shared / "models/public")) {
        std::string path = fs::relative(entry.path(), shared / "models/public").string(), flat;
        for (const char c : path) flat += c == '/' ? std::string("__") : std::string(1, c);
        if (flat == name) return entry.path();
    }
    return {};
}

double cell(const Row& row, const char* column) { return std::strtod(row.at(column).c_str(), nullptr); }
double cell(const Json& row, const char* column) { return row.at(column).is_null() ? std::nan("") : number_from_json(row.at(column)); }

void compare(const Json& ours, const Row& theirs, const std::string& where) {
    EXPECT_EQ(ours.at("layer_id").get<int>(), std::stoi(theirs.at("layer_id"))) << where;
    EXPECT_EQ(ours.at("warning").get<std::string>(), theirs.at("warning")) << where;
    for (const char* column : {"N", "M", "rf", "Q", "num_evals", "num_pl_spikes", "matrix_rank", "rank_loss", "weak_rank_loss"})
        EXPECT_NEAR_RELATIVE(cell(ours, column), cell(theirs, column), 1e-9) << where << " " << column;
    for (const char* column : {"alpha", "alpha_weighted", "xmin", "xmax", "D", "sigma", "log_alpha_norm", "spectral_norm", "norm", "stable_rank", "entropy", "sv_max"})
        EXPECT_NEAR_RELATIVE(cell(ours, column), cell(theirs, column), 1e-6) << where << " " << column;
    // Its singular values are float32's: the smallest has an error of the largest's rounding.
    EXPECT_NEAR(cell(ours, "sv_min"), cell(theirs, "sv_min"), 2e-6 * cell(theirs, "sv_max")) << where;
    for (const char* column : {"log_norm", "log_spectral_norm"}) EXPECT_NEAR(cell(ours, column), cell(theirs, column), 1e-6) << where << " " << column;
    for (const char* column : {"mp_softrank", "sigma_mp"}) EXPECT_NEAR_RELATIVE(cell(ours, column), cell(theirs, column), 0.02) << where << " " << column;
    EXPECT_NEAR(cell(ours, "num_spikes"), cell(theirs, "num_spikes"), std::max(1.0, 0.02 * cell(theirs, "num_spikes"))) << where;
}

TEST(LayerTable, IsWeightWatchersOnRealCheckpoints) {
    ASSAY_NEEDS_SHARED("models/expected/weightwatcher");
    int models = 0, layers = 0;
    for (const auto& entry : fs::directory_iterator(test::shared_folder() / "models/expected/weightwatcher")) {
        if (entry.path().extension() != ".csv") continue;
        const std::string name = entry.path().filename().string();
        const fs::path file = checkpoint_of(name);
        ASSERT_TRUE(fs::exists(file)) << name;
        const auto model = std::make_shared<const model::Model>(formats::load_model(file));
        Subject subject(model, {}, Context{});
        const Json ours = layer_table(subject);
        const std::vector<Row> theirs = table_in(entry.path());
        std::map<std::string, double> sums;
        for (const Row& row : theirs) {
            const auto same = std::find_if(ours.begin(), ours.end(), [&](const Json& one) { return one.at("name") == row.at("name"); });
            ASSERT_TRUE(same != ours.end()) << name << " " << row.at("name");
            compare(*same, row, name + " " + row.at("name"));
            for (const char* column : {"alpha", "alpha_weighted", "log_norm", "log_spectral_norm", "log_alpha_norm", "stable_rank"})
                sums[column] += cell(row, column) / static_cast<double>(theirs.size());
            ++layers;
        }
        EXPECT_EQ(std::count_if(ours.begin(), ours.end(), [](const Json& row) { return !row.at("alpha").is_null(); }), static_cast<std::ptrdiff_t>(theirs.size()))
            << name << ": the rest are left out";
        for (const auto& [column, mean] : sums)   // the summary: a plain mean over the rows
            EXPECT_NEAR(test::value_of(subject, column, "weightwatcher"), mean, 1e-6 * std::max(1.0, std::abs(mean))) << name << " " << column;
        ++models;
    }
    std::printf("%d models, %d layers agree\n", models, layers);
    EXPECT_GE(models, 10);
    EXPECT_GE(layers, 39);
}

TEST(LayerTable, SaysWhyALayerIsLeftOut) {
    Builder builder({4, 4, 1});
    builder.conv(1, 4, 3).flatten().dense(64, 12);
    Subject subject(builder.build(), {}, Context{});
    const Json rows = layer_table(subject);
    ASSERT_EQ(rows.size(), 2u);
    EXPECT_EQ(rows[0].at("num_evals"), 9);
    EXPECT_TRUE(rows[0].at("alpha").is_null());
    EXPECT_NE(rows[0].at("reason").get<std::string>().find("9 eigenvalues"), std::string::npos);
    EXPECT_FALSE(rows[0].at("edge_ratio").is_null());
    EXPECT_TRUE(rows[1].at("reason").is_null());
    EXPECT_EQ(rows[1].at("N"), 64);
    EXPECT_EQ(rows[1].at("M"), 12);
    for (const Json& row : rows) EXPECT_EQ(row.size(), layer_columns().size());
}

TEST(LayerTable, ZerosAndNaNsAreReasonsOfTheirLayerAlone) {
    Builder builder({12});
    builder.dense(12, 12).dense(12, 12).dense(12, 12);
    auto& zeros = std::get<std::vector<double>>(builder.model().weights[0].values);
    std::fill(zeros.begin(), zeros.end(), 0.0);
    std::get<std::vector<double>>(builder.model().weights[2].values)[5] = std::nan("");
    Subject subject(builder.build(), {}, Context{});
    const Json rows = layer_table(subject);
    EXPECT_NE(rows[0].at("reason").get<std::string>().find("zeros only"), std::string::npos) << rows[0].dump();
    EXPECT_NE(rows[1].at("reason").get<std::string>().find("NaN"), std::string::npos) << rows[1].dump();
    EXPECT_TRUE(rows[2].at("reason").is_null()) << rows[2].dump();
    EXPECT_TRUE(rows[0].at("alpha").is_null());
}

}  // namespace
}  // namespace assay::measures
