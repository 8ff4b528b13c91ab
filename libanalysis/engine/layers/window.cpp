#include "libanalysis/engine/layers/window.hpp"

#include <algorithm>
#include <string>

namespace assay::engine::layers {
namespace {

constexpr std::int64_t most_padding = std::int64_t{1} << 20;

bool is_given(const LayerSpec& spec, std::string_view key) {
    const auto found = spec.attributes.find(std::string(key));
    return found != spec.attributes.end() && !found->is_null();
}

bool is_amount(const Json& json) { return json.is_number_integer() && json >= 0 && json <= most_padding; }

struct Padding {
    std::string name;             // empty: given
    std::vector<Amounts> given;   // by axis
};

Padding padding_of(const LayerSpec& spec, std::size_t axes, Named named) {
    if (is_given(spec, "padding") && spec.attributes["padding"].is_array()) return {"", amounts(spec, "padding", axes)};
    const std::string name = spec.text("padding", "valid");
    if (name == "causal" ? named != Named::or_causal : name != "valid" && name != "same")
        spec.fail(named == Named::or_causal ? "`padding` same, valid or causal" : "`padding` same or valid", name);
    return {name, {}};
}

/// The rows and columns that `place` makes of each axis of the input.
template <class Place>
Windows for_axes(const LayerSpec& spec, std::size_t axes, const std::vector<std::int64_t>& size, const std::vector<std::int64_t>& strides,
                 const std::vector<std::int64_t>& dilation, Place&& place) {
    const Shape& image = image_of(spec, axes);
    Windows windows;
    for (std::size_t axis = 0; axis < axes; ++axis) {
        Window& window = axis + 1 == axes ? windows.columns : windows.rows;
        window.size = size[axis];
        window.stride = strides[axis];
        window.dilation = dilation[axis];
        place(axis, image[axis], window);
    }
    return windows;
}

}  // namespace

Windows slide(const LayerSpec& spec, std::size_t axes, const std::vector<std::int64_t>& size, const std::vector<std::int64_t>& strides,
              const std::vector<std::int64_t>& dilation, Named named) {
    const Padding padding = padding_of(spec, axes, named);
    return for_axes(spec, axes, size, strides, dilation, [&](std::size_t axis, std::int64_t cells, Window& window) {
        const std::int64_t reach = window.reach(), stride = window.stride;
        window.cells = cells;
        if (!padding.given.empty()) window.before = padding.given[axis].before, window.after = padding.given[axis].after;
        if (padding.name == "causal") window.before = reach - 1;
        if (padding.name == "same") {
            const std::int64_t total = std::max<std::int64_t>(((cells + stride - 1) / stride - 1) * stride + reach - cells, 0);
            window.before = total / 2;
            window.after = total - total / 2;
        }
        const std::int64_t whole = window.before + cells + window.after;
        if (reach > whole) spec.fail("a window that fits the input", "a reach of " + std::to_string(reach) + " over " + std::to_string(whole) + " cells");
        window.out = (whole - reach) / stride + 1;
    });
}

Windows slide_back(const LayerSpec& spec, std::size_t axes, const std::vector<std::int64_t>& size, const std::vector<std::int64_t>& strides,
                   const std::vector<std::int64_t>& dilation) {
    const Padding padding = padding_of(spec, axes, Named::valid_or_same);
    std::vector<std::int64_t> extra;
    if (is_given(spec, "output_padding")) {
        const Json& json = spec.attributes["output_padding"];
        if (!json.is_array() || json.size() != axes || !std::all_of(json.begin(), json.end(), is_amount))
            spec.fail("`output_padding` of " + std::to_string(axes) + " integers from 0 to 2^20", json.dump());
        extra = json.get<std::vector<std::int64_t>>();
    }
    return for_axes(spec, axes, size, strides, dilation, [&](std::size_t axis, std::int64_t out, Window& window) {
        const std::int64_t reach = window.reach(), stride = window.stride, spread = (out - 1) * stride;   // where the last window begins
        window.out = out;
        const bool extended = !extra.empty();
        const std::int64_t added = extended ? extra[axis] : 0;
        if (!padding.given.empty()) {
            window.before = padding.given[axis].before;
            window.cells = spread + reach + added - padding.given[axis].before - padding.given[axis].after;
        } else if (padding.name == "valid") {
            window.cells = spread + reach + (extended ? added : std::max(stride - reach, std::int64_t{0}));
        } else {
            window.cells = extended ? spread + reach % 2 + added : out * stride;
            window.before = std::max<std::int64_t>(spread + reach - window.cells, 0) / 2;
        }
        if (window.cells < 1) spec.fail("an output with at least one cell", std::to_string(window.cells));
        window.after = std::max<std::int64_t>(spread + reach - window.before - window.cells, 0);
        const std::int64_t beyond = window.before + window.cells + window.after - reach - spread;   // cells that no window meets
        if (beyond >= stride) spec.fail("less than " + std::to_string(stride) + " cells beyond the last window, by `output_padding`", std::to_string(beyond));
    });
}

const Shape& image_of(const LayerSpec& spec, std::size_t axes) {
    spec.require_inputs(1);
    spec.require_rank(0, axes + 1);
    return spec.inputs[0];
}

std::vector<std::int64_t> by_axis(const LayerSpec& spec, std::string_view key, std::size_t axes) {
    return is_given(spec, key) ? spec.integers(key, axes) : std::vector<std::int64_t>(axes, 1);
}

std::vector<Amounts> amounts(const LayerSpec& spec, std::string_view key, std::size_t axes) {
    const std::string expected = "`" + std::string(key) + "` " + (axes == 1 ? "[[left, right]]" : "[[top, bottom], [left, right]]") + " of integers from 0 to 2^20";
    if (!is_given(spec, key)) spec.fail(expected, "none");
    const Json& json = spec.attributes[std::string(key)];
    if (!json.is_array() || json.size() != axes) spec.fail(expected, json.dump());
    std::vector<Amounts> result;
    for (const Json& pair : json) {
        if (!pair.is_array() || pair.size() != 2 || !is_amount(pair[0]) || !is_amount(pair[1])) spec.fail(expected, json.dump());
        result.push_back({pair[0].get<std::int64_t>(), pair[1].get<std::int64_t>()});
    }
    return result;
}

Shape extents(std::size_t axes, std::int64_t rows, std::int64_t columns, std::int64_t channels) {
    return axes == 1 ? Shape{columns, channels} : Shape{rows, columns, channels};
}

}  // namespace assay::engine::layers
