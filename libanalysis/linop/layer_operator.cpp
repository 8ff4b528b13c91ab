#include "libanalysis/linop/layer_operator.hpp"

#include <algorithm>

namespace assay::linop {

LayerOperator::LayerOperator(engine::Backend& lane, const engine::Layer& layer, const Shape& input,
                             std::vector<engine::ConstView> parameters, engine::DType precision)
    : lane_(lane), layer_(layer), parameters_(std::move(parameters)), precision_(precision),
      input_(lane.allocate(precision, static_cast<std::size_t>(element_count(input)))),
      output_(lane.allocate(precision, static_cast<std::size_t>(element_count(layer.output_shape())))) {
    lane_.fill(input_.view(), 0.0);
}

void LayerOperator::upload(std::span<const double> host, engine::Buffer& to) const {
    if (precision_ == engine::DType::float64) return lane_.upload(host.data(), to.view());
    host_.assign(host.begin(), host.end());
    lane_.upload(host_.data(), to.view());
}

void LayerOperator::download(const engine::Buffer& from, std::span<double> host) const {
    if (precision_ == engine::DType::float64) return lane_.download(from.const_view(), host.data());
    host_.resize(from.size());
    lane_.download(from.const_view(), host_.data());
    std::copy(host_.begin(), host_.end(), host.begin());
}

void LayerOperator::apply(std::span<const double> x, std::span<double> y) const {
    upload(x, input_);
    saved_.clear();
    const engine::Frame frame{.batch = 1, .inputs = {input_.const_view()}, .masks = {{}}, .parameters = parameters_,
                              .output = output_.view(), .output_mask = {}, .saved = &saved_};
    layer_.forward(lane_, frame);
    download(output_, y);
}

void LayerOperator::apply_transpose(std::span<const double> x, std::span<double> y) const {
    upload(x, output_);
    lane_.fill(input_.view(), 0.0);   // gradients are added
    engine::Buffer value = lane_.zeros(precision_, input_.size());   // the layer is linear: its input does not matter
    const engine::Frame frame{.batch = 1, .inputs = {value.const_view()}, .masks = {{}}, .parameters = parameters_,
                              .output = output_.view(), .output_mask = {}, .saved = &saved_};
    const engine::View gradient[] = {input_.view()};
    layer_.backward_input(lane_, frame, output_.const_view(), gradient);
    download(input_, y);
}

}  // namespace assay::linop
