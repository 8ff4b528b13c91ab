#include "libanalysis/engine/layer.hpp"

#include "libanalysis/core/error.hpp"
#include "libanalysis/engine/layers/kinds.hpp"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <limits>

namespace assay::engine {
namespace {

// Sizes of windows, units and paddings: larger ones are absurd, and below it no sum of a few products overflows.
constexpr std::int64_t largest_extent = std::int64_t{1} << 30;

std::string show(const Json& value) {
    std::string text = value.dump(-1, ' ', false, Json::error_handler_t::replace);
    return text.size() > 80 ? text.substr(0, 77) + "..." : text;
}

bool is_integer(const Json& value) {
    if (value.is_number_unsigned()) return value.get<std::uint64_t>() <= static_cast<std::uint64_t>(largest_extent);
    if (value.is_number_integer()) return std::abs(value.get<double>()) <= static_cast<double>(largest_extent);
    return value.is_number_float() && value.get<double>() == std::floor(value.get<double>()) &&
           std::abs(value.get<double>()) <= static_cast<double>(largest_extent);
}

std::int64_t as_integer(const Json& value) {
    return value.is_number_float() ? static_cast<std::int64_t>(value.get<double>()) : value.get<std::int64_t>();
}

const Json* find(const Json& attributes, std::string_view key) {
    if (!attributes.is_object()) return nullptr;
    const auto it = attributes.find(std::string(key));
    return it == attributes.end() || it->is_null() ? nullptr : &*it;
}

}  // namespace

void LayerSpec::fail(std::string expected, std::string found) const {
    throw Error(ErrorKind::format, {where, std::move(expected), std::move(found)});
}

std::int64_t LayerSpec::integer(std::string_view key) const {
    const Json* value = find(attributes, key);
    if (!value) fail(fmt::format("an integer `{}`", key), "none");
    if (!is_integer(*value)) fail(fmt::format("an integer `{}` of at most 2^30", key), show(*value));
    return as_integer(*value);
}

std::int64_t LayerSpec::integer(std::string_view key, std::int64_t otherwise) const {
    return find(attributes, key) ? integer(key) : otherwise;
}

double LayerSpec::number(std::string_view key, double otherwise) const {
    const Json* value = find(attributes, key);
    if (!value) return otherwise;
    if (!value->is_number() || !std::isfinite(value->get<double>())) fail(fmt::format("a finite number `{}`", key), show(*value));
    return value->get<double>();
}

bool LayerSpec::boolean(std::string_view key, bool otherwise) const {
    const Json* value = find(attributes, key);
    if (!value) return otherwise;
    if (!value->is_boolean()) fail(fmt::format("`{}` true or false", key), show(*value));
    return value->get<bool>();
}

std::string LayerSpec::text(std::string_view key, std::string_view otherwise) const {
    const Json* value = find(attributes, key);
    if (!value) return std::string(otherwise);
    if (!value->is_string()) fail(fmt::format("a word for `{}`", key), show(*value));
    return value->get<std::string>();
}

std::vector<std::int64_t> LayerSpec::integers(std::string_view key, std::size_t count) const {
    const Json* value = find(attributes, key);
    std::vector<std::int64_t> result;
    bool good = value && value->is_array() && value->size() == count;
    if (good)
        for (const Json& item : *value) {
            good = good && is_integer(item) && as_integer(item) >= 1;
            if (good) result.push_back(as_integer(item));
        }
    if (!good) fail(fmt::format("{} positive integers `{}`", count, key), value ? show(*value) : "none");
    return result;
}

void LayerSpec::require_inputs(std::size_t count) const {
    if (inputs.size() != count) fail(fmt::format("{} input{}", count, count == 1 ? "" : "s"), std::to_string(inputs.size()));
}

void LayerSpec::require_rank(std::size_t input, std::size_t rank) const {
    if (inputs.at(input).size() != rank)
        fail(fmt::format("an input of rank {} without the batch axis", rank), "shape " + to_string(inputs.at(input)));
}

void LayerSpec::require_parameter(std::size_t index, const Shape& shape, std::string_view role) const {
    if (index >= parameters.size()) fail(fmt::format("a {} of shape {}", role, to_string(shape)), "none");
    if (parameters[index] != shape) fail(fmt::format("a {} of shape {}", role, to_string(shape)), "shape " + to_string(parameters[index]));
}

std::span<const LayerKind* const> layer_kinds() {
#define ASSAY_LAYER(name) &layers::name##_kind,
    static constexpr std::array kinds{
#include "libanalysis/engine/layers/layers.def"
    };
#undef ASSAY_LAYER
    return kinds;
}

std::unique_ptr<Layer> make_layer(std::string_view kind, const LayerSpec& spec) {
    for (const LayerKind* known : layer_kinds()) {
        if (known->name != kind) continue;
        if (spec.inputs.empty()) spec.fail("at least one input", "none");
        for (const Shape& shape : spec.inputs)
            for (const std::int64_t extent : shape)
                if (extent < 1) spec.fail("inputs whose extents are known and positive", "shape " + to_string(shape));
        std::unique_ptr<Layer> layer = known->make(spec);
        double values = 1;
        for (const std::int64_t extent : layer->output_shape_) {
            if (extent < 1) spec.fail("an output with positive extents", "shape " + to_string(layer->output_shape_));
            values *= static_cast<double>(extent);
        }
        // A recorded argmax and a gathered row are 32-bit indices.
        if (values > std::numeric_limits<std::int32_t>::max())
            spec.fail("an output of at most 2^31 values per row", "shape " + to_string(layer->output_shape_));
        layer->input_shapes_ = spec.inputs;
        layer->parameter_shapes_ = spec.parameters;
        return layer;
    }
    throw Error(ErrorKind::unsupported, {spec.where, "", "Assay has no layer of kind " + std::string(kind)});
}

void Layer::for_each_gradient(Backend& lane, const Frame& frame, ConstView gy, std::int64_t seeds, std::span<const View> wanted,
                              const std::function<void(std::size_t n, std::span<const View> gradients)>& visit) const {
    const DType type = frame.output.type;
    std::vector<Buffer> gradients(parameter_shapes_.size());
    std::vector<View> views(parameter_shapes_.size());
    bool any = false;
    for (std::size_t j = 0; j < views.size(); ++j) {
        if (j >= wanted.size() || wanted[j].empty()) continue;
        gradients[j] = lane.allocate(type, static_cast<std::size_t>(element_count(parameter_shapes_[j])));
        views[j] = gradients[j].view();
        any = true;
    }
    if (!any) return;
    const auto batch = static_cast<std::size_t>(frame.batch);
    const std::size_t row = frame.output.size / batch;
    for (std::size_t n = 0; n < batch; ++n) {
        Frame one{.batch = 1, .inputs = {}, .masks = {}, .parameters = frame.parameters, .output = frame.output.slice(n * row, row),
                  .output_mask = {}, .saved = nullptr};
        for (const ConstView& x : frame.inputs) one.inputs.push_back(x.slice(n * (x.size / batch), x.size / batch));
        for (const ConstView& mask : frame.masks)
            one.masks.push_back(mask.empty() ? mask : mask.slice(n * (mask.size / batch), mask.size / batch));
        std::vector<Buffer> saved;
        Buffer output, output_mask;
        if (frame.saved && !frame.saved->empty()) {   // what forward saved has a layout of its own: save it again for this sample
            output = lane.allocate(type, row);
            one.output = output.view();
            if (!frame.output_mask.empty()) {
                output_mask = lane.allocate(type, frame.output_mask.size / batch);
                one.output_mask = output_mask.view();
            }
            one.saved = &saved;
            forward(lane, one);
        }
        for (std::size_t k = 0; k < static_cast<std::size_t>(seeds); ++k) {
            for (const View& view : views)
                if (!view.empty()) lane.fill(view, 0);
            backward_weights(lane, one, gy.slice((k * batch + n) * row, row), views);
            visit(n, views);
        }
    }
}

void Layer::weight_gradient_norms(Backend& lane, const Frame& frame, ConstView gy, std::int64_t seeds, std::span<const View> norms) const {
    std::vector<std::vector<double>> sums(norms.size(), std::vector<double>(static_cast<std::size_t>(frame.batch), 0));
    for_each_gradient(lane, frame, gy, seeds, norms, [&](std::size_t n, std::span<const View> gradients) {
        for (std::size_t j = 0; j < gradients.size(); ++j)
            if (!gradients[j].empty()) sums[j][n] += lane.dot(gradients[j], gradients[j]);
    });
    for (std::size_t j = 0; j < norms.size(); ++j)
        if (!norms[j].empty()) lane.axpy(1, lane.from_host(sums[j], norms[j].type).view(), norms[j]);
}

void Layer::weight_gradient_squares(Backend& lane, const Frame& frame, ConstView gy, std::int64_t seeds, std::span<const View> squares) const {
    for_each_gradient(lane, frame, gy, seeds, squares, [&](std::size_t, std::span<const View> gradients) {
        for (std::size_t j = 0; j < gradients.size(); ++j)
            if (!gradients[j].empty()) lane.multiply(gradients[j], gradients[j], squares[j], true);
    });
}

}  // namespace assay::engine
