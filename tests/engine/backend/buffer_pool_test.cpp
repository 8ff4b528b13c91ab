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

TEST(BufferPool, NeverHoldsMoreThanWasInUseAtATime) {
    BufferPool pool(0);
    void* blocks[4];
    for (void*& block : blocks) block = pool.take(1 << 20);
    EXPECT_EQ(pool.held(), std::size_t{4} << 20);
    for (void* block : blocks) pool.give(block, 1 << 20);
    EXPECT_LE(pool.held(), std::size_t{4} << 20);
    void* large = pool.take(3 << 20);   // another size: the kept blocks make room
    EXPECT_LE(pool.held(), std::size_t{4} << 20);
    void* larger = pool.take(2 << 20);
    EXPECT_EQ(pool.held(), std::size_t{5} << 20);
    pool.give(large, 3 << 20);
    pool.give(larger, 2 << 20);
    EXPECT_LE(pool.held(), std::size_t{5} << 20);
}

TEST(BufferPool, KeepsItsSlackBeyondWhatWasInUse) {
    if (!BufferPool::reuse) GTEST_SKIP() << "SKIPPED: no reuse under the address sanitizer";
    BufferPool pool(std::size_t{8} << 20);
    for (const std::size_t bytes : {std::size_t{1} << 20, std::size_t{2} << 20, std::size_t{4} << 20}) pool.give(pool.take(bytes), bytes);
    EXPECT_EQ(pool.held(), std::size_t{7} << 20) << "though at most 4 MiB were in use at a time";
    pool.give(pool.take(3 << 20), 3 << 20);
    EXPECT_EQ(pool.held(), std::size_t{10} << 20);
    pool.give(pool.take(3 << 19), 3 << 19);
    pool.give(pool.take(5 << 19), 5 << 19);
    EXPECT_LE(pool.held(), std::size_t{12} << 20) << "4 MiB and 8 more";
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
