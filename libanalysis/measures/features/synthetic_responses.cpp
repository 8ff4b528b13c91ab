// What the network does with inputs that nobody drew: noise, and smooth fields. Needs no data.

#include "libanalysis/engine/passes.hpp"
#include "libanalysis/engine/tape.hpp"
#include "libanalysis/measures/features/statistics.hpp"
#include "libanalysis/measures/subject.hpp"
#include "libanalysis/measures/values.hpp"
#include "libanalysis/spectral/singular_values.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <mutex>
#include <numeric>
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

std::shared_ptr<const data::Split> drawn_inputs(const engine::Network& network, bool smoothed) {
    std::vector<data::NamedInput> inputs;
    for (std::size_t k = 0; k < network.input_names().size(); ++k) {
        const Shape& shape = network.input_shapes()[k];
        const auto size = static_cast<std::size_t>(element_count(shape));
        const Seed seed = Seed{}.child("synthetic_responses").child(k);
        data::NamedInput input{network.input_names()[k], shape, {}};
        for (std::int64_t n = 0; n < samples; ++n) {
            std::vector<double> field(size);
            const Seed own = seed.child(static_cast<std::uint64_t>(n));
            for (std::size_t i = 0; i < size; ++i) field[i] = own.normal(i);
            if (smoothed && shape.size() >= 2) smooth(field, shape);
            input.values.insert(input.values.end(), field.begin(), field.end());
        }
        inputs.push_back(std::move(input));
    }
    return data::make_split(std::move(inputs), {}, {}, 0);
}

// The same for every network with such inputs: drawn once for all models of a zoo.
std::shared_ptr<const data::Split> inputs_for(const engine::Network& network, bool smoothed) {
    using Key = std::tuple<std::vector<std::string>, std::vector<Shape>, bool>;
    static std::mutex guard;
    static std::vector<std::pair<Key, std::shared_ptr<const data::Split>>> kept;   // the last few
    const Key key{network.input_names(), network.input_shapes(), smoothed};
    const std::lock_guard lock(guard);
    for (const auto& [name, split] : kept)
        if (name == key) return split;
    if (kept.size() == 4) kept.erase(kept.begin());
    kept.emplace_back(key, drawn_inputs(network, smoothed));
    return kept.back().second;
}

// [rows, cols] about its column means: ln of the largest singular value, entropy of the spectrum.
std::vector<double> variety(std::vector<double> values, std::size_t cols) {
    const std::size_t rows = values.size() / cols;
    for (std::size_t c = 0; c < cols; ++c) {
        double mean = 0;
        for (std::size_t r = 0; r < rows; ++r) mean += values[r * cols + c] / static_cast<double>(rows);
        for (std::size_t r = 0; r < rows; ++r) values[r * cols + c] -= mean;
    }
    const std::vector<double> shape = features::spectrum(spectral::singular_values(std::span<const double>(values), rows, cols));
    return {shape[0], shape[4]};
}

// Of one activation: how its units vary over rows and cells, how many are dead, how the rows differ.
struct Units {
    std::vector<double> sum, squares;
    std::vector<double> means;   // [rows, units], over the cells of a row
    double positive = 0, count = 0;

    void add(std::span<const double> values, std::size_t batch, std::size_t units) {
        sum.resize(units, 0);
        squares.resize(units, 0);
        const std::size_t cells = values.size() / batch / units;
        std::size_t positive_here = 0;
        for (std::size_t n = 0; n < batch; ++n) {
            std::vector<double> mean(units, 0);
            for (std::size_t cell = 0; cell < cells; ++cell) {
                const double* at = values.data() + (n * cells + cell) * units;
                for (std::size_t u = 0; u < units; ++u) {
                    mean[u] += at[u];
                    squares[u] += at[u] * at[u];
                }
                for (std::size_t u = 0; u < units; ++u) positive_here += at[u] > 0;
            }
            for (std::size_t u = 0; u < units; ++u) {
                sum[u] += mean[u];
                mean[u] /= static_cast<double>(cells);
            }
            means.insert(means.end(), mean.begin(), mean.end());
        }
        positive += static_cast<double>(positive_here);
        count += static_cast<double>(values.size());
    }
    std::vector<double> row() const {
        const double n = count / static_cast<double>(sum.size());
        std::vector<double> deviations;
        double dead = 0;
        for (std::size_t u = 0; u < sum.size(); ++u) {
            const double mean = sum[u] / n, deviation = std::sqrt(std::max(squares[u] / n - mean * mean, 0.0));
            dead += deviation < 1e-4;
            deviations.push_back(std::log(deviation + 1e-6));
        }
        std::vector<double> out = features::quantiles(std::move(deviations));
        out.push_back(dead / static_cast<double>(sum.size()));
        out.push_back(positive / count);
        const std::vector<double> rows_differ = variety(means, sum.size());
        out.insert(out.end(), rows_differ.begin(), rows_differ.end());
        return out;
    }
};

