#include "libanalysis/evaluate/evaluation.hpp"

#include "libanalysis/core/parallel.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace assay::evaluate {
namespace {

struct Candidate {
    Column column;
    Role role;
};

// Baselines come from the measures; a train loss that was only logged serves as well.
std::vector<Candidate> candidates(const Frame& frame, const EvaluationOptions& options) {
    std::vector<Candidate> all;
    bool train_loss = false;
    for (const Column& column : frame.measures) {
        const std::string measure = split_column(column.name).measure;
        train_loss = train_loss || (measure == "train_loss" && coverage(column) > 0);
        if (options.wanted && !options.wanted(column.name) && !is_baseline(measure)) continue;
        const bool answer = options.needs_test_labels && options.needs_test_labels(measure);
        all.push_back({column, answer ? Role::needs_test_labels : is_baseline(measure) ? Role::baseline : Role::measure});
    }
    if (const Column* logged = frame.metric("train_loss"); logged && !train_loss)
        all.push_back({{"metric.train_loss", logged->values}, Role::baseline});
    return all;
}

Json number_or_null(double value) { return std::isnan(value) ? Json(nullptr) : number_to_json(value); }

std::vector<Target> targets_of(const Frame& frame, const EvaluationOptions& options) {
    if (options.gap.empty()) return targets(frame);
    std::optional<Target> target = column_as_gap(frame, options.gap);
    if (!target) return {};
    return {std::move(*target)};
}

// How many resamples are affordable.
std::size_t affordable(const Protocol& protocol, const Problem& problem, std::size_t scores, const EvaluationOptions& options) {
    if (!protocol.pairs) return options.most_replicates;
    const double cost = std::max(1.0, protocol.pairs(problem)) * static_cast<double>(std::max<std::size_t>(scores, 1)) * 2;
    const double count = std::min(static_cast<double>(options.most_replicates), options.looks / cost);
    return count < 50 && options.most_replicates >= 50 ? 0 : static_cast<std::size_t>(count);
}

}  // namespace

std::string_view to_string(Role role) {
    switch (role) {
        case Role::measure: return "measure";
        case Role::baseline: return "baseline";
        case Role::part_of_target: return "part_of_target";
        case Role::needs_test_labels: return "needs_test_labels";
    }
    return "measure";
}

namespace {

// The gap is train accuracy minus test accuracy: that it goes with the first is in part no finding.
bool is_part(const Target& target, std::string_view measure) { return target.name == "gap" && measure == "train_accuracy"; }

bool scores_any(const Protocol& protocol, std::span<const Column> measures, const Target& target, const Design& design, const Settings& settings) {
    return std::any_of(measures.begin(), measures.end(), [&](const Column& measure) {
        const std::vector<std::size_t> rows = complete_rows(measure.values, target.values);
        return !std::isnan(protocol.score({measure.values, target.values, &design, rows, settings}).value);
    });
}

Interval interval_of(const Protocol& protocol, const Problem& problem, const BootstrapOptions& options) {
    switch (protocol.resampling) {
        case Resampling::bootstrap: return bootstrap(protocol, problem, options);
        case Resampling::jackknife: return jackknife(protocol, problem, options);
        case Resampling::none: break;
    }
    return {};
}

std::string words_of(const Protocol& protocol, std::size_t replicates, const std::string& resampled) {
    if (replicates == 0) return "";
    switch (protocol.resampling) {
        case Resampling::bootstrap: return std::to_string(replicates) + " resamples of " + resampled;
        case Resampling::jackknife: return "jackknife over " + resampled + ", at most 50 parts";
        case Resampling::none: break;
    }
    return "";
}

}  // namespace

bool is_baseline(std::string_view measure) { return measure == "parameter_count" || measure == "depth" || measure == "train_loss"; }

