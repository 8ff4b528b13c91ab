// PGDL data sets: folders train/ and test/ with TFRecord shards of tf.train.Example, whose features "inputs" and "output" are
// serialised tensors. Every record is checked when the set is opened; later rows are decoded as they are asked for.

#include "formats/crc32c.hpp"
#include "formats/data_labels.hpp"
#include "formats/data_readers.hpp"
#include "libanalysis/core/error.hpp"
#include "libanalysis/core/hash.hpp"

#include "pgdl.pb.h"

#include <algorithm>
#include <cstring>
#include <fstream>

namespace assay::formats {
namespace {

constexpr std::uint64_t longest_record = std::uint64_t{1} << 30;
constexpr std::uint64_t keep_below = std::uint64_t{256} << 20;   // bytes of one split

template <class T>
void append_raw(const std::string& bytes, std::vector<double>& values) {
    for (std::size_t at = 0; at + sizeof(T) <= bytes.size(); at += sizeof(T)) {
        T value;
        std::memcpy(&value, bytes.data() + at, sizeof value);
        values.push_back(static_cast<double>(value));
    }
}

struct Decoded { Shape shape; std::vector<double> values; };

Decoded decode(const std::string& bytes, const std::string& where) {
    tf::Tensor tensor;
    if (!tensor.ParseFromString(bytes)) throw Error(ErrorKind::format, {where, "a serialised tensor", "other bytes"});
    Decoded result;
    for (const auto& dim : tensor.tensor_shape().dim()) result.shape.push_back(dim.size());
    const std::string& raw = tensor.tensor_content();
    switch (tensor.dtype()) {
        case 1: append_raw<float>(raw, result.values); result.values.insert(result.values.end(), tensor.float_val().begin(), tensor.float_val().end()); break;
        case 2: append_raw<double>(raw, result.values); result.values.insert(result.values.end(), tensor.double_val().begin(), tensor.double_val().end()); break;
        case 3: append_raw<std::int32_t>(raw, result.values); result.values.insert(result.values.end(), tensor.int_val().begin(), tensor.int_val().end()); break;
        case 4: append_raw<std::uint8_t>(raw, result.values); result.values.insert(result.values.end(), tensor.int_val().begin(), tensor.int_val().end()); break;
        case 9: append_raw<std::int64_t>(raw, result.values); result.values.insert(result.values.end(), tensor.int64_val().begin(), tensor.int64_val().end()); break;
        default: throw Error(ErrorKind::unsupported, {where, "a tensor of float, double, int32, uint8 or int64", "type " + std::to_string(tensor.dtype())});
    }
    const std::int64_t count = element_count(result.shape);
    if (result.values.size() == 1 && count > 1 && count < (std::int64_t{1} << 24)) result.values.resize(static_cast<std::size_t>(count), result.values[0]);   // one value stands for all
    if (static_cast<std::int64_t>(result.values.size()) != count)
        throw Error(ErrorKind::format, {where, to_string(result.shape), std::to_string(result.values.size()) + " values"});
    return result;
}

struct Record { std::size_t shard; std::uint64_t offset, length; };

class RecordSplit final : public data::Split {
public:
    explicit RecordSplit(std::vector<std::filesystem::path> shards) : shards_(std::move(shards)) {
        std::vector<double> answers;
        std::int64_t width = -1;
        for (std::size_t shard = 0; shard < shards_.size(); ++shard) scan(shard, answers, width);
        if (records_.empty()) throw Error(ErrorKind::data, {shards_.front().parent_path().string(), "records", "none"});
        answers_ = read_answers(std::move(answers), width, shards_.front().parent_path().string());
        if (complete_) kept_.shrink_to_fit();
    }

    std::int64_t rows() const override { return static_cast<std::int64_t>(records_.size()); }
    std::vector<std::string> input_names() const override { return {"inputs"}; }
    Shape input_shape(std::size_t) const override { return shape_; }
    void read(std::size_t, std::span<const std::int64_t> rows, std::span<float> out) const override { copy(rows, out); }
    void read(std::size_t, std::span<const std::int64_t> rows, std::span<double> out) const override { copy(rows, out); }
    bool has_labels() const override { return !answers_.empty(); }
    std::int64_t classes() const override { return answers_.classes; }
    void read_labels(std::span<const std::int64_t> rows, std::span<std::int64_t> out) const override { answers_.read_labels(rows, out, where(0)); }
    std::int64_t target_size() const override { return answers_.target_size; }
    void read_targets(std::span<const std::int64_t> rows, std::span<double> out) const override { answers_.read_targets(rows, out, where(0)); }

private:
    std::string where(std::size_t shard) const { return shards_[shard].string(); }

    void scan(std::size_t shard, std::vector<double>& answers, std::int64_t& width) {
        std::ifstream file(shards_[shard], std::ios::binary);
        if (!file) throw Error(ErrorKind::resource, {where(shard), "a readable file", "it cannot be opened"});
        const std::uint64_t size = std::filesystem::file_size(shards_[shard]);
        std::uint64_t offset = 0;
        while (offset < size) {
            const std::string place = where(shard) + " record at byte " + std::to_string(offset);
            char head[12];
            if (size - offset < 16 || !file.read(head, 12)) throw Error(ErrorKind::format, {place, "a whole record", "the end of the file"});
            std::uint64_t length = 0;
            std::uint32_t crc = 0;
            std::memcpy(&length, head, 8);
            std::memcpy(&crc, head + 8, 4);
            if (masked_crc32c({head, 8}) != crc) throw Error(ErrorKind::format, {place, "a length with its checksum", "another checksum", "The file is damaged, or no TFRecord."});
            if (length > longest_record || length > size - offset - 16) throw Error(ErrorKind::format, {place, "a record inside the file", std::to_string(length) + " bytes"});
            std::string bytes(length, '\0');
            file.read(bytes.data(), static_cast<std::streamsize>(length));
            file.read(head, 4);
            std::memcpy(&crc, head, 4);
            if (!file || masked_crc32c(bytes) != crc) throw Error(ErrorKind::format, {place, "data with its checksum", "another checksum", "The file is damaged."});
            records_.push_back({shard, offset + 12, length});
            take(bytes, place, answers, width);
            offset += length + 16;
        }
    }

