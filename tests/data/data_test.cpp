#include "libanalysis/core/error.hpp"
#include "libanalysis/data/dataset.hpp"
#include "tests/support/tolerance.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>

namespace assay::data {
namespace {

ErrorKind kind_of(auto&& action) {
    try {
        action();
    } catch (const Error& error) {
        return error.kind();
    }
    ADD_FAILURE() << "no error";
    return ErrorKind::internal;
}

TEST(Preprocessing, IsTheIdentityUnlessDeclared) {
    const Preprocessing none;
    std::vector<float> values{1.5f, -2.f, 255.f};
    none.apply(values, 1);
    EXPECT_EQ(values, (std::vector<float>{1.5f, -2.f, 255.f}));
    EXPECT_EQ(none.describe(), "none declared: x * 1");
}

TEST(Preprocessing, ScalesShiftsAndStandardisesByChannel) {
    const Preprocessing step{.scale = 0.5, .offset = 1, .mean = {1, 2}, .deviation = {2, 4}, .declared = true};
    std::vector<double> values{2, 4, 6, 8};   // two cells of two channels
    step.apply(values, 2);
    EXPECT_EQ(values, (std::vector<double>{(2 * 0.5 + 1 - 1) / 2, (4 * 0.5 + 1 - 2) / 4, (6 * 0.5 + 1 - 1) / 2, (8 * 0.5 + 1 - 2) / 4}));
    EXPECT_EQ(step.describe(), "(x * 0.5 + 1 - [1, 2]) / [2, 4]");
}

TEST(Preprocessing, RoundsOnceToFloat) {
    const Preprocessing step{.scale = 1.0 / 255, .declared = true};
    std::vector<float> values{7.f};
    step.apply(values, 1);
    EXPECT_EQ(values[0], static_cast<float>(7.0 * (1.0 / 255)));
    EXPECT_EQ(step.describe(), "x * 0.00392157");
}

TEST(Preprocessing, RefusesAnotherNumberOfChannels) {
    const Preprocessing step{.mean = {1, 2, 3}, .declared = true};
    std::vector<double> values(4);
    EXPECT_EQ(kind_of([&] { step.apply(values, 4); }), ErrorKind::data);
}

TEST(Rows, OfASampleAreASeededSubsetInOrderAndNoPrefix) {
    const auto split = make_split(std::vector<double>(1000), {1}, {});
    const auto all = all_rows(*split);
    const auto rows = sample_rows(all, 100, Seed{7});
    EXPECT_EQ(rows.size(), 100u);
    EXPECT_TRUE(std::is_sorted(rows.begin(), rows.end()));
    EXPECT_EQ(std::set<std::int64_t>(rows.begin(), rows.end()).size(), 100u);
    EXPECT_GT(rows.back(), 500);   // a prefix would end at 99
    EXPECT_EQ(rows, sample_rows(all, 100, Seed{7}));
    EXPECT_NE(rows, sample_rows(all, 100, Seed{8}));
    EXPECT_EQ(sample_rows(all, 1000, Seed{7}), all);
    EXPECT_EQ(first_rows(*split, 3), (std::vector<std::int64_t>{0, 1, 2}));
}

TEST(Rows, AreRefusedBeyondTheEnd) {
    const auto split = make_split({1, 2, 3}, {1}, {});
    EXPECT_EQ(kind_of([&] { first_rows(*split, 4); }), ErrorKind::data);
    EXPECT_EQ(kind_of([&] { sample_rows(all_rows(*split), -1, Seed{}); }), ErrorKind::data);
    std::vector<float> out(1);
    EXPECT_EQ(kind_of([&] { split->read(0, std::vector<std::int64_t>{3}, out); }), ErrorKind::data);
}

TEST(MemorySplit, ReadsRowsInAnyOrder) {
    const auto split = make_split({1, 2, 3, 4, 5, 6}, {2}, {0, 2, 1});
    EXPECT_EQ(split->rows(), 3);
    EXPECT_EQ(split->classes(), 3);
    EXPECT_TRUE(split->has_labels());
    const std::vector<std::int64_t> rows{2, 0, 2};
    std::vector<double> values(6);
    split->read(0, rows, values);
    EXPECT_EQ(values, (std::vector<double>{5, 6, 1, 2, 5, 6}));
    std::vector<std::int64_t> labels(3);
    split->read_labels(rows, labels);
    EXPECT_EQ(labels, (std::vector<std::int64_t>{1, 0, 1}));
}

TEST(MemorySplit, HoldsSeveralInputsAndTargets) {
    const auto split = make_split(std::vector<NamedInput>{{"a", {1}, {1, 2}}, {"b", {2}, {3, 4, 5, 6}}}, {}, {0.5, 1.5, 2.5, 3.5}, 2);
    EXPECT_EQ(split->input_names(), (std::vector<std::string>{"a", "b"}));
    EXPECT_EQ(split->classes(), 0);
    EXPECT_EQ(split->target_size(), 2);
    std::vector<double> targets(2);
    split->read_targets(std::vector<std::int64_t>{1}, targets);
    EXPECT_EQ(targets, (std::vector<double>{2.5, 3.5}));
}

TEST(MemorySplit, RefusesPartsThatDoNotFit) {
    EXPECT_EQ(kind_of([] { make_split({1, 2, 3}, {2}, {}); }), ErrorKind::data);
    EXPECT_EQ(kind_of([] { make_split({1, 2, 3, 4}, {2}, {0}); }), ErrorKind::data);
    EXPECT_EQ(kind_of([] { make_split({1, 2}, {2}, {-1}); }), ErrorKind::data);
}

}  // namespace
}  // namespace assay::data
