#pragma once
// A Python interpreter for tests that ask another framework: ASSAY_PYTHON, else python3.

#include "tests/support/support.hpp"

#include <cstdlib>

namespace assay::test {

inline std::string python() {
    const char* variable = std::getenv("ASSAY_PYTHON");
    return variable ? variable : "python3";
}

inline bool python_has(const std::string& modules) { return run({python(), "-c", "import " + modules}).exit_code == 0; }

}  // namespace assay::test

/// Skips loudly where the interpreter or a module is absent.
#define ASSAY_NEEDS_PYTHON(modules) \
    if (!assay::test::python_has(modules)) GTEST_SKIP() << "SKIPPED: needs Python with " << (modules) << "; set ASSAY_PYTHON"
