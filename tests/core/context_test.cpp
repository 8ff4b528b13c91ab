#include "libanalysis/core/context.hpp"

#include <gtest/gtest.h>

#include <sched.h>
#include <unistd.h>

#include <thread>

namespace assay {
namespace {

TEST(Context, StopsOnlyOnceAsked) {
    std::stop_source source;
    Context context;
    context.check_stop();
    context.stop = source.get_token();
    context.check_stop();
    source.request_stop();
    try {
        context.check_stop();
        ADD_FAILURE();
    } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::interrupted);
    }
}

TEST(Context, UsesNoMoreProcessorsThanItsAffinityAllows) {
    EXPECT_GE(usable_processors(), 1);
    EXPECT_LE(usable_processors(), static_cast<int>(std::thread::hardware_concurrency()));
    cpu_set_t all, one;
    ASSERT_EQ(sched_getaffinity(0, sizeof all, &all), 0);
    CPU_ZERO(&one);
    for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu)
        if (CPU_ISSET(cpu, &all)) {
            CPU_SET(cpu, &one);
            break;
        }
    ASSERT_EQ(sched_setaffinity(0, sizeof one, &one), 0);
    EXPECT_EQ(usable_processors(), 1);
    sched_setaffinity(0, sizeof all, &all);
}

TEST(Context, UsableMemoryIsAtMostTheMachines) {
    const auto machine = static_cast<std::size_t>(sysconf(_SC_PHYS_PAGES)) * static_cast<std::size_t>(sysconf(_SC_PAGE_SIZE));
    EXPECT_LE(usable_memory(), machine);
    EXPECT_GE(usable_memory(), std::size_t{16} << 20);
}

}  // namespace
}  // namespace assay
