#include "libanalysis/report/figures.hpp"

#include "tests/report/zoo.hpp"
#include "tests/support/support.hpp"

#include <gtest/gtest.h>

#include <algorithm>

using namespace assay;
using namespace assay::report;
using namespace assay::report::test;

namespace {

// A measure and a setting that would be commands of gnuplot, or its end.
Content dangerous() {
    Content content = zoo();
    content.table.measures["`touch pwned`$x@y\"\nend_of_data\nsystem 'touch pwned'"] = content.table.measures["norm.exact"];
    for (std::size_t i = 0; i < content.table.models.size(); ++i) content.table.config["set"].push_back(i % 2 == 0 ? "\"`touch pwned`'" : "b\nend_of_data\n!touch pwned");
    return content;
}

}  // namespace

TEST(Figures, TextsBecomeHarmless) {
    EXPECT_EQ(data_field("a\"b\\c`d$e@f#g"), "\"a'b'c'd'e'f'g\"");
    EXPECT_EQ(data_field("a\nend"), "\"a'x0aend\"");
    EXPECT_EQ(data_field("\u03c4 0.5"), "\"\u03c4 0.5\"");
    EXPECT_EQ(command_string("lp_path_norm[p=1].exact"), "'lp_path_norm[p=1].exact'");
    EXPECT_EQ(command_string("a'b`c\"d\ne\xff"), "'a_b_c_d_e_'");
}

TEST(Figures, OneForEachChartAndTarget) {
    std::vector<std::string> names;
    for (const Figure& figure : figures(find(zoo(), finding()))) names.push_back(figure.name);
    std::sort(names.begin(), names.end());
    EXPECT_EQ(names, (std::vector<std::string>{"calibration", "coverage", "intervals-gap", "intervals-test_error", "protocols-gap", "protocols-test_error", "scatter-gap",
                                               "scatter-test_error"}));
    Content nothing = zoo();
    nothing.table.metrics.clear();
    EXPECT_TRUE(figures(find(nothing, finding())).empty());
}

TEST(Figures, GnuplotDrawsThemAndRunsNothing) {
    const assay::test::Scratch scratch;
    for (const Figure& figure : figures(find(dangerous(), finding()))) {
        assay::test::write_file(scratch / "in", figure.script);
        const assay::test::ProcessResult drawn = assay::test::run({"/usr/bin/env", "gnuplot", "-d", (scratch / "in").string()}, scratch.path());
        if (drawn.exit_code == 127) GTEST_SKIP() << "SKIPPED: needs gnuplot (package gnuplot-nox)";
        EXPECT_EQ(drawn.exit_code, 0) << figure.name << drawn.err;
        EXPECT_EQ(drawn.err, "") << figure.name;
        EXPECT_NE(drawn.out.find("<svg"), std::string::npos) << figure.name;
        EXPECT_TRUE(drawn.out.ends_with("</svg>\n\n") || drawn.out.ends_with("</svg>\n")) << figure.name;
        EXPECT_EQ(drawn.out.find("<script"), std::string::npos) << figure.name;
        EXPECT_NE(drawn.out.find("sans-serif"), std::string::npos) << figure.name;
        EXPECT_FALSE(std::filesystem::exists(scratch / "pwned")) << figure.name;
        if (figure.name.starts_with("protocols")) {
            EXPECT_NE(drawn.out.find("norm.exact"), std::string::npos);
            EXPECT_NE(drawn.out.find("kendall"), std::string::npos);
            EXPECT_NE(figure.script.find("\"(\u2212) "), std::string::npos) << figure.name;   // of the measure that is held to fall
            EXPECT_NE(drawn.out.find("with its sign turned"), std::string::npos) << figure.name;
        }
    }
}
