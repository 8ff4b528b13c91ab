#include "libanalysis/core/error.hpp"

#include <gtest/gtest.h>

namespace assay {
namespace {

constexpr ErrorKind kinds[] = {ErrorKind::usage,   ErrorKind::format,   ErrorKind::unsupported, ErrorKind::data,
                               ErrorKind::missing, ErrorKind::resource, ErrorKind::unavailable, ErrorKind::interrupted, ErrorKind::internal};

TEST(Error, SaysWhereExpectedFoundAndAdvice) {
    const Error error(ErrorKind::format, {"a.h5: /w", "shape [2, 3]", "shape [3, 2]", "Was the file converted?"});
    EXPECT_STREQ(error.what(), "a.h5: /w: expected shape [2, 3], found shape [3, 2]. Was the file converted?");
    EXPECT_EQ(error.kind(), ErrorKind::format);
    EXPECT_EQ(error.parts().where, "a.h5: /w");
    EXPECT_EQ(error.parts().advice, "Was the file converted?");
}

TEST(Error, LeavesOutWhatIsEmpty) {
    EXPECT_STREQ(Error(ErrorKind::missing, {"b.h5", "", "no such file"}).what(), "b.h5: no such file");
    EXPECT_STREQ(Error(ErrorKind::interrupted, {"", "", "interrupted"}).what(), "interrupted");
}

TEST(Error, NamesOfKindsAreDistinctAndInvertible) {
    for (const ErrorKind kind : kinds) EXPECT_EQ(error_kind(to_string(kind)), kind) << to_string(kind);
    EXPECT_EQ(error_kind("no such kind"), ErrorKind::internal);
}

TEST(Error, KindsGiveTheDocumentedExitCodes) {
    const auto code = [](ErrorKind kind) { return static_cast<int>(exit_code(kind)); };
    EXPECT_EQ(code(ErrorKind::usage), 2);
    EXPECT_EQ(code(ErrorKind::format), 65);
    EXPECT_EQ(code(ErrorKind::unsupported), 65);
    EXPECT_EQ(code(ErrorKind::data), 65);
    EXPECT_EQ(code(ErrorKind::missing), 66);
    EXPECT_EQ(code(ErrorKind::internal), 70);
    EXPECT_EQ(code(ErrorKind::resource), 73);
    EXPECT_EQ(code(ErrorKind::unavailable), 69);
    EXPECT_EQ(code(ErrorKind::interrupted), 75);
}

TEST(Error, OfCircumstanceAreStopsAndDevices) {
    for (const ErrorKind kind : kinds)
        EXPECT_EQ(is_circumstance(Error(kind, {"", "", "x"})), kind == ErrorKind::interrupted || kind == ErrorKind::unavailable) << to_string(kind);
    const DeviceMemoryError full({"memory of cuda:0", "512 MiB more", "3 MiB free"});
    EXPECT_EQ(full.kind(), ErrorKind::resource);
    EXPECT_EQ(exit_code(full), ExitCode::unavailable) << "a device's memory, and not the host's";
    EXPECT_EQ(exit_code(Error(ErrorKind::resource, full.parts())), ExitCode::cannot_write);
    EXPECT_TRUE(is_circumstance(full));
    try {
        throw full;
    } catch (const Error& caught) {
        EXPECT_TRUE(is_circumstance(caught)) << "caught as what it derives from";
    }
}

}  // namespace
}  // namespace assay
