#include "libanalysis/core/parallel.hpp"

#include <gtest/gtest.h>

#include <numeric>
#include <stdexcept>

using namespace assay;

TEST(ForEachIndex, DoesEveryItemOnce) {
    for (const int threads : {0, 1, 2, 7})
        for (const std::size_t count : {0u, 1u, 5u, 1000u}) {
            std::vector<int> done(count, 0);
            for_each_index(count, threads, [&](std::size_t i) { ++done[i]; });
            EXPECT_EQ(done, std::vector<int>(count, 1)) << threads;
        }
}

TEST(ForEachIndex, AnExceptionEndsTheRestAndArrives) {
    std::atomic<int> done{0};
    EXPECT_THROW(for_each_index(100000, 3, [&](std::size_t i) {
        if (i == 10) throw std::runtime_error("ten");
        ++done;
    }), std::runtime_error);
    EXPECT_LT(done.load(), 100000);
}
