#include "libanalysis/core/context.hpp"

#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <string>

namespace assay {
namespace {

// The first word of a cgroup file, or an empty string where there is none.
std::string first_words(const char* path) {
    std::ifstream file(path);
    std::string line;
    std::getline(file, line);
    return line;
}

}  // namespace

int usable_processors() {
    cpu_set_t set;
    CPU_ZERO(&set);
    int count = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
    const std::string quota = first_words("/sys/fs/cgroup/cpu.max");  // "max 100000" or "200000 100000"
    double allowed = 0, period = 0;
    if (std::sscanf(quota.c_str(), "%lf %lf", &allowed, &period) == 2 && period > 0)
        count = std::min(count, static_cast<int>(std::ceil(allowed / period)));
    return std::max(count, 1);
}

std::size_t usable_memory() {
    std::size_t bytes = static_cast<std::size_t>(sysconf(_SC_PHYS_PAGES)) * static_cast<std::size_t>(sysconf(_SC_PAGE_SIZE));
    for (const char* path : {"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"}) {
        unsigned long long limit = 0;
        if (std::sscanf(first_words(path).c_str(), "%llu", &limit) == 1 && limit > 0)
            bytes = std::min(bytes, static_cast<std::size_t>(limit));
    }
    return bytes;
}

}  // namespace assay
