#pragma once
// Data sets as the engine sees them: rows that can be read in any order, in memory or streamed, and a declared
// preprocessing. Formats implement Split; nothing here opens a file.

#include "libanalysis/core/seed.hpp"
#include "libanalysis/core/shape.hpp"

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace assay::data {

/// x -> (x * scale + offset - mean[channel]) / deviation[channel]. Declared, never guessed; the default is the identity.
struct Preprocessing {
    double scale = 1.0;
    double offset = 0.0;
    std::vector<double> mean{};     ///< per channel (last axis), or empty
    std::vector<double> deviation{};  ///< per channel, or empty
    bool declared = false;
    std::string describe() const;   ///< "x * 0.00392157", "none declared: x * 1"; also the key in a store
    void apply(std::span<float> values, std::int64_t channels) const;
    void apply(std::span<double> values, std::int64_t channels) const;
};

/// One part (train, test) of a data set. Reading is thread-safe.
class Split {
public:
    virtual ~Split() = default;
    virtual std::int64_t rows() const = 0;
    virtual std::vector<std::string> input_names() const = 0;          ///< {"x"} for a single input
    virtual Shape input_shape(std::size_t input) const = 0;            ///< of one row, channels last
    /// Raw values of the given rows, row after row, before preprocessing. @throws Error{data} out of range.
    virtual void read(std::size_t input, std::span<const std::int64_t> rows, std::span<float> out) const = 0;
    virtual void read(std::size_t input, std::span<const std::int64_t> rows, std::span<double> out) const = 0;
    virtual bool has_labels() const = 0;
    virtual std::int64_t classes() const = 0;                          ///< largest label + 1; 0 without class labels
    virtual void read_labels(std::span<const std::int64_t> rows, std::span<std::int64_t> out) const = 0;
    /// Regression or multi-label targets, [rows, target_size]; size 0 where labels are classes.
    virtual std::int64_t target_size() const = 0;
    virtual void read_targets(std::span<const std::int64_t> rows, std::span<double> out) const = 0;
};

struct Dataset {
    std::string path;
    std::string hash;                     ///< content hash of the file (or of the files, in sorted order)
    std::shared_ptr<const Split> train;   ///< null where there is none
    std::shared_ptr<const Split> test;
};

/// Rows of a split that a pass runs over.
struct Rows {
    std::shared_ptr<const Split> split;
    std::vector<std::int64_t> indices;
    Preprocessing preprocessing;
    std::int64_t count() const { return static_cast<std::int64_t>(indices.size()); }
};

/// All rows; the first n; a seeded subset of n without replacement in increasing order (never a prefix).
std::vector<std::int64_t> all_rows(const Split& split);
std::vector<std::int64_t> first_rows(const Split& split, std::int64_t n);     ///< @throws Error{data} if n exceeds the rows
std::vector<std::int64_t> sample_rows(std::span<const std::int64_t> from, std::int64_t n, Seed seed);

/// A split held in memory as doubles or floats: for tests, synthetic inputs and callers of the library.
std::shared_ptr<const Split> make_split(std::vector<double> inputs, Shape row_shape, std::vector<std::int64_t> labels);
/// The same with several named inputs and regression targets.
struct NamedInput { std::string name; Shape row_shape; std::vector<double> values; };
std::shared_ptr<const Split> make_split(std::vector<NamedInput> inputs, std::vector<std::int64_t> labels,
                                        std::vector<double> targets, std::int64_t target_size);

}  // namespace assay::data
