#pragma once
// Rows of a data set as micro-batches of a network: checked once, then read by any thread.

#include "libanalysis/engine/loss.hpp"
#include "libanalysis/engine/network.hpp"

#include <vector>

namespace assay::engine {

class Batches {
public:
    /// Inputs are matched by name; a single one by itself. Data may lack a last axis of extent 1 (gray images).
    /// @throws Error{data} naming both shapes where rows do not fit the network's inputs; Error{missing} without a split.
    Batches(const Network& network, const data::Rows& rows);

    std::int64_t rows() const { return rows_.count(); }
    std::int64_t count() const { return (rows() + size_ - 1) / size_; }
    std::int64_t first(std::int64_t batch) const { return batch * size_; }
    std::int64_t size(std::int64_t batch) const { return std::min(size_, rows() - first(batch)); }   ///< the last may be smaller

    /// The preprocessed inputs of one micro-batch on a lane. Integer inputs are not preprocessed.
    /// @throws Error{data} where an integer input holds something else.
    Batch read(Backend& lane, std::int64_t batch) const;

private:
    const Network& network_;
    const data::Rows& rows_;
    std::int64_t size_;
    std::vector<std::size_t> source_;   ///< per network input: the split's input
};

/// What `loss` compares outputs of the given width with, for rows first .. first + count - 1. Classes become one-hot targets
/// (or, for one output, the class itself) where the loss wants targets. @throws Error{data} without labels that fit.
Labels labels_of(const data::Rows& rows, std::int64_t first, std::int64_t count, const Loss& loss, std::int64_t width);

}  // namespace assay::engine
