#pragma once
// One row a pointwise function: its definition in doubles, where it bends, and its slopes in the tails.

#include "libanalysis/engine/backend.hpp"

#include <cmath>
#include <limits>
#include <vector>

namespace assay::test {

struct PointwiseRow {
    engine::Pointwise f;
    engine::PointwiseParameters parameters;   ///< exact in float32
    double (*value)(double x);
    std::vector<double> kinks{};
    double left = std::nan(""), right = std::nan("");   ///< slopes at the ends of the line; NaN: it has none
    bool positive = false;                              ///< defined for positive arguments only
    double rounding = 1;                                ///< how many times more it rounds, where it is a difference of like numbers
};

inline const std::vector<PointwiseRow>& pointwise_table() {
    using engine::Pointwise;
    constexpr double none = std::numeric_limits<double>::infinity();
    static const std::vector<PointwiseRow> rows{
        {Pointwise::linear, {}, [](double x) { return x; }, {}, 1, 1},
        {Pointwise::relu, {}, [](double x) { return std::fmax(x, 0); }, {0}, 0, 1},
        {Pointwise::general_relu, {0.25, 0, none}, [](double x) { return x < 0 ? x / 4 : x; }, {0}, 0.25, 1},
        {Pointwise::general_relu, {0, 0, 1.5}, [](double x) { return std::fmin(std::fmax(x, 0), 1.5); }, {0, 1.5}, 0, 0},
        {Pointwise::general_relu, {0.5, 0.75, 1.25}, [](double x) { return x > 1.25 ? 1.25 : x > 0.75 ? x : (x - 0.75) / 2; }, {0.75, 1.25}, 0.5, 0},
        {Pointwise::tanh, {}, [](double x) { return 1 - 2 / (std::exp(2 * x) + 1); }, {}, 0, 0},
        {Pointwise::sigmoid, {}, [](double x) { return 0.5 * (1 + std::tanh(x / 2)); }, {}, 0, 0},
        {Pointwise::elu, {0.75}, [](double x) { return x > 0 ? x : 0.75 * (std::exp(x) - 1); }, {0}, 0, 1},
        {Pointwise::scaled_elu, {1.75, 1.0625, 1}, [](double x) { return 1.0625 * (x > 0 ? x : 1.75 * (std::exp(x) - 1)); }, {0}, 0, 1.0625},
        {Pointwise::scaled_elu, {0.5, 1, 2}, [](double x) { return x > 0 ? x : 0.5 * (std::exp(x / 0.5) - 1); }, {0}, 0, 1},
        {Pointwise::gelu, {}, [](double x) { return 0.5 * x * (1 + std::erf(x / std::sqrt(2))); }, {}, 0, 1},
        {Pointwise::gelu_tanh, {}, [](double x) { return 0.5 * x * (1 + std::tanh(std::sqrt(2 / M_PI) * (x + 0.044715 * x * x * x))); }, {}, 0, 1},
        {Pointwise::softplus, {}, [](double x) { return std::log(1 + std::exp(x)); }, {}, 0, 1},
        {Pointwise::log_sigmoid, {}, [](double x) { return std::log(1 / (1 + std::exp(-x))); }, {}, 1, 0},
        {Pointwise::softsign, {}, [](double x) { return x / (std::fabs(x) + 1); }, {}, 0, 0},
        {Pointwise::squareplus, {2}, [](double x) { return (x + std::sqrt(x * x + 4)) / 2; }, {}, 0, 1},
        {Pointwise::sparse_plus, {}, [](double x) { return x < -1 ? 0 : x > 1 ? x : std::pow(x + 1, 2) / 4; }, {-1, 1}, 0, 1},
        {Pointwise::exponential, {}, [](double x) { return std::exp(x); }, {}, 0},
        {Pointwise::log, {}, [](double x) { return std::log(x); }, {}, std::nan(""), 0, true},
        {Pointwise::silu, {}, [](double x) { return x / (1 + std::exp(-x)); }, {}, 0, 1},
        {Pointwise::mish, {}, [](double x) { return x * std::tanh(std::log(1 + std::exp(x))); }, {}, 0, 1},
        {Pointwise::hard_sigmoid, {0.25, 2}, [](double x) { return std::fmin(std::fmax(x / 4 + 0.5, 0), 1); }, {-2, 2}, 0, 0},
        {Pointwise::hard_silu, {0.25, 2}, [](double x) { return x * std::fmin(std::fmax(x / 4 + 0.5, 0), 1); }, {-2, 2}, 0, 1},
        {Pointwise::hard_tanh, {}, [](double x) { return std::fmin(std::fmax(x, -1), 1); }, {-1, 1}, 0, 0},
        {Pointwise::tanh_shrink, {}, [](double x) { return x - std::tanh(x); }, {}, 1, 1, false, 8},
        {Pointwise::soft_shrink, {0.5}, [](double x) { return std::copysign(std::fmax(std::fabs(x) - 0.5, 0), x); }, {-0.5, 0.5}, 1, 1},
        {Pointwise::hard_shrink, {0.5}, [](double x) { return std::fabs(x) > 0.5 ? x : 0; }, {-0.5, 0.5}, 1, 1},
        {Pointwise::threshold, {0.5, -2}, [](double x) { return x > 0.5 ? x : -2; }, {0.5}, 0, 1},
        {Pointwise::square, {}, [](double x) { return x * x; }},
        {Pointwise::sqrt, {}, [](double x) { return std::pow(x, 0.5); }, {}, std::nan(""), 0, true},
        {Pointwise::reciprocal, {}, [](double x) { return 1 / x; }, {}, std::nan(""), 0, true},
    };
    return rows;
}

/// The point itself, or one beside it where the function is defined and does not bend within 0.01: differences must not step over a kink.
inline double away_from_kinks(const PointwiseRow& row, double x) {
    if (row.positive) x = std::abs(x) + 0.5;
    for (bool near = true; near;) {
        near = false;
        for (const double kink : row.kinks) near = near || std::abs(x - kink) < 0.01;
        if (near) x += 0.125;
    }
    return static_cast<float>(x);
}

}  // namespace assay::test
