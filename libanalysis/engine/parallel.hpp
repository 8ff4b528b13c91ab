#pragma once
// Many items on many threads with results in order: work runs anywhere, commit sees the results one at a time in the order of
// their index, and only a bounded number of results wait. What commit computes therefore does not depend on the threads.

#include "libanalysis/core/context.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <utility>

namespace assay::engine {

/// Makes library calls on this thread serial for its lifetime, then restores what was.
class SerialLibraries {
public:
    SerialLibraries();
    ~SerialLibraries();
    SerialLibraries(const SerialLibraries&) = delete;
    SerialLibraries& operator=(const SerialLibraries&) = delete;

private:
    int before_;
};

/// Threads that `ordered_parallel` uses for `count` items: lanes 0 .. n-1.
int lanes_for(const Context& context, std::int64_t count);

namespace detail {
void ordered_parallel(const Context& context, std::int64_t count, const std::function<std::shared_ptr<void>(int lane, std::int64_t i)>& work,
                      const std::function<void(std::int64_t i, void* result)>& commit);
}

/// For i = 0 .. count-1: R r = work(lane, i) on one of the lanes, then commit(i, std::move(r)) in order of i, never two at
/// once. Library calls inside are serial. At most threads + 2 results exist at a time. The caller's thread is lane 0; with one
/// thread or one item no other is started. Stop is polled before every item, progress is reported after every commit.
/// @throws the exception of the lowest failing item, after all lower ones were committed; Error{interrupted}
template <class Work, class Commit>
void ordered_parallel(const Context& context, std::int64_t count, Work&& work, Commit&& commit) {
    using Result = decltype(work(0, std::int64_t{0}));
    detail::ordered_parallel(
        context, count, [&](int lane, std::int64_t i) -> std::shared_ptr<void> { return std::make_shared<Result>(work(lane, i)); },
        [&](std::int64_t i, void* result) { commit(i, std::move(*static_cast<Result*>(result))); });
}

}  // namespace assay::engine
