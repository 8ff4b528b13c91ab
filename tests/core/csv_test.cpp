#include "libanalysis/core/csv.hpp"

#include "libanalysis/core/error.hpp"

#include <gtest/gtest.h>

namespace assay {
namespace {

TEST(Csv, KnowsQuotesLineEndsAndTheByteOrderMark) {
    const auto rows = parse_csv("\xef\xbb\xbf" "a,\"b,\"\"c\"\"\"\r\n\r\n1,\"two\nlines\"\n,\n", "x.csv");
    ASSERT_EQ(rows.size(), 3u);
    EXPECT_EQ(rows[0].cells, (std::vector<std::string>{"a", "b,\"c\""}));
    EXPECT_EQ(rows[1].cells, (std::vector<std::string>{"1", "two\nlines"}));
    EXPECT_EQ(rows[1].line, 3u);
    EXPECT_EQ(rows[2].cells, (std::vector<std::string>{"", ""}));
    EXPECT_EQ(rows[2].line, 5u);
    EXPECT_THROW(parse_csv("a\n\"b", "x.csv"), Error);
    EXPECT_THROW(parse_csv("\"b\"c\n", "x.csv"), Error);
    for (const std::string_view utf16 : {std::string_view("\xff\xfe" "a\0,\0", 6), std::string_view("\xfe\xff\0a\0,", 6)}) {
        try {
            parse_csv(utf16, "x.csv");
            ADD_FAILURE() << "UTF-16 was taken for text";
        } catch (const Error& error) {
            EXPECT_EQ(error.kind(), ErrorKind::format);
            EXPECT_NE(std::string(error.what()).find("UTF-16"), std::string::npos) << error.what();
        }
    }
}

}  // namespace
}  // namespace assay
