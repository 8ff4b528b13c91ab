// Runs cases.py, which exports networks of PyTorch and compares the program's outputs with torch's. Needs a Python with torch and h5py.

#include "tests/support/support.hpp"

#include <gtest/gtest.h>

#include <cstdlib>

namespace assay {
namespace {

std::string python() {
    const char* variable = std::getenv("ASSAY_PYTHON");
    return variable && *variable ? variable : ASSAY_PYTHON;
}

/// Empty where the interpreter can run the cases, else why not.
const std::string& obstacle() {
    static const std::string reason = [] {
        const test::ProcessResult result = test::run({python(), "-c", "import h5py, torch; assert hasattr(torch, 'export')"});
        return result.exit_code == 0 ? std::string() : python() + ": " + result.err.substr(0, 200);
    }();
    return reason;
}

class Export : public testing::TestWithParam<const char*> {};

TEST_P(Export, AgreesWithTorch) {
    if (!obstacle().empty()) GTEST_SKIP() << "SKIPPED: needs a Python with torch and h5py; set ASSAY_PYTHON (" << obstacle() << ")";
    const test::Scratch scratch;
    const test::ProcessResult result = test::run({python(), (test::source_folder() / "tests/export/cases.py").string(), GetParam(), test::program().string(), scratch.path().string()});
    EXPECT_EQ(result.exit_code, 0) << result.out << result.err;
    std::fputs(result.out.c_str(), stdout);
}

INSTANTIATE_TEST_SUITE_P(Cases, Export,
                         testing::Values("resnet18", "vgg11_bn", "mobilenet_v2", "transformer_encoder", "transformer_with_time_first", "attention_written_out",
                                         "vision_transformer", "signals", "channels", "squeezed", "arithmetic", "branches", "one_row", "facts", "command", "names_an_unknown_operator",
                                         "names_python_code", "refuses_what_would_be_wrong", "leaves_the_model_as_it_was"),
                         [](const testing::TestParamInfo<const char*>& tested) { return std::string(tested.param); });

}  // namespace
}  // namespace assay
