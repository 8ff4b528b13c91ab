#include "libanalysis/engine/exact_trace.hpp"

#include "libanalysis/core/error.hpp"

#include <algorithm>
#include <cmath>

namespace assay::engine {
namespace {

using Item = Primal::Item;

std::size_t index(std::int64_t i) { return static_cast<std::size_t>(i); }

/// Columns first .. first + count - 1 of the factor of the loss's Hessian, [count, rows, width].
std::vector<double> columns_of(const Item& item, std::int64_t first, std::int64_t count) {
    const Head& head = item.head;
    const std::vector<double>& outputs = head.outputs(item.lane);
    std::vector<double> columns(index(count) * outputs.size());
    head.loss().factor_columns(outputs, head.rows(), head.width(), first, count, columns);
    return columns;
}

constexpr std::size_t flight = 3;   // the primal of a micro-batch, and the deltas of seeds_at_a_time

/// body(first, count) for columns 0 .. all - 1, a bounded number at a time.
template <class Body>
void in_blocks(const Network& network, std::int64_t all, Body&& body) {
    const std::int64_t most = network.seeds_at_a_time();
    for (std::int64_t first = 0; first < all; first += most) body(first, std::min(most, all - first));
}

/// Squares of a parameter's parts are not the square of their sum: each may come from one use alone.
class UsedOnce {
public:
    explicit UsedOnce(const Primal& primal) : entries_(primal.network().layout().entries), seen_(entries_.size(), false) {}
    void require(const Network::Applied& applied) {
        for (const std::size_t parameter : applied.parameters) {
            if (seen_[parameter] && entries_[parameter].trainable)
                throw Error(ErrorKind::unsupported, {"squared gradients of single rows", "parameters that are used once",
                                                     "parameter " + std::to_string(parameter) + " of the model used twice"});
            seen_[parameter] = true;
        }
    }

private:
    const std::vector<ParameterLayout::Entry>& entries_;
    std::vector<bool> seen_;
};

/// Squared norms of J_n' seed_k for every row n, summed over the seeds: added to `rows` of this micro-batch, and per parameter.
void add_norms(const Primal& primal, const Item& item, const std::vector<double>& seeds, std::int64_t count, std::vector<double>& by_parameter,
               std::vector<double>& rows) {
    const auto& entries = primal.network().layout().entries;
    const std::size_t batch = index(item.tape.batch());
    const Buffer seed = item.head.seed(item.lane, seeds);
    // [parameter, row], parameters in the order of the reverse pass: what the host sees, it sees once all work is under way.
    Buffer norms = item.lane.zeros(primal.network().options().precision, entries.size() * batch);
    std::vector<std::size_t> order;
    UsedOnce used(primal);
    primal.network().reverse_deltas(item.lane, item.tape, seed.view(), count, [&](const Network::Applied& applied, ConstView deltas) {
        used.require(applied);
        std::vector<View> views;
        for (const std::size_t parameter : applied.parameters) {
            views.emplace_back();
            if (!entries[parameter].trainable) continue;
            views.back() = norms.view().slice(order.size() * batch, batch);
            order.push_back(parameter);
        }
        applied.layer.weight_gradient_norms(item.lane, applied.frame, deltas, count, views);
    });
    const std::vector<double> values = item.lane.to_host(norms.const_view().slice(0, order.size() * batch));
    for (std::size_t k = 0; k < order.size(); ++k)
        for (std::size_t n = 0; n < batch; ++n) {
            by_parameter[order[k]] += values[k * batch + n];
            rows[index(item.first_row) + n] += values[k * batch + n];
        }
}

/// Columns from which on the rest holds at most `share` of the loss's Hessian over the rows of a micro-batch; `rank` where nothing
/// would be gained.
std::int64_t tail_start(const Network& network, const Item& item, std::int64_t rank, double share) {
    if (share <= 0) return rank;
    std::vector<double> weights(index(rank), 0);
    in_blocks(network, rank, [&](std::int64_t first, std::int64_t count) {
        const std::vector<double> columns = columns_of(item, first, count);
        const std::size_t size = item.head.outputs(item.lane).size();
        for (std::size_t i = 0; i < columns.size(); ++i) weights[index(first) + i / size] += columns[i] * columns[i];
    });
    double total = 0, rest = 0;
    for (const double weight : weights) total += weight;
    std::int64_t start = rank;
    while (start > 0 && rest + weights[index(start - 1)] <= share * total) rest += weights[index(--start)];
    return rank - start > 1 ? start : rank;
}

/// sum over columns k >= start of +-r_k, by the row's own signs.
std::vector<double> signed_tail(const Network& network, const Item& item, std::int64_t start, std::int64_t rank, Seed seed) {
    const std::size_t width = index(item.head.width()), size = item.head.outputs(item.lane).size();
    std::vector<double> sum(size, 0);
    in_blocks(network, rank - start, [&](std::int64_t first, std::int64_t count) {
        const std::vector<double> columns = columns_of(item, start + first, count);
        for (std::size_t i = 0; i < columns.size(); ++i) {
            const std::size_t column = index(start + first) + i / size, row = index(item.first_row) + i % size / width;
            sum[i % size] += seed.child(row).bits(column) & 1 ? columns[i] : -columns[i];
        }
    });
    return sum;
}

/// What a micro-batch has added.
struct Part {
    std::vector<double> by_parameter;
    std::int64_t passes = 0;   // delta passes times rows
};

/// Sums over micro-batches, in their order, divided by the number of rows, and the regulariser.
TraceResult finish(const Primal& primal, const std::vector<Part>& parts) {
    const auto& entries = primal.network().layout().entries;
    TraceResult result;
    result.by_parameter.assign(entries.size(), 0);
    const auto rows = static_cast<double>(primal.count());
    for (const Part& part : parts) {
        for (std::size_t j = 0; j < entries.size(); ++j) result.by_parameter[j] += part.by_parameter[j] / rows;
        result.delta_passes += static_cast<double>(part.passes) / rows;
    }
    for (const auto& entry : entries) {
        double& sum = result.by_parameter[entry.parameter];
        if (entry.trainable) sum += 2 * primal.objective().l2_of(entry.parameter) * static_cast<double>(entry.size);
        result.trace += sum;
    }
    return result;
}

std::vector<Part> parts_of(const Primal& primal) {
    return std::vector<Part>(index(primal.cache().batches), Part{std::vector<double>(primal.network().layout().entries.size(), 0)});
}

}  // namespace

TraceResult gauss_newton_trace(const Primal& primal, double tail) {
    if (!(tail >= 0 && tail < 1)) throw Error(ErrorKind::usage, {"exact trace", "a tail in [0, 1)", std::to_string(tail)});
    std::vector<Part> parts = parts_of(primal);
    std::vector<double> rows(index(primal.count()), 0), random(rows);
    const Seed seed = primal.context().seed.child("trace tail");
    primal.visit(Primal::Part::values, [&](const Item& item) {
        const Network& network = primal.network();
        Part& part = parts[index(item.batch)];
        const std::int64_t rank = item.head.loss().rank(item.head.width()), start = tail_start(network, item, rank, tail);
        in_blocks(network, start, [&](std::int64_t first, std::int64_t count) {
            add_norms(primal, item, columns_of(item, first, count), count, part.by_parameter, rows);
        });
        if (start < rank) add_norms(primal, item, signed_tail(network, item, start, rank, seed), 1, part.by_parameter, random);
        part.passes = (start + (start < rank)) * item.head.rows();
    }, flight);
    TraceResult result = finish(primal, parts);
    double squares = 0;
    for (const double value : random) squares += value * value;
    result.standard_error = std::sqrt(2.0 / 3 * squares) / static_cast<double>(primal.count());
    return result;
}

std::vector<double> squared_gradient_norms(const Primal& primal) {
    std::vector<Part> parts = parts_of(primal);
    std::vector<double> rows(index(primal.count()), 0);
    primal.visit(Primal::Part::values, [&](const Item& item) {
        std::vector<double> seeds(item.head.outputs(item.lane).size());
        item.head.loss().gradient(item.head.outputs(item.lane), item.head.rows(), item.head.width(), item.head.labels(), seeds);
        add_norms(primal, item, seeds, 1, parts[index(item.batch)].by_parameter, rows);
    });
    return rows;
}

std::vector<double> gauss_newton_diagonal(const Primal& primal) {
    const auto& entries = primal.network().layout().entries;
    std::vector<double> diagonal = primal.mean(Primal::Part::values, [&](const Item& item, View sums) {
        in_blocks(primal.network(), item.head.loss().rank(item.head.width()), [&](std::int64_t first, std::int64_t count) {
            const Buffer seed = item.head.seed(item.lane, columns_of(item, first, count));
            UsedOnce used(primal);
            primal.network().reverse_deltas(item.lane, item.tape, seed.view(), count, [&](const Network::Applied& applied, ConstView deltas) {
                used.require(applied);
                std::vector<View> squares;
                for (const std::size_t parameter : applied.parameters)
                    squares.push_back(entries[parameter].trainable ? sums.slice(entries[parameter].offset, entries[parameter].size) : View{});
                applied.layer.weight_gradient_squares(item.lane, applied.frame, deltas, count, squares);
            });
        });
        return 0.0;
    }, flight).vector;
    const std::vector<double> ones(diagonal.size(), 1);
    primal.add_regulariser(ones, diagonal);
    return diagonal;
}

TraceResult sampled_label_trace(const Primal& primal, Seed seed) {
    std::vector<Part> parts = parts_of(primal);
    std::vector<double> rows(index(primal.count()), 0);
    primal.visit(Primal::Part::values, [&](const Item& item) {
        std::vector<double> gradient(item.head.outputs(item.lane).size());
        item.head.loss().sampled_gradient(item.head.outputs(item.lane), item.head.rows(), item.head.width(), seed, item.first_row, gradient);
        Part& part = parts[index(item.batch)];
        add_norms(primal, item, gradient, 1, part.by_parameter, rows);
        part.passes = item.head.rows();
    });
    TraceResult result = finish(primal, parts);
    const auto count = static_cast<double>(rows.size());
    double mean = 0, squares = 0;
    for (const double value : rows) mean += value / count;
    for (const double value : rows) squares += (value - mean) * (value - mean);
    result.standard_error = rows.size() > 1 ? std::sqrt(squares / (count - 1) / count) : INFINITY;
    return result;
}

}  // namespace assay::engine
