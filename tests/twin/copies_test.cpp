// Copies through the ring of pinned memory: every size around a slot's, more of them at a time than there are slots, and in order.

#include "tests/twin/lane_support.hpp"

#include <algorithm>
#include <numeric>
#include <vector>

namespace assay::test {
namespace {

using engine::Buffer;
using engine::DType;

constexpr std::size_t slot = (std::size_t{4} << 20) - 256;   // bytes of one in use, as in staging.hpp

TEST(LaneCopies, OfEverySizeComeBack) {
    const auto b = backend();
    for (const std::size_t bytes : {std::size_t{0}, std::size_t{4}, std::size_t{252}, std::size_t{256}, std::size_t{260}, slot - 4, slot, slot + 4,
                                    2 * slot, 8 * slot, 8 * slot + 4, 9 * slot - 4, 17 * slot + 12}) {
        std::vector<std::int32_t> sent(bytes / 4), got(bytes / 4, -1);
        std::iota(sent.begin(), sent.end(), 7);
        const std::vector<std::int32_t> expected = sent;
        Buffer there = b->allocate(DType::int32, sent.size());
        EXPECT_FALSE(there.empty());
        b->upload(sent.data(), there.view());
        std::fill(sent.begin(), sent.end(), 0);   // upload() returned: the caller may write again
        b->download(there.const_view(), got.data());
        EXPECT_EQ(got, expected) << bytes << " bytes";
    }
}

TEST(LaneCopies, ManySmallOnesWaitTogether) {
    const auto b = backend();
    std::vector<Buffer> there;
    const auto before = twin::calls()["cudaEventSynchronize"];
    for (std::int32_t i = 0; i < 1000; ++i) {
        there.push_back(b->allocate(DType::int32, 1));
        b->upload(&i, there.back().view());
    }
    EXPECT_EQ(twin::calls()["cudaEventSynchronize"], before) << "one slot holds them all";
    for (std::int32_t i = 0; i < 1000; ++i) {
        std::int32_t value = -1;
        b->download(there[static_cast<std::size_t>(i)].const_view(), &value);
        ASSERT_EQ(value, i);
    }
}

TEST(LaneCopies, MoreThanTheRingHoldsKeepTheirValues) {
    const auto b = backend();
    std::vector<Buffer> there;
    std::vector<double> values(300'000);   // two fill more than a slot
    for (int i = 0; i < 30; ++i) {
        std::fill(values.begin(), values.end(), i);
        there.push_back(b->allocate(DType::float64, values.size()));
        b->upload(values.data(), there.back().view());
    }
    for (int i = 0; i < 30; ++i) {
        b->download(there[static_cast<std::size_t>(i)].const_view(), values.data());
        EXPECT_TRUE(std::all_of(values.begin(), values.end(), [&](double value) { return value == i; })) << i;
    }
}

TEST(LaneCopies, AFaultOfDataIsThrownOnceByWhatWaits) {
    const auto b = backend();
    Buffer x = b->from_host(std::vector<double>{1, 2, 3}, DType::float32), y = b->zeros(DType::float32, 1), index = b->allocate(DType::int32, 1);
    const std::int32_t outside = 3;
    b->upload(&outside, index.view());
    b->gather(x.const_view(), index.const_view(), y.view());
    EXPECT_EQ(refusal([&] { b->synchronize(); }).kind(), ErrorKind::data);
    EXPECT_NO_THROW(b->synchronize());
    b->gather(x.const_view(), index.const_view(), y.view());
    EXPECT_EQ(refusal([&] { b->to_host(y.const_view()); }).kind(), ErrorKind::data);
    EXPECT_NO_THROW(b->to_host(y.const_view()));
}

}  // namespace
}  // namespace assay::test
