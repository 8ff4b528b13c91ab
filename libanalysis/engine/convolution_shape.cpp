#include "libanalysis/engine/convolution_shape.hpp"

#include "libanalysis/core/error.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace assay::engine {
namespace {

constexpr std::array<std::string_view, 6> kinds{"conv1d", "conv2d", "depthwise_conv1d", "depthwise_conv2d", "conv1d_transpose", "conv2d_transpose"};

}  // namespace

bool is_convolution(const model::Node& node) { return std::find(kinds.begin(), kinds.end(), node.kind) != kinds.end(); }
bool is_depthwise(const model::Node& node) { return is_convolution(node) && node.kind.starts_with("depthwise"); }
bool is_transposed(const model::Node& node) { return is_convolution(node) && node.kind.ends_with("transpose"); }

ConvolutionShape convolution_shape(const model::Node& node, const Shape& kernel, const Shape& input) {
    if (!is_convolution(node) || kernel.size() < 3 || input.size() + 1 != kernel.size())
        throw Error(ErrorKind::unsupported, {"layer " + node.layer, "a convolution for a convolution norm", node.layer_class});
    const std::size_t axes = kernel.size() - 2;
    const auto dilation = node.attributes.value("dilation_rate", std::vector<std::int64_t>(axes, 1));
    ConvolutionShape shape{.kernel_w = kernel[axes - 1], .in = kernel[axes], .out = kernel[axes + 1],
                           .groups = node.attributes.value("groups", std::int64_t{1}), .dilation_w = dilation.at(axes - 1), .width = input[axes - 1]};
    if (axes == 2) shape.kernel_h = kernel[0], shape.dilation_h = dilation.at(0), shape.height = input[0];
    if (is_depthwise(node)) {
        shape.groups = shape.in;
        shape.out = shape.in * shape.out;
        shape.in = 1;
    }
    return shape;
}

std::size_t output_channel(const model::Node& node, const Shape& kernel, std::size_t index) {
    const auto last = static_cast<std::size_t>(kernel.back()), before = static_cast<std::size_t>(kernel[kernel.size() - 2]);
    if (is_depthwise(node)) return index % (before * last);
    if (!is_transposed(node)) return index % last;
    const auto inputs_of_a_group = last / static_cast<std::size_t>(node.attributes.value("groups", std::int64_t{1}));
    return index % last / inputs_of_a_group * before + index / last % before;
}

}  // namespace assay::engine
