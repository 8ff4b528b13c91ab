#pragma once
// Where a sliding window stands: the arithmetic that convolutions and poolings share. Windows slide over one axis or over two;
// one axis is two with a height of 1.

#include "libanalysis/engine/layer.hpp"

#include <cstdint>
#include <string_view>
#include <vector>

namespace assay::engine::layers {

/// Windows of `size` taps, `dilation` apart, every `stride` cells of an axis.
struct Window {
    std::int64_t cells = 1, size = 1, stride = 1, dilation = 1;
    std::int64_t out = 1, before = 0, after = 0;   ///< positions; padding on either side
    std::int64_t reach() const { return (size - 1) * dilation + 1; }
};

struct Windows { Window rows, columns; };

struct Amounts { std::int64_t before = 0, after = 0; };

/// Which paddings a layer knows by name, beside valid and same.
enum class Named : std::uint8_t { valid_or_same, or_causal };

/// The windows that `size_key`, `strides` (absent: `stride_otherwise`), `dilation_rate` (absent: 1) and `padding` describe over the input,
/// [rows, columns, channels] or, for one axis, [columns, channels]. `padding`: valid (none); same: ceil(cells / stride) positions, the odd
/// padding cell at the end; causal: no tap ahead of its position; or [[before, after], ..] by axis. @throws Error{format} where none fits.
Windows slide(const LayerSpec& spec, std::size_t axes, const std::vector<std::int64_t>& size, const std::vector<std::int64_t>& strides,
              const std::vector<std::int64_t>& dilation, Named named = Named::valid_or_same);

/// The windows whose transpose the layer is: from the input's cells, which are their positions (`out`), to wider axes (`cells`).
/// Without `output_padding`, valid gives (out - 1) stride + max(reach, stride) cells and same gives out stride; with it they give
/// (out - 1) stride + reach + output_padding and (out - 1) stride + reach mod 2 + output_padding. An explicit padding is cut off
/// both ends, and output_padding (absent: 0) added to the second. @throws Error{format} where no window has these positions.
Windows slide_back(const LayerSpec& spec, std::size_t axes, const std::vector<std::int64_t>& size, const std::vector<std::int64_t>& strides,
                   const std::vector<std::int64_t>& dilation);

/// The shape of the one input, [rows, columns, channels] or [columns, channels]. @throws Error{format} where there is another.
const Shape& image_of(const LayerSpec& spec, std::size_t axes);

/// Positive integers by axis under `key`; ones where it is absent or null.
std::vector<std::int64_t> by_axis(const LayerSpec& spec, std::string_view key, std::size_t axes);

/// [[before, after], ..] by axis under `key`, each from 0 to 2^20.
std::vector<Amounts> amounts(const LayerSpec& spec, std::string_view key, std::size_t axes);

/// [rows, columns, channels], or without rows for one axis.
Shape extents(std::size_t axes, std::int64_t rows, std::int64_t columns, std::int64_t channels);

}  // namespace assay::engine::layers
