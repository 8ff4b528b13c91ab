#include "libanalysis/spectral/lanczos.hpp"

#include "libanalysis/core/error.hpp"
#include "libanalysis/spectral/eigenpairs.hpp"
#include "libanalysis/spectral/krylov.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

namespace assay::spectral {
namespace {

constexpr std::size_t spare = 5;   // Ritz vectors kept in a restart beyond the wanted ones
// The products of the basis are kept for the verification where half the memory holds so many vectors for each wanted one: fewer
// would cost more in restarts than the verifying products do.
constexpr std::size_t roomy = 6;

/// A Ritz pair of the present space: a locked vector, or pair `index` of the running recurrence.
struct Candidate { double value, residual; bool locked; std::size_t index; };

template <class T>
class Search {
public:
    Search(const linop::LinearOperator& a, const EigenOptions& options)
        : options_(options), n_(a.rows()), wanted_(options.largest + options.smallest),
          limit_(options.max_products ? options.max_products : 10 * wanted_ + 200), products_(a, options.poll),
          krylov_(products_, options.threads, options.verify && held(2) >= std::min(roomy * wanted_, n_ + 1)),
          capacity_(held(krylov_.keeps_images() ? 2 : 1)) {
        const std::size_t least = std::min(wanted_ + 4, n_ + 1);
        if (capacity_ < least)
            throw Error(ErrorKind::resource, {"Lanczos", "memory for " + std::to_string(least) + " vectors, " +
                        std::to_string(least * sizeof(T) * n_) + " bytes", std::to_string(options.memory) + " bytes",
                        "Give more memory or ask for fewer eigenvalues."});
    }

    Eigenvalues run() {
        const Clock::time_point begin = Clock::now();
        start();
        while (advance()) {}
        finish();
        result_.product_seconds = products_.seconds();
        result_.overhead_seconds = seconds_since(begin) - products_.seconds();
        return std::move(result_);
    }

private:
    void start() {
        const Seed seed = options_.seed.child("start");
        if (options_.start.empty()) return krylov_.begin(0, seed);
        if (options_.start.size() != n_)
            throw Error(ErrorKind::internal, {"Lanczos, warm start", std::to_string(n_) + " values", std::to_string(options_.start.size())});
        double squared = 0;
        for (const double x : options_.start) squared += x * x;
        require_finite(squared, "Lanczos, warm start");
        // A tenth of a random vector, so that nothing is invisible to a start that is an eigenvector.
        const double given = squared > 0 ? 1 / std::sqrt(squared) : 0, random = 0.1 / std::sqrt(static_cast<double>(n_));
        krylov_.begin(0, [&](std::span<T> x) {
            for (std::size_t i = 0; i < n_; ++i) x[i] = static_cast<T>(given * options_.start[i] + random * seed.normal(i));
        });
    }

    /// One product and what follows from it; false at the end.
    bool advance() {
        krylov_.step();
        result_.basis = std::max(result_.basis, std::min(krylov_.vectors() + 1, n_));
        pairs_ = krylov_.ritz();
        choose();
        report();
        const bool invariant = krylov_.coupling() == 0;
        invariant_ = invariant_ || invariant;
        const bool found = complete_ && all_of_chosen([&](const Candidate& c) { return within(c.value, c.residual, options_.tolerance); });
        if (krylov_.vectors() == n_ || products_.count() >= limit_) return false;
        if (found && settled()) return false;
        if (invariant) lock(true);
        else if (found && !all_of_chosen([](const Candidate& c) { return c.locked; })) lock(false);
        else if (krylov_.vectors() + 1 >= capacity_) restart();
        return true;
    }

