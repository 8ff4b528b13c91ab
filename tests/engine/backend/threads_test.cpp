// Library calls inside our threads are serial: no thread is born beside ours. A control shows that this test would see one.

#include "libanalysis/core/context.hpp"
#include "libanalysis/engine/backend.hpp"
#include "tests/engine/backend/guarded.hpp"

#include <cblas.h>
#include <gtest/gtest.h>
#include <omp.h>
#include <oneapi/dnnl/dnnl.h>

#include <chrono>
#include <filesystem>
#include <thread>

namespace assay::test {

namespace {

using engine::DType;

std::ptrdiff_t threads_of_this_process() {
    return std::distance(std::filesystem::directory_iterator("/proc/self/task"), std::filesystem::directory_iterator());
}

/// Products and convolutions large enough for every library to want more threads.
void heavy_calls(engine::Backend& b) {
    engine::ConvGeometry g;
    g.batch = 8;
    g.in_h = g.in_w = g.out_h = g.out_w = 16;
    g.in_c = g.out_c = 32;
    g.kernel_h = g.kernel_w = 3;
    g.pad_top = g.pad_left = g.pad_bottom = g.pad_right = 1;
    const std::size_t image = 8 * 16 * 16 * 32;
    for (const DType type : {DType::float32, DType::float64}) {
        engine::Buffer a = b.from_host(normals(256 * 256, 1), type), c = b.zeros(type, 256 * 256);
        b.gemm(false, false, 256, 256, 256, 1, a.view(), 256, a.view(), 256, 0, c.view(), 256);
        engine::Buffer x = b.zeros(type, image), y = b.zeros(type, image), w = b.zeros(type, 9 * 32 * 32);
        b.conv_forward(g, x.view(), w.view(), y.view(), false);
        b.conv_backward_input(g, y.view(), w.view(), x.view(), true);
        b.conv_backward_weights(g, x.view(), y.view(), w.view(), true);
    }
}

/// Threads of the process at the end of `body`, run on a thread of ours that may use two. Those of the call before have left first: a
/// joined thread is listed for a moment longer.
template <class Body>
std::ptrdiff_t threads_after(std::ptrdiff_t before, Body&& body) {
    for (int wait = 0; wait < 5000 && threads_of_this_process() > before; ++wait) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    std::ptrdiff_t count = 0;
    std::thread([&] {
        omp_set_num_threads(2);
        body();
        count = threads_of_this_process();
    }).join();
    return count;
}

TEST(LibraryCalls, AreSerialInTheBackendAndWouldBeSeenOtherwise) {
    if (usable_processors() < 2) GTEST_SKIP() << "SKIPPED: one processor, where every call is serial";
    const std::ptrdiff_t before = threads_of_this_process();
    const auto backend = engine::make_cpu_backend();
    EXPECT_EQ(threads_after(before, [&] { heavy_calls(*backend); }), before + 1) << "our thread and nothing else, though two are allowed";
    EXPECT_EQ(threads_after(before, [&] { engine::make_thread_serial(); }), before + 1);

    const std::vector<float> narrow(512 * 512, 0.5f);
    const std::vector<double> wide(512 * 512, 0.5);
    std::vector<float> narrow_product(512 * 512);
    std::vector<double> wide_product(512 * 512);
    const auto sgemm = [&] { dnnl_sgemm('N', 'N', 512, 512, 512, 1, narrow.data(), 512, narrow.data(), 512, 0, narrow_product.data(), 512); };
    const auto dgemm = [&] {
        cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, 512, 512, 512, 1, wide.data(), 512, wide.data(), 512, 0, wide_product.data(), 512);
    };
    EXPECT_GT(threads_after(before, sgemm), before + 1) << "the control: oneDNN starts a thread where it may";
    EXPECT_GT(threads_after(before, dgemm), before + 1) << "the control: OpenBLAS starts a thread where it may";
    const auto serial = [&](const auto& call) {
        return [&] {
            engine::make_thread_serial();
            call();
        };
    };
    EXPECT_EQ(threads_after(before, serial(sgemm)), before + 1) << "make_thread_serial() is enough for oneDNN";
    EXPECT_EQ(threads_after(before, serial(dgemm)), before + 1) << "make_thread_serial() is enough for OpenBLAS";
}

TEST(LibraryCalls, UseTheOpenMpBuildOfOpenBlas) { EXPECT_EQ(openblas_get_parallel(), 2); }

// Many of our threads call the libraries at once: same bits as alone.
TEST(LibraryCalls, GiveTheSameBitsFromManyThreads) {
    const std::vector<double> values = normals(96 * 96, 1);
    const auto compute = [&](DType type) {
        const auto b = engine::make_cpu_backend();
        engine::Buffer a = b->from_host(values, type), c = b->zeros(type, 96 * 96);
        for (int repeat = 0; repeat < 20; ++repeat) b->gemm(false, true, 96, 96, 96, 1.0 / 96, a.view(), 96, a.view(), 96, 0.5, c.view(), 96);
        return b->to_host(c.view());
    };
    std::thread([&] {
        engine::make_thread_serial();
        for (const DType type : {DType::float32, DType::float64}) {
            const std::vector<double> alone = compute(type);
            std::vector<std::thread> threads;
            std::vector<std::vector<double>> together(12);
            for (std::vector<double>& result : together) {
                threads.emplace_back([&] {
                    engine::make_thread_serial();
                    for (int repeat = 0; repeat < 10; ++repeat) result = compute(type);
                });
            }
            for (std::thread& thread : threads) thread.join();
            for (const std::vector<double>& result : together) EXPECT_EQ(result, alone);
        }
    }).join();
}

}  // namespace

}  // namespace assay::test
