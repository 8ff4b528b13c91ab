#pragma once
// The vector instructions of the running machine. Sums are cut differently on each set, so results are the same to the bit
// only on one of them: its name is stored with every value.

#include <string_view>

namespace assay {

/// "avx512", "avx2" or "baseline": the best of the three that processor and operating system offer.
std::string_view instruction_set();

}  // namespace assay