    /// The wanted ones among the locked and the running pairs.
    void choose() {
        std::vector<Candidate> all = locked_;
        for (std::size_t i = 0; i < pairs_.values.size(); ++i) all.push_back({pairs_.values[i], krylov_.residual(pairs_, i), false, i});
        floor_ = 0;
        for (const Candidate& c : all) floor_ = std::max(floor_, 10 * std::numeric_limits<T>::epsilon() * std::abs(c.value));
        complete_ = all.size() >= wanted_;
        // A further copy of a locked eigenvalue does not drive it out.
        const auto tie = [&](const Candidate& c) { return c.locked ? std::max(floor_, options_.tolerance * std::abs(c.value)) : 0.0; };
        std::stable_sort(all.begin(), all.end(), [&](const Candidate& a, const Candidate& b) { return a.value + tie(a) > b.value + tie(b); });
        largest_.assign(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(std::min(options_.largest, all.size())));
        all.erase(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(largest_.size()));
        std::stable_sort(all.begin(), all.end(), [&](const Candidate& a, const Candidate& b) { return a.value - tie(a) < b.value - tie(b); });
        smallest_.assign(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(std::min(options_.smallest, all.size())));
    }

    template <class Test>
    bool all_of_chosen(Test&& test) const {
        return std::all_of(largest_.begin(), largest_.end(), test) && std::all_of(smallest_.begin(), smallest_.end(), test);
    }

    bool within(double value, double residual, double tolerance) const { return residual <= std::max(tolerance * std::abs(value), floor_); }

    /// Whether nothing more needs to be looked for once the chosen pairs have converged.
    bool settled() const {
        if (!options_.probe && !invariant_) return true;
        if (krylov_.steps() == 0 || !all_of_chosen([](const Candidate& c) { return c.locked; })) return false;
        // The ends of the complement's spectrum are known, roughly, and they are not among the wanted.
        const double rough = std::max(options_.tolerance, 1e-2);
        const std::size_t last = pairs_.values.size() - 1;
        return (options_.largest == 0 || within(pairs_.values[last], krylov_.residual(pairs_, last), rough)) &&
               (options_.smallest == 0 || within(pairs_.values[0], krylov_.residual(pairs_, 0), rough));
    }

    std::vector<std::size_t> running_chosen() const {
        std::vector<std::size_t> indices;
        for (const auto* side : {&largest_, &smallest_})
            for (const Candidate& c : *side)
                if (!c.locked) indices.push_back(c.index);
        return indices;
    }

    void lock_pairs(const std::vector<std::size_t>& indices) {
        for (std::size_t i = 0; i < indices.size(); ++i)
            locked_.push_back({pairs_.values[indices[i]], krylov_.residual(pairs_, indices[i]), true, krylov_.locked() + i});
        krylov_.lock(pairs_, indices);
    }

    /// Locks the chosen pairs (of an invariant space all of them, while there is room) and starts from a new random vector.
    void lock(bool everything) {
        std::vector<std::size_t> indices = running_chosen();
        if (everything && krylov_.vectors() + wanted_ + spare < capacity_) {
            indices.resize(pairs_.values.size());
            for (std::size_t i = 0; i < indices.size(); ++i) indices[i] = i;
        }
        lock_pairs(indices);
        if (locked_.size() + 3 >= capacity_) drop_the_unwanted();
        krylov_.begin(locked_.size(), options_.seed.child("block").child(blocks_++));
    }

    void drop_the_unwanted() {
        pairs_ = {};
        choose();
        std::vector<Candidate> kept = largest_;
        kept.insert(kept.end(), smallest_.begin(), smallest_.end());
        std::sort(kept.begin(), kept.end(), [](const Candidate& a, const Candidate& b) { return a.index < b.index; });
        for (std::size_t i = 0; i < kept.size(); ++i) {
            krylov_.swap(i, kept[i].index);
            kept[i].index = i;
        }
        locked_ = std::move(kept);
    }

