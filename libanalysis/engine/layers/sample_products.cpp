#include "libanalysis/engine/layers/sample_products.hpp"

#include <algorithm>

namespace assay::engine::layers {

namespace {

std::size_t elements(std::int64_t a, std::int64_t b, std::int64_t c = 1) {
    return static_cast<std::size_t>(a) * static_cast<std::size_t>(b) * static_cast<std::size_t>(c);
}

}  // namespace

// The Gram route multiplies terms of both signs, so that it has to pay for its rounding.
bool SampleProducts::by_gram() const {
    const double wide = static_cast<double>(seeds * outer), direct = static_cast<double>(cells) * static_cast<double>(inner) * wide;
    const double gram = static_cast<double>(cells) * static_cast<double>(cells) * (static_cast<double>(inner) + wide + 4);
    return 1.5 * gram < direct;
}

std::int64_t SampleProducts::samples_at_a_time() const {
    const std::int64_t wide = seeds * outer, result = by_gram() ? 2 * cells * cells : inner * wide;
    return std::clamp<std::int64_t>((std::int64_t{1} << 17) / (cells * (inner + wide) + result), 1, batch);
}

void SampleProducts::for_blocks(Backend& lane, const std::function<void(std::int64_t first, std::int64_t count, ConstView d)>& visit) const {
    const std::int64_t wide = seeds * outer, most = samples_at_a_time();
    Buffer packed;
    if (seeds > 1) packed = lane.allocate(gy.type, elements(most, cells, wide));
    for (std::int64_t first = 0; first < batch; first += most) {
        const std::int64_t count = std::min(most, batch - first);
        if (seeds == 1) {
            visit(first, count, gy.slice(elements(first, cells, outer), elements(count, cells, outer)));
            continue;
        }
        for (std::int64_t k = 0; k < seeds; ++k)   // the seeds side by side
            lane.copy_block(count * cells, outer, gy.slice(elements(k * batch + first, cells, outer), elements(count, cells, outer)), outer,
                            packed.view().slice(static_cast<std::size_t>(k * outer), packed.size() - static_cast<std::size_t>(k * outer)), wide, false);
        visit(first, count, packed.view().slice(0, elements(count, cells, wide)));
    }
}

void SampleProducts::cell_sums(Backend& lane, std::int64_t count, ConstView d, View sums) const {
    Buffer ones = lane.allocate(d.type, static_cast<std::size_t>(cells));
    lane.fill(ones.view(), 1);
    const std::int64_t wide = seeds * outer;
    lane.gemm_batched(false, false, 1, wide, cells, 1, ones.view(), cells, 0, d, wide, cells * wide, 0, sums, wide, wide, count);
}

void SampleProducts::norms(Backend& lane, View kernel, View bias) const {
    const std::int64_t wide = seeds * outer, most = samples_at_a_time(), side = by_gram() ? cells : inner, width = by_gram() ? cells : wide;
    Buffer product, gram, sums;
    if (!kernel.empty()) product = lane.allocate(gy.type, elements(most, side, width));
    if (!kernel.empty() && by_gram()) gram = lane.allocate(gy.type, elements(most, cells, cells));
    if (!bias.empty()) sums = lane.allocate(gy.type, elements(most, wide));
    for_blocks(lane, [&](std::int64_t first, std::int64_t count, ConstView d) {
        const auto of = [&](View target) { return target.slice(static_cast<std::size_t>(first), static_cast<std::size_t>(count)); };
        if (!kernel.empty()) {
            const ConstView x = rows(first, count);
            ConstView other = product.const_view();
            if (by_gram()) {
                lane.gemm_batched(false, true, cells, cells, inner, 1, x, inner, cells * inner, x, inner, cells * inner, 0, gram.view(), cells,
                                  cells * cells, count);
                lane.gemm_batched(false, true, cells, cells, wide, 1, d, wide, cells * wide, d, wide, cells * wide, 0, product.view(), cells,
                                  cells * cells, count);
                other = gram.const_view();
            } else {
                lane.gemm_batched(true, false, inner, wide, cells, 1, x, inner, cells * inner, d, wide, cells * wide, 0, product.view(), wide,
                                  inner * wide, count);
            }
            lane.row_dots(product.view(), other, count, side * width, of(kernel), true);
        }
        if (bias.empty()) return;
        cell_sums(lane, count, d, sums.view());
        lane.row_dots(sums.view(), sums.view(), count, wide, of(bias), true);
    });
}

void SampleProducts::squares(Backend& lane, View kernel, View bias) const {
    const std::int64_t wide = seeds * outer, most = samples_at_a_time();
    Buffer product, product_squares, sums, sum_squares;
    if (!kernel.empty()) product = lane.allocate(gy.type, elements(most, inner, wide)), product_squares = lane.zeros(gy.type, elements(inner, wide));
    if (!bias.empty()) sums = lane.allocate(gy.type, elements(most, wide)), sum_squares = lane.zeros(gy.type, elements(1, wide));
    for_blocks(lane, [&](std::int64_t first, std::int64_t count, ConstView d) {
        const auto add = [&](const Buffer& from, View to) {
            for (std::int64_t n = 0; n < count; ++n) {
                const ConstView one = from.view().slice(static_cast<std::size_t>(n) * to.size, to.size);
                lane.multiply(one, one, to, true);
            }
        };
        if (!kernel.empty()) {
            lane.gemm_batched(true, false, inner, wide, cells, 1, rows(first, count), inner, cells * inner, d, wide, cells * wide, 0, product.view(),
                              wide, inner * wide, count);
            add(product, product_squares.view());
        }
        if (bias.empty()) return;
        cell_sums(lane, count, d, sums.view());
        add(sums, sum_squares.view());
    });
    const auto fold = [&](ConstView from, std::int64_t height, View to) {   // over the seeds
        for (std::int64_t k = 0; k < seeds; ++k)
            lane.copy_block(height, outer, from.slice(static_cast<std::size_t>(k * outer), from.size - static_cast<std::size_t>(k * outer)), wide, to, outer, true);
    };
    if (!kernel.empty()) fold(product_squares.const_view(), inner, kernel);
    if (!bias.empty()) fold(sum_squares.const_view(), 1, bias);
}

}  // namespace assay::engine::layers
