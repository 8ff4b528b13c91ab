// fuzz_seeds <folder>: writes the seeds of every fuzzer into <folder>/<target>/.

#include "tests/fuzz/seeds.hpp"
#include "tests/fuzz/targets.hpp"

#include <cstdio>
#include <filesystem>
#include <fstream>

int main(int count, char** words) {
    if (count != 2) {
        std::fprintf(stderr, "usage: fuzz_seeds <folder>\n");
        return 2;
    }
    for (const auto& target : assay::fuzz::targets()) {
        const std::filesystem::path folder = std::filesystem::path(words[1]) / target.name;
        std::filesystem::create_directories(folder);
        int number = 0;
        for (const std::string& seed : assay::fuzz::seeds(target.name))
            std::ofstream(folder / ("seed-" + std::to_string(number++)), std::ios::binary).write(seed.data(), static_cast<std::streamsize>(seed.size()));
    }
}
