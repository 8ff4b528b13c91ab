#include "formats/affine_expression.hpp"
#include "tests/formats/formats_support.hpp"
#include "tests/support/tolerance.hpp"

namespace assay::formats {
namespace {

TEST(AffineExpression, IsWhatItSays) {
    struct Row { const char* text; double scale, offset; };
    for (const Row& row : {Row{"x", 1, 0}, {"x/255", 1 / 255.0, 0}, {"x/127.5-1", 1 / 127.5, -1}, {"(x-0.1307)/0.3081", 1 / 0.3081, -0.1307 / 0.3081}, {"2*x+1", 2, 1},
                           {"1 - x", -1, 1}, {"-(x - 3) * 2", -2, 6}, {"x - x", 0, 0}, {"7", 0, 7}, {"x*(1/255)", 1 / 255.0, 0}, {"--x", 1, 0}, {"1e-3*x", 1e-3, 0},
                           {"x/2/2", 0.25, 0}, {"1 - 2 - x", -1, -1}, {" ( ( x ) ) ", 1, 0}, {"(x+x)*.5", 1, 0}}) {
        const AffineFunction function = parse_affine(row.text, "test");
        EXPECT_NEAR_RELATIVE(function.scale, row.scale, 1e-15) << row.text;
        EXPECT_NEAR_RELATIVE(function.offset, row.offset, 1e-15) << row.text;
    }
}

TEST(AffineExpression, RefusesEverythingElse) {
    for (const char* text : {"", " ", "x*x", "1/x", "x**2", "x//2", "x^2", "sin(x)", "x.y", "x;1", "lambda x: x", "x/0", "(x", "x)", "()", "x 2", "2x", "y", "x+", "*x", "x/nan", "inf*x",
                             "0x10*x", "1e999*x", "x/(1-1)", "1e308*10*x", "__import__('os')", "x,1"})
        EXPECT_ERROR(parse_affine(text, "lambda l"), ErrorKind::usage, "lambda l");
    EXPECT_ERROR(parse_affine("exp(x)", "lambda l"), ErrorKind::usage, "(x-0.1307)/0.3081");
    EXPECT_ERROR(parse_affine(std::string(100'000, '('), "lambda l"), ErrorKind::usage, "deep");
}

}  // namespace
}  // namespace assay::formats