// Of the outputs as logits: entropy of each answer and of the mean answer, how many classes are answered, margins, sizes.
std::vector<double> of_outputs(const engine::Outputs& outputs) {
    const auto width = static_cast<std::size_t>(outputs.width);
    std::vector<double> mean(width, 0), counts(width, 0), margins, sum(width, 0), squares(width, 0);
    double entropy = 0, confidence = 0;
    const auto n = static_cast<double>(outputs.count);
    const auto entropy_of = [](std::span<const double> p) {
        double bits = 0;
        for (const double value : p)
            if (value > 0) bits -= value * std::log(value);
        return bits;
    };
    for (std::int64_t i = 0; i < outputs.count; ++i) {
        const auto row = outputs.row(i);
        const auto top = static_cast<std::size_t>(std::max_element(row.begin(), row.end()) - row.begin());
        std::vector<double> p(width);
        double total = 0, second = -std::numeric_limits<double>::infinity();
        for (std::size_t c = 0; c < width; ++c) {
            total += p[c] = std::exp(row[c] - row[top]);
            if (c != top) second = std::max(second, row[c]);
            sum[c] += row[c];
            squares[c] += row[c] * row[c];
        }
        for (std::size_t c = 0; c < width; ++c) mean[c] += (p[c] /= total) / n;
        entropy += entropy_of(p) / n;
        confidence += p[top] / n;
        counts[top] += 1 / n;
        if (width > 1) margins.push_back(std::log(row[top] - second + 1e-6));
    }
    double spread = 0, offset = 0, middle = 0;
    for (std::size_t c = 0; c < width; ++c) {
        spread += std::sqrt(std::max(squares[c] / n - sum[c] / n * (sum[c] / n), 0.0)) / static_cast<double>(width);
        middle += sum[c] / n / static_cast<double>(width);
    }
    for (std::size_t c = 0; c < width; ++c) offset += (sum[c] / n - middle) * (sum[c] / n - middle) / static_cast<double>(width);
    std::vector<double> out{entropy, entropy_of(mean), entropy_of(counts), *std::max_element(counts.begin(), counts.end()), confidence,
                            std::log(spread + 1e-6), std::log(std::sqrt(offset) + 1e-6)};
    const std::vector<double> more = margins.empty() ? std::vector<double>(5, 0) : features::quantiles(std::move(margins)), rows_differ = variety(outputs.values, width);
    out.insert(out.end(), more.begin(), more.end());
    out.insert(out.end(), rows_differ.begin(), rows_differ.end());
    return out;
}

std::vector<Value> compute(Subject& subject, const Parameters&) {
    const engine::Network& network = subject.network();
    for (const engine::DType type : network.input_types())
        if (type == engine::DType::int32) return {missing("the network reads indices", "positional"), missing("the network reads indices", "pooled")};
    std::map<std::string, bool> activation;
    const model::Architecture& architecture = *subject.model().architecture;
    for (const std::size_t vertex : architecture.topological_order()) activation[architecture.graph[vertex].name] = architecture.graph[vertex].kind == "activation";
    std::vector<double> positional, pooled;
    for (const bool smoothed : {false, true}) {
        const auto split = inputs_for(network, smoothed);
        const data::Rows rows{split, data::all_rows(*split), {}};
        std::map<std::size_t, Units> units;
        engine::Outputs outputs;
        engine::visit_forward(network, subject.backend(), subject.parameters("final"), rows, subject.context(), [&](std::int64_t, const engine::Tape& tape) {
            for (std::size_t node = 0; node < network.node_names().size(); ++node) {
                if (!activation[network.node_names()[node]] || network.node_shape(node).empty()) continue;
                units[node].add(subject.backend().to_host(tape.output(node)), static_cast<std::size_t>(tape.batch()), static_cast<std::size_t>(network.node_shape(node).back()));
            }
            const std::vector<double> values = subject.backend().to_host(tape.network_output(0));
            outputs.values.insert(outputs.values.end(), values.begin(), values.end());
        });
        outputs.count = samples;
        outputs.width = static_cast<std::int64_t>(outputs.values.size()) / samples;
        for (const double value : outputs.values)
            if (!std::isfinite(value)) return {missing("non-finite outputs", "positional"), missing("non-finite outputs", "pooled")};
        std::vector<std::vector<double>> layers;
        for (const auto& [node, seen] : units) layers.push_back(seen.row());
        const std::vector<double> answer = of_outputs(outputs);
        for (std::vector<double>* all : {&positional, &pooled}) all->insert(all->end(), answer.begin(), answer.end());
        if (layers.empty()) layers.push_back(std::vector<double>(9, 0));
        const std::vector<Value> values = features::both(layers);
        if (!values[0].ok()) return values;
        const auto& by_layer = std::get<std::vector<double>>(values[0].value);
        const auto& over_layers = std::get<std::vector<double>>(values[1].value);
        positional.insert(positional.end(), by_layer.begin(), by_layer.end());
        pooled.insert(pooled.end(), over_layers.begin(), over_layers.end());
    }
    return {{.convention = "positional", .value = std::move(positional)}, {.convention = "pooled", .value = std::move(pooled)}};
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
