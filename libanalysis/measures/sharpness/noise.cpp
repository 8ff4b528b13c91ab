// Flatness as the Gaussian noise that the weights bear before training accuracy has fallen by 0.1.

#include "libanalysis/measures/ingredients/noise_search.hpp"
#include "libanalysis/measures/sharpness/noise.hpp"
#include "libanalysis/measures/values.hpp"

#include <fmt/format.h>

namespace assay::measures {

double borne_noise(Subject& subject, const std::string& convention, NoiseSearch::Scale scale) {
    const NoiseSearch::Value& found = subject.get<NoiseSearch>({convention, scale});
    if (convention == "exact" && found.status == NoiseSearch::Status::unreached)
        throw Error(ErrorKind::data, {"noise on the weights", "a scale at which training accuracy falls by 0.1",
                                      found.lower > 0 ? fmt::format("a fall of {:.3f} at {}, the largest tried", found.displacement, found.sigma)
                                                      : fmt::format("a larger fall already at {}, the smallest tried", found.upper)});
    return found.sigma;
}

namespace {

using Scale = NoiseSearch::Scale;

template <class F>
std::vector<Value> in_conventions(F number) {
    std::vector<Value> values;
    for (const char* convention : {"exact", "dziugaite", "jiang"}) {
        values.push_back(attempt(convention, [&] { return number(std::string(convention)); }));
        values.back().objective = "training accuracy";
    }
    return values;
}

template <Scale scale>
std::vector<Value> sigma(Subject& subject, const Parameters&) {
    return in_conventions([&](const std::string& convention) { return borne_noise(subject, convention, scale); });
}

template <Scale scale>
std::vector<Value> flatness(Subject& subject, const Parameters&) {
    return in_conventions([&](const std::string& convention) {
        const double found = borne_noise(subject, convention, scale);
        return 1 / (found * found);
    });
}

template <Scale scale>
std::vector<Value> displacement(Subject& subject, const Parameters&) {
    std::vector<Value> values = in_conventions([&](const std::string& convention) {
        const NoiseSearch::Value& found = subject.get<NoiseSearch>({convention, scale});
        return found.sigma > 0 ? found.displacement : borne_noise(subject, convention, scale);   // which says why there is none
    });
    for (Value& value : values)
        if (value.ok()) value.standard_error = subject.get<NoiseSearch>({value.convention, scale}).displacement_error;
    return values;
}

constexpr Need needs = Need::weights | Need::architecture | Need::train_data | Need::train_labels;
constexpr std::string_view conventions = "exact,dziugaite,jiang", ingredients_used = "labels,noise_search,outputs,predictions";
constexpr std::string_view price = "up to 435 passes, shared by the measures of noise_search";

}  // namespace

extern const Measure pacbayes_sigma{
    .name = "pacbayes_sigma",
    .formula = R"(\max \{\sigma \in (0, 2] : \hat L(w + \sigma z) - \hat L(w) \le 0.1 \text{ in the mean over } z \sim \mathcal N(0, I)\})",
    .source = "dziugaite2020robust",
    .needs = needs,
    .direction = Direction::smaller_gap,
    .conventions = conventions,
    .ingredients = ingredients_used,
    .cost = price,
    .doc = "Standard deviation of the Gaussian noise on all trainable parameters at which mean training accuracy has fallen by 0.1 +- 0.01, by "
           "bisection. exact: 15 steps on (0, 2], 10 draws, the same at every step; without a scale within the tolerance, the largest at which "
           "the fall is still below 0.1; never reached is a reason. dziugaite: 15 steps, 10 fresh draws, accuracy displaced either way, "
           "BatchNormalization folded first, and noise of standard deviation sigma^2; the last value tried, reached or not. jiang: noise of "
           "standard deviation sigma, 20 steps on [1e-5, 2] or until the bracket is below 5e-3, 15 draws. pacbayes_sigma_displacement "
           "says what was reached.",
    .compute = sigma<Scale::absolute>,
};

extern const Measure pacbayes_sigma_displacement{
    .name = "pacbayes_sigma_displacement",
    .formula = R"(\mathrm E_z \, \hat L(w + \sigma z) - \hat L(w))",
    .source = "dziugaite2020robust",
    .needs = needs,
    .direction = Direction::none,
    .conventions = conventions,
    .ingredients = ingredients_used,
    .cost = price,
    .doc = "The fall of training accuracy at pacbayes_sigma, with its standard error over the draws: the status of the search. 0.09 to 0.11: "
           "converged; otherwise accuracy jumps across that range, or never leaves it up to the largest noise.",
    .compute = displacement<Scale::absolute>,
};

extern const Measure pacbayes_sigma_magnitude{
    .name = "pacbayes_sigma_magnitude",
    .formula = R"(\max \{\sigma' \in (0, 2] : \hat L(w + (\sigma'^2 w^2 + 10^{-6})^{1/2} \odot z) - \hat L(w) \le 0.1 \text{ in the mean}\})",
    .source = "dziugaite2020robust",
    .needs = needs,
    .direction = Direction::smaller_gap,
    .conventions = conventions,
    .ingredients = ingredients_used,
    .cost = price,
    .doc = "As pacbayes_sigma with noise in proportion to each weight's magnitude: variance sigma^2 w^2 + 1e-6. dziugaite: that variance is the "
           "standard deviation.",
    .compute = sigma<Scale::magnitude>,
};

extern const Measure pacbayes_sigma_magnitude_displacement{
    .name = "pacbayes_sigma_magnitude_displacement",
    .formula = R"(\mathrm E_z \, \hat L(w + (\sigma'^2 w^2 + 10^{-6})^{1/2} \odot z) - \hat L(w))",
    .source = "dziugaite2020robust",
    .needs = needs,
    .direction = Direction::none,
    .conventions = conventions,
    .ingredients = ingredients_used,
    .cost = price,
    .doc = "The fall of training accuracy at pacbayes_sigma_magnitude: the status of its search.",
    .compute = displacement<Scale::magnitude>,
};

extern const Measure pacbayes_flatness{
    .name = "pacbayes_flatness",
    .formula = R"(1 / \sigma^2)",
    .source = "jiang2020fantastic",
    .needs = needs,
    .direction = Direction::larger_gap,
    .conventions = conventions,
    .ingredients = ingredients_used,
    .cost = price,
    .doc = "1 / sigma^2 of pacbayes_sigma. Without size adjustment.",
    .compute = flatness<Scale::absolute>,
};

extern const Measure pacbayes_mag_flatness{
    .name = "pacbayes_mag_flatness",
    .formula = R"(1 / \sigma'^2)",
    .source = "jiang2020fantastic",
    .needs = needs,
    .direction = Direction::larger_gap,
    .conventions = conventions,
    .ingredients = ingredients_used,
    .cost = price,
    .doc = "1 / sigma^2 of pacbayes_sigma_magnitude. Without size adjustment.",
    .compute = flatness<Scale::magnitude>,
};

}  // namespace assay::measures
