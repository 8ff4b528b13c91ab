#include "libanalysis/engine/cpu/buffer_pool.hpp"

#include "libanalysis/engine/backend.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <thread>

namespace assay::test {
namespace {

using engine::cpu::BufferPool;

TEST(BufferPool, GivesABlockOutAgainForTheSameSize) {
    if (!BufferPool::reuse) GTEST_SKIP() << "SKIPPED: no reuse under the address sanitizer";
    BufferPool pool;
    void* first = pool.take(65536);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(first) % 64, 0u);
    std::thread([&] { pool.give(first, 65536); }).join();   // results are committed by other threads
    EXPECT_EQ(pool.take(65536), first);
    void* second = pool.take(65536);
    EXPECT_NE(second, first);
    pool.give(first, 65536);
    pool.give(second, 65536);
}

TEST(BufferPool, HoldsLittleMoreThanWasInUseAtATime) {
    constexpr std::size_t mebibyte = std::size_t{1} << 20, slack = 64 * mebibyte;   // as documented
    BufferPool pool;
    void* blocks[4];
    for (void*& block : blocks) block = pool.take(40 * mebibyte);
    EXPECT_EQ(pool.held(), 160 * mebibyte);
    for (void* block : blocks) pool.give(block, 40 * mebibyte);
    EXPECT_LE(pool.held(), 160 * mebibyte);
    void* large = pool.take(100 * mebibyte);   // another size: kept blocks make room
    EXPECT_LE(pool.held(), 160 * mebibyte + slack);
    void* larger = pool.take(140 * mebibyte);
    EXPECT_LE(pool.held(), 240 * mebibyte + slack);
    void* small = pool.take(30 * mebibyte);
    EXPECT_LE(pool.held(), 270 * mebibyte + slack);
    pool.give(large, 100 * mebibyte);
    pool.give(larger, 140 * mebibyte);
    pool.give(small, 30 * mebibyte);
    EXPECT_LE(pool.held(), 270 * mebibyte + slack);
}

TEST(BufferPool, BuffersOutliveTheirLane) {
    engine::Buffer buffer;
    {
        const auto backend = engine::make_cpu_backend();
        buffer = backend->lane()->from_host(std::vector<double>(100000, 2.5), engine::DType::float64);
    }
    EXPECT_EQ(static_cast<const double*>(buffer.const_view().data)[99999], 2.5);
}

}  // namespace
}  // namespace assay::test
