#include "libanalysis/predict/target.hpp"

#include "libanalysis/core/named.hpp"
#include "libanalysis/predict/logit.hpp"

#include <algorithm>
#include <cmath>

namespace assay::predict {

namespace target_constants {

namespace {
constexpr double smallest_loss = 1e-8;
}

extern const Target test_error, gap, test_loss;

const Target test_error{
    .name = "test_error",
    .title = "test error",
    .needs = "a test accuracy, logged (metric.test_accuracy) or measured",
    .scale = "logit of test accuracy, between 0.0001 and 0.9999",
    .share = true,
    .most = 1,
    .of = evaluate::test_error,
    .to_scale = [](double error) { return logit(1 - error); },
    .from_scale = [](double scaled) { return 1 - accuracy_of(scaled); },
};
static_assert(logit_clip == 1e-4, "the words of the scale name it");

// A gap has either sign, and a model that does better on test data than on training data is no error: no scale.
const Target gap{
    .name = "gap",
    .title = "generalisation gap",
    .needs = "train and test accuracy, both logged or both measured, or a logged gap",
    .scale = "the gap itself",
    .share = true,
    .least = -1,
    .most = 1,
    .of = evaluate::gap,
    .to_scale = [](double value) { return value; },
    .from_scale = [](double scaled) { return scaled; },
};

const Target test_loss{
    .name = "test_loss",
    .title = "test loss",
    .needs = "a test loss, logged (metric.test_loss) or measured",
    .scale = "logarithm of test loss, from 1e-8 on",
    .of = evaluate::test_loss,
    .to_scale = [](double loss) { return std::log(std::max(loss, smallest_loss)); },
    .from_scale = [](double scaled) { return std::exp(scaled); },
};

}  // namespace target_constants

std::span<const Target* const> targets() {
#define TARGET(id) &target_constants::id,
    static constexpr const Target* all[] = {
#include "libanalysis/predict/targets.def"
    };
#undef TARGET
    return all;
}

const Target& target(std::string_view name) { return named(targets(), "target", name); }

}  // namespace assay::predict
