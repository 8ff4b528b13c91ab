// Measures of weights on convolutions of every kind, against matrices written out by hand.

#include "libanalysis/engine/convolution_shape.hpp"
#include "libanalysis/engine/passes.hpp"
#include "libanalysis/measures/folded.hpp"
#include "libanalysis/spectral/singular_values.hpp"
#include "tests/measures/models.hpp"
#include "tests/support/tolerance.hpp"

namespace assay::measures {
namespace {

using test::Builder;
using test::rows_of;
using test::subject_of;
using test::value_of;

/// A dense matrix, filled entry by entry.
struct Matrix {
    std::size_t rows, cols;
    std::vector<double> values;
    Matrix(std::size_t height, std::size_t width) : rows(height), cols(width), values(height * width, 0.0) {}
    double& at(std::size_t row, std::size_t col) { return values.at(row * cols + col); }
    double norm() const { return spectral::singular_values(std::span<const double>(values), rows, cols).at(0); }
};

double weight(const model::Model& model, std::size_t index) { return model.weights[0].at(index); }

TEST(ConvolutionNorms, OverTimeAreThoseOfTheirMatrix) {
    // 5 steps of 2 channels, 3 filters of 3 taps, padded to the same length
    Builder builder({5, 2});
    builder.convolution("conv1d", Json::parse(R"({"filters":3,"kernel_size":[3],"padding":"same"})"), {3, 2, 3}, 3).flatten();
    const auto model = builder.build();
    Matrix exact(15, 10), circular(15, 10);
    for (std::size_t t = 0; t < 5; ++t)
        for (std::size_t k = 0; k < 3; ++k)
            for (std::size_t c = 0; c < 2; ++c)
                for (std::size_t o = 0; o < 3; ++o) {
                    const double w = weight(*model, (k * 2 + c) * 3 + o);
                    if (t + k >= 1 && t + k < 6) exact.at(t * 3 + o, (t + k - 1) * 2 + c) += w;
                    circular.at(t * 3 + o, (t + k + 4) % 5 * 2 + c) += w;
                }
    Subject subject = subject_of(model);
    EXPECT_NEAR_RELATIVE(value_of(subject, "spectral_norm", "exact", "conv_1"), exact.norm(), 1e-9);
    EXPECT_NEAR_RELATIVE(value_of(subject, "spectral_norm", "circular", "conv_1"), circular.norm(), 1e-9);
}

TEST(ConvolutionNorms, OfTransposesAreThoseOfTheirMatrix) {
    // 4 steps of 3 channels to 2 filters of 3 taps, every 2 steps: 9 steps
    Builder builder({4, 3});
    builder.convolution("conv1d_transpose", Json::parse(R"({"filters":2,"kernel_size":[3],"strides":[2]})"), {3, 2, 3}, 2).flatten();
    const auto model = builder.build();
    Matrix exact(18, 12), circular(8, 12);
    for (std::size_t t = 0; t < 4; ++t)
        for (std::size_t k = 0; k < 3; ++k)
            for (std::size_t o = 0; o < 2; ++o)
                for (std::size_t c = 0; c < 3; ++c) {
                    const double w = weight(*model, (k * 2 + o) * 3 + c);
                    exact.at((2 * t + k) * 2 + o, t * 3 + c) += w;
                    circular.at((t + k) % 4 * 2 + o, t * 3 + c) += w;
                }
    Subject subject = subject_of(model);
    EXPECT_NEAR_RELATIVE(value_of(subject, "spectral_norm", "exact", "conv_1"), exact.norm(), 1e-9);
    EXPECT_NEAR_RELATIVE(value_of(subject, "spectral_norm", "circular", "conv_1"), circular.norm(), 1e-9);
}

TEST(ConvolutionNorms, OfDepthwiseKernelsTakeEveryChannelAlone) {
    // 3 x 4 pixels of 2 channels, 3 outputs a channel, 2 x 2 taps
    Builder builder({3, 4, 2});
    builder.convolution("depthwise_conv2d", Json::parse(R"({"kernel_size":[2,2],"depth_multiplier":3})"), {2, 2, 2, 3}, 6).flatten();
    const auto model = builder.build();
    Matrix exact(2 * 3 * 6, 24), circular(12 * 6, 24);
    std::vector<Matrix> blocks(2, Matrix(4, 3));
    for (std::size_t i = 0; i < 2; ++i)
        for (std::size_t j = 0; j < 2; ++j)
            for (std::size_t c = 0; c < 2; ++c)
                for (std::size_t m = 0; m < 3; ++m) {
                    const double w = weight(*model, ((i * 2 + j) * 2 + c) * 3 + m);
                    blocks[c].at(i * 2 + j, m) = w;
                    for (std::size_t r = 0; r < 3; ++r)
                        for (std::size_t v = 0; v < 4; ++v) {
                            if (r < 2 && v < 3) exact.at((r * 3 + v) * 6 + c * 3 + m, ((r + i) * 4 + v + j) * 2 + c) += w;
                            circular.at((r * 4 + v) * 6 + c * 3 + m, ((r + i) % 3 * 4 + (v + j) % 4) * 2 + c) += w;
                        }
                }
    const double largest = std::max(blocks[0].norm(), blocks[1].norm());
    Subject subject = subject_of(model);
    EXPECT_NEAR_RELATIVE(value_of(subject, "spectral_norm", "matrix", "conv_1"), largest, 1e-13);
    EXPECT_NEAR_RELATIVE(value_of(subject, "spectral_norm", "exact", "conv_1"), exact.norm(), 1e-9);
    EXPECT_NEAR_RELATIVE(value_of(subject, "spectral_norm", "circular", "conv_1"), circular.norm(), 1e-9);
    double squares = 0;
    for (const Matrix& block : blocks)
        for (const double w : block.values) squares += w * w;
    EXPECT_NEAR_RELATIVE(value_of(subject, "stable_rank", "matrix", "conv_1"), squares / (largest * largest), 1e-13);
    EXPECT_EQ(value_of(subject, "weight_count", "", "conv_1"), 24);
    EXPECT_EQ(value_of(subject, "depth"), 1);
}

TEST(OutputChannel, OfAKernelIsThatOfItsLayout) {
    model::Node node{.name = "n", .kind = "conv2d_transpose", .layer = "n", .layer_class = "T", .attributes = {{"groups", 2}}, .parameters = {}};
    // [1, 1, 3 of 6 outputs, 4 inputs]: the inputs 0 and 1 lead to the outputs 0 to 2
    const Shape kernel{1, 1, 3, 4};
    const std::vector<std::size_t> expected{0, 0, 3, 3, 1, 1, 4, 4, 2, 2, 5, 5};
    for (std::size_t i = 0; i < expected.size(); ++i) EXPECT_EQ(engine::output_channel(node, kernel, i), expected[i]) << i;
    node.kind = "depthwise_conv2d";
    for (std::size_t i = 0; i < 12; ++i) EXPECT_EQ(engine::output_channel(node, kernel, i), i) << i;
    node.kind = "conv2d";
    for (std::size_t i = 0; i < 12; ++i) EXPECT_EQ(engine::output_channel(node, kernel, i), i % 4) << i;
}

TEST(Folding, KeepsTheFunctionAfterAnyConvolution) {
    Builder builder({6, 4});
    builder.convolution("conv1d", Json::parse(R"({"filters":4,"kernel_size":[3],"groups":2})"), {3, 2, 4}, 4, false).normalisation(4);
    builder.convolution("depthwise_conv1d", Json::parse(R"({"kernel_size":[2],"depth_multiplier":2})"), {2, 4, 2}, 8).normalisation(8).activation("tanh");
    builder.convolution("conv1d_transpose", Json::parse(R"({"filters":6,"kernel_size":[3],"strides":[2],"groups":2})"), {3, 3, 8}, 6).normalisation(6);
    builder.plain("global_average_pooling_1d").dense(6, 2);
    Subject subject = subject_of(builder.build(), "mean_squared_error");
    std::vector<double> x(24 * 3);
    for (std::size_t i = 0; i < x.size(); ++i) x[i] = Seed{9}.normal(i);
    const data::Rows rows = rows_of(x, {6, 4}, {0, 1, 1});
    subject.set_rows("train", rows);
    const model::Weights other = folded(subject.model(), subject.model().weights);
    const engine::Buffer packed = subject.network().pack(subject.backend(), other);
    const auto at = [&](engine::ConstView parameters) { return engine::outputs_over(subject.network(), subject.backend(), parameters, rows, Context{}).values; };
    EXPECT_LT(test::distance(at(packed.const_view()), at(subject.parameters("final"))), 1e-12);
    for (std::size_t i = 0; i < other.size(); ++i) {
        const model::Role role = subject.model().parameters[i].role;
        for (const double value : other[i].to_double()) EXPECT_TRUE(role != model::Role::gamma || value == 1);
        if (role == model::Role::kernel && subject.model().parameters[i].shape.size() > 2) {
            EXPECT_GT(test::distance(other[i].to_double(), subject.model().weights[i].to_double()), 0.01);
        }
    }
}

TEST(PathNorm, OfWindowsIsTheSumOverTheirPaths) {
    // Every weight of a transposed convolution serves every step once: 5 steps, then doubled, then cut to all but one step at each end.
    Builder builder({5, 2});
    builder.convolution("conv1d_transpose", Json::parse(R"({"filters":3,"kernel_size":[1]})"), {1, 3, 2}, 3, false).plain("up_sampling_1d", Json::parse(R"({"size":[2]})"));
    builder.plain("cropping_1d", Json::parse(R"({"cropping":[[1,1]]})")).plain("zero_padding_1d", Json::parse(R"({"padding":[[2,0]]})"));
    const auto model = builder.build();
    double squares = 0;
    for (std::size_t i = 0; i < 6; ++i) squares += weight(*model, i) * weight(*model, i);
    Subject subject = subject_of(model);
    EXPECT_NEAR_RELATIVE(value_of(subject, "path_norm", "exact"), 8 * squares, 1e-13);

    // With a normalisation: s^2 |w_o|^2 for the 5 steps, and the squared shift.
    Builder normalised({5, 2});
    normalised.convolution("conv1d_transpose", Json::parse(R"({"filters":3,"kernel_size":[2],"strides":[2]})"), {2, 3, 2}, 3).normalisation(3).activation("relu");
    const auto other = normalised.build();
    double paths = 0;
    for (std::size_t o = 0; o < 3; ++o) {
        const double s = other->weights[2].at(o) / std::sqrt(other->weights[5].at(o) + 1e-3);
        const double shift = other->weights[3].at(o) + s * (other->weights[1].at(o) - other->weights[4].at(o));
        for (std::size_t k = 0; k < 2; ++k)
            for (std::size_t c = 0; c < 2; ++c) paths += 5 * s * s * std::pow(weight(*other, (k * 3 + o) * 2 + c), 2);
        paths += 10 * shift * shift;
    }
    Subject with = subject_of(other);
    EXPECT_NEAR_RELATIVE(value_of(with, "path_norm", "exact"), paths, 1e-13);
}

}  // namespace
}  // namespace assay::measures
