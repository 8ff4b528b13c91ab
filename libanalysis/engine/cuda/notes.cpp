#include "libanalysis/engine/cuda/notes.hpp"

#include "libanalysis/engine/cuda/cuda.hpp"

#include <map>
#include <mutex>
#include <utility>

namespace assay::engine::cuda {

namespace {

struct Noted {
    std::string first;
    std::size_t count = 0;
};

struct Book {
    std::mutex mutex;
    std::map<std::pair<int, std::string>, Noted> kinds;
};

Book& book() {
    static Book only;
    return only;
}

}  // namespace

void add_note(int device, const std::string& kind, const std::string& example) {
    const std::lock_guard lock(book().mutex);
    Noted& noted = book().kinds[{device, kind}];
    if (noted.count++ == 0) noted.first = example;
}

std::vector<std::string> notes(int device) {
    const std::lock_guard lock(book().mutex);
    std::vector<std::string> all;
    for (const auto& [key, noted] : book().kinds) {
        if (key.first != device) continue;
        all.push_back(key.second + " (" + noted.first + (noted.count > 1 ? ", and " + std::to_string(noted.count - 1) + " more" : "") + ")");
    }
    return all;
}

}  // namespace assay::engine::cuda
