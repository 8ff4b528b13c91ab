#pragma once
// A fitted predictor: what its file holds and how it is applied.

#include "libanalysis/core/json.hpp"
#include "libanalysis/evaluate/bootstrap.hpp"
#include "libanalysis/predict/learner.hpp"
#include "libanalysis/predict/population.hpp"
#include "libanalysis/predict/scaling.hpp"
#include "libanalysis/predict/target.hpp"

#include <map>
#include <span>
#include <string>
#include <vector>

namespace assay::predict {

/// Scores over held-out models only. There is no training score.
struct FoldScore {
    std::string held_out;
    std::size_t models = 0;
    std::string setting;              ///< that the other folds chose, in words
    double mean_absolute_error = 0;   ///< of the target
};
struct HeldOutScores {
    std::string group;                ///< "config.depth", or "model"
    std::string words;
    std::vector<FoldScore> folds;
    double r2 = 0;                    ///< 1 - squared error / squared deviation from the mean, of the target, all folds pooled
    double mean_absolute_error = 0;
    double mean_absolute_error_of_mean = 0;   ///< of predicting the training models' mean instead
    double kendall = 0;               ///< tau-b of predicted and true values
    evaluate::Interval kendall_interval;      ///< bootstrap over models, 95 %
    double coverage = 0;              ///< share of held-out models inside the interval that the other folds give
};

struct Prediction {
    double value = 0, low = 0, high = 0;  ///< of the target
    std::vector<std::string> outside{};   ///< features beyond what the training models had
    std::vector<std::string> unlike{};    ///< in words: what no training model was
    /// The farthest of the features beyond the training range, in deviations of the training values, and at least 1 for a model that is unlike
    /// all training models; the interval is 1 + novelty times as wide.
    double novelty = 0;
    double base = 0;                      ///< on the target's scale; base and contributions sum to the prediction
    std::vector<double> contributions{};  ///< by feature, on the target's scale; empty where the method has none
};

/// A middle and a half width on the target's scale as values of the target.
Prediction interval_on(const Target& target, double middle, double half_width);

struct Predictor {
    static constexpr int schema_version = 4;

    std::vector<std::string> features;   ///< full column names: measure, parameters, convention
    std::vector<Scaling> ranges;         ///< of each feature among the training models
    const Learner* learner = nullptr;
    const Target* target = nullptr;
    std::shared_ptr<const Fitted> model; ///< of the target on its scale
    std::string setting;                 ///< that cross-validation chose, in words
    std::vector<double> importance;      ///< by feature: mean |contribution| to held-out predictions; empty where the method has none
    double level = 0.9;                  ///< of the interval
    double half_width = 0;               ///< on the target's scale
    std::string target_source;           ///< "logged 1 - metric.test_accuracy"
    HeldOutScores scores;
    std::string training_title;
    std::string training_hash;           ///< SHA-256 over the sorted content hashes of the training models
    std::size_t training_models = 0;
    std::vector<std::string> training_contents;   ///< content hashes of the training models, sorted
    Population population;               ///< what the training models were like
    std::string tool_version;

    /// `row`: a value a feature, NaN where there is none. `structure`: of the model, as its facts have it; null where it is not known.
    /// @throws Error{data} naming every feature that is absent or not finite.
    Prediction predict(std::span<const double> row, const Json& structure = Json()) const;
    Prediction predict(const std::map<std::string, double, std::less<>>& values, const Json& structure = Json()) const;   ///< by column name

    /// True for a model that the fit saw: its prediction is no held-out one.
    bool trained_on(std::string_view content) const;

    Json to_json() const;
    /// @throws Error{format} saying what does not fit; `where` is the file.
    static Predictor from_json(const Json& json, std::string_view where);
};

Json to_json(const HeldOutScores& scores);

}  // namespace assay::predict
