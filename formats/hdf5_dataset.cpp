// Data sets in HDF5: train/x, train/y, test/x, test/y. Small ones are kept in memory in the type they have, large ones are
// read from the file as rows are asked for.

#include "formats/data_labels.hpp"
#include "formats/data_readers.hpp"
#include "formats/hdf5.hpp"
#include "libanalysis/core/error.hpp"
#include "libanalysis/core/hash.hpp"

#include <algorithm>
#include <variant>

namespace assay::formats {
namespace {

constexpr std::uint64_t keep_below = std::uint64_t{256} << 20;   // bytes of one array

using Values = std::variant<std::monostate, std::vector<std::uint8_t>, std::vector<std::int8_t>, std::vector<std::uint16_t>, std::vector<std::int16_t>,
                            std::vector<std::int32_t>, std::vector<std::int64_t>, std::vector<float>, std::vector<double>>;

Values read_native(const hdf5::Dataset& dataset) {
    const std::string& type = dataset.type_name();
    if (type == "uint8" || type == "bool") return dataset.read<std::uint8_t>();
    if (type == "int8") return dataset.read<std::int8_t>();
    if (type == "uint16") return dataset.read<std::uint16_t>();
    if (type == "int16") return dataset.read<std::int16_t>();
    if (type == "int32") return dataset.read<std::int32_t>();
    if (type == "uint32" || type == "int64") return dataset.read<std::int64_t>();
    if (type == "float16" || type == "float32") return dataset.read<float>();
    return dataset.read<double>();
}

class Input {
public:
    Input(std::string name, hdf5::Dataset dataset) : name_(std::move(name)), dataset_(std::move(dataset)) {
        if (!dataset_.is_numeric()) throw Error(ErrorKind::data, {dataset_.where(), "numbers", dataset_.type_name()});
        if (dataset_.shape().empty()) throw Error(ErrorKind::data, {dataset_.where(), "rows of samples", "a single number"});
        shape_.assign(dataset_.shape().begin() + 1, dataset_.shape().end());
        if (shape_.empty()) shape_ = {1};
        size_ = element_count(shape_);
        if (size_ == 0) throw Error(ErrorKind::data, {dataset_.where(), "samples with values", "shape " + to_string(dataset_.shape())});
        if (static_cast<std::uint64_t>(element_count(dataset_.shape())) * dataset_.element_bytes() < keep_below) kept_ = read_native(dataset_);
    }

    const std::string& name() const { return name_; }
    const std::string& where() const { return dataset_.where(); }
    const Shape& shape() const { return shape_; }
    std::int64_t rows() const { return dataset_.shape()[0]; }

    template <class T>
    void read(std::span<const std::int64_t> rows, std::span<T> out) const {
        for (const std::int64_t row : rows)
            if (row < 0 || row >= this->rows()) throw Error(ErrorKind::data, {dataset_.where(), "rows below " + std::to_string(this->rows()), "row " + std::to_string(row)});
        const auto size = static_cast<std::size_t>(size_);
        if (out.size() != rows.size() * size) throw Error(ErrorKind::internal, {dataset_.where(), "room for what is read", std::to_string(out.size()) + " values"});
        std::visit([&](const auto& kept) {
            if constexpr (std::is_same_v<std::decay_t<decltype(kept)>, std::monostate>) {
                for (std::size_t first = 0, count; first < rows.size(); first += count) {   // one read a run of consecutive rows
                    for (count = 1; first + count < rows.size() && rows[first + count] == rows[first] + static_cast<std::int64_t>(count);) ++count;
                    dataset_.read_rows(rows[first], static_cast<std::int64_t>(count), out.data() + first * size);
                }
            } else {
                T* to = out.data();
                for (const std::int64_t row : rows) {
                    const auto* from = kept.data() + static_cast<std::size_t>(row) * size;
                    to = std::transform(from, from + size, to, [](auto value) { return static_cast<T>(value); });
                }
            }
        }, kept_);
    }

private:
    std::string name_;
    hdf5::Dataset dataset_;
    Shape shape_;
    std::int64_t size_ = 0;
    Values kept_;
};

class Hdf5Split final : public data::Split {
public:
    Hdf5Split(std::shared_ptr<const hdf5::File> file, std::vector<Input> inputs, std::optional<hdf5::Dataset> answers)
        : file_(std::move(file)), inputs_(std::move(inputs)) {
        for (const Input& input : inputs_)
            if (input.rows() != rows()) throw Error(ErrorKind::data, {input.where(), std::to_string(rows()) + " rows", std::to_string(input.rows())});
        if (!answers) return;
        if (!answers->is_numeric()) throw Error(ErrorKind::data, {answers->where(), "numbers", answers->type_name()});
        const Shape& shape = answers->shape();
        if (shape.empty() || shape[0] != rows()) throw Error(ErrorKind::data, {answers->where(), std::to_string(rows()) + " rows", "shape " + to_string(shape)});
        answers_ = read_answers(answers->read<double>(), answers->row_size(), answers->where());
    }

