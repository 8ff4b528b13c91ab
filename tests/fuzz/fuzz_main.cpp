// A fuzzer of one layout for clang's libFuzzer; ASSAY_FUZZ_TARGET names the layout.

#include "tests/fuzz/mutation.hpp"
#include "tests/fuzz/targets.hpp"

#include <cstring>

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t most);

namespace {
const assay::fuzz::NamedTarget& mine() {
    static const assay::fuzz::NamedTarget& found = assay::fuzz::target(ASSAY_FUZZ_TARGET);
    return found;
}
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    mine().run({reinterpret_cast<const char*>(data), size});   // a finding is an exception, which ends the process
    return 0;
}

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t most, unsigned seed) {
    assay::fuzz::Random random(seed);
    if (!mine().is_tree || random() % 4 == 0) return LLVMFuzzerMutate(data, size, most);
    const std::string changed = assay::fuzz::mutate_tree({reinterpret_cast<const char*>(data), size}, random);
    if (changed.size() > most) return LLVMFuzzerMutate(data, size, most);
    std::memcpy(data, changed.data(), changed.size());
    return changed.size();
}
