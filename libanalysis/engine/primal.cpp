#include "libanalysis/engine/primal.hpp"

#include "libanalysis/core/error.hpp"
#include "libanalysis/engine/lanes.hpp"
#include "libanalysis/engine/parallel.hpp"

#include <algorithm>
#include <chrono>
#include <mutex>
#include <utility>

namespace assay::engine {

namespace {

double seconds_since(std::chrono::steady_clock::time_point start) {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

/// Micro-batches whose parts are added up in single precision before they join the double precision sum. A function of their
/// number alone, so that sums do not depend on threads.
std::int64_t chunk_size(std::int64_t batches) { return std::clamp<std::int64_t>(batches / 64, 1, 8); }

/// Entries of a vector that one thread folds at a time; a device takes them all at once.
std::size_t fold_range(const Backend& backend, std::size_t size) { return backend.on_host() ? std::size_t{1} << 16 : std::max<std::size_t>(size, 1); }
std::int64_t ranges_of(const Backend& backend, std::size_t size) {
    const std::size_t range = fold_range(backend, size);
    return static_cast<std::int64_t>((size + range - 1) / range);
}

/// How much of the primal exists for one micro-batch.
enum class Level : std::uint8_t { none, values, deltas };

struct Kept {
    Level level = Level::none;
    Tape tape;
    std::unique_ptr<Head> head;
    std::size_t bytes = 0;   // as counted in the cache's
};

}  // namespace

struct Primal::Store {
    Store(const Network& network, const data::Rows& rows, const Loss& loss) : batches(network, rows), width(loss_width(network, loss)) {
        kept.resize(static_cast<std::size_t>(batches.count()));
        plan.assign(kept.size(), Level::none);
    }