Evaluation evaluate(const Frame& frame, const EvaluationOptions& options) {
    Evaluation result;
    result.protocol = &protocol(options.protocol);
    result.level = options.level;
    std::vector<int> groups;
    result.resampled = "models";
    if (!options.group.empty()) {
        const Factor& factor = frame.factor(options.group);
        groups = level_of_model(factor);
        result.resampled = "groups of config." + factor.name;
    }
    const Design design(frame.config);
    for (const std::string& name : design.repeats())
        result.notes.push_back("config." + name + " counts as a repeat, not as a hyper-parameter");
    std::vector<Candidate> tried = candidates(frame, options);
    std::vector<bool> negated(tried.size(), false);
    for (std::size_t i = 0; i < tried.size(); ++i) {
        negated[i] = result.protocol->oriented && options.falls && options.falls(split_column(tried[i].column.name).measure);
        if (negated[i])
            for (double& value : tried[i].column.values) value = -value;
    }
    std::vector<Column> counted;
    for (const Candidate& candidate : tried)
        if (candidate.role != Role::needs_test_labels) counted.push_back(candidate.column);
    result.measures_tried = counted.size();
    if (std::none_of(tried.begin(), tried.end(), [](const Candidate& candidate) { return candidate.role == Role::baseline; }))
        result.notes.push_back("no baseline stands beside the measures: no column is called parameter_count, depth or train_loss");

    std::vector<Target> wanted = targets_of(frame, options);
    for (Target& target : wanted) {
        TargetScores scores{std::move(target), {}, {}};
        const Seed seed = options.seed.child(scores.target.name);
        const std::vector<std::size_t> known = complete_rows(scores.target.values, scores.target.values);
        result.replicates = options.replicates.value_or(
            affordable(*result.protocol, {scores.target.values, scores.target.values, &design, known, options.settings}, tried.size() * wanted.size(), options));
        if (result.replicates > 0 && scores_any(*result.protocol, counted, scores.target, design, options.settings))
            scores.chance = chance(*result.protocol, counted, scores.target.values, design, options.settings, result.replicates, seed.child("chance"), options.threads);
        scores.scores.resize(tried.size());
        for_each_index(tried.size(), options.threads, [&](std::size_t i) {
            const Candidate& candidate = tried[i];
            const auto& values = candidate.column.values;
            const std::vector<std::size_t> rows = complete_rows(values, scores.target.values);
            const Problem problem{values, scores.target.values, &design, rows, options.settings};
            MeasureScore score{candidate.column.name, candidate.role, rows.size(), result.protocol->score(problem), {}};
            score.negated = negated[i];
            if (score.role == Role::measure && is_part(scores.target, split_column(score.measure).measure)) score.role = Role::part_of_target;
            if (!std::isnan(score.score.value)) {
                // One seed for all measures: their intervals rest on the same draws, so that two of them can be compared.
                if (result.replicates > 0)
                    score.interval = interval_of(*result.protocol, problem, {result.replicates, options.level, seed.child("bootstrap"), groups});
                const double own = strength(result.protocol->sense, score.score.value);
                score.beyond_chance = scores.chance.permutations > 0 && own > strength(result.protocol->sense, scores.chance.largest);
                // Without permutations the number is NaN, and nothing is below it.
                score.reversed = result.protocol->mirrored && own < strength(result.protocol->sense, scores.chance.reversed);
                if (result.protocol->detail) score.detail = result.protocol->detail(problem);
                if (options.breaks > 0) {
                    score.breaks_falling = result.protocol->sense == Sense::signed_score && score.score.value < 0;
                    score.breaks = breaks(problem, frame.models, options.breaks, score.breaks_falling);
                }
            }
            scores.scores[i] = std::move(score);
        });
        for (const MeasureScore& score : scores.scores)
            if (!score.detail.note.empty() && std::find(result.notes.begin(), result.notes.end(), score.detail.note) == result.notes.end())
                result.notes.push_back(score.detail.note);
        std::stable_sort(scores.scores.begin(), scores.scores.end(), [&](const MeasureScore& a, const MeasureScore& b) {
            const bool a_sees = a.role == Role::needs_test_labels, b_sees = b.role == Role::needs_test_labels;
            if (a_sees != b_sees) return b_sees;
            const auto order = [&](const MeasureScore& one) {
                return std::isnan(one.score.value) ? -std::numeric_limits<double>::infinity() : strength(result.protocol->sense, one.score.value);
            };
            return order(a) != order(b) ? order(a) > order(b) : a.measure < b.measure;
        });
        result.targets.push_back(std::move(scores));
    }
    result.intervals = words_of(*result.protocol, result.replicates, result.resampled);
    if (result.protocol->resampling == Resampling::none && result.replicates > 0)
        result.notes.push_back("no intervals: the largest error over environments is an end of what its own resamples give");
    if (!groups.empty() && result.replicates > 0) {
        const std::size_t count = levels(frame.factor(options.group)).size();
        if (count < 8)
            result.notes.push_back("the intervals rest on " + std::to_string(count) + " groups: too few to say how much a score moves");
        result.notes.push_back("luck is that of single models, not of groups");
    }
    if (result.targets.empty())
        throw Error(ErrorKind::data,
                    {"targets", "a test accuracy of at least three models, logged (metric.test_accuracy) or measured, that is not "
                                "the same for all", "none",
                     "Run the zoo with labelled test data, put test_accuracy into its metrics.csv, or name a column with --gap"});
    if (result.replicates == 0 && !options.replicates)
        result.notes.push_back("no intervals and no luck: one score looks at so many pairs of models that 50 resamples would take minutes; --replicates 200 computes them");
    return result;
}

