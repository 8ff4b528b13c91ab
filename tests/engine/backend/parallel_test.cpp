#include "libanalysis/engine/parallel.hpp"

#include <gtest/gtest.h>
#include <omp.h>

#include <atomic>
#include <chrono>
#include <stdexcept>
#include <thread>

namespace assay::test {

namespace {

using engine::ordered_parallel;

Context threads(int count) {
    Context context;
    context.threads = count;
    return context;
}

/// Work whose duration varies from item to item, so that items finish out of order.
void dawdle(std::int64_t i) { std::this_thread::sleep_for(std::chrono::microseconds((i * 7919) % 300)); }

TEST(OrderedParallel, CommitsEveryItemInOrderForAnyNumberOfThreads) {
    for (const int count : {1, 2, 3, 5, 16}) {
        for (const std::int64_t items : {0, 1, 2, 200}) {
            std::vector<std::int64_t> seen;
            ordered_parallel(
                threads(count), items,
                [&](int lane, std::int64_t i) {
                    EXPECT_LT(lane, engine::lanes_for(threads(count), items));
                    dawdle(i);
                    return std::make_unique<std::int64_t>(i * i);   // results may be move-only
                },
                [&](std::int64_t i, std::unique_ptr<std::int64_t> square) {
                    EXPECT_EQ(*square, i * i);
                    seen.push_back(i);
                });
            ASSERT_EQ(seen.size(), static_cast<std::size_t>(items));
            for (std::int64_t i = 0; i < items; ++i) EXPECT_EQ(seen[static_cast<std::size_t>(i)], i);
        }
    }
}

TEST(OrderedParallel, NeverUsesALaneTwiceAtOnce) {
    std::vector<std::atomic<int>> busy(3);
    ordered_parallel(
        threads(3), 300,
        [&](int lane, std::int64_t i) {
            EXPECT_EQ(busy[static_cast<std::size_t>(lane)]++, 0);
            dawdle(i);
            busy[static_cast<std::size_t>(lane)]--;
            return i;
        },
        [](std::int64_t, std::int64_t) {});
}

TEST(OrderedParallel, BoundsTheResultsThatWait) {
    struct Counted {
        explicit Counted(std::atomic<int>* alive) : alive_(alive) { ++*alive_; }
        Counted(Counted&& other) noexcept : alive_(std::exchange(other.alive_, nullptr)) {}
        ~Counted() { if (alive_) --*alive_; }
        std::atomic<int>* alive_;
    };
    std::atomic<int> alive{0};
    int most = 0;
    ordered_parallel(
        threads(4), 100,
        [&](int, std::int64_t i) {
            // The first item ends after others have: they must wait for it and not pile up.
            const auto patience = std::chrono::steady_clock::now() + std::chrono::seconds(30);
            while (i == 0 && alive == 0 && std::chrono::steady_clock::now() < patience) std::this_thread::sleep_for(std::chrono::milliseconds(5));
            return Counted(&alive);
        },
        [&](std::int64_t, Counted&&) { most = std::max(most, alive.load()); });
    EXPECT_LE(most, 4 + 2);
    EXPECT_GE(most, 2) << "the others did not work ahead: the bound was not put to the test";
    EXPECT_EQ(alive, 0);
}

TEST(OrderedParallel, ThrowsTheFailureOfTheLowestItemAfterCommittingAllBelow) {
    for (const int count : {1, 2, 5}) {
        std::vector<std::int64_t> seen;
        try {
            ordered_parallel(
                threads(count), 100,
                [&](int, std::int64_t i) {
                    if (i == 20) std::this_thread::sleep_for(std::chrono::milliseconds(5));   // later failures come first
                    if (i >= 20) throw std::runtime_error(std::to_string(i));
                    dawdle(i);
                    return i;
                },
                [&](std::int64_t i, std::int64_t) { seen.push_back(i); });
            FAIL() << "nothing was thrown";
        } catch (const std::runtime_error& error) {
            EXPECT_STREQ(error.what(), "20");
        }
        EXPECT_EQ(seen.size(), 20u);
    }
}

TEST(OrderedParallel, ThrowsWhatCommitThrows) {
    for (const int count : {1, 3}) {
        std::int64_t last = -1;
        const auto run = [&] {
            ordered_parallel(threads(count), 50, [](int, std::int64_t i) { return i; }, [&](std::int64_t i, std::int64_t) {
                if (i == 7) throw std::runtime_error("seven");
                last = i;
            });
        };
        EXPECT_THROW(run(), std::runtime_error);
        EXPECT_EQ(last, 6);
    }
}

TEST(OrderedParallel, StopsWhenAsked) {
    for (const int count : {1, 3}) {
        std::stop_source source;
        Context context = threads(count);
        context.stop = source.get_token();
        std::int64_t committed = 0;
        try {
            ordered_parallel(context, 1'000'000, [](int, std::int64_t i) { return i; }, [&](std::int64_t i, std::int64_t) {
                ++committed;
                if (i == 10) source.request_stop();
            });
            FAIL() << "did not stop";
        } catch (const Error& error) {
            EXPECT_EQ(error.kind(), ErrorKind::interrupted);
        }
        EXPECT_GE(committed, 11);
        EXPECT_LE(committed, 11 + count + 2);
    }
}

TEST(OrderedParallel, ReportsProgressUpToOne) {
    for (const int count : {1, 3}) {
        Context context = threads(count);
        std::vector<double> fractions;
        context.on_progress = [&](double fraction) { fractions.push_back(fraction); };
        ordered_parallel(context, 4, [](int, std::int64_t i) { return i; }, [](std::int64_t, std::int64_t) {});
        EXPECT_EQ(fractions, (std::vector<double>{0.25, 0.5, 0.75, 1.0}));
    }
}

TEST(SerialLibraries, RestoresTheThreadCountOfTheCaller) {
    omp_set_num_threads(3);
    {
        const engine::SerialLibraries serial;
        EXPECT_EQ(omp_get_max_threads(), 1);
    }
    EXPECT_EQ(omp_get_max_threads(), 3);
    ordered_parallel(threads(2), 8, [](int, std::int64_t) { return omp_get_max_threads(); }, [](std::int64_t, int most) { EXPECT_EQ(most, 1); });
    EXPECT_EQ(omp_get_max_threads(), 3);
}

}  // namespace

}  // namespace assay::test
