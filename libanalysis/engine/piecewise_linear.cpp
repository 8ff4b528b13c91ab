// Where a network bends: whether it is piecewise linear between its parameters and the loss, and how near its kinks are.

#include "libanalysis/engine/exact_trace.hpp"
#include "libanalysis/engine/network_implementation.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <map>
#include <numeric>
#include <type_traits>

namespace assay::engine {

std::string gauss_newton_trace_refusal(const Network& network) {
    const Network::Implementation& net = network.implementation();
    std::vector<char> reaches(net.steps.size(), 0);   // the output that the loss sees
    reaches[net.output_steps.front()] = 1;
    for (std::size_t i = net.steps.size(); i-- > 0;)
        for (const std::size_t source : net.steps[i].sources)
            if (reaches[i]) reaches[source] = 1;
    std::map<std::size_t, int> uses;
    for (std::size_t i = 0; i < net.steps.size(); ++i) {
        const internal::Step& step = net.steps[i];
        if (!reaches[i] || !step.layer || !step.below_parameters) continue;   // constant in the parameters, or unseen
        if (!step.layer->piecewise_linear()) return "layer " + step.name + " is not piecewise linear";
        for (const std::size_t parameter : step.parameters)
            if (net.layout.entries[parameter].trainable && ++uses[parameter] == 2)
                return "parameter " + net.parameter_names[parameter] + " is used twice, the second time by layer " + step.name;
    }
    return {};
}

namespace {

/// The numbers of a type from `first` to `last`.
template <class T>
struct Range { T first, last; };

/// The numbers of a type as integers in the same order; both zeros are 0.
template <class T>
using Ordered = std::conditional_t<sizeof(T) == 4, std::int32_t, std::int64_t>;
template <class T>
Ordered<T> place_of(T x) {
    const auto bits = std::bit_cast<Ordered<T>>(x);
    return bits < 0 ? std::numeric_limits<Ordered<T>>::min() - bits : bits;
}
template <class T>
T at_place(Ordered<T> place) { return std::bit_cast<T>(place < 0 ? std::numeric_limits<Ordered<T>>::min() - place : place); }

/// Those within delta of a kink, as ranges that do not meet; kinks are ascending. |x - kink| <= delta is decided in double, as on the host.
template <class T>
std::vector<Range<T>> ranges_near(const std::vector<double>& kinks, double delta) {
    constexpr T infinity = std::numeric_limits<T>::infinity();
    // The last number on the way from one that is inside to one that is not. Bisected: near zero there are too many to pass them one by one.
    const auto edge = [&](double kink, T inside, T outside) {
        Ordered<T> in = place_of(inside), out = place_of(outside);
        while (std::midpoint(in, out) != in) {   // rounds towards `in`
            const Ordered<T> middle = std::midpoint(in, out);
            (std::abs(static_cast<double>(at_place<T>(middle)) - kink) <= delta ? in : out) = middle;
        }
        return at_place<T>(in);
    };
    std::vector<Range<T>> ranges;
    for (const double kink : kinks) {
        const T nearest = static_cast<T>(kink);
        if (!(std::abs(static_cast<double>(nearest) - kink) <= delta)) continue;   // then nothing is near enough
        const Range<T> range{edge(kink, nearest, -infinity), edge(kink, nearest, infinity)};
        if (!ranges.empty() && range.first <= ranges.back().last) ranges.back().last = std::max(ranges.back().last, range.last);
        else ranges.push_back(range);
    }
    return ranges;
}

/// How many values are within delta of a kink.
std::int64_t count_near(Backend& lane, ConstView values, const std::vector<double>& kinks, double delta) {
    if (lane.on_host()) {
        std::int64_t near = 0;
        for (const double value : lane.to_host(values))
            near += std::any_of(kinks.begin(), kinks.end(), [&](double kink) { return std::abs(value - kink) <= delta; });
        return near;
    }
    // On a device they are counted there, as those between the first numbers that are too far: relu' is 1 above zero and 0 elsewhere,
    // of NaN too, and the sign of a rounded sum is that of the sum.
    const auto count = [&]<class T>(T infinity) {
        Buffer ones = lane.allocate(values.type, values.size), moved = lane.allocate(values.type, values.size);
        Buffer below = lane.allocate(values.type, values.size), above = lane.allocate(values.type, values.size);
        lane.fill(ones.view(), 1);
        std::int64_t near = 0;
        for (const Range<T>& range : ranges_near<T>(kinks, delta)) {
            lane.fill(moved.view(), -static_cast<double>(std::nextafter(range.first, -infinity)));
            lane.axpy(1, values, moved.view());
            lane.map_first(Pointwise::relu, {}, moved.view(), ones.view(), above.view(), false);
            lane.fill(moved.view(), static_cast<double>(std::nextafter(range.last, infinity)));
            lane.axpy(-1, values, moved.view());
            lane.map_first(Pointwise::relu, {}, moved.view(), ones.view(), below.view(), false);
            near += std::llround(lane.dot(above.view(), below.view()));
        }
        return near;
    };
    return values.type == DType::float32 ? count(std::numeric_limits<float>::infinity()) : count(std::numeric_limits<double>::infinity());
}

}  // namespace

KinkProximity kink_proximity(const Primal& primal, double delta) {
    if (!(delta >= 0)) throw Error(ErrorKind::usage, {"kink proximity", "a distance of at least 0", std::to_string(delta)});
    const Network::Implementation& net = primal.network().implementation();
    std::vector<std::int64_t> near(static_cast<std::size_t>(primal.cache().batches), 0), total(near);
    primal.visit(Primal::Part::values, [&](const Primal::Item& item) {
        const auto batch = static_cast<std::size_t>(item.batch);
        for (const internal::Step& step : net.steps) {
            if (!step.layer) continue;
            const std::vector<double> kinks = step.layer->kinks();
            if (kinks.empty()) continue;
            near[batch] += count_near(item.lane, item.tape.output(step.sources[0]), kinks, delta);
            total[batch] += item.tape.batch() * static_cast<std::int64_t>(step.size);
        }
    });
    KinkProximity result{.delta = delta};
    for (std::size_t i = 0; i < near.size(); ++i) result.near += near[i], result.total += total[i];
    if (result.total > 0) result.share = static_cast<double>(result.near) / static_cast<double>(result.total);
    return result;
}

}  // namespace assay::engine