    void take(const std::string& bytes, const std::string& place, std::vector<double>& answers, std::int64_t& width) {
        const tf::Example example = parse(bytes, place);
        const Decoded input = decode(feature(example, "inputs", place), place + " inputs");
        const Decoded output = decode(feature(example, "output", place), place + " output");
        const auto outputs = static_cast<std::int64_t>(output.values.size());
        if (width < 0) {
            width = outputs;
            shape_ = input.shape;
        }
        if (input.shape != shape_) throw Error(ErrorKind::data, {place, "inputs of shape " + to_string(shape_), to_string(input.shape)});
        if (outputs != width) throw Error(ErrorKind::data, {place, std::to_string(width) + " outputs", std::to_string(outputs)});
        answers.insert(answers.end(), output.values.begin(), output.values.end());
        if (complete_) {
            kept_.insert(kept_.end(), input.values.begin(), input.values.end());
            if (kept_.size() * sizeof(float) > keep_below) {
                complete_ = false;
                kept_ = {};
            }
        }
    }

    static tf::Example parse(const std::string& bytes, const std::string& place) {
        static const auto silent = google::protobuf::SetLogHandler(nullptr);   // it would print what the error here says
        (void)silent;
        tf::Example example;
        if (!example.ParseFromString(bytes)) throw Error(ErrorKind::format, {place, "a tf.train.Example", "other bytes"});
        return example;
    }

    static const std::string& feature(const tf::Example& example, const char* name, const std::string& place) {
        const auto& features = example.features().feature();
        const auto found = features.find(name);
        if (found == features.end() || found->second.bytes_list().value_size() != 1) throw Error(ErrorKind::data, {place, std::string("a feature ") + name, "none"});
        return found->second.bytes_list().value(0);
    }

    template <class T>
    void copy(std::span<const std::int64_t> rows, std::span<T> out) const {
        const auto size = static_cast<std::size_t>(element_count(shape_));
        if (out.size() != rows.size() * size) throw Error(ErrorKind::internal, {where(0), "room for what is read", std::to_string(out.size()) + " values"});
        std::ifstream file;
        std::size_t open = shards_.size();
        for (std::size_t i = 0; i < rows.size(); ++i) {
            if (rows[i] < 0 || rows[i] >= this->rows()) throw Error(ErrorKind::data, {where(0), "rows below " + std::to_string(this->rows()), "row " + std::to_string(rows[i])});
            const auto row = static_cast<std::size_t>(rows[i]);
            T* to = out.data() + i * size;
            if (complete_) {
                std::transform(kept_.begin() + static_cast<std::ptrdiff_t>(row * size), kept_.begin() + static_cast<std::ptrdiff_t>((row + 1) * size), to,
                               [](float value) { return static_cast<T>(value); });
                continue;
            }
            const Record& record = records_[row];
            if (record.shard != open) {
                file = std::ifstream(shards_[record.shard], std::ios::binary);
                open = record.shard;
            }
            std::string bytes(record.length, '\0');
            file.seekg(static_cast<std::streamoff>(record.offset));
            file.read(bytes.data(), static_cast<std::streamsize>(record.length));
            const std::string place = where(record.shard) + " record at byte " + std::to_string(record.offset - 12);
            if (!file) throw Error(ErrorKind::resource, {place, "a record as it was", "the file can no longer be read"});
            const Decoded input = decode(feature(parse(bytes, place), "inputs", place), place + " inputs");
            std::transform(input.values.begin(), input.values.end(), to, [](double value) { return static_cast<T>(value); });
        }
    }

    std::vector<std::filesystem::path> shards_;
    std::vector<Record> records_;
    Shape shape_;
    Answers answers_;
    std::vector<float> kept_;     // all inputs, while they are few
    bool complete_ = true;
};

std::vector<std::filesystem::path> shards_in(const std::filesystem::path& folder) {
    std::vector<std::filesystem::path> shards;
    std::error_code ignored;
    if (!std::filesystem::is_directory(folder, ignored)) return shards;
    for (const auto& entry : std::filesystem::directory_iterator(folder))
        if (entry.path().extension() == ".tfrecord" && entry.is_regular_file()) shards.push_back(entry.path());
    std::sort(shards.begin(), shards.end());
    return shards;
}

}  // namespace

data::Dataset open_tfrecord_dataset(const std::filesystem::path& folder) {
    std::filesystem::path base = folder;
    if (shards_in(base / "train").empty() && shards_in(base / "test").empty()) base = folder / "dataset_1";
    data::Dataset set{.path = folder.string(), .hash = {}, .train = nullptr, .test = nullptr};
    Hasher hasher;
    for (const char* part : {"train", "test"}) {
        const std::vector<std::filesystem::path> shards = shards_in(base / part);
        if (shards.empty()) continue;
        (std::string_view(part) == "train" ? set.train : set.test) = std::make_shared<RecordSplit>(shards);
        for (const std::filesystem::path& shard : shards) hasher.update(std::string(part) + "/" + shard.filename().string() + " " + hash_file(shard) + "\n");
    }
    if (!set.train && !set.test)
        throw Error(ErrorKind::data, {folder.string(), "train/ and test/ with *.tfrecord, or dataset_1/ with them", "neither"});
    set.hash = hasher.finish();
    return set;
}

}  // namespace assay::formats
