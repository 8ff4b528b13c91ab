#include "tests/engine/layers/reference_layers.hpp"

#include <gtest/gtest.h>

#include <set>

namespace assay::test {
namespace {

constexpr std::int64_t batch = 5;
constexpr double step = 1e-5;
// Longer sums than a handful of terms, and cancellations in the normalizations.
constexpr double rounding = 100 * roundoff<double>;
constexpr double rounding_float = 10 * roundoff<float>;

class Battery : public testing::TestWithParam<LayerCase> {
protected:
    Battery() : layer(GetParam(), DType::float64, batch), x(layer.point()) {}
    Instance layer;
    Flat x;
};

TEST_P(Battery, ValueEqualsItsDefinition) {
    EXPECT_LE(distance(layer.value(x), oracle::value(layer)), rounding);
}

TEST_P(Battery, BackwardEqualsDifferencesOfForward) {
    const Flat gy = layer.random_output(1), gradient = layer.gradient(x, gy);
    Flat differences(x.size());
    for (std::size_t i = 0; i < x.size(); ++i) {
        Flat up = x, down = x;
        up[i] += step;
        down[i] -= step;
        differences[i] = (inner(gy, layer.value(up)) - inner(gy, layer.value(down))) / (2 * step);
    }
    EXPECT_LE(distance(gradient, differences), difference);
}

TEST_P(Battery, ForwardTangentEqualsDifferencesOfForward) {
    const Flat tx = layer.random(2);
    const Flat up = layer.value(combine(x, step, tx)), down = layer.value(combine(x, -step, tx));
    Flat differences = combine(up, -1, down);
    for (double& value : differences) value /= 2 * step;
    EXPECT_LE(distance(layer.tangent(x, tx), differences), difference);
}

TEST_P(Battery, BackwardIsTheAdjointOfForwardTangent) {
    const Flat v = layer.random(3), u = layer.random_output(4);
    const double left = inner(layer.tangent(x, v), u), right = inner(v, layer.gradient(x, u));
    double magnitude = 0;
    const Flat jv = layer.tangent(x, v);
    for (std::size_t i = 0; i < u.size(); ++i) magnitude += std::abs(jv[i] * u[i]);
    EXPECT_LE(std::abs(left - right), rounding * magnitude);
}

TEST_P(Battery, BackwardTangentEqualsDifferencesOfBackward) {
    const Flat tx = layer.random(5), gy = layer.random_output(6), tgy = layer.random_output(7);
    const Flat up = layer.gradient(combine(x, step, tx), combine(gy, step, tgy)), down = layer.gradient(combine(x, -step, tx), combine(gy, -step, tgy));
    Flat differences = combine(up, -1, down);
    for (double& value : differences) value /= 2 * step;
    EXPECT_LE(distance(layer.gradient_tangent(x, tx, gy, tgy), differences), difference);
}

// The Hessian of sum_k c_k sin(y_k): a loss with curvature of its own above the layer's.
TEST_P(Battery, HessianIsSymmetric) {
    const Flat u = layer.random(8), v = layer.random(9), c = layer.random_output(10), y = layer.value(x);
    const auto product = [&](const Flat& direction) {
        const Flat ty = layer.tangent(x, direction);
        Flat gy(c.size()), tgy(c.size());
        for (std::size_t k = 0; k < c.size(); ++k) {
            gy[k] = c[k] * std::cos(y[k]);
            tgy[k] = -c[k] * std::sin(y[k]) * ty[k];
        }
        return layer.gradient_tangent(x, direction, gy, tgy);
    };
    const Flat hu = product(u), hv = product(v);
    double magnitude = 0;
    for (std::size_t i = 0; i < u.size(); ++i) magnitude += std::abs(u[i] * hv[i]) + std::abs(v[i] * hu[i]);
    EXPECT_LE(std::abs(inner(u, hv) - inner(v, hu)), rounding * magnitude);
}

TEST_P(Battery, Float32FollowsFloat64) {
    Instance single(GetParam(), DType::float32, batch);
    const Flat gy = layer.random_output(11), tgy = layer.random_output(12), tx = layer.random(13);
    EXPECT_LE(distance(single.value(x), layer.value(x)), rounding_float);
    EXPECT_LE(distance(single.gradient(x, gy), layer.gradient(x, gy)), rounding_float);
    EXPECT_LE(distance(single.tangent(x, tx), layer.tangent(x, tx)), rounding_float);
    EXPECT_LE(distance(single.gradient_tangent(x, tx, gy, tgy), layer.gradient_tangent(x, tx, gy, tgy)), rounding_float);
}

TEST_P(Battery, BatchIsTheSumOfItsParts) {
    const Flat gy = layer.random_output(14), tgy = layer.random_output(15), tx = layer.random(16);
    const Flat y = layer.value(x), ty = layer.tangent(x, tx), g = layer.gradient(x, gy), tg = layer.gradient_tangent(x, tx, gy, tgy);
    Flat parameter_sums(x.size(), 0), tangent_sums(x.size(), 0);
    const auto compare = [&](const Flat& whole, const Flat& of_part, const Instance& part, std::int64_t first, std::int64_t last, Flat& sums) {
        const Flat expected = layer.part(whole, first, last);
        std::size_t whole_offset = 0, offset = 0;
        for (std::size_t b = 0; b < layer.blocks().size(); ++b) {
            const std::size_t size = part.blocks()[b].size;
            for (std::size_t k = 0; k < size; ++k) {
                if (layer.blocks()[b].input) EXPECT_NEAR(of_part[offset + k], expected[offset + k], rounding * (1 + std::abs(expected[offset + k])));
                else sums[whole_offset + k] += of_part[offset + k];
            }
            offset += size;
            whole_offset += layer.blocks()[b].size;
        }
    };
    for (const auto& [first, last] : {std::pair<std::int64_t, std::int64_t>{0, 3}, {3, 5}}) {   // the last part is ragged
        Instance part = layer.part(first, last);
        const Flat px = layer.part(x, first, last), ptx = layer.part(tx, first, last);
        const Flat pgy = layer.rows_of(gy, first, last), ptgy = layer.rows_of(tgy, first, last);
        EXPECT_LE(distance(part.value(px), layer.rows_of(y, first, last)), rounding);
        EXPECT_LE(distance(part.tangent(px, ptx), layer.rows_of(ty, first, last)), rounding);
        compare(g, part.gradient(px, pgy), part, first, last, parameter_sums);
        compare(tg, part.gradient_tangent(px, ptx, pgy, ptgy), part, first, last, tangent_sums);
    }
    for (const Instance::Block& block : layer.blocks()) {
        if (block.input) continue;
        const auto cut = [&](const Flat& all) {
            return Flat(all.begin() + static_cast<std::ptrdiff_t>(block.offset), all.begin() + static_cast<std::ptrdiff_t>(block.offset + block.size));
        };
        EXPECT_LE(distance(cut(parameter_sums), cut(g)), rounding);
        EXPECT_LE(distance(cut(tangent_sums), cut(tg)), rounding);
    }
}

TEST_P(Battery, WeightGradientNormsAndSquaresAreThoseOfSingleSamples) {
    for (const std::int64_t seeds : {1, 3}) {
        Flat gy, norms, squares;
        for (std::int64_t k = 0; k < seeds; ++k) {
            const Flat one = layer.random_output(170 + static_cast<std::uint64_t>(k));
            gy.insert(gy.end(), one.begin(), one.end());
        }
        const auto output = static_cast<std::ptrdiff_t>(layer.output_size());
        for (const Instance::Block& block : layer.blocks()) {
            if (block.input) continue;
            Flat sums(static_cast<std::size_t>(batch), 0.25), entries(block.size, 0.25);
            for (std::int64_t n = 0; n < batch; ++n) {
                Instance one = layer.part(n, n + 1);
                const Instance::Block* same = nullptr;
                for (const Instance::Block& other : one.blocks())
                    if (!other.input && other.index == block.index) same = &other;
                for (std::int64_t k = 0; k < seeds; ++k) {
                    const Flat of_seed(gy.begin() + k * output, gy.begin() + (k + 1) * output);
                    const Flat g = one.gradient(layer.part(x, n, n + 1), layer.rows_of(of_seed, n, n + 1));
                    for (std::size_t i = 0; i < block.size; ++i) {
                        const double square = g[same->offset + i] * g[same->offset + i];
                        sums[static_cast<std::size_t>(n)] += square;
                        entries[i] += square;
                    }
                }
            }
            norms.insert(norms.end(), sums.begin(), sums.end());
            squares.insert(squares.end(), entries.begin(), entries.end());
        }
        EXPECT_LE(distance(layer.weight_gradient_norms(x, gy, seeds, 0.25), norms), rounding);
        EXPECT_LE(distance(layer.weight_gradient_squares(x, gy, seeds, 0.25), squares), rounding);
    }
}

TEST_P(Battery, LinearLayersPullSeveralSeedsBackAsOneBatchWithoutInputs) {
    if (!layer.layer().linear()) return;
    const Flat first = layer.random_output(25), second = layer.random_output(26);
    Flat both = first, expected;
    both.insert(both.end(), second.begin(), second.end());
    const Flat g[2] = {layer.gradient(x, first, Instance::Parts::inputs), layer.gradient(x, second, Instance::Parts::inputs)};
    for (const Instance::Block& block : layer.blocks())
        for (const Flat& one : g)
            if (block.input) expected.insert(expected.end(), one.begin() + static_cast<std::ptrdiff_t>(block.offset), one.begin() + static_cast<std::ptrdiff_t>(block.offset + block.size));
    EXPECT_LE(distance(layer.input_gradients_of_seeds(x, both, 2), expected), rounding);
}

TEST_P(Battery, TheReversePassMayWorkInTheMemoryOfItsSeed) {
    if (layer.layer().reuse() == engine::Layer::Reuse::none) return;
    const Flat gy = layer.random_output(27), g = layer.gradient(x, gy, Instance::Parts::inputs);
    EXPECT_LE(distance(layer.input_gradient_in_place(x, gy), Flat(g.begin(), g.begin() + static_cast<std::ptrdiff_t>(gy.size()))), rounding);
}

TEST_P(Battery, GradientsAreAddedAndMayBeUnwanted) {
    const Flat gy = layer.random_output(18), tgy = layer.random_output(19), tx = layer.random(20), before = layer.random(21);
    const Flat g = layer.gradient(x, gy);
    EXPECT_LE(distance(layer.gradient(x, gy, Instance::Parts::all, before), combine(g, 1, before)), rounding);
    EXPECT_LE(distance(layer.gradient(x, gy, Instance::Parts::apart, before), combine(g, 1, before)), rounding);
    EXPECT_LE(distance(layer.gradient_tangent(x, tx, gy, tgy, before), combine(layer.gradient_tangent(x, tx, gy, tgy), 1, before)), rounding);
    Flat inputs = g, weights = g;
    for (const Instance::Block& block : layer.blocks()) {
        Flat& absent = block.input ? weights : inputs;
        std::fill_n(absent.begin() + static_cast<std::ptrdiff_t>(block.offset), block.size, 0.0);
    }
    EXPECT_LE(distance(layer.gradient(x, gy, Instance::Parts::inputs), inputs), rounding);
    EXPECT_LE(distance(layer.gradient(x, gy, Instance::Parts::weights), weights), rounding);
}

TEST_P(Battery, EmptyTangentsAreZero) {
    const Flat tx = layer.random(22), gy = layer.random_output(23), tgy = layer.random_output(24);
    Flat value(layer.output_size(), 0), gradient = layer.gradient(x, tgy);   // with tx = 0: J^T tgy
    for (const Instance::Block& block : layer.blocks()) {
        const auto only = [&](const Instance::Block& other) { return other.offset == block.offset; };
        value = combine(value, 1, layer.tangent(x, tx, only));
        gradient = combine(gradient, 1, layer.gradient_tangent(x, tx, gy, {}, {}, only));
    }
    EXPECT_LE(distance(value, layer.tangent(x, tx)), rounding);
    EXPECT_LE(distance(gradient, layer.gradient_tangent(x, tx, gy, tgy)), rounding);
    const auto nothing = [](const Instance::Block&) { return false; };
    EXPECT_EQ(layer.tangent(x, tx, nothing), Flat(layer.output_size(), 0));
}

TEST_P(Battery, WeightTangentIsTheWeightPartOfForwardTangent) {
    if (GetParam().parameters.size() == GetParam().constants) return;   // no weights
    const Flat tx = layer.random(25), before = layer.random_output(26);
    const Flat expected = layer.tangent(x, tx, [](const Instance::Block& block) { return !block.input; });
    EXPECT_LE(distance(layer.weight_tangent(x, tx, before, false), expected), rounding);
    EXPECT_LE(distance(layer.weight_tangent(x, tx, before, true), combine(expected, 1, before)), rounding);
}

// What a layer claims: trace identities of piecewise linear networks build on it.
TEST_P(Battery, PiecewiseLinearLayersHaveNoCurvatureInTheirInputs) {
    const auto inputs_only = [](const Instance::Block& block) { return block.input; };
    const Flat tx = layer.random(27), gy = layer.random_output(28);
    const Flat curvature = layer.gradient_tangent(x, tx, gy, {}, {}, inputs_only);
    double largest = 0;
    for (const Instance::Block& block : layer.blocks())
        for (std::size_t k = 0; k < block.size && block.input; ++k) largest = std::max(largest, std::abs(curvature[block.offset + k]));
    if (layer.layer().piecewise_linear()) EXPECT_EQ(largest, 0);
    else EXPECT_GT(largest, 0) << "claims less than it could";
}

INSTANTIATE_TEST_SUITE_P(Layers, Battery, testing::ValuesIn(layer_cases()),
                         [](const testing::TestParamInfo<LayerCase>& tested) { return tested.param.name; });

TEST(LayerCases, CoverEveryLayer) {
    std::set<std::string> tested, known;
    for (const LayerCase& c : layer_cases()) tested.insert(c.kind);
    for (const engine::LayerKind* kind : engine::layer_kinds()) known.insert(std::string(kind->name));
    EXPECT_EQ(tested, known);
}

TEST(Embedding, MasksIndexZero) {
    LayerCase c{"words", "embedding", R"({"input_dim":3,"output_dim":2,"mask_zero":true})", {{6}}, {{3, 2}}, 0, 3};
    Instance layer(c, DType::float32, 2);
    Flat expected;
    for (const double index : layer.inputs()[0]) expected.push_back(index != 0);
    EXPECT_EQ(layer.output_mask(layer.point()), expected);
    EXPECT_NE(std::count(expected.begin(), expected.end(), 0), 0);
}

TEST(Masking, MasksStepsOfOneValueAlone) {
    const float value = 0.1f;
    for (const DType type : {DType::float32, DType::float64}) {
        Instance layer({"masking_by_hand", "masking", R"({"mask_value":0.1})", {{4, 2}}}, type, 1);
        const Flat x{value, value, value, 0, std::nextafter(value, 1.0f), value, 0x1p100, -0x1p100};
        layer.set({x}, {});
        EXPECT_EQ(layer.output_mask(layer.point()), (Flat{0, 1, 1, 1}));
        EXPECT_EQ(layer.value(layer.point()), (Flat{0, 0, x[2], x[3], x[4], x[5], x[6], x[7]}));
        EXPECT_EQ(layer.gradient(layer.point(), Flat(8, 3)), (Flat{0, 0, 3, 3, 3, 3, 3, 3}));
    }
}

}  // namespace
}  // namespace assay::test
