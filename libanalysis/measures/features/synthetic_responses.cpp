// What the network does with inputs that nobody drew: noise, and smooth fields. Needs no data.

#include "libanalysis/measures/features/responses.hpp"
#include "libanalysis/measures/features/statistics.hpp"
#include "libanalysis/measures/values.hpp"

#include <algorithm>
#include <cmath>
#include <mutex>
#include <tuple>

namespace assay::measures {
namespace {

constexpr std::int64_t samples = 128;

// Means over windows of 2 r + 1 cells along one axis, again and again, make noise smooth; back to deviation 1.
void smooth(std::vector<double>& field, const Shape& shape) {
    const std::size_t axes = std::min<std::size_t>(shape.size() - 1, 2);   // space, never channels
    std::size_t stride = field.size();
    for (std::size_t axis = 0; axis < axes; ++axis) {
        const auto extent = static_cast<std::size_t>(shape[axis]);
        stride /= extent;
        const auto radius = static_cast<std::ptrdiff_t>(std::max<std::size_t>(extent / 10, 1));
        for (int pass = 0; pass < 2; ++pass) {
            const std::vector<double> before = field;
            for (std::size_t i = 0; i < field.size(); ++i) {
                const auto at = static_cast<std::ptrdiff_t>(i / stride % extent);
                double sum = 0, count = 0;
                for (std::ptrdiff_t step = -radius; step <= radius; ++step) {
                    if (at + step < 0 || at + step >= static_cast<std::ptrdiff_t>(extent)) continue;
                    sum += before[static_cast<std::size_t>(static_cast<std::ptrdiff_t>(i) + step * static_cast<std::ptrdiff_t>(stride))];
                    ++count;
                }
                field[i] = sum / count;
            }
        }
    }
    double mean = 0, squares = 0;
    for (const double value : field) mean += value / static_cast<double>(field.size());
    for (const double value : field) squares += (value - mean) * (value - mean) / static_cast<double>(field.size());
    for (double& value : field) value /= std::sqrt(squares) + 1e-12;
}

std::vector<double> drawn(const Shape& shape, std::size_t input, bool smoothed) {
    const auto size = static_cast<std::size_t>(element_count(shape));
    const Seed seed = Seed{}.child("synthetic_responses").child(input);
    std::vector<double> values;
    for (std::int64_t n = 0; n < samples; ++n) {
        std::vector<double> field(size);
        const Seed own = seed.child(static_cast<std::uint64_t>(n));
        for (std::size_t i = 0; i < size; ++i) field[i] = own.normal(i);
        if (smoothed && shape.size() >= 2) smooth(field, shape);
        values.insert(values.end(), field.begin(), field.end());
    }
    return values;
}

// The same for every network with inputs of these shapes: drawn once for all models of a zoo, whose files name one input anew each.
std::shared_ptr<const data::Split> inputs_for(const engine::Network& network, bool smoothed) {
    using Key = std::tuple<std::vector<std::string>, std::vector<Shape>, bool>;
    static std::mutex guard;
    static std::vector<std::pair<Key, std::shared_ptr<const data::Split>>> kept;   // the last few
    std::vector<std::string> names = network.input_names();
    if (names.size() == 1) names = {"input"};   // a single input is found by itself
    const Key key{names, network.input_shapes(), smoothed};
    const std::lock_guard lock(guard);
    for (const auto& [name, split] : kept)
        if (name == key) return split;
    std::vector<data::NamedInput> inputs;
    for (std::size_t k = 0; k < names.size(); ++k)
        inputs.push_back({names[k], network.input_shapes()[k], drawn(network.input_shapes()[k], k, smoothed)});
    if (kept.size() == 4) kept.erase(kept.begin());
    kept.emplace_back(key, data::make_split(std::move(inputs), {}, {}, 0));
    return kept.back().second;
}

std::vector<Value> compute(Subject& subject, const Parameters&) {
    const engine::Network& network = subject.network();
    for (const engine::DType type : network.input_types())
        if (type == engine::DType::int32) return {missing("the network reads indices", "positional"), missing("the network reads indices", "pooled")};
    std::vector<data::Rows> inputs;
    for (const bool smoothed : {false, true}) {
        const auto split = inputs_for(network, smoothed);
        inputs.push_back({split, data::all_rows(*split), {}});
    }
    return features::responses(subject, inputs);
}

}  // namespace

extern const Measure synthetic_responses{
    .name = "synthetic_responses",
    .formula = R"(\text{statistics of } f(z) \text{ and its activations, } z \text{ seeded noise and smooth fields of deviation 1})",
    .source = "unterthiner2020predicting",
    .needs = Need::weights | Need::architecture,
    .direction = Direction::none,
    .conventions = "positional,pooled",
    .cost = features::price,
    .doc = "What the network answers to 128 inputs of seeded normal noise and 128 smooth random fields, both of deviation 1 (no data are read): entropies, margins and spread of "
           "the outputs; by activation the quantiles of its units' deviations, the share of dead units and of positive values, and how much the rows differ. Layer by layer or pooled.",
    .compute = compute,
};

}  // namespace assay::measures
