// Convolution windows and pooling: what the functors give is what the CPU backend gives.

#include "libanalysis/engine/device/pooling.hpp"
#include "libanalysis/engine/device/windows.hpp"
#include "tests/engine/device/host_system.hpp"

#include <cmath>
#include <limits>

namespace assay::test {

namespace {

namespace device = engine::device;
using engine::ConvGeometry;
using engine::PoolGeometry;

template <class T>
class WindowFunctors : public testing::Test {
protected:
    std::unique_ptr<engine::Backend> cpu = engine::make_cpu_backend();
};
TYPED_TEST_SUITE(WindowFunctors, Precisions);

/// A convolution whose axes cannot be mixed up.
ConvGeometry conv(std::int64_t in_c, std::int64_t out_c, std::int64_t stride, std::int64_t dilation, std::int64_t before, std::int64_t groups) {
    ConvGeometry g;
    g.batch = 3;
    g.in_h = 9;
    g.in_w = 11;
    g.in_c = in_c;
    g.out_c = out_c;
    g.kernel_h = 3;
    g.kernel_w = 2;
    g.stride_h = g.stride_w = stride;
    g.dilation_h = g.dilation_w = dilation;
    g.pad_top = before;
    g.pad_left = before + 1;
    g.pad_bottom = before;
    g.groups = groups;
    g.out_h = (g.in_h + g.pad_top + g.pad_bottom - (g.kernel_h - 1) * dilation - 1) / stride + 1;
    g.out_w = (g.in_w + g.pad_left - (g.kernel_w - 1) * dilation - 1) / stride + 1;
    return g;
}

const ConvGeometry convolutions[] = {conv(1, 1, 1, 1, 0, 1), conv(3, 4, 1, 1, 1, 1), conv(3, 2, 2, 1, 1, 1), conv(2, 3, 1, 2, 2, 1),
                                     conv(2, 3, 2, 3, 2, 1), conv(4, 6, 2, 1, 1, 2), conv(3, 3, 3, 2, 1, 3)};

TYPED_TEST(WindowFunctors, UnrollAnyPixels) {
    using T = TypeParam;
    for (const ConvGeometry& g : convolutions) {
        if (g.groups > 1) continue;   // conv_windows has one group; the next test has more
        const std::int64_t pixels = g.batch * g.out_h * g.out_w, row = g.kernel_h * g.kernel_w * g.in_c;
        std::vector<T> x = random<T>(g.batch * g.in_h * g.in_w * g.in_c, 1), expected(static_cast<std::size_t>(pixels * row)), found = expected;
        this->cpu->conv_windows(g, view(x), view(expected));
        for (std::int64_t first = 0; first < pixels; first += 7) {
            const std::int64_t count = std::min<std::int64_t>(7, pixels - first);
            each(count * row, device::Unroll<T>{g, x.data(), found.data() + first * row, first});
        }
        EXPECT_EQ(found, expected);
    }
}

// Convolution and its transpose from unrolled windows, products of the CPU between: in blocks of pixels that end inside images.
TYPED_TEST(WindowFunctors, MakeConvolutionsOutOfProducts) {
    using T = TypeParam;
    for (const ConvGeometry& g : convolutions) {
        const std::int64_t pixels = g.batch * g.out_h * g.out_w, depth = g.in_c / g.groups, width = g.out_c / g.groups;
        const std::int64_t window = g.kernel_h * g.kernel_w * depth, row = window * g.groups;
        std::vector<T> x = random<T>(g.batch * g.in_h * g.in_w * g.in_c, 1), w = random<T>(window * g.out_c, 2), gy = random<T>(pixels * g.out_c, 3);
        std::vector<T> y(gy.size()), expected_y = y, gx = random<T>(static_cast<std::int64_t>(x.size()), 4), expected_gx = gx;
        this->cpu->conv_forward(g, view(x), view(w), view(expected_y), false);
        this->cpu->conv_backward_input(g, view(gy), view(w), view(expected_gx), true);
        for (const std::int64_t block : {std::int64_t{7}, g.out_h * g.out_w, pixels}) {
            std::vector<T> windows(static_cast<std::size_t>(block * row)), result = gx;
            for (std::int64_t first = 0; first < pixels; first += block) {
                const std::int64_t count = std::min(block, pixels - first), image = first / (g.out_h * g.out_w);
                const std::int64_t images = (first + count - 1) / (g.out_h * g.out_w) - image + 1;
                const auto from = [](std::vector<T>& values, std::int64_t offset) {
                    return view(values).slice(static_cast<std::size_t>(offset), values.size() - static_cast<std::size_t>(offset));
                };
                each(count * row, device::Unroll<T>{g, x.data(), windows.data(), first});
                for (std::int64_t k = 0; k < g.groups; ++k) {
                    this->cpu->gemm(false, false, count, width, window, 1, from(windows, k * window), row, from(w, k * width), g.out_c, 0,
                                    from(y, first * g.out_c + k * width), g.out_c);
                }
                for (std::int64_t k = 0; k < g.groups; ++k) {
                    this->cpu->gemm(false, true, count, window, width, 1, from(gy, first * g.out_c + k * width), g.out_c, from(w, k * width), g.out_c, 0,
                                    from(windows, k * window), row);
                }
                each(images * g.in_h * g.in_w * g.in_c, device::Roll<T>{g, windows.data(), result.data(), first, count, image});
            }
            expect_close(y, expected_y, "convolution");
            expect_close(result, expected_gx, "its transpose");
        }
    }
}

PoolGeometry pool(std::int64_t channels, std::int64_t window, std::int64_t stride, std::int64_t before) {
    PoolGeometry g;
    g.batch = 2;
    g.in_h = 7;
    g.in_w = 9;
    g.channels = channels;
    g.pool_h = window;
    g.pool_w = window + 1;
    g.stride_h = g.stride_w = stride;
    g.pad_top = before;
    g.pad_left = before;
    g.out_h = (g.in_h + before - 1) / stride + 1;   // the last windows are cut
    g.out_w = (g.in_w + before - 1) / stride + 1;
    return g;
}

const PoolGeometry pools[] = {pool(1, 1, 1, 0), pool(3, 2, 2, 0), pool(33, 3, 2, 1), pool(5, 3, 1, 2), pool(2, 2, 3, 0), pool(4, 7, 4, 0)};

TYPED_TEST(WindowFunctors, Pool) {
    using T = TypeParam;
    for (const PoolGeometry& g : pools) {
        const std::int64_t in = g.batch * g.in_h * g.in_w * g.channels, out = g.batch * g.out_h * g.out_w * g.channels;
        std::vector<T> x = random<T>(in, 1);
        for (T& value : x) value = std::round(2 * value);   // many ties: the first counts
        x[x.size() * 3 / 4 + 1] = std::numeric_limits<T>::quiet_NaN();   // inside an image: not the first cell of every window
        std::vector<T> y(static_cast<std::size_t>(out), T(5)), expected = y;
        std::vector<std::int32_t> argmax(y.size(), -1), expected_argmax = argmax;
        this->cpu->max_pool(g, view(x), view(expected), view(expected_argmax));
        each(out, device::MaxPool<T>{g, x.data(), y.data(), argmax.data()});
        EXPECT_EQ(argmax, expected_argmax);
        int bad = 0;
        for (std::size_t i = 0; i < y.size(); ++i) {
            EXPECT_TRUE(y[i] == expected[i] || (std::isnan(y[i]) && std::isnan(expected[i])));
            bad += std::isnan(y[i]);
        }
        EXPECT_GT(bad + (g.stride_h > g.pool_h), 0) << "the NaN was not seen";

        x = random<T>(in, 2);
        this->cpu->average_pool(g, view(x), view(expected));
        each(out, device::AveragePool<T>{g, x.data(), y.data()});
        expect_close(y, expected, "average_pool");

        std::vector<T> gy = random<T>(out, 3), gx = random<T>(in, 4), expected_gx = gx;
        this->cpu->average_pool_transpose(g, view(gy), view(expected_gx));
        each(in, device::AveragePoolTranspose<T>{g, gy.data(), gx.data()});
        expect_close(gx, expected_gx, "average_pool_transpose");
    }
}

}  // namespace

}  // namespace assay::test
