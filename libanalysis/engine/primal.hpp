#pragma once
// The primal of an objective over a data set: values, masks and deltas of every micro-batch at one parameter vector, kept as
// far as the memory of the call allows and recomputed otherwise, with the same bits. On it, a curvature product costs its
// tangent passes only. Sums over micro-batches run in parallel and in a fixed order: the same bits for any number of threads.

#include "libanalysis/engine/batches.hpp"
#include "libanalysis/engine/head.hpp"
#include "libanalysis/engine/objective.hpp"
#include "libanalysis/engine/tape.hpp"

#include <functional>
#include <memory>
#include <span>
#include <vector>

namespace assay::engine {

class Lanes;

/// One sum at a time: the micro-batches of a Primal are shared by the threads of the sum that runs.
class Primal {
public:
    /// What is kept of the micro-batches, and what recomputing costs, measured on the first of them.
    struct Cache {
        std::int64_t batches = 0;
        std::int64_t whole = 0;      ///< micro-batches with values and deltas kept
        std::int64_t values = 0;     ///< further ones with values kept, whose deltas are recomputed
        std::size_t bytes = 0;       ///< kept at present
        std::size_t wanted = 0;      ///< for everything
        double forward_seconds = 0, backward_seconds = 0;   ///< of one micro-batch on one thread
    };
    /// One micro-batch during a sum. Tangents on the tape belong to the caller's thread until it returns.
    struct Item {
        Backend& lane;
        Tape& tape;                ///< after forward; after backward where deltas were asked for
        const Head& head;
        std::int64_t batch;
        std::int64_t first_row;    ///< in the order of `rows`
    };
    enum class Part { values, deltas };   ///< what a product reads of the primal: deltas come with values
    /// Adds a micro-batch's part of a sum to `vector` (trainable_count, the network's precision; holds other micro-batches'
    /// parts already); what it returns is added up too.
    using Work = std::function<double(const Item& item, View vector)>;

    /// `network`, `backend` and `parameters` (Network::pack) must outlive it. Memory: context.memory, less what is in flight.
    /// Nothing is computed before the first sum. @throws Error{data, unsupported} where data, loss and network do not fit.
    Primal(const Network& network, Backend& backend, ConstView parameters, data::Rows rows, Objective objective, Context context);
    ~Primal();
    Primal(const Primal&) = delete;
    Primal& operator=(const Primal&) = delete;

    const Network& network() const { return network_; }
    const Objective& objective() const { return objective_; }
    const data::Rows& rows() const { return rows_; }
    const Context& context() const { return context_; }
    Backend& backend() const { return backend_; }
    ConstView parameters() const { return parameters_; }
    std::size_t size() const { return network_.layout().trainable_count; }   ///< of vectors
    std::int64_t count() const { return rows_.count(); }
    Cache cache() const;
    /// Bytes that a sum on `threads` threads holds beside the cache.
    static std::size_t in_flight(const Network& network, int threads);

    /// Mean over the rows (sum over micro-batches / N) of what `work` adds; without the regulariser.
    struct Mean { double value = 0; std::vector<double> vector; };
    /// `flight`: how many times the network's derivative_bytes the work on one micro-batch holds at a time.
    Mean mean(Part part, const Work& work, std::size_t flight = 1) const;
    /// The same with the vector left on the device, in either precision; returns the value.
    double sum(Part part, const Work& work, Buffer& result, DType type = DType::float64, std::size_t flight = 1) const;
    /// For work without a vector: micro-batches in any order, on any thread.
    void visit(Part part, const std::function<void(const Item& item)>& work, std::size_t flight = 1) const;

    /// The objective and its gradient, regulariser included.
    Mean loss_gradient() const;
    /// A direction (trainable_count) on the device in the network's precision. @throws Error{internal} for another size.
    Buffer upload(std::span<const double> direction) const;
    Buffer upload(std::span<const float> direction) const;
    /// result += 2 l2_j direction_j for every trainable parameter j: the regulariser's Hessian.
    void add_regulariser(std::span<const double> direction, std::span<double> result) const;
    void add_regulariser(std::span<const float> direction, std::span<float> result) const;
    void add_regulariser(ConstView direction, View result) const;   ///< on the device, of one type

private:
    struct Store;
    void plan() const;
    Context beside_cache(std::size_t bytes_per_lane) const;
    void fold(Lanes& lanes, const Context& context, std::span<const ConstView> parts, View result) const;
    template <class Body> void with(Backend& lane, std::int64_t batch, Part part, Body&& body) const;
    const Network& network_;
    Backend& backend_;
    ConstView parameters_;
    data::Rows rows_;
    Objective objective_;
    Context context_;
    std::unique_ptr<Store> store_;
};

}  // namespace assay::engine
