#pragma once
// Fits a predictor of test error, the gap or test loss to a zoo and scores it on models that the scored fit did not see.

#include "libanalysis/predict/features.hpp"
#include "libanalysis/predict/predictor.hpp"

namespace assay::predict {

struct FitOptions {
    std::string target = "test_error";
    std::string method = "ridge";    ///< a learner
    std::string group{};     ///< "config.depth"; "model": random parts; empty: chosen, see fit()
    double level = 0.9;
    Seed seed{};
    std::size_t replicates = 1000;   ///< of the bootstrap of Kendall's tau
    int threads = 1;         ///< results do not depend on it
    Refusal refusal{};       ///< required
    std::function<bool(std::string_view column)> wanted{};   ///< which columns and arrays may be features; empty: all
    std::string training_title{}, training_hash{}, tool_version{};
    std::vector<std::string> contents{};   ///< content hash of every model of the frame, or empty
};

/// A model's prediction by a fit that did not see its group.
struct HeldOutPrediction {
    std::size_t row = 0;       ///< of the frame
    std::string fold;
    double truth = 0;          ///< of the target
    Prediction prediction;     ///< its interval comes from the residuals of the other groups; its contributions from the fit that did not see it
};

/// How many of the held-out models lie inside the intervals of a level that the residuals of the other groups give.
struct Coverage { double level; std::size_t held, models; };

struct GroupTried { std::string group; std::size_t settings; double mean_absolute_error; };

struct Fit {
    Predictor predictor;
    std::vector<HeldOutPrediction> held_out;   ///< in the order of the frame
    std::vector<Coverage> coverage;            ///< from narrow to wide intervals; levels for which there are too few residuals are left out
    Selection selection;
    std::vector<GroupTried> tried;    ///< when the group was chosen: what each choice gives, hardest first
    std::size_t without_target = 0;   ///< models left out
};

/// Where no group is named, every hyper-parameter that can serve is held out in turn (factors_to_try). The one with most settings is
/// taken, since each of its fits sees the largest part of the zoo; of several the one with the largest error. What the others give is in
/// `tried`, and is to be shown: the hardest of them says how far a prediction reaches. Without any, models are held out at random.
/// @throws Error{data} when there is no target, no feature, or fewer than ten models; Error{usage} for an unknown group.
Fit fit(const evaluate::Frame& frame, const FitOptions& options);

}  // namespace assay::predict
