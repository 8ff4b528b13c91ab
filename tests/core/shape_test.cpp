#include "libanalysis/core/shape.hpp"

#include "libanalysis/core/error.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace assay {
namespace {

TEST(Shape, CountsElements) {
    EXPECT_EQ(element_count(Shape{}), 1);
    EXPECT_EQ(element_count(Shape{7}), 7);
    EXPECT_EQ(element_count(Shape{3, 3, 1, 16}), 144);
    EXPECT_EQ(element_count(Shape{std::int64_t{1} << 31, std::int64_t{1} << 31}), std::int64_t{1} << 62);
}

TEST(Shape, ZeroExtentHasNoElementsWhateverTheOthersAre) {
    EXPECT_EQ(element_count(Shape{0}), 0);
    EXPECT_EQ(element_count(Shape{0, std::int64_t{1} << 61, 4}), 0);
    EXPECT_EQ(element_count(Shape{5, 0, 4}), 0);
}

TEST(Shape, RefusesNegativeExtentsAndProductsThatOverflow) {
    constexpr std::int64_t huge = std::numeric_limits<std::int64_t>::max();
    for (const Shape& shape : {Shape{-1}, Shape{4, -2}, Shape{huge}, Shape{huge, huge}, Shape{std::int64_t{1} << 31, (std::int64_t{1} << 31) + 1},
                               Shape{std::int64_t{1} << 32, std::int64_t{1} << 32}}) {
        try {
            element_count(shape);
            ADD_FAILURE() << to_string(shape) << " was accepted";
        } catch (const Error& error) {
            EXPECT_EQ(error.kind(), ErrorKind::data);
            EXPECT_NE(std::string(error.what()).find(to_string(shape)), std::string::npos) << error.what();
        }
    }
}

TEST(Shape, PrintsUnknownExtentsAsQuestionMarks) {
    EXPECT_EQ(to_string(Shape{}), "[]");
    EXPECT_EQ(to_string(Shape{3}), "[3]");
    EXPECT_EQ(to_string(Shape{-1, 28, 28, 1}), "[?, 28, 28, 1]");
}

}  // namespace
}  // namespace assay