    std::int64_t rows() const override { return inputs_.front().rows(); }
    std::vector<std::string> input_names() const override {
        std::vector<std::string> names;
        for (const Input& input : inputs_) names.push_back(input.name());
        return names;
    }
    Shape input_shape(std::size_t input) const override { return inputs_.at(input).shape(); }
    void read(std::size_t input, std::span<const std::int64_t> rows, std::span<float> out) const override { inputs_.at(input).read(rows, out); }
    void read(std::size_t input, std::span<const std::int64_t> rows, std::span<double> out) const override { inputs_.at(input).read(rows, out); }
    bool has_labels() const override { return !answers_.empty(); }
    std::int64_t classes() const override { return answers_.classes; }
    void read_labels(std::span<const std::int64_t> rows, std::span<std::int64_t> out) const override { answers_.read_labels(rows, out, inputs_.front().where()); }
    std::int64_t target_size() const override { return answers_.target_size; }
    void read_targets(std::span<const std::int64_t> rows, std::span<double> out) const override { answers_.read_targets(rows, out, inputs_.front().where()); }

private:
    std::shared_ptr<const hdf5::File> file_;
    std::vector<Input> inputs_;
    Answers answers_;
};

std::vector<Input> inputs_of(const hdf5::Group& group) {
    std::vector<Input> inputs;
    if (group.has_dataset("x")) {
        inputs.emplace_back("x", group.dataset("x"));
    } else if (group.has_group("x")) {
        const hdf5::Group several = group.group("x");
        for (const std::string& name : several.names()) inputs.emplace_back(name, several.dataset(name));
    }
    if (inputs.empty()) throw Error(ErrorKind::data, {group.where(), "a data set x, or a group x with one data set an input", "none"});
    return inputs;
}

std::shared_ptr<const data::Split> split_of(const std::shared_ptr<const hdf5::File>& file, const char* name) {
    if (!file->has_group(name)) return nullptr;
    const hdf5::Group group = file->group(name);
    std::optional<hdf5::Dataset> answers;
    if (group.has_dataset("y")) answers = group.dataset("y");
    else if (group.has_group("y")) throw Error(ErrorKind::unsupported, {group.where() + "/y", "one data set y", "a group: targets of several outputs"});
    return std::make_shared<Hdf5Split>(file, inputs_of(group), std::move(answers));
}

}  // namespace

bool is_data_file(const hdf5::File& file) {
    for (const char* name : {"train/x", "test/x", "x"})
        if (file.kind(name) == hdf5::Kind::dataset || file.kind(name) == hdf5::Kind::group) return true;
    return false;
}

data::Dataset open_hdf5_dataset(const std::filesystem::path& path) {
    const auto file = std::make_shared<const hdf5::File>(path);
    data::Dataset set{.path = path.string(), .hash = {}, .train = split_of(file, "train"), .test = split_of(file, "test")};
    if (!set.train && !set.test)
        throw Error(ErrorKind::data, {path.string(), "train/x, train/y, test/x, test/y", "neither train nor test", "formats/README.md has the layout."});
    set.hash = hash_file(path);
    return set;
}

std::shared_ptr<const data::Split> open_inputs(const std::filesystem::path& path, std::span<const std::string> input_names) {
    const auto file = std::make_shared<const hdf5::File>(path);
    std::vector<Input> inputs;
    const bool single = file->has_dataset("x");
    if (single && input_names.size() <= 1) {
        inputs.emplace_back(input_names.empty() ? "x" : input_names[0], file->dataset("x"));
    } else {
        for (const std::string& name : input_names) {
            if (!file->has_dataset(name)) throw Error(ErrorKind::data, {path.string(), "a data set " + name + ", the name of an input" + (input_names.size() == 1 ? ", or x" : ""), "none"});
            inputs.emplace_back(name, file->dataset(name));
        }
    }
    if (inputs.empty()) throw Error(ErrorKind::data, {path.string(), "a data set x", "none"});
    return std::make_shared<Hdf5Split>(file, std::move(inputs), std::nullopt);
}

}  // namespace assay::formats
