// This program has three faces: a worker, a zoo run that a test may kill, and the tests.

#include "libanalysis/store/store.hpp"
#include "tests/zoo/fake_tasks.hpp"
#include "tests/zoo/zoo_run.hpp"

#include <gtest/gtest.h>

#include <iostream>

int main(int count, char** values) {
    const std::vector<std::string> words(values + 1, values + count);
    if (!words.empty() && words[0] == "worker") return assay::zoo::worker_main(assay::zoo::fake_tasks(), std::span(words).subspan(1));
    if (!words.empty() && words[0] == "zoo-run") {
        try {
            return assay::zoo::run_here(words.at(1), words.at(2), assay::parse_json(words.at(3), "options"));
        } catch (const assay::store::Locked& error) {
            std::cerr << error.what() << '\n';
            return static_cast<int>(assay::ExitCode::interrupted);
        } catch (const assay::Error& error) {
            std::cerr << error.what() << '\n';
            return static_cast<int>(assay::exit_code(error.kind()));
        }
    }
    testing::InitGoogleTest(&count, values);
    return RUN_ALL_TESTS();
}
