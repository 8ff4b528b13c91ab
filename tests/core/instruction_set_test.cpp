#include "libanalysis/core/instruction_set.hpp"

#include "tests/support/support.hpp"

#include <gtest/gtest.h>

#include <sstream>
#include <set>

namespace assay {
namespace {

TEST(InstructionSet, IsWhatTheKernelReports) {
    std::istringstream lines(test::read_file("/proc/cpuinfo"));
    std::set<std::string> flags;
    for (std::string line; std::getline(lines, line);)
        if (line.starts_with("flags")) {
            std::istringstream words(line);
            for (std::string word; words >> word;) flags.insert(word);
            break;
        }
    const auto has = [&](std::initializer_list<const char*> names) {
        for (const char* name : names)
            if (!flags.contains(name)) return false;
        return true;
    };
    const std::string_view expected = has({"avx512f", "avx512bw", "avx512dq", "avx512vl"}) ? "avx512"
                                      : has({"avx2", "fma"})                              ? "avx2"
                                                                                          : "baseline";
    EXPECT_EQ(instruction_set(), expected);
}

}  // namespace
}  // namespace assay
