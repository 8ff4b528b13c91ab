#include "libanalysis/core/seed.hpp"

#include <cmath>
#include <numbers>
#include <numeric>
#include <utility>

namespace assay {
namespace {

// The finaliser of SplitMix64 (Steele, Lea, Flood 2014): a bijection of 64-bit words that mixes every input bit.
std::uint64_t mix(std::uint64_t z) {
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
}

}  // namespace

Seed Seed::child(std::string_view name) const {
    std::uint64_t hash = mix(value + 0x9e3779b97f4a7c15ULL);
    for (const char c : name) hash = mix(hash ^ (static_cast<unsigned char>(c) + 0x100ULL));
    return Seed{hash};
}

Seed Seed::child(std::uint64_t index) const { return Seed{mix(mix(value ^ 0xd1b54a32d192ed03ULL) + index)}; }

std::uint64_t Seed::bits(std::uint64_t counter) const {
    return mix(mix(value) + (counter + 1) * 0x9e3779b97f4a7c15ULL);
}

double Seed::uniform(std::uint64_t counter) const { return static_cast<double>(bits(counter) >> 11) * 0x1.0p-53; }

double Seed::normal(std::uint64_t counter) const {
    const double radius = std::sqrt(-2.0 * std::log1p(-uniform(2 * counter)));  // 1 - u is in (0, 1]
    return radius * std::cos(2.0 * std::numbers::pi * uniform(2 * counter + 1));
}

std::vector<std::int64_t> permutation(Seed seed, std::int64_t count) {
    std::vector<std::int64_t> order(static_cast<std::size_t>(count));
    std::iota(order.begin(), order.end(), 0);
    for (std::uint64_t i = static_cast<std::uint64_t>(count); i > 1; --i)
        std::swap(order[i - 1], order[seed.bits(i) % i]);
    return order;
}

}  // namespace assay
