#pragma once
// Randomness is an argument: a Seed names a stream, children are independent, and the n-th number of a stream is a pure
// function of (seed, n), so that results depend neither on threads nor on the order of calls.

#include <cstdint>
#include <string_view>
#include <vector>

namespace assay {

struct Seed {
    std::uint64_t value = 0;
    Seed child(std::string_view name) const;   ///< an independent stream for a named purpose
    Seed child(std::uint64_t index) const;     ///< an independent stream for the index-th item
    std::uint64_t bits(std::uint64_t counter) const;   ///< the counter-th 64 random bits
    double uniform(std::uint64_t counter) const;       ///< in [0, 1), 53 bits
    double normal(std::uint64_t counter) const;        ///< standard normal (Box-Muller; counters are independent)
};

/// A seeded permutation of 0 .. count-1 (Fisher-Yates).
std::vector<std::int64_t> permutation(Seed seed, std::int64_t count);

}  // namespace assay
