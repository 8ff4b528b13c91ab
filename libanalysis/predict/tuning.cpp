#include "libanalysis/predict/tuning.hpp"

#include "libanalysis/core/parallel.hpp"

#include <iterator>
#include <limits>
#include <set>

namespace assay::predict {

namespace {
constexpr std::size_t most_parts = 4;
}

Json choose_setting(const Learner& learner, const Matrix& x, std::span<const double> y, std::span<const std::size_t> rows, std::span<const int> fold, Seed seed,
                    int threads) {
    std::vector<int> inner(rows.size());
    for (std::size_t i = 0; i < rows.size(); ++i) inner[i] = fold[rows[i]];
    if (std::set<int>(inner.begin(), inner.end()).size() < 2) {
        const std::vector<std::int64_t> order = permutation(seed, static_cast<std::int64_t>(rows.size()));
        for (std::size_t i = 0; i < rows.size(); ++i) inner[static_cast<std::size_t>(order[i])] = static_cast<int>(i % 5);
    }
    // A few parts tell settings apart as well as many: where there are more, whole ones are put together.
    const std::set<int> names(inner.begin(), inner.end());
    if (names.size() > most_parts)
        for (int& name : inner) name = static_cast<int>(static_cast<std::size_t>(std::distance(names.begin(), names.find(name))) % most_parts);
    const std::vector<Json> settings = learner.settings();
    const std::set<int> distinct(inner.begin(), inner.end());
    const std::vector<int> parts(distinct.begin(), distinct.end());
    std::vector<std::vector<double>> squares_of(parts.size(), std::vector<double>(settings.size(), 0));
    for_each_index(parts.size(), threads, [&](std::size_t part) {
        std::vector<std::size_t> training, of_part;
        for (std::size_t i = 0; i < rows.size(); ++i) (inner[i] != parts[part] ? training : of_part).push_back(rows[i]);
        const auto fits = learner.fit(x, y, training, settings, seed.child("inner").child(static_cast<std::uint64_t>(parts[part])));
        for (std::size_t k = 0; k < fits.size(); ++k) {
            const std::vector<double> predicted = fits[k]->predict_rows(x, of_part);
            for (std::size_t i = 0; i < of_part.size(); ++i) squares_of[part][k] += (predicted[i] - y[of_part[i]]) * (predicted[i] - y[of_part[i]]);
        }
    });
    std::vector<double> squares(settings.size(), 0);
    for (const std::vector<double>& of_part : squares_of)
        for (std::size_t k = 0; k < settings.size(); ++k) squares[k] += of_part[k];
    std::size_t best = settings.size() - 1;   // ties go to the simplest, which is the last
    for (std::size_t k = settings.size(); k-- > 0;)
        if (squares[k] < squares[best]) best = k;
    return settings[best];
}

CrossFit cross_fit(const Learner& learner, const Matrix& x, std::span<const double> y, std::span<const int> fold, Seed seed, int threads) {
    const std::set<int> distinct(fold.begin(), fold.end());
    const std::vector<int> folds(distinct.begin(), distinct.end());
    CrossFit result{std::vector<double>(x.rows, std::numeric_limits<double>::quiet_NaN()), std::vector<std::vector<double>>(x.rows), std::vector<Json>(folds.size())};
    for_each_index(folds.size(), threads, [&](std::size_t k) {
        std::vector<std::size_t> training, held_out;
        for (std::size_t i = 0; i < x.rows; ++i) (fold[i] != folds[k] ? training : held_out).push_back(i);
        const Seed own = seed.child(static_cast<std::uint64_t>(folds[k]));
        result.setting[k] = choose_setting(learner, x, y, training, fold, own);
        const auto fitted = std::move(learner.fit(x, y, training, std::span(&result.setting[k], 1), own.child("outer")).front());
        for (const std::size_t i : held_out) {
            result.predicted[i] = fitted->predict(x.row(i));
            result.contributions[i] = fitted->contributions(x.row(i));
        }
    });
    return result;
}

}  // namespace assay::predict