    const Batches batches;
    const std::int64_t width;
    std::vector<Kept> kept;     // by micro-batch; one is only touched by the thread that works on it
    std::vector<Level> plan;    // how much of each may stay
    bool planned = false;
    std::size_t reserved = 0;   // bytes that the cache may come to hold
    mutable std::mutex mutex;   // of `cache`
    Cache cache;
};

Primal::Primal(const Network& network, Backend& backend, ConstView parameters, data::Rows rows, Objective objective, Context context)
    : network_(network), backend_(backend), parameters_(parameters), rows_(std::move(rows)), objective_(std::move(objective)), context_(std::move(context)) {
    if (!objective_.loss) throw Error(ErrorKind::internal, {"objective", "a loss", "none"});
    store_ = std::make_unique<Store>(network_, rows_, *objective_.loss);
    if (store_->batches.rows() == 0) throw Error(ErrorKind::data, {"data", "at least one row", "none"});
    if (!objective_.l2.empty() && objective_.l2.size() != network_.layout().entries.size())
        throw Error(ErrorKind::internal, {"objective", std::to_string(network_.layout().entries.size()) + " l2 terms", std::to_string(objective_.l2.size())});
    store_->cache.batches = store_->batches.count();
}

Primal::~Primal() = default;

std::size_t Primal::in_flight(const Network& network, int threads) {
    const std::size_t lanes = static_cast<std::size_t>(std::max(threads, 1)), vector = network.layout().trainable_count;
    return lanes * network.derivative_bytes() + (lanes + 3) * vector * size_of(network.options().precision) + 8 * vector;
}

Primal::Cache Primal::cache() const {
    const std::lock_guard lock(store_->mutex);
    return store_->cache;
}

namespace {

/// The primal of one micro-batch up to a level, with the same bits whether it is new or continued.
void raise(const Network& network, Backend& lane, ConstView parameters, const data::Rows& rows, const Loss& loss, const Batches& batches,
           std::int64_t width, std::int64_t batch, Kept& kept, Level wanted) {
    if (kept.level == Level::none) {
        kept.tape = network.forward(lane, parameters, batches.read(lane, batch));
        kept.head = std::make_unique<Head>(lane, network, kept.tape, loss, labels_of(rows, batches.first(batch), batches.size(batch), loss, width));
        kept.level = Level::values;
    }
    if (kept.level == Level::values && wanted == Level::deltas) {
        const Buffer seed = kept.head->gradient(lane);
        network.backward(lane, kept.tape, seeds_of(network, seed), {});
        kept.level = Level::deltas;
    }
}

}  // namespace

/// Measures the first micro-batch and decides what stays: values and deltas where both fit; else first that part which saves
/// more time for each byte.
void Primal::plan() const {
    Store& store = *store_;
    if (store.planned) return;
    store.planned = true;
    const SerialLibraries serial;
    Kept& first = store.kept.front();
    const auto raise_first = [&](Level level) {
        raise(network_, backend_, parameters_, rows_, *objective_.loss, store.batches, store.width, 0, first, level);
        backend_.synchronize();   // it is timed
    };
    raise_first(Level::values);   // creates primitives: not measured
    first = {};
    auto start = std::chrono::steady_clock::now();
    raise_first(Level::values);
    Cache cache = store.cache;
    cache.forward_seconds = seconds_since(start);
    const std::size_t values = first.tape.primal_bytes() + first.head->bytes();
    raise_first(Level::deltas);
    const std::size_t both = first.tape.primal_bytes() + first.head->bytes();
    first.tape.drop_deltas();
    first.level = Level::values;
    start = std::chrono::steady_clock::now();
    raise_first(Level::deltas);
    cache.backward_seconds = seconds_since(start);
    first = {};

    const std::size_t flight = in_flight(network_, context_.threads);
    const std::size_t room = context_.memory > flight ? context_.memory - flight : 0;
    const auto count = static_cast<std::size_t>(cache.batches);
    cache.wanted = both * count;
    const std::size_t deltas = both - values;
    const bool values_first = cache.forward_seconds * static_cast<double>(deltas) >= cache.backward_seconds * static_cast<double>(values);
    // Values alone for all micro-batches before the deltas of any, or whole primals one after another.
    const std::size_t with_values = std::min(count, room / std::max<std::size_t>(values, 1));
    std::size_t whole = std::min(count, room / std::max<std::size_t>(both, 1));
    std::size_t some = whole;
    if (values_first) {
        some = with_values;
        whole = std::min(some, (room - some * values) / std::max<std::size_t>(deltas, 1));
    } else if (whole < count) {
        some += std::min(count - whole, (room - whole * both) / std::max<std::size_t>(values, 1));
    }
    for (std::size_t i = 0; i < count; ++i) store.plan[i] = i < whole ? Level::deltas : i < some ? Level::values : Level::none;
    store.reserved = whole * both + (some - whole) * values;
    const std::lock_guard lock(store.mutex);
    store.cache = cache;
}

template <class Body>
void Primal::with(Backend& lane, std::int64_t batch, Part part, Body&& body) const {
    Store& store = *store_;
    Kept& kept = store.kept[static_cast<std::size_t>(batch)];
    const Level wanted = part == Part::deltas ? Level::deltas : Level::values, stays = store.plan[static_cast<std::size_t>(batch)];
    const Level before = kept.level;
    const std::size_t counted = kept.bytes;
    const auto settle = [&] {   // what the cache holds from now on
        if (kept.level == before) return;
        kept.bytes = kept.level == Level::none ? 0 : kept.tape.primal_bytes() + kept.head->bytes();
        const std::lock_guard lock(store.mutex);
        store.cache.bytes += kept.bytes - counted;
        store.cache.whole += (kept.level == Level::deltas) - (before == Level::deltas);
        store.cache.values += (kept.level == Level::values) - (before == Level::values);
    };
    try {
        raise(network_, lane, parameters_, rows_, *objective_.loss, store.batches, store.width, batch, kept, wanted);
        body(Item{lane, kept.tape, *kept.head, batch, store.batches.first(batch)});
    } catch (...) {   // in whatever state: computed anew the next time
        kept = {};
        settle();
        throw;
    }
    kept.tape.drop_tangents();
    if (kept.level > stays) {
        if (stays == Level::none) kept = {};
        else kept.tape.drop_deltas(), kept.level = Level::values;
    }
    settle();
}

/// The mean over rows of vectors that were added up apart, in ranges side by side.
void Primal::fold(Lanes& lanes, const Context& context, std::span<const ConstView> parts, View result) const {
    const std::size_t range = fold_range(backend_, result.size);
    ordered_parallel(
        context, ranges_of(backend_, result.size),
        [&](int lane, std::int64_t i) {
            const std::size_t first = static_cast<std::size_t>(i) * range, size = std::min(range, result.size - first);
            std::vector<ConstView> slices;
            for (const ConstView& part : parts) slices.push_back(part.slice(first, size));
            lanes[lane].fold(slices, 1 / static_cast<double>(count()), result.slice(first, size));
            return 0;
        },
        [](std::int64_t, int) {});
}

/// As many threads as fit beside what the cache may come to hold.
Context Primal::beside_cache(std::size_t bytes_per_lane) const {
    Context rest = context_;
    rest.memory -= std::min(rest.memory, store_->reserved);
    return within_memory(rest, backend_, bytes_per_lane);
}

double Primal::sum(Part part, const Work& work, Buffer& result, DType type, std::size_t flight) const {
    plan();
    const std::size_t width = size();
    const std::int64_t chunk = chunk_size(store_->batches.count()), chunks = (store_->batches.count() + chunk - 1) / chunk;
    Context context = beside_cache(flight * network_.derivative_bytes() + width * size_of(network_.options().precision));
    context.on_progress = {};   // whoever asks for products knows how many
    Lanes lanes(backend_, lanes_for(context, std::max(chunks, ranges_of(backend_, width))));   // few rows may meet a long vector
    struct Partial { double value; Buffer vector; };
    double value = 0;
    // A few parts wait and are folded at the end by all threads; many join a running sum one by one. The same additions either way.
    const bool few = chunks <= 4;
    std::vector<Buffer> parts;
    Buffer running = few ? Buffer{} : backend_.zeros(DType::float64, width);
    ordered_parallel(
        context, chunks,
        [&](int lane, std::int64_t i) {
            Partial partial{0, lanes[lane].zeros(network_.options().precision, width)};
            for (std::int64_t batch = i * chunk; batch < std::min((i + 1) * chunk, store_->batches.count()); ++batch)
                with(lanes[lane], batch, part, [&](const Item& item) { partial.value += work(item, partial.vector.view()); });
            return partial;
        },
        [&](std::int64_t, Partial partial) {
            value += partial.value;
            if (few) parts.push_back(std::move(partial.vector));
            else lanes.commit().accumulate(partial.vector.const_view(), running.view());
        });
    if (!few) parts.push_back(std::move(running));
    result = backend_.allocate(type, width);
    std::vector<ConstView> views;
    for (const Buffer& vector : parts) views.push_back(vector.view());
    fold(lanes, context, views, result.view());
    return value / static_cast<double>(count());
}

Primal::Mean Primal::mean(Part part, const Work& work, std::size_t flight) const {
    Buffer vector;
    const double value = sum(part, work, vector, DType::float64, flight);
    return {value, backend_.to_host(vector.view())};
}

void Primal::visit(Part part, const std::function<void(const Item& item)>& work, std::size_t flight) const {
    plan();
    Context context = beside_cache(flight * network_.derivative_bytes());
    context.on_progress = {};
    Lanes lanes(backend_, lanes_for(context, store_->batches.count()));
    ordered_parallel(
        context, store_->batches.count(),
        [&](int lane, std::int64_t batch) {
            with(lanes[lane], batch, part, work);
            return 0;
        },
        [](std::int64_t, int) {});
}

Primal::Mean Primal::loss_gradient() const {
    Mean mean = this->mean(Part::values, [&](const Item& item, View vector) {
        const Buffer seed = item.head.gradient(item.lane);
        network_.transpose(item.lane, item.tape, seeds_of(network_, seed), vector);
        return item.head.sum(item.lane);
    });
    for (const auto& entry : network_.layout().entries) {
        const double l2 = objective_.l2_of(entry.parameter);
        if (l2 == 0 || !entry.trainable) continue;
        for (const double w : backend_.to_host(parameters_.slice(entry.offset, entry.size))) mean.value += l2 * w * w;
    }
    if (objective_.regularised()) add_regulariser(backend_.to_host(parameters_.slice(0, size())), mean.vector);
    return mean;
}

namespace {

void require_size(std::size_t found, std::size_t expected) {
    if (found != expected) throw Error(ErrorKind::internal, {"direction", std::to_string(expected) + " entries", std::to_string(found)});
}

}  // namespace

Buffer Primal::upload(std::span<const double> direction) const {
    require_size(direction.size(), size());
    return backend_.from_host(direction, network_.options().precision);
}

Buffer Primal::upload(std::span<const float> direction) const {
    require_size(direction.size(), size());
    Buffer single = backend_.allocate(DType::float32, direction.size());
    backend_.upload(direction.data(), single.view());
    if (network_.options().precision == DType::float32) return single;
    Buffer wide = backend_.allocate(network_.options().precision, direction.size());
    backend_.copy(single.view(), wide.view());
    return wide;
}

namespace {

template <class T>
void add_l2(const Network& network, const Objective& objective, std::span<const T> direction, std::span<T> result) {
    for (const auto& entry : network.layout().entries) {
        const double l2 = objective.l2_of(entry.parameter);
        if (l2 == 0 || !entry.trainable) continue;
        for (std::size_t i = entry.offset; i < entry.offset + entry.size; ++i) result[i] += static_cast<T>(2 * l2) * direction[i];
    }
}

}  // namespace

void Primal::add_regulariser(std::span<const double> direction, std::span<double> result) const { add_l2(network_, objective_, direction, result); }
void Primal::add_regulariser(std::span<const float> direction, std::span<float> result) const { add_l2(network_, objective_, direction, result); }

void Primal::add_regulariser(ConstView direction, View result) const {
    for (const auto& entry : network_.layout().entries) {
        const double l2 = objective_.l2_of(entry.parameter);
        if (l2 == 0 || !entry.trainable) continue;
        backend_.axpy(2 * l2, direction.slice(entry.offset, entry.size), result.slice(entry.offset, entry.size));
    }
}

}  // namespace assay::engine
