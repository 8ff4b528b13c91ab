#include "libanalysis/core/json.hpp"

#include "libanalysis/core/error.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>

namespace assay {
namespace {

ErrorKind kind_of(std::string_view text) {
    try {
        parse_json(text, "config.json");
    } catch (const Error& error) {
        EXPECT_EQ(std::string(error.what()).find("config.json"), 0u) << error.what();
        return error.kind();
    }
    ADD_FAILURE() << "accepted: " << text.substr(0, 80);
    return ErrorKind::internal;
}

TEST(Json, KeepsTheOrderOfKeys) {
    EXPECT_EQ(parse_json(R"({"b": 1, "a": [true, null, "x"]})", "").dump(), R"({"b":1,"a":[true,null,"x"]})");
}

TEST(Json, ReadsPythonsNotNumbersAsNull) {
    EXPECT_EQ(parse_json("[NaN, Infinity, -Infinity, -1]", ""), Json::parse("[null, null, null, -1]"));
    EXPECT_EQ(parse_json("NaN", ""), Json());
}

TEST(Json, LeavesThoseWordsAloneInsideStrings) {
    EXPECT_EQ(parse_json(R"(["NaN", "a \" Infinity \\", NaN])", ""), Json::parse(R"(["NaN", "a \" Infinity \\", null])"));
    EXPECT_EQ(parse_json(R"({"NaN": "-Infinity"})", "").dump(), R"({"NaN":"-Infinity"})");
}

TEST(Json, AcceptsTwoHundredLevelsAndRefusesMore) {
    const auto nested = [](std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
    EXPECT_NO_THROW(parse_json(nested(200), ""));
    EXPECT_EQ(kind_of(nested(201)), ErrorKind::format);
    EXPECT_EQ(kind_of(std::string(50'000'000, '[')), ErrorKind::format);
    std::string objects;
    for (int i = 0; i < 1'000'000; ++i) objects += "{\"a\":";
    EXPECT_EQ(kind_of(objects), ErrorKind::format);
}

TEST(Json, BracketsInStringsAreNotDepth) {
    EXPECT_EQ(parse_json("\"" + std::string(1000, '[') + "\"", "").get<std::string>().size(), 1000u);
}

TEST(Json, RefusesWhatIsNotJson) {
    for (const std::string_view text : {"", "{", "[1,", "\"", "\"\\", "{\"a\" 1}", "nan", "[1] 2", "NaNa", "{'a': 1}", "\xff\xfe", "-"})
        EXPECT_EQ(kind_of(text), ErrorKind::format) << text;
    EXPECT_EQ(kind_of(std::string_view("[\0]", 3)), ErrorKind::format);
}

TEST(JsonNumber, TravelsThereAndBack) {
    for (const double value : {0.0, -0.0, 1.0, 0.1, 1e-310, 1.7976931348623157e308, 5e-324, std::numeric_limits<double>::infinity(),
                               -std::numeric_limits<double>::infinity()}) {
        const double back = number_from_json(Json::parse(number_to_json(value).dump()));
        EXPECT_EQ(back, value);
        EXPECT_EQ(std::signbit(back), std::signbit(value)) << value;
    }
    EXPECT_TRUE(std::isnan(number_from_json(number_to_json(std::nan("")))));
}

TEST(JsonNumber, HasWordsForWhatJsonLacks) {
    EXPECT_EQ(number_to_json(std::nan("")), "nan");
    EXPECT_EQ(number_to_json(HUGE_VAL), "inf");
    EXPECT_EQ(number_to_json(-HUGE_VAL), "-inf");
    EXPECT_EQ(number_from_json(Json(3)), 3.0);
    for (const Json& json : {Json("NaN"), Json("1"), Json(), Json(true), Json::array()})
        EXPECT_THROW(number_from_json(json), Error) << json;
}

}  // namespace
}  // namespace assay