Json Evaluation::to_json() const {
    Json json{{"protocol", protocol->name}, {"summary", protocol->summary}, {"source", protocol->source},
              {"resampled", resampled}, {"replicates", replicates}, {"intervals", intervals}, {"level", level}, {"measures_tried", measures_tried}, {"notes", notes}};
    json["targets"] = Json::array();
    json["measures"] = Json::array();
    for (const TargetScores& one : targets) {
        json["targets"].push_back({{"target", one.target.name}, {"source", one.target.source}, {"models", one.target.models},
                                   {"chance", {{"mean", number_or_null(one.chance.center)}, {"standard_deviation", number_or_null(one.chance.spread)},
                                               {"single_95", number_or_null(one.chance.single)},
                                               {"largest_95", number_or_null(one.chance.largest)},
                                               {"permutations", one.chance.permutations}}}});
        if (protocol->mirrored) json["targets"].back()["chance"]["reversed_95"] = number_or_null(one.chance.reversed);
        for (const MeasureScore& score : one.scores) {
            Json row{{"measure", score.measure}, {"target", one.target.name}, {"role", to_string(score.role)},
                     {"score", number_or_null(score.score.value)}, {"low", number_or_null(score.interval.low)},
                     {"high", number_or_null(score.interval.high)}, {"models", score.models},
                     {"beyond_chance", one.chance.permutations > 0 ? Json(score.beyond_chance) : Json(nullptr)}};
            if (!score.score.reason.empty()) row["reason"] = score.score.reason;
            if (protocol->oriented) row["negated"] = score.negated;
            if (protocol->mirrored) row["beyond_chance_reversed"] = one.chance.permutations > 0 ? Json(score.reversed) : Json(nullptr);
            if (!score.detail.worst.empty()) row["worst"] = {{"environment", score.detail.worst}, {"score", number_or_null(score.detail.worst_score)}};
            for (const auto& [name, value] : score.detail.numbers) row["details"][name] = number_or_null(value);
            for (const Break& broken : score.breaks) row["breaks"].push_back(broken.to_json());
            if (!score.breaks.empty()) row["breaks_of_the_measure_negated"] = score.breaks_falling;
            json["measures"].push_back(std::move(row));
        }
    }
    return json;
}

}  // namespace assay::evaluate