    void restart() {
        // Some more at each wanted end, so that the next pairs in line are not lost.
        const std::size_t steps = krylov_.steps();
        const std::size_t room = std::min(steps - 1, std::max(steps / 2, std::min(wanted_ + spare, steps - 2)));
        const auto running = [](const std::vector<Candidate>& side) {
            return static_cast<std::size_t>(std::count_if(side.begin(), side.end(), [](const Candidate& c) { return !c.locked; }));
        };
        std::size_t high = running(largest_), low = running(smallest_);
        const std::size_t extra = room > high + low ? room - high - low : 0;
        low += options_.largest == 0 ? extra : options_.smallest == 0 ? 0 : extra / 2;
        low = std::min(low, room);
        high = options_.largest == 0 ? 0 : room - low;
        std::vector<std::size_t> kept;
        for (std::size_t i = 0; i < low; ++i) kept.push_back(i);
        for (std::size_t i = steps - high; i < steps; ++i) kept.push_back(i);
        krylov_.restart(pairs_, kept);
        ++result_.restarts;
    }

    void report() {
        if (!options_.progress) return;
        std::vector<double> values, residuals;
        for (const auto* side : {&largest_, &smallest_})
            for (const Candidate& c : *side) {
                values.push_back(c.value);
                residuals.push_back(c.residual > 0 ? c.residual / std::abs(c.value) : 0);
            }
        options_.progress({products_.count(), krylov_.vectors(), values, residuals});
    }

    void finish() {
        result_.products = products_.count();
        result_.orthogonality = krylov_.basis().orthogonality(krylov_.vectors());
        lock_pairs(running_chosen());
        std::size_t running = locked_.size() - running_chosen().size();
        for (auto* side : {&largest_, &smallest_})
            for (Candidate& c : *side)
                if (!c.locked) c.index = locked_[running++].index;
        const auto take = [&](const std::vector<Candidate>& side) {
            std::vector<Eigenpair> made;
            for (const Candidate& c : side) made.push_back(pair(c));
            return made;
        };
        result_.largest = take(largest_);
        result_.smallest = take(smallest_);
        result_.verification_products = products_.count() - result_.products;
        result_.solver = "lanczos";
        arrange(result_, complete_);
    }

    Eigenpair pair(const Candidate& c) {
        Eigenpair made;
        made.value = c.value;
        made.residual = c.residual;
        made.converged = within(c.value, c.residual, options_.tolerance);
        if (options_.verify) {
            const Rayleigh quotient = measured(c.index);
            made.value = quotient.value;
            made.true_residual = quotient.residual;
            made.converged = verified(made, options_.tolerance, floor_);
        }
        if (options_.vectors) krylov_.basis().read(c.index, [&](std::span<const T> x) { made.vector.assign(x.begin(), x.end()); });
        return made;
    }

    /// How many vectors the memory holds when `copies` of each are kept.
    std::size_t held(std::size_t copies) const { return std::min(options_.memory / (copies * sizeof(T) * n_), n_ + 1); }

    /// Of vector i of the locked ones, with its kept product or a further one.
    Rayleigh measured(std::size_t i) {
        Basis<T>& basis = krylov_.basis();
        if (krylov_.keeps_images()) return rayleigh(basis, i, krylov_.images(), i);
        products_.apply(basis, i, krylov_.locked());
        return rayleigh(basis, i, basis, krylov_.locked());
    }

    const EigenOptions& options_;
    std::size_t n_, wanted_, limit_;
    Products products_;
    Krylov<T> krylov_;
    std::size_t capacity_;
    Eigenvalues result_;
    lapack::TridiagonalPairs pairs_;
    std::vector<Candidate> locked_, largest_, smallest_;
    double floor_ = 0;        // what rounding leaves of a residual
    bool complete_ = false;   // as many pairs as wanted
    bool invariant_ = false;  // a space was exhausted before
    std::uint64_t blocks_ = 0;
};

}  // namespace

Eigenvalues lanczos(const linop::LinearOperator& a, const EigenOptions& options) {
    require_wanted(a, options, "Lanczos");
    return a.single_precision() ? Search<float>(a, options).run() : Search<double>(a, options).run();
}

}  // namespace assay::spectral
