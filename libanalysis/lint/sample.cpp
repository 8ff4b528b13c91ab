#include "libanalysis/lint/sample.hpp"

#include "libanalysis/core/error.hpp"
#include "libanalysis/core/hash.hpp"
#include "libanalysis/lint/rule.hpp"

#include <algorithm>
#include <cstring>

namespace assay::lint {

std::vector<std::pair<std::string, const data::Split*>> splits_of(const data::Dataset& dataset) {
    std::vector<std::pair<std::string, const data::Split*>> splits;
    if (dataset.train) splits.emplace_back("train", dataset.train.get());
    if (dataset.test) splits.emplace_back("test", dataset.test.get());
    return splits;
}

data::Rows sample_of(const measures::Subject& subject, std::string_view split) {
    const data::Rows* rows = subject.rows(split);
    if (!rows || rows->count() == 0) throw Error(ErrorKind::missing, {"data", "rows of " + std::string(split), "none"});
    return {rows->split, data::sample_rows(rows->indices, std::min<std::int64_t>(1000, rows->count()), Seed{}.child("lint")), rows->preprocessing};
}

std::vector<std::uint64_t> row_hashes(const data::Split& split) {
    constexpr std::size_t most = std::size_t{1} << 20, block = 256;
    const std::vector<std::int64_t> rows = data::all_rows(split);
    const std::size_t count = std::min(rows.size(), most), inputs = split.input_names().size();
    std::vector<std::uint64_t> hashes;
    std::vector<std::string> bytes(block);
    std::vector<float> values;
    for (std::size_t first = 0; first < count; first += block) {
        const std::span<const std::int64_t> part(rows.data() + first, std::min(block, count - first));
        for (std::string& text : bytes) text.clear();
        for (std::size_t input = 0; input < inputs; ++input) {
            const auto width = static_cast<std::size_t>(element_count(split.input_shape(input)));
            values.resize(part.size() * width);
            split.read(input, part, values);
            for (std::size_t i = 0; i < part.size(); ++i)
                bytes[i].append(reinterpret_cast<const char*>(values.data() + i * width), width * sizeof(float));
        }
        for (std::size_t i = 0; i < part.size(); ++i) {
            const std::string hash = hash_bytes(bytes[i]);
            hashes.push_back(std::stoull(hash.substr(0, 16), nullptr, 16));
        }
    }
    return hashes;
}

const std::vector<std::uint64_t>& DataMaterial::hashes(const data::Split& split) const {
    const auto known = memo.find(&split);
    return known != memo.end() ? known->second : memo.emplace(&split, row_hashes(split)).first->second;
}

}  // namespace assay::lint
