#pragma once
// An array on a backend between two sentinels: a primitive that writes outside its result, or into an argument, is found.

#include "libanalysis/core/seed.hpp"
#include "libanalysis/engine/backend.hpp"
#include "tests/support/tolerance.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace assay::test {

/// Reproducible normal numbers that float32 holds exactly, so that both precisions see the same values.
inline std::vector<double> normals(std::size_t count, std::uint64_t stream) {
    std::vector<double> values(count);
    for (std::size_t i = 0; i < count; ++i) values[i] = static_cast<float>(Seed{20240}.child(stream).normal(i));
    return values;
}

class Guarded {
public:
    Guarded(engine::Backend& backend, engine::DType type, std::vector<double> values) : backend_(backend), values_(std::move(values)) {
        std::vector<double> all(values_.size() + 2 * guard, sentinel);
        std::copy(values_.begin(), values_.end(), all.begin() + guard);
        buffer_ = backend_.from_host(all, type);
    }
    engine::View view() { return buffer_.view().slice(guard, values_.size()); }
    operator engine::View() { return view(); }
    operator engine::ConstView() { return view(); }
    const std::vector<double>& values() const { return values_; }   ///< as they were put in
    std::vector<double> now() { return backend_.to_host(view()); }

    void expect_sentinels() {
        const std::vector<double> all = backend_.to_host(buffer_.view());
        for (std::size_t i = 0; i < guard; ++i) {
            EXPECT_EQ(all[i], sentinel) << "written before the array";
            EXPECT_EQ(all[all.size() - 1 - i], sentinel) << "written behind the array";
        }
    }
    void expect_unchanged() {
        expect_sentinels();
        EXPECT_EQ(now(), values_) << "an argument was written";
    }
    /// Largest error over the largest expected magnitude; NaN fails.
    void expect_near(const std::vector<double>& expected, double tolerance) {
        expect_sentinels();
        EXPECT_LE(distance(now(), expected), tolerance);
    }

private:
    static constexpr std::size_t guard = 16;
    static constexpr double sentinel = -7777;
    engine::Backend& backend_;
    std::vector<double> values_;
    engine::Buffer buffer_;
};

}  // namespace assay::test
