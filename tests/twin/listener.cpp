// Every test of a program with this file begins on a fresh machine, and fails for what the twin noticed or has left at its end.

#include "tests/twin/twin.hpp"

#include <gtest/gtest.h>

namespace assay::test {
namespace {

class Inspector : public testing::EmptyTestEventListener {
    void OnTestStart(const testing::TestInfo&) override { twin::restart(); }
    void OnTestEnd(const testing::TestInfo&) override {
        for (const std::string& left : twin::leaks()) ADD_FAILURE() << "left on the device or of it: " << left;
        for (const std::string& fault : twin::take_faults()) ADD_FAILURE() << "misuse: " << fault;
    }
};

// Googletest owns it.
const bool there = [] {
    testing::UnitTest::GetInstance()->listeners().Append(new Inspector);
    return true;
}();

}  // namespace
}  // namespace assay::test
