#include "tools/tasks/open_data.hpp"

#include "formats/format.hpp"
#include "libanalysis/core/error.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <optional>

namespace assay::tools {
namespace {

// Decoded single precision inputs and labels; doubles are read from the file, which may hold more than floats.
class DecodedSplit final : public data::Split {
public:
    explicit DecodedSplit(std::shared_ptr<const data::Split> source) : source_(std::move(source)), inputs_(source_->input_names().size()) {
        const std::vector<std::int64_t> rows = data::all_rows(*source_);
        for (std::size_t input = 0; input < inputs_.size(); ++input) {
            sizes_.push_back(static_cast<std::size_t>(element_count(source_->input_shape(input))));
            inputs_[input].resize(rows.size() * sizes_[input]);
            source_->read(input, rows, inputs_[input]);
        }
        if (source_->has_labels()) {
            labels_.resize(rows.size());
            source_->read_labels(rows, labels_);
        }
    }
    std::int64_t rows() const override { return source_->rows(); }
    std::vector<std::string> input_names() const override { return source_->input_names(); }
    Shape input_shape(std::size_t input) const override { return source_->input_shape(input); }
    void read(std::size_t input, std::span<const std::int64_t> rows, std::span<float> out) const override {
        const std::size_t size = sizes_.at(input);
        for (std::size_t i = 0; i < rows.size(); ++i)
            std::copy_n(inputs_[input].begin() + static_cast<std::ptrdiff_t>(checked(rows[i]) * size), size,
                        out.begin() + static_cast<std::ptrdiff_t>(i * size));
    }
    void read(std::size_t input, std::span<const std::int64_t> rows, std::span<double> out) const override { source_->read(input, rows, out); }
    bool has_labels() const override { return source_->has_labels(); }
    std::int64_t classes() const override { return source_->classes(); }
    void read_labels(std::span<const std::int64_t> rows, std::span<std::int64_t> out) const override {
        for (std::size_t i = 0; i < rows.size(); ++i) out[i] = labels_.at(checked(rows[i]));
    }
    std::int64_t target_size() const override { return source_->target_size(); }
    void read_targets(std::span<const std::int64_t> rows, std::span<double> out) const override { source_->read_targets(rows, out); }

private:
    std::size_t checked(std::int64_t row) const {
        if (row < 0 || row >= rows())
            throw Error(ErrorKind::data, {"data", fmt::format("rows 0 to {}", rows() - 1), std::to_string(row)});
        return static_cast<std::size_t>(row);
    }
    std::shared_ptr<const data::Split> source_;
    std::vector<std::vector<float>> inputs_;
    std::vector<std::size_t> sizes_;
    std::vector<std::int64_t> labels_;
};

std::size_t decoded_bytes(const std::shared_ptr<const data::Split>& split) {
    if (!split) return 0;
    std::size_t row = 8;
    for (std::size_t input = 0; input < split->input_names().size(); ++input)
        row += 4 * static_cast<std::size_t>(element_count(split->input_shape(input)));
    return row * static_cast<std::size_t>(split->rows());
}

// Path, size and time of the last change of a file, or of every file below a folder.
std::string signature(const std::filesystem::path& path) {
    const auto one = [](const std::filesystem::path& file) {
        struct stat about {};
        if (stat(file.c_str(), &about) != 0) return file.string() + ":gone";
        return fmt::format("{}:{}:{}.{}", file.string(), about.st_size, about.st_mtim.tv_sec, about.st_mtim.tv_nsec);
    };
    std::error_code error;
    if (!std::filesystem::is_directory(path, error)) return one(path);
    std::vector<std::string> parts;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(path, error))
        if (entry.is_regular_file(error)) parts.push_back(one(entry.path()));
    std::sort(parts.begin(), parts.end());
    std::string all;
    for (const std::string& part : parts) all += part + "\n";
    return all;
}

struct Opened { std::string signature; std::size_t memory; data::Dataset dataset; };

}  // namespace

const data::Dataset& open_data(const std::filesystem::path& path, std::size_t memory) {
    static std::optional<Opened> last;   // a worker serves one task at a time
    const std::string now = path.string() + "\n" + signature(path);
    if (last && last->signature == now && last->memory == memory) return last->dataset;
    last.reset();
    data::Dataset dataset = formats::open_dataset(path);
    if (decoded_bytes(dataset.train) + decoded_bytes(dataset.test) <= memory / 3)
        for (auto* split : {&dataset.train, &dataset.test})
            if (*split) *split = std::make_shared<DecodedSplit>(*split);
    last = Opened{now, memory, std::move(dataset)};
    return last->dataset;
}

std::size_t held_bytes(const data::Dataset& dataset) {
    std::size_t bytes = 0;
    for (const auto* split : {&dataset.train, &dataset.test})
        if (dynamic_cast<const DecodedSplit*>(split->get())) bytes += decoded_bytes(*split);
    return bytes;
}

data::Preprocessing preprocessing_from(const Json& json) {
    data::Preprocessing result;
    if (!json.is_object()) return result;
    try {
        if (json.contains("scale") && !json["scale"].is_null()) result.scale = number_from_json(json["scale"]);
        if (json.contains("offset") && !json["offset"].is_null()) result.offset = number_from_json(json["offset"]);
        if (json.contains("mean") && !json["mean"].is_null()) result.mean = json["mean"].get<std::vector<double>>();
        if (json.contains("deviation") && !json["deviation"].is_null()) result.deviation = json["deviation"].get<std::vector<double>>();
        result.declared = json.value("declared", true);
    } catch (const nlohmann::json::exception& error) {
        throw Error(ErrorKind::usage, {"preprocessing", "numbers", error.what()});
    }
    return result;
}

data::Preprocessing preprocessing_for(const Json& arguments, const model::Model& model) {
    data::Preprocessing asked = preprocessing_from(arguments.value("preprocessing", Json()));
    return asked.declared || model.preprocessing.is_null() ? asked : preprocessing_from(model.preprocessing);
}

Selection select_rows(const std::shared_ptr<const data::Split>& split, const data::Preprocessing& preprocessing, const Json& take,
                      std::int64_t samples, Seed seed) {
    Selection selection{{split, {}, preprocessing}, "all"};
    if (take.is_object() && take.contains("count")) {   // {"take": "all"} declares every row
        const auto count = take.at("count").get<std::int64_t>();
        selection.rows.indices = data::first_rows(*split, count);
        if (count < split->rows()) selection.words = fmt::format("first {}", count);
    } else {
        selection.rows.indices = data::all_rows(*split);
    }
    if (samples > 0 && samples < selection.rows.count()) {
        selection.rows.indices = data::sample_rows(selection.rows.indices, samples, seed);
        selection.words = fmt::format("{} of {}, seed {}", samples, selection.words, seed.value);
    }
    return selection;
}

}  // namespace assay::tools
