// Prepared divisions give the quotient, on both sides of 2^31.

#include "libanalysis/core/seed.hpp"
#include "libanalysis/engine/device/index.hpp"
#include "tests/engine/device/host_system.hpp"

namespace assay::test {

namespace {

using engine::device::Extent;

TEST(Extent, DividesAsDivisionDoes) {
    constexpr std::int64_t edge = std::int64_t{1} << 31;
    std::vector<std::int64_t> numbers{0, 1, 2, 3, edge - 2, edge - 1, edge, edge + 1, 1000 * edge + 7, std::numeric_limits<std::int64_t>::max()};
    std::vector<std::int64_t> extents;
    for (std::int64_t d = 1; d <= 4100; ++d) extents.push_back(d);
    for (int bit = 12; bit < 33; ++bit) {
        for (const std::int64_t beside : {-1, 0, 1}) extents.push_back((std::int64_t{1} << bit) + beside);
    }
    Seed seed = Seed{20240}.child(1);
    for (std::uint64_t k = 0; k < 200; ++k) extents.push_back(1 + static_cast<std::int64_t>(seed.uniform(k) * static_cast<double>(edge)));
    for (const std::int64_t d : extents) {
        const Extent extent(d);
        EXPECT_EQ(static_cast<std::int64_t>(extent), d);
        std::vector<std::int64_t> tried = numbers;
        for (const std::int64_t multiple : {std::int64_t{1}, (edge - 1) / d, edge / d + 1}) {
            for (const std::int64_t beside : {-1, 0, 1}) tried.push_back(multiple * d + beside);   // where rounding would show
        }
        for (const std::int64_t n : tried) {
            if (n < 0) continue;
            ASSERT_EQ(extent.divide(n), n / d) << n << " / " << d;
            std::int64_t rest = n;
            ASSERT_EQ(extent.split(rest), n % d) << n << " % " << d;
            ASSERT_EQ(rest, n / d);
        }
    }
}

}  // namespace

}  // namespace assay::test
