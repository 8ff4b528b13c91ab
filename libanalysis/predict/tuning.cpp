#include "libanalysis/predict/tuning.hpp"

#include <iterator>
#include <limits>
#include <set>

namespace assay::predict {

namespace {
constexpr std::size_t most_parts = 4;
}

Json choose_setting(const Learner& learner, const Matrix& x, std::span<const double> y, std::span<const std::size_t> rows, std::span<const int> fold, Seed seed) {
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
    std::vector<double> squares(settings.size(), 0);
    for (const int held_out : std::set<int>(inner.begin(), inner.end())) {
        std::vector<std::size_t> training, of_part;
        for (std::size_t i = 0; i < rows.size(); ++i) (inner[i] != held_out ? training : of_part).push_back(rows[i]);
        const auto fits = learner.fit(x, y, training, settings, seed.child("inner").child(static_cast<std::uint64_t>(held_out)));
        for (std::size_t k = 0; k < fits.size(); ++k) {
            const std::vector<double> predicted = fits[k]->predict_rows(x, of_part);
            for (std::size_t i = 0; i < of_part.size(); ++i) squares[k] += (predicted[i] - y[of_part[i]]) * (predicted[i] - y[of_part[i]]);
        }
    }
    std::size_t best = settings.size() - 1;   // ties go to the simplest, which is the last
    for (std::size_t k = settings.size(); k-- > 0;)
        if (squares[k] < squares[best]) best = k;
    return settings[best];
}

CrossFit cross_fit(const Learner& learner, const Matrix& x, std::span<const double> y, std::span<const int> fold, Seed seed) {
    CrossFit result{std::vector<double>(x.rows, std::numeric_limits<double>::quiet_NaN()), std::vector<std::vector<double>>(x.rows), {}};
    for (const int held_out : std::set<int>(fold.begin(), fold.end())) {
        std::vector<std::size_t> training;
        for (std::size_t i = 0; i < x.rows; ++i)
            if (fold[i] != held_out) training.push_back(i);
        const Seed own = seed.child(static_cast<std::uint64_t>(held_out));
        const Json setting = choose_setting(learner, x, y, training, fold, own);
        const auto fitted = std::move(learner.fit(x, y, training, std::span(&setting, 1), own.child("outer")).front());
        for (std::size_t i = 0; i < x.rows; ++i)
            if (fold[i] == held_out) {
                result.predicted[i] = fitted->predict(x.row(i));
                result.contributions[i] = fitted->contributions(x.row(i));
            }
        result.setting.push_back(setting);
    }
    return result;
}

}  // namespace assay::predict
