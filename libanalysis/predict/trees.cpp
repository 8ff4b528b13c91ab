#include "libanalysis/predict/trees.hpp"

#include "libanalysis/core/error.hpp"

#include <xgboost/c_api.h>


#include <algorithm>
#include <limits>
#include <string>

namespace assay::predict {
namespace {

void check(int status, const char* what) {
    if (status != 0) throw Error(ErrorKind::internal, {"XGBoost", what, XGBGetLastError()});
}

/// Owner of a matrix; float32, as XGBoost has it.
class Data {
public:
    Data(const std::vector<float>& values, std::size_t rows, std::size_t columns) {
        // NaN is XGBoost's mark of a missing value, and features have none.
        check(XGDMatrixCreateFromMat(values.data(), rows, columns, std::numeric_limits<float>::quiet_NaN(), &handle_), "a matrix");
    }
    ~Data() { XGDMatrixFree(handle_); }
    Data(const Data&) = delete;
    Data& operator=(const Data&) = delete;
    DMatrixHandle get() const { return handle_; }

private:
    DMatrixHandle handle_ = nullptr;
};

class Booster {
public:
    explicit Booster(const Data* data) {
        const DMatrixHandle handle = data ? data->get() : nullptr;
        check(XGBoosterCreate(&handle, data ? 1 : 0, &handle_), "a booster");
    }
    explicit Booster(BoosterHandle handle) : handle_(handle) {}
    ~Booster() { XGBoosterFree(handle_); }
    Booster(const Booster&) = delete;
    Booster& operator=(const Booster&) = delete;
    BoosterHandle get() const { return handle_; }

private:
    BoosterHandle handle_ = nullptr;
};

std::vector<float> row_of(std::span<const double> features) { return {features.begin(), features.end()}; }

class Trees final : public Fitted {
public:
    Trees(std::unique_ptr<Booster> booster, std::size_t features) : booster_(std::move(booster)), features_(features) {}
    double predict(std::span<const double> features) const override { return run(row_of(features), false).front(); }
    std::vector<double> predict_rows(const Matrix& x, std::span<const std::size_t> rows) const override {
        if (rows.empty()) return {};
        std::vector<float> values;
        for (const std::size_t row : rows) values.insert(values.end(), x.row(row).begin(), x.row(row).end());
        return run(values, false);
    }
    std::vector<double> contributions(std::span<const double> features) const override {
        std::vector<double> parts = run(row_of(features), true);   // TreeSHAP (Lundberg et al. 2020); the last entry is the base
        parts.pop_back();
        return parts;
    }
    double base() const override { return run(std::vector<float>(features_, 0), true).back(); }   // asked of few fits: not kept
    Json to_json() const override {
        bst_ulong size = 0;
        const char* text = nullptr;
        check(XGBoosterSaveModelToBuffer(booster_->get(), R"({"format": "json"})", &size, &text), "a model as JSON");
        return {{"xgboost", Json::parse(std::string_view(text, size))}};
    }

private:
    std::vector<double> run(const std::vector<float>& rows, bool contributions) const {
        const Data data(rows, rows.size() / std::max<std::size_t>(features_, 1), features_);
        const std::string config = std::string(R"({"type": )") + (contributions ? "2" : "0") +
                                   R"(, "training": false, "iteration_begin": 0, "iteration_end": 0, "strict_shape": false})";
        const bst_ulong* shape = nullptr;
        bst_ulong dimensions = 0;
        const float* values = nullptr;
        check(XGBoosterPredictFromDMatrix(booster_->get(), data.get(), config.c_str(), &shape, &dimensions, &values), "a prediction");
        std::size_t count = 1;
        for (bst_ulong i = 0; i < dimensions; ++i) count *= shape[i];
        return {values, values + count};
    }
    std::unique_ptr<Booster> booster_;
    std::size_t features_;
};

}  // namespace

std::vector<std::unique_ptr<Fitted>> fit_trees(const Matrix& x, std::span<const double> y, std::span<const std::size_t> rows,
                                               const std::map<std::string, std::string>& parameters, std::span<const int> stops, Seed seed) {
    std::vector<float> values, labels;
    for (const std::size_t row : rows) {
        const auto features = x.row(row);
        values.insert(values.end(), features.begin(), features.end());
        labels.push_back(static_cast<float>(y[row]));
    }
    const Data data(values, rows.size(), x.columns);
    check(XGDMatrixSetFloatInfo(data.get(), "label", labels.data(), labels.size()), "labels");
    const Booster whole(&data);
    std::map<std::string, std::string> all{{"objective", "reg:squarederror"}, {"nthread", "1"}, {"verbosity", "0"}, {"tree_method", "hist"}, {"max_bin", "64"},
                                           {"seed", std::to_string(seed.bits(0) % 2147483647)}};
    for (const auto& [name, value] : parameters) all[name] = value;
    double mean = 0;
    for (const float label : labels) mean += label / static_cast<double>(labels.size());
    all["base_score"] = std::to_string(mean);
    for (const auto& [name, value] : all) check(XGBoosterSetParam(whole.get(), name.c_str(), value.c_str()), name.c_str());
    const int rounds = *std::max_element(stops.begin(), stops.end());
    for (int round = 0; round < rounds; ++round) check(XGBoosterUpdateOneIter(whole.get(), round, data.get()), "a round");
    std::vector<std::unique_ptr<Fitted>> fits;
    for (const int stop : stops) {
        BoosterHandle part = nullptr;
        check(XGBoosterSlice(whole.get(), 0, stop, 1, &part), "the beginning of a booster");
        auto booster = std::make_unique<Booster>(part);
        check(XGBoosterSetParam(part, "nthread", "1"), "nthread");
        fits.push_back(std::make_unique<Trees>(std::move(booster), x.columns));
    }
    return fits;
}

std::unique_ptr<Fitted> load_trees(const Json& json, std::size_t features) {
    const Json& model = json.at("xgboost");
    if (model.at("learner").at("learner_model_param").at("num_feature") != std::to_string(features))
        throw Error(ErrorKind::format, {"xgboost", "a model of " + std::to_string(features) + " features", model.at("learner").at("learner_model_param").at("num_feature").dump()});
    const std::string text = model.dump();
    auto booster = std::make_unique<Booster>(static_cast<const Data*>(nullptr));
    if (XGBoosterLoadModelFromBuffer(booster->get(), text.data(), text.size()) != 0)
        throw Error(ErrorKind::format, {"xgboost", "a model that XGBoost reads", std::string(XGBGetLastError()).substr(0, 200)});
    check(XGBoosterSetParam(booster->get(), "nthread", "1"), "nthread");
    return std::make_unique<Trees>(std::move(booster), features);
}

}  // namespace assay::predict
