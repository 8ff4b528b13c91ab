#include "libanalysis/predict/fit.hpp"

#include "libanalysis/core/error.hpp"
#include "libanalysis/evaluate/kendall.hpp"
#include "libanalysis/predict/conformal.hpp"
#include "libanalysis/predict/folds.hpp"
#include "libanalysis/predict/tuning.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

namespace assay::predict {
namespace {

constexpr std::size_t fewest_models = 10;

struct Problem {
    Matrix x;
    const Target& target;
    std::vector<double> y{};       // the target on its scale
    std::vector<double> truth{};   // the target itself
};

std::vector<double> values_of(const Target& target, std::span<const double> scaled) {
    std::vector<double> values;
    for (const double value : scaled) values.push_back(target.from_scale(value));
    return values;
}

double mean_absolute_error(std::span<const double> predicted, std::span<const double> actual) {
    double sum = 0;
    for (std::size_t i = 0; i < predicted.size(); ++i) sum += std::abs(predicted[i] - actual[i]);
    return sum / static_cast<double>(predicted.size());
}

std::vector<FoldScore> fold_scores(const Folds& folds, const CrossFit& cross, std::span<const double> predicted,
                                   std::span<const double> actual) {
    std::vector<FoldScore> scores;
    for (std::size_t k = 0; k < folds.names.size(); ++k) {
        std::vector<double> of_fold, truth;
        for (std::size_t i = 0; i < predicted.size(); ++i)
            if (folds.fold[i] == static_cast<int>(k)) {
                of_fold.push_back(predicted[i]);
                truth.push_back(actual[i]);
            }
        scores.push_back({folds.names[k], of_fold.size(), in_words(cross.setting[k]), mean_absolute_error(of_fold, truth)});
    }
    return scores;
}

// What predicting the mean of the other folds would give.
double error_of_mean(const Folds& folds, std::span<const double> actual) {
    std::vector<double> means(actual.size());
    for (std::size_t i = 0; i < actual.size(); ++i) {
        double sum = 0, count = 0;
        for (std::size_t j = 0; j < actual.size(); ++j)
            if (folds.fold[j] != folds.fold[i]) {
                sum += actual[j];
                count += 1;
            }
        means[i] = sum / count;
    }
    return mean_absolute_error(means, actual);
}

HeldOutScores score(const Problem& problem, const Folds& folds, const CrossFit& cross, const FitOptions& options) {
    const std::vector<double> predicted = values_of(problem.target, cross.predicted);
    HeldOutScores scores{.group = folds.group, .words = folds.words,
                         .folds = fold_scores(folds, cross, predicted, problem.truth), .kendall_interval = {}};
    const auto n = static_cast<double>(predicted.size());
    const double mean = std::accumulate(problem.truth.begin(), problem.truth.end(), 0.0) / n;
    double residual = 0, total = 0;
    for (std::size_t i = 0; i < predicted.size(); ++i) {
        residual += std::pow(problem.truth[i] - predicted[i], 2);
        total += std::pow(problem.truth[i] - mean, 2);
    }
    scores.r2 = total > 0 ? 1 - residual / total : evaluate::missing;
    scores.mean_absolute_error = mean_absolute_error(predicted, problem.truth);
    scores.mean_absolute_error_of_mean = error_of_mean(folds, problem.truth);
    scores.kendall = evaluate::kendall_tau_b(predicted, problem.truth);
    const std::vector<std::size_t> rows = evaluate::complete_rows(predicted, problem.truth);
    scores.kendall_interval = evaluate::bootstrap(evaluate::protocol("kendall"), {predicted, problem.truth, nullptr, rows},
                                                  {.replicates = options.replicates, .seed = options.seed.child("bootstrap")});
    return scores;
}

std::vector<Coverage> coverage_of(std::span<const double> residuals, std::span<const int> fold) {
    std::vector<Coverage> all;
    for (const double level : {0.5, 0.6, 0.7, 0.8, 0.9, 0.95}) {
        const std::vector<double> widths = cross_conformal(residuals, fold, level);
        if (!std::all_of(widths.begin(), widths.end(), [](double width) { return std::isfinite(width); })) continue;   // would hold anything
        Coverage one{level, 0, residuals.size()};
        for (std::size_t i = 0; i < residuals.size(); ++i) one.held += std::abs(residuals[i]) <= widths[static_cast<std::size_t>(fold[i])];
        all.push_back(one);
    }
    return all;
}

}  // namespace

Fit fit(const evaluate::Frame& frame, const FitOptions& options) {
    const Learner& method = learner(options.method);
    const Target& wanted = target(options.target);
    const auto answer = wanted.of(frame);
    if (!answer)
        throw Error(ErrorKind::data, {"target " + std::string(wanted.name), std::string(wanted.needs), "none",
                                      "Run the zoo with labelled test data, or put it into its metrics.csv"});
    std::vector<std::size_t> rows;
    for (std::size_t i = 0; i < frame.size(); ++i)
        if (!std::isnan(answer->values[i])) rows.push_back(i);
    if (rows.size() < fewest_models)
        throw Error(ErrorKind::data, {"zoo", fmt::format("at least {} models with {}", fewest_models, wanted.needs), std::to_string(rows.size())});

    Fit result;
    result.without_target = frame.size() - rows.size();
    evaluate::Frame offered = frame;
    if (options.wanted) {
        std::erase_if(offered.measures, [&](const evaluate::Column& column) { return !options.wanted(column.name); });
        std::erase_if(offered.arrays, [&](const evaluate::ArrayColumn& array) { return !options.wanted(array.name); });
    }
    if (offered.measures.empty() && offered.arrays.empty())
        throw Error(ErrorKind::data, {"features", "measures of the zoo that the patterns match", "none of its " + std::to_string(frame.measures.size() + frame.arrays.size()),
                                      "--measure takes shell patterns such as '*norm*'; assay export lists the columns"});
    result.selection = select_features(offered, rows, options.refusal);
    if (result.selection.features.empty())
        throw Error(ErrorKind::data, {"features", "at least one measure that every model has and that does not need test labels", "none",
                                      "Run the zoo with more measures"});

    Problem problem{Matrix(rows.size(), result.selection.features.size()), wanted};
    for (std::size_t i = 0; i < rows.size(); ++i) {
        for (std::size_t c = 0; c < problem.x.columns; ++c) problem.x(i, c) = result.selection.features[c].values[rows[i]];
        problem.truth.push_back(answer->values[rows[i]]);
        problem.y.push_back(wanted.to_scale(answer->values[rows[i]]));
    }

    const auto cross_validated = [&](const Folds& folds) { return cross_fit(method, problem.x, problem.y, folds.fold, options.seed.child("folds"), options.threads); };
    Folds folds;
    CrossFit cross;
    if (options.group == "model") {
        cross = cross_validated(folds = folds_by_model(rows, options.seed.child("parts")));
    } else if (!options.group.empty()) {
        cross = cross_validated(folds = folds_by_factor(frame, rows, options.group));
    } else {
        GroupTried chosen{"", 0, -1};
        for (const std::string& name : factors_to_try(frame, rows)) {
            const Folds candidate = folds_by_factor(frame, rows, name);
            const CrossFit held_out = cross_validated(candidate);
            const double error = mean_absolute_error(values_of(problem.target, held_out.predicted), problem.truth);
            result.tried.push_back({candidate.group, candidate.names.size(), error});
            if (std::pair(candidate.names.size(), error) > std::pair(chosen.settings, chosen.mean_absolute_error)) {
                chosen = result.tried.back();
                folds = candidate;
                cross = held_out;
            }
        }
        std::stable_sort(result.tried.begin(), result.tried.end(),
                         [](const GroupTried& a, const GroupTried& b) { return a.mean_absolute_error > b.mean_absolute_error; });
        if (result.tried.empty()) cross = cross_validated(folds = folds_by_model(rows, options.seed.child("parts")));
    }

    std::vector<double> residuals;
    for (std::size_t i = 0; i < rows.size(); ++i) residuals.push_back(problem.y[i] - cross.predicted[i]);
    const std::vector<double> widths = cross_conformal(residuals, folds.fold, options.level);
    std::size_t covered = 0;
    for (std::size_t i = 0; i < rows.size(); ++i) {
        const auto fold = static_cast<std::size_t>(folds.fold[i]);
        const double middle = cross.predicted[i], width = widths[fold];
        covered += std::abs(residuals[i]) <= width;
        result.held_out.push_back({rows[i], folds.names[fold], problem.truth[i], interval_on(wanted, middle, width)});
        const std::vector<double>& parts = cross.contributions[i];
        result.held_out.back().prediction.base = middle - std::accumulate(parts.begin(), parts.end(), 0.0);
        result.held_out.back().prediction.contributions = parts;
    }
    result.coverage = coverage_of(residuals, folds.fold);

    Predictor& predictor = result.predictor;
    for (const evaluate::Column& feature : result.selection.features) predictor.features.push_back(feature.name);
    std::vector<std::size_t> all(rows.size());
    std::iota(all.begin(), all.end(), std::size_t{0});
    predictor.ranges = fit_scalings(problem.x, all);
    const Json setting = choose_setting(method, problem.x, problem.y, all, folds.fold, options.seed.child("final"), options.threads);
    predictor.learner = &method;
    predictor.setting = in_words(setting);
    predictor.model = std::move(method.fit(problem.x, problem.y, all, std::span(&setting, 1), options.seed.child("fit")).front());
    if (!cross.contributions.front().empty()) {
        predictor.importance.assign(problem.x.columns, 0);
        for (const std::vector<double>& parts : cross.contributions)
            for (std::size_t c = 0; c < parts.size(); ++c) predictor.importance[c] += std::abs(parts[c]) / static_cast<double>(rows.size());
    }
    predictor.level = options.level;
    predictor.half_width = conformal_quantile(residuals, options.level);
    predictor.target = &wanted;
    predictor.target_source = answer->source;
    predictor.scores = score(problem, folds, cross, options);
    predictor.scores.coverage = static_cast<double>(covered) / static_cast<double>(rows.size());
    predictor.training_title = options.training_title;
    predictor.training_hash = options.training_hash;
    predictor.training_models = rows.size();
    for (const std::size_t row : rows)
        if (row < options.contents.size()) predictor.training_contents.push_back(options.contents[row]);
    std::sort(predictor.training_contents.begin(), predictor.training_contents.end());
    predictor.tool_version = options.tool_version;
    return result;
}

}  // namespace assay::predict
