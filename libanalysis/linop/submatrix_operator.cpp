#include "libanalysis/linop/submatrix_operator.hpp"

#include "libanalysis/core/error.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace assay::linop {

SubmatrixOperator::SubmatrixOperator(const LinearOperator& a, std::vector<Block> ranges) : a_(a), ranges_(std::move(ranges)) {
    const std::size_t n = a.rows();
    if (a.cols() != n)
        throw Error(ErrorKind::internal, {"submatrix", "a square operator", std::to_string(n) + " x " + std::to_string(a.cols())});
    std::vector<Block> sorted = ranges_;
    std::sort(sorted.begin(), sorted.end(), [](const Block& p, const Block& q) { return std::pair(p.offset, p.size) < std::pair(q.offset, q.size); });
    std::size_t free = 0;
    for (const Block& range : sorted) {
        if (range.offset < free || range.offset > n || range.size > n - range.offset)
            throw Error(ErrorKind::internal, {"submatrix, range " + range.name, "ranges without overlap within " + std::to_string(n) + " rows",
                        std::to_string(range.offset) + " + " + std::to_string(range.size)});
        free = range.offset + range.size;
        size_ += range.size;
    }
}

/// copy(where a range starts among the rows of this operator, the range).
template <class Copy>
void SubmatrixOperator::each_range(Copy&& copy) const {
    std::size_t at = 0;
    for (const Block& range : ranges_) {
        copy(at, range);
        at += range.size;
    }
}

/// Spreads x over the whole, multiplies, gathers y.
template <class T, class Product>
void SubmatrixOperator::within(std::span<const T> x, std::span<T> y, Product&& product) const {
    std::vector<T> wide(a_.cols()), image(a_.rows());
    each_range([&](std::size_t at, const Block& range) { std::copy_n(x.data() + at, range.size, wide.data() + range.offset); });
    product(std::span<const T>(wide), std::span<T>(image));
    each_range([&](std::size_t at, const Block& range) { std::copy_n(image.data() + range.offset, range.size, y.data() + at); });
}

void SubmatrixOperator::apply(std::span<const double> x, std::span<double> y) const {
    within(x, y, [&](std::span<const double> wide, std::span<double> image) { a_.apply(wide, image); });
}

void SubmatrixOperator::apply(std::span<const float> x, std::span<float> y) const {
    within(x, y, [&](std::span<const float> wide, std::span<float> image) { a_.apply(wide, image); });
}

void SubmatrixOperator::apply_transpose(std::span<const double> x, std::span<double> y) const {
    within(x, y, [&](std::span<const double> wide, std::span<double> image) { a_.apply_transpose(wide, image); });
}

void SubmatrixOperator::apply_on_device(engine::ConstView x, engine::View y) const {
    engine::Backend& device = *a_.device();
    engine::Buffer wide = device.zeros(x.type, a_.cols()), image = device.allocate(y.type, a_.rows());
    each_range([&](std::size_t at, const Block& range) {
        if (range.size > 0) device.copy(x.slice(at, range.size), wide.view().slice(range.offset, range.size));
    });
    a_.apply_on_device(wide.view(), image.view());
    each_range([&](std::size_t at, const Block& range) {
        if (range.size > 0) device.copy(image.const_view().slice(range.offset, range.size), y.slice(at, range.size));
    });
}

}  // namespace assay::linop
