#include "libanalysis/core/shape.hpp"

#include "libanalysis/core/error.hpp"

namespace assay {

std::int64_t element_count(std::span<const std::int64_t> shape) {
    constexpr std::int64_t limit = std::int64_t{1} << 62;
    std::int64_t count = 1;
    for (const std::int64_t extent : shape) {
        if (extent < 0 || (extent > 0 && count > limit / extent))
            throw Error(ErrorKind::data, {"shape", "extents with a product below 2^62", to_string(shape)});
        count *= extent;
    }
    return count;
}

std::string to_string(std::span<const std::int64_t> shape) {
    std::string text = "[";
    for (std::size_t i = 0; i < shape.size(); ++i) {
        if (i > 0) text += ", ";
        text += shape[i] < 0 ? "?" : std::to_string(shape[i]);
    }
    return text + "]";
}

}  // namespace assay
