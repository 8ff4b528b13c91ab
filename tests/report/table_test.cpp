#include "tools/table.hpp"

#include "tests/support/support.hpp"

#include <cmath>
#include <sstream>

using namespace assay::tools;

TEST(Printable, ControlCharactersAndBrokenUtf8BecomeVisible) {
    EXPECT_EQ(printable("model.h5"), "model.h5");
    EXPECT_EQ(printable("a\nb\x1b[31mred"), "a\\x0ab\\x1b[31mred");
    EXPECT_EQ(printable("caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x8d\x8c"), "caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x8d\x8c");
    EXPECT_EQ(printable("\xff\xc3("), "\\xff\\xc3(");
    EXPECT_EQ(printable("\xc2\x9b" "31m"), "\\xc2\\x9b31m");   // the one-character escape introducer
    EXPECT_EQ(printable("\xc0\xaf"), "\\xc0\\xaf");            // an overlong slash
}

TEST(Numbers, KeepSignificantDigits) {
    EXPECT_EQ(significant(0.123456), "0.1235");
    EXPECT_EQ(significant(1234567.8), "1234568");
    EXPECT_EQ(significant(4970), "4970");
    EXPECT_EQ(significant(1.5e-9), "1.5e-09");
    EXPECT_EQ(significant(-0.0), "0");
    EXPECT_EQ(significant(NAN), "nan");
    EXPECT_EQ(significant(-INFINITY), "-inf");
    EXPECT_EQ(fixed(-0.0001, 3), "0.000");
    EXPECT_EQ(fixed(-0.0006, 3), "-0.001");
    EXPECT_EQ(percent(0.0712), "7.12 %");
    EXPECT_EQ(interval(0.1, 0.25, 2), "0.10 .. 0.25");
    EXPECT_EQ(interval(NAN, 0.25, 2), "");
}

TEST(Table, AlignsNumbersRightAndNamesLeft) {
    Table table({{"model", Table::Align::left}, {"error"}});
    table.add({"a.h5", "7.1"});
    table.add({"longer.h5", "12.25"});
    EXPECT_EQ(table.text(),
              "model      error\n"
              "a.h5         7.1\n"
              "longer.h5  12.25\n");
}

TEST(Table, NeverIsWiderThanAskedAndNeverCutsANumber) {
    Table table({{"measure", Table::Align::left}, {"value"}, {"reason", Table::Align::left}});
    table.add({"distance_from_initialisation_of_" + std::string(150, 'x') + "_end", "-0.123456789", std::string(200, 'y')});
    std::istringstream lines(table.text(100));
    std::string line, all;
    while (std::getline(lines, line)) {
        EXPECT_LE(line.size(), 100u);
        all += line;
    }
    EXPECT_NE(all.find("-0.123456789"), std::string::npos);
    EXPECT_NE(all.find("distance_from"), std::string::npos);
    EXPECT_NE(all.find("_end"), std::string::npos);   // cut in the middle
}

TEST(Table, HostileNamesStayOnTheirLine) {
    Table table({{"model", Table::Align::left}});
    table.add({"evil\nname\x1b[2J"});
    EXPECT_EQ(table.text(), "model\nevil\\x0aname\\x1b[2J\n");
}

TEST(Wrapped, BreaksAtSpaces) {
    EXPECT_EQ(wrapped("one two three", "  ", 9), "  one two\n  three\n");
    EXPECT_EQ(wrapped("", "  "), "");
}
