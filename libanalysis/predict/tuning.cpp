#include "libanalysis/predict/tuning.hpp"

#include <limits>
#include <set>

namespace assay::predict {

Json choose_setting(const Learner& learner, const Matrix& x, std::span<const double> y, std::span<const std::size_t> rows, std::span<const int> fold, Seed seed) {
    std::vector<int> inner(rows.size());
    for (std::size_t i = 0; i < rows.size(); ++i) inner[i] = fold[rows[i]];
    if (std::set<int>(inner.begin(), inner.end()).size() < 2) {
        const std::vector<std::int64_t> order = permutation(seed, static_cast<std::int64_t>(rows.size()));
        for (std::size_t i = 0; i < rows.size(); ++i) inner[static_cast<std::size_t>(order[i])] = static_cast<int>(i % 5);
    }
    const std::vector<Json> settings = learner.settings();
    std::vector<double> squares(settings.size(), 0);
    for (const int held_out : std::set<int>(inner.begin(), inner.end())) {
        std::vector<std::size_t> training;
        for (std::size_t i = 0; i < rows.size(); ++i)
            if (inner[i] != held_out) training.push_back(rows[i]);
        const auto fits = learner.fit(x, y, training, settings, seed.child("inner").child(static_cast<std::uint64_t>(held_out)));
        for (std::size_t i = 0; i < rows.size(); ++i) {
            if (inner[i] != held_out) continue;
            for (std::size_t k = 0; k < fits.size(); ++k) {
                const double residual = fits[k]->predict(x.row(rows[i])) - y[rows[i]];
                squares[k] += residual * residual;
            }
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
