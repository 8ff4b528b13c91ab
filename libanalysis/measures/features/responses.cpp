#include "libanalysis/measures/features/responses.hpp"

#include "libanalysis/core/clones.hpp"
#include "libanalysis/engine/passes.hpp"
#include "libanalysis/engine/tape.hpp"
#include "libanalysis/measures/features/statistics.hpp"
#include "libanalysis/measures/values.hpp"
#include "libanalysis/spectral/singular_values.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <map>
#include <numeric>

namespace assay::measures::features {
namespace {

// [rows, cols] about its column means: ln of the largest singular value, entropy of the spectrum.
std::vector<double> variety(std::vector<double> values, std::size_t cols) {
    const std::size_t rows = values.size() / cols;
    for (std::size_t c = 0; c < cols; ++c) {
        double mean = 0;
        for (std::size_t r = 0; r < rows; ++r) mean += values[r * cols + c] / static_cast<double>(rows);
        for (std::size_t r = 0; r < rows; ++r) values[r * cols + c] -= mean;
    }
    const std::vector<double> shape = spectrum(spectral::singular_values(std::span<const double>(values), rows, cols));
    return {shape[0], shape[4]};
}

// Eight units that lie side by side, over the cells of one input: sums, sums of squares, counts of positive values. Written with vector
// types: as a loop over the units, the compiler makes it scalar before it looks for vectors.
template <class T>
ASSAY_CLONES void add_cells(const T* at, std::size_t cells, std::size_t stride, double* sums, double* squares, std::int64_t* positives) {
    typedef T Eight __attribute__((vector_size(8 * sizeof(T))));
    typedef double Doubles __attribute__((vector_size(8 * sizeof(double))));
    typedef std::int64_t Counts __attribute__((vector_size(8 * sizeof(std::int64_t))));
    const auto load = [](auto& vector, const auto* from) { std::memcpy(&vector, from, sizeof vector); };
    Doubles sum, square;
    Counts positive;
    load(sum, sums);
    load(square, squares);
    load(positive, positives);
    for (std::size_t cell = 0; cell < cells; ++cell, at += stride) {
        Eight here;
        load(here, at);
        const Doubles value = __builtin_convertvector(here, Doubles);
        sum += value;
        square += value * value;
        positive -= value > 0.0;   // -1 where true
    }
    std::memcpy(sums, &sum, sizeof sum);
    std::memcpy(squares, &square, sizeof square);
    std::memcpy(positives, &positive, sizeof positive);
}

// Of one activation: how its units vary over rows and cells, how many are dead, how the rows differ.
struct Units {
    std::vector<double> sum, squares;
    std::vector<double> means;   // [rows, units], over the cells of a row
    double positive = 0, count = 0;

    template <class T>
    void add(std::span<const T> values, std::size_t batch, std::size_t units) {
        sum.resize(units, 0);
        squares.resize(units, 0);
        const std::size_t cells = values.size() / batch / units, first = means.size();
        means.resize(first + batch * units, 0);
        std::vector<std::int64_t> positives(units, 0);
        for (std::size_t n = 0; n < batch; ++n) {
            const T* at = values.data() + n * cells * units;
            double* mean = means.data() + first + n * units;
            std::size_t u = 0;
            for (; u + 8 <= units; u += 8) add_cells(at + u, cells, units, mean + u, squares.data() + u, positives.data() + u);
            for (; u < units; ++u)
                for (std::size_t cell = 0; cell < cells; ++cell) {
                    const auto value = static_cast<double>(at[cell * units + u]);
                    mean[u] += value;
                    squares[u] += value * value;
                    positives[u] += value > 0;
                }
            for (u = 0; u < units; ++u) {
                sum[u] += mean[u];
                mean[u] /= static_cast<double>(cells);
            }
        }
        positive += static_cast<double>(std::accumulate(positives.begin(), positives.end(), std::int64_t{0}));
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
        std::vector<double> out = quantiles(std::move(deviations));
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
    const std::vector<double> more = margins.empty() ? std::vector<double>(5, 0) : quantiles(std::move(margins)), rows_differ = variety(outputs.values, width);
    out.insert(out.end(), more.begin(), more.end());
    out.insert(out.end(), rows_differ.begin(), rows_differ.end());
    return out;
}

}  // namespace

std::vector<Value> responses(Subject& subject, std::span<const data::Rows> inputs) {
    const engine::Network& network = subject.network();
    std::map<std::string, bool> activation;
    const model::Architecture& architecture = *subject.model().architecture;
    for (const std::size_t vertex : architecture.topological_order()) activation[architecture.graph[vertex].name] = architecture.graph[vertex].kind == "activation";
    std::vector<double> positional, pooled;
    for (const data::Rows& rows : inputs) {
        std::map<std::size_t, Units> units;
        engine::Outputs outputs;
        engine::visit_forward(network, subject.backend(), subject.parameters("final"), rows, subject.context(), [&](std::int64_t, const engine::Tape& tape) {
            for (std::size_t node = 0; node < network.node_names().size(); ++node) {
                if (!activation[network.node_names()[node]] || network.node_shape(node).empty()) continue;
                engine::on_host(subject.backend(), tape.output(node), [&](auto values) {
                    units[node].add(values, static_cast<std::size_t>(tape.batch()), static_cast<std::size_t>(network.node_shape(node).back()));
                });
            }
            const std::vector<double> values = subject.backend().to_host(tape.network_output(0));
            outputs.values.insert(outputs.values.end(), values.begin(), values.end());
        });
        outputs.count = rows.count();
        outputs.width = static_cast<std::int64_t>(outputs.values.size()) / outputs.count;
        for (const double value : outputs.values)
            if (!std::isfinite(value)) return {missing("non-finite outputs", "positional"), missing("non-finite outputs", "pooled")};
        std::vector<std::vector<double>> layers;
        for (const auto& [node, seen] : units) layers.push_back(seen.row());
        const std::vector<double> answer = of_outputs(outputs);
        for (std::vector<double>* all : {&positional, &pooled}) all->insert(all->end(), answer.begin(), answer.end());
        if (layers.empty()) layers.push_back(std::vector<double>(9, 0));
        const std::vector<Value> values = both(layers);
        if (!values[0].ok()) return values;
        const auto& by_layer = std::get<std::vector<double>>(values[0].value);
        const auto& over_layers = std::get<std::vector<double>>(values[1].value);
        positional.insert(positional.end(), by_layer.begin(), by_layer.end());
        pooled.insert(pooled.end(), over_layers.begin(), over_layers.end());
    }
    return {{.convention = "positional", .value = std::move(positional)}, {.convention = "pooled", .value = std::move(pooled)}};
}

}  // namespace assay::measures::features
