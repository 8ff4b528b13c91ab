#include "libanalysis/core/error.hpp"
#include "libanalysis/data/dataset.hpp"

#include <algorithm>

namespace assay::data {
namespace {

class MemorySplit final : public Split {
public:
    MemorySplit(std::vector<NamedInput> inputs, std::vector<std::int64_t> labels, std::vector<double> targets, std::int64_t target_size)
        : inputs_(std::move(inputs)), labels_(std::move(labels)), targets_(std::move(targets)), target_size_(target_size) {
        if (inputs_.empty()) throw Error(ErrorKind::data, {"data set", "at least one input", "none"});
        for (const NamedInput& input : inputs_) {
            const std::int64_t size = element_count(input.row_shape);
            const auto values = static_cast<std::int64_t>(input.values.size());
            if (size == 0 || values % size != 0) throw Error(ErrorKind::data, {"input " + input.name, "whole rows of shape " + to_string(input.row_shape), std::to_string(values) + " values"});
            if (rows_ >= 0 && values / size != rows_) throw Error(ErrorKind::data, {"input " + input.name, std::to_string(rows_) + " rows", std::to_string(values / size)});
            rows_ = values / size;
        }
        if (!labels_.empty() && static_cast<std::int64_t>(labels_.size()) != rows_)
            throw Error(ErrorKind::data, {"labels", std::to_string(rows_) + " rows", std::to_string(labels_.size())});
        if (target_size_ < 0 || static_cast<std::int64_t>(targets_.size()) != rows_ * target_size_)
            throw Error(ErrorKind::data, {"targets", std::to_string(rows_ * target_size_) + " values", std::to_string(targets_.size())});
        for (const std::int64_t label : labels_) {
            if (label < 0) throw Error(ErrorKind::data, {"labels", "classes from 0 on", std::to_string(label)});
            classes_ = std::max(classes_, label + 1);
        }
    }

    std::int64_t rows() const override { return rows_; }
    std::vector<std::string> input_names() const override {
        std::vector<std::string> names;
        for (const NamedInput& input : inputs_) names.push_back(input.name);
        return names;
    }
    Shape input_shape(std::size_t input) const override { return inputs_.at(input).row_shape; }
    void read(std::size_t input, std::span<const std::int64_t> rows, std::span<float> out) const override { copy(input, rows, out); }
    void read(std::size_t input, std::span<const std::int64_t> rows, std::span<double> out) const override { copy(input, rows, out); }
    bool has_labels() const override { return !labels_.empty() || target_size_ > 0; }
    std::int64_t classes() const override { return classes_; }
    void read_labels(std::span<const std::int64_t> rows, std::span<std::int64_t> out) const override {
        if (labels_.empty()) throw Error(ErrorKind::data, {"labels", "class labels", "none"});
        check(rows, 1, out.size());
        for (std::size_t i = 0; i < rows.size(); ++i) out[i] = labels_[static_cast<std::size_t>(rows[i])];
    }
    std::int64_t target_size() const override { return target_size_; }
    void read_targets(std::span<const std::int64_t> rows, std::span<double> out) const override {
        check(rows, target_size_, out.size());
        const auto size = static_cast<std::size_t>(target_size_);
        for (std::size_t i = 0; i < rows.size(); ++i) std::copy_n(targets_.begin() + rows[i] * target_size_, size, out.begin() + static_cast<std::ptrdiff_t>(i * size));
    }

private:
    void check(std::span<const std::int64_t> rows, std::int64_t size, std::size_t room) const {
        for (const std::int64_t row : rows)
            if (row < 0 || row >= rows_) throw Error(ErrorKind::data, {"row", "below " + std::to_string(rows_), std::to_string(row)});
        if (room != rows.size() * static_cast<std::size_t>(size)) throw Error(ErrorKind::internal, {"reading rows", "room for what is read", std::to_string(room) + " values"});
    }

    template <class T>
    void copy(std::size_t input, std::span<const std::int64_t> rows, std::span<T> out) const {
        const NamedInput& from = inputs_.at(input);
        const std::int64_t size = element_count(from.row_shape);
        check(rows, size, out.size());
        T* to = out.data();
        for (const std::int64_t row : rows)
            for (std::int64_t k = 0; k < size; ++k) *to++ = static_cast<T>(from.values[static_cast<std::size_t>(row * size + k)]);
    }

    std::vector<NamedInput> inputs_;
    std::vector<std::int64_t> labels_;
    std::vector<double> targets_;
    std::int64_t target_size_ = 0, rows_ = -1, classes_ = 0;
};

}  // namespace

std::shared_ptr<const Split> make_split(std::vector<double> inputs, Shape row_shape, std::vector<std::int64_t> labels) {
    std::vector<NamedInput> named;
    named.push_back({"x", std::move(row_shape), std::move(inputs)});
    return std::make_shared<MemorySplit>(std::move(named), std::move(labels), std::vector<double>{}, 0);
}

std::shared_ptr<const Split> make_split(std::vector<NamedInput> inputs, std::vector<std::int64_t> labels, std::vector<double> targets,
                                        std::int64_t target_size) {
    return std::make_shared<MemorySplit>(std::move(inputs), std::move(labels), std::move(targets), target_size);
}

}  // namespace assay::data
