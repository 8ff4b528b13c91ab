// Data sets: HDF5 in memory and streamed, forms of labels, TFRecord shards; arrays written back.

#include "formats/crc32c.hpp"
#include "formats/hdf5.hpp"
#include "tests/formats/formats_support.hpp"
#include "tests/formats/keras_writer.hpp"
#include "tests/support/support.hpp"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <numeric>
#include <thread>

namespace assay::formats {
namespace {

namespace fs = std::filesystem;
using test::count_up;
using test::H5Writer;
using test::Scratch;

using Rows = std::vector<std::int64_t>;

std::vector<double> read(const data::Split& split, const Rows& rows, std::size_t input = 0) {
    std::vector<double> values(rows.size() * static_cast<std::size_t>(element_count(split.input_shape(input))));
    split.read(input, rows, std::span<double>(values));
    std::vector<float> narrow(values.size());
    split.read(input, rows, std::span<float>(narrow));
    for (std::size_t i = 0; i < values.size(); ++i) EXPECT_EQ(narrow[i], static_cast<float>(values[i]));
    return values;
}

TEST(Hdf5Dataset, ReadsRowsOfAnyNumericType) {
    const Scratch scratch;
    for (const hid_t type : {H5T_STD_U8LE, H5T_STD_I8LE, H5T_STD_I16BE, H5T_STD_U16LE, H5T_STD_I32LE, H5T_STD_U32LE, H5T_STD_I64LE, H5T_IEEE_F32LE, H5T_IEEE_F64BE}) {
        {
            H5Writer file(scratch / "d.h5");
            file.array("train/x", {4, 2, 1}, count_up({4, 2, 1}), type);
            file.array("train/y", {4}, {0, 3, 1, 1}, H5T_STD_U8LE);
        }
        const data::Dataset set = open_dataset(scratch / "d.h5");
        ASSERT_TRUE(set.train);
        EXPECT_FALSE(set.test);
        EXPECT_EQ(set.hash.size(), 64u);
        EXPECT_EQ(set.train->rows(), 4);
        EXPECT_EQ(set.train->input_shape(0), (Shape{2, 1}));
        EXPECT_EQ(set.train->classes(), 4);
        EXPECT_EQ(read(*set.train, {3, 0, 1}), (std::vector<double>{6, 7, 0, 1, 2, 3}));
        Rows labels(3);
        set.train->read_labels(Rows{3, 0, 1}, labels);
        EXPECT_EQ(labels, (Rows{1, 0, 3}));
        EXPECT_ERROR(read(*set.train, {4}), ErrorKind::data, "rows below 4");
    }
}

std::shared_ptr<const data::Split> with_answers(const Shape& shape, const std::vector<double>& values, hid_t type = H5T_IEEE_F32LE) {
    const Scratch scratch;
    {
        H5Writer file(scratch / "d.h5");
        file.array("test/x", {shape[0], 1}, count_up({shape[0], 1}));
        file.array("test/y", shape, values, type);
    }
    return open_dataset(scratch / "d.h5").test;
}

TEST(Hdf5Dataset, TakesLabelsAsNumbersColumnsOrOneHotRows) {
    for (const auto& split : {with_answers({3}, {2, 0, 1}), with_answers({3, 1}, {2, 0, 1}, H5T_STD_I64LE), with_answers({3, 3}, {0, 0, 1, 1, 0, 0, 0, 1, 0})}) {
        EXPECT_TRUE(split->has_labels());
        EXPECT_EQ(split->classes(), 3);
        EXPECT_EQ(split->target_size(), 0);
        Rows labels(3);
        split->read_labels(Rows{0, 1, 2}, labels);
        EXPECT_EQ(labels, (Rows{2, 0, 1}));
    }
    EXPECT_EQ(with_answers({2, 5}, {1, 0, 0, 0, 0, 0, 1, 0, 0, 0})->classes(), 5);   // a class without samples is still one
}

TEST(Hdf5Dataset, TakesEverythingElseAsTargets) {
    const auto regression = with_answers({3}, {0.5, 1, 2});
    EXPECT_EQ(regression->classes(), 0);
    EXPECT_EQ(regression->target_size(), 1);
    std::vector<double> targets(2);
    regression->read_targets(Rows{2, 0}, targets);
    EXPECT_EQ(targets, (std::vector<double>{2, 0.5}));
    EXPECT_EQ(with_answers({2, 3}, {1, 1, 0, 0, 1, 0})->target_size(), 3);   // several labels a sample
    EXPECT_EQ(with_answers({2}, {-1, 1})->target_size(), 1);
    Rows labels(1);
    EXPECT_ERROR(regression->read_labels(Rows{0}, labels), ErrorKind::data, "targets");
    EXPECT_ERROR(with_answers({2}, {std::nan(""), 1}), ErrorKind::data, "NaN");
}

TEST(Hdf5Dataset, MayHaveSeveralInputsAndNoLabels) {
    const Scratch scratch;
    {
        H5Writer file(scratch / "d.h5");
        file.array("train/x/words", {2, 3}, count_up({2, 3}), H5T_STD_I32LE);
        file.array("train/x/image", {2, 2, 2}, count_up({2, 2, 2}, 10));
    }
    const data::Dataset set = open_dataset(scratch / "d.h5");
    EXPECT_FALSE(set.train->has_labels());
    const auto names = set.train->input_names();
    ASSERT_EQ(names.size(), 2u);
    const auto image = static_cast<std::size_t>(std::find(names.begin(), names.end(), "image") - names.begin());
    EXPECT_EQ(set.train->input_shape(image), (Shape{2, 2}));
    EXPECT_EQ(read(*set.train, {1}, image), (std::vector<double>{14, 15, 16, 17}));
}

TEST(Hdf5Dataset, ThatDoesNotFitTogetherIsRefused) {
    const Scratch scratch;
    const auto write = [&](auto fill) {
        H5Writer file(scratch / "d.h5");
        fill(file);
    };
    write([](H5Writer& file) { file.array("train/x", {3, 2}, count_up({3, 2})); file.array("train/y", {2}, {0, 1}); });
    EXPECT_ERROR(open_dataset(scratch / "d.h5"), ErrorKind::data, "3 rows");
    write([](H5Writer& file) { file.array("train/x/a", {3, 2}, count_up({3, 2})); file.array("train/x/b", {2, 2}, count_up({2, 2})); });
    EXPECT_ERROR(open_dataset(scratch / "d.h5"), ErrorKind::data, "rows");
    write([](H5Writer& file) { file.array("train/y", {2}, {0, 1}); });
    EXPECT_ERROR(open_dataset(scratch / "d.h5"), ErrorKind::data, "data set x");
    write([](H5Writer& file) { file.array("other", {2}, {0, 1}); });
    EXPECT_ERROR(open_dataset(scratch / "d.h5"), ErrorKind::data, "neither train nor test");
    write([](H5Writer& file) { file.array("train/x", {2, 0}, {}); });
    EXPECT_ERROR(open_dataset(scratch / "d.h5"), ErrorKind::data, "samples with values");
    write([](H5Writer& file) { file.array("train/x", {}, {1}); });
    EXPECT_ERROR(open_dataset(scratch / "d.h5"), ErrorKind::data, "a single number");
    EXPECT_ERROR(open_dataset(scratch / "gone.h5"), ErrorKind::missing, "nothing there");
    test::write_file(scratch / "text.h5", "words");
    EXPECT_ERROR(open_dataset(scratch / "text.h5"), ErrorKind::format, "text");
}

TEST(Hdf5Dataset, LargerThanItsShareOfMemoryIsStreamed) {
    const Scratch scratch;
    constexpr std::int64_t rows = 400, side = 1024;   // 400 MiB declared; two chunks are stored
    {
        H5Writer file(scratch / "d.h5");
        const hsize_t extents[3] = {rows, side, side}, chunk[3] = {1, side, side};
        const hdf5::Space space(H5Screate_simple(3, extents, nullptr));
        const hdf5::Properties properties(H5Pcreate(H5P_DATASET_CREATE));
        H5Pset_chunk(properties.id(), 3, chunk);
        file.group("/train");
        const hdf5::ObjectHandle x(H5Dcreate2(file.id(), "/train/x", H5T_STD_U8LE, space.id(), H5P_DEFAULT, properties.id(), H5P_DEFAULT));
        for (const hsize_t row : {7, 8, 399}) {
            const hsize_t start[3] = {row, 0, 0}, count[3] = {1, side, side};
            const std::vector<std::uint8_t> values(side * side, static_cast<std::uint8_t>(row));
            const hdf5::Space memory(H5Screate_simple(3, count, nullptr));
            H5Sselect_hyperslab(space.id(), H5S_SELECT_SET, start, nullptr, count, nullptr);
            H5Dwrite(x.id(), H5T_NATIVE_UINT8, memory.id(), space.id(), H5P_DEFAULT, values.data());
        }
    }
    const data::Dataset set = open_dataset(scratch / "d.h5");
    std::vector<float> out(4 * side * side);
    set.train->read(0, Rows{399, 7, 8, 0}, std::span<float>(out));
    const std::vector<float> expected{399 & 255, 7, 8, 0};
    for (std::size_t i = 0; i < 4; ++i) {
        EXPECT_EQ(out[i * side * side], expected[i]);
        EXPECT_EQ(out[(i + 1) * side * side - 1], expected[i]);
    }
}

TEST(Hdf5Dataset, IsReadByManyThreadsAtOnce) {
    const Scratch scratch;
    constexpr std::int64_t rows = 300, width = std::int64_t{1} << 20;   // 300 MiB declared, so that rows come from the file
    {
        H5Writer file(scratch / "d.h5");
        const hsize_t extents[2] = {rows, width}, chunk[2] = {1, width};
        const hdf5::Space space(H5Screate_simple(2, extents, nullptr));
        const hdf5::Properties properties(H5Pcreate(H5P_DATASET_CREATE));
        H5Pset_chunk(properties.id(), 2, chunk);
        const std::uint8_t fill = 9;
        H5Pset_fill_value(properties.id(), H5T_NATIVE_UINT8, &fill);
        file.group("/test");
        hdf5::ObjectHandle(H5Dcreate2(file.id(), "/test/x", H5T_STD_U8LE, space.id(), H5P_DEFAULT, properties.id(), H5P_DEFAULT));
    }
    const data::Dataset set = open_dataset(scratch / "d.h5");
    std::atomic<int> wrong = 0;
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t)
        threads.emplace_back([&, t] {
            std::vector<float> out(width);
            for (std::int64_t row = t; row < 40; row += 4) {
                set.test->read(0, Rows{row}, std::span<float>(out));
                wrong += out.front() != 9 || out.back() != 9;
            }
        });
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(wrong, 0);
}

TEST(Hdf5Dataset, OfMnistHasItsKnownCounts) {
    ASSAY_NEEDS_SHARED("data/mnist.h5");
    const data::Dataset set = open_dataset(test::shared_folder() / "data/mnist.h5");
    EXPECT_EQ(set.train->rows(), 60000);
    EXPECT_EQ(set.test->rows(), 10000);
    EXPECT_EQ(set.test->input_shape(0), (Shape{28, 28, 1}));
    const auto count = [](const data::Split& split) {
        const Rows rows = data::all_rows(split);
        Rows labels(rows.size()), counts(10);
        split.read_labels(rows, labels);
        for (const std::int64_t label : labels) ++counts[static_cast<std::size_t>(label)];
        return counts;
    };
    EXPECT_EQ(count(*set.test), (Rows{980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009}));
    EXPECT_EQ(count(*set.train), (Rows{5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949}));
    const std::vector<double> pixels = read(*set.train, data::first_rows(*set.train, 60000));
    EXPECT_NEAR(std::accumulate(pixels.begin(), pixels.end(), 0.0) / static_cast<double>(pixels.size()) / 255, 0.1307, 5e-5);   // the well-known mean
}

TEST(Inputs, AreOneDataSetXOrOneAnInput) {
    const Scratch scratch;
    {
        H5Writer file(scratch / "x.h5");
        file.array("x", {2, 3}, count_up({2, 3}));
        file.array("a", {2, 1}, {5, 6});
        file.array("b", {2, 1}, {7, 8});
    }
    const std::vector<std::string> one{"input_1"}, two{"b", "a"}, wrong{"b", "c"};
    EXPECT_EQ(read(*open_inputs(scratch / "x.h5", one), {1}), (std::vector<double>{3, 4, 5}));
    EXPECT_EQ(open_inputs(scratch / "x.h5", one)->input_names(), one);
    EXPECT_EQ(read(*open_inputs(scratch / "x.h5", two), {1}, 0), (std::vector<double>{8}));
    EXPECT_ERROR(open_inputs(scratch / "x.h5", wrong), ErrorKind::data, "data set c");
}

TEST(Arrays, AreWrittenAndReadBack) {
    const Scratch scratch;
    const std::vector<NamedArray> arrays{{"dense", {2, 2}, {1.5f, -2, 3, 4}}, {"model/inner", {3}, {7, 8, 9}}, {"none", {0, 4}, {}}};
    write_arrays(scratch / "y.h5", arrays);
    const hdf5::File file(scratch / "y.h5");
    EXPECT_EQ(file.dataset("dense").read<double>(), (std::vector<double>{1.5, -2, 3, 4}));
    EXPECT_EQ(file.dataset("dense").type_name(), "float32");
    EXPECT_EQ(file.dataset("/model/inner").read<float>(), (std::vector<float>{7, 8, 9}));
    EXPECT_EQ(file.dataset("none").shape(), (Shape{0, 4}));
    EXPECT_FALSE(fs::exists(scratch / "y.h5.partial"));
    EXPECT_ERROR(write_arrays(scratch / "no/such/folder/y.h5", arrays), ErrorKind::resource, "written");
    fs::create_directory(scratch / "taken");
    EXPECT_ERROR(write_arrays(scratch / "taken", arrays), ErrorKind::resource, "written");
    EXPECT_FALSE(fs::exists(scratch / "taken.partial"));
}

TEST(Crc32c, HasItsPublishedCheckValues) {
    EXPECT_EQ(crc32c("123456789"), 0xe3069283u);                       // the check value of the CRC catalogue
    EXPECT_EQ(crc32c(std::string(32, '\0')), 0x8a9136aau);             // RFC 3720, B.4
    EXPECT_EQ(crc32c(std::string(32, '\xff')), 0x62a8ab43u);
    EXPECT_EQ(crc32c(""), 0u);
}

TEST(TfRecords, OfPgdlToyAreRead) {
    ASSAY_NEEDS_SHARED("zoo/pgdl-toy");
    const fs::path folder = test::shared_folder() / "zoo/pgdl-toy";
    const data::Dataset set = open_dataset(folder);
    ASSERT_TRUE(set.train && set.test);
    EXPECT_EQ(set.train->rows(), 200);
    EXPECT_EQ(set.test->rows(), 100);
    EXPECT_EQ(set.train->input_shape(0), (Shape{3}));
    EXPECT_EQ(set.train->classes(), 2);
    // The first record of the first test shard, byte by byte: floats 2d93a6ea, 2330be52, b5383e, label 1.
    const std::vector<double> first = read(*set.test, {0});
    EXPECT_NEAR(first[0], -0.325341, 1e-6);
    Rows label(1);
    set.test->read_labels(Rows{0}, label);
    EXPECT_EQ(label[0], 1);
    EXPECT_EQ(open_dataset(folder / "dataset_1").hash, set.hash);
}

TEST(TfRecords, WithOneByteChangedAreRefused) {
    ASSAY_NEEDS_SHARED("zoo/pgdl-toy");
    const std::string bytes = test::read_file(test::shared_folder() / "zoo/pgdl-toy/dataset_1/test/shard_0.tfrecord");
    const Scratch scratch;
    fs::create_directories(scratch / "test");
    const auto with = [&](const std::string& text) {
        test::write_file(scratch / "test/shard_0.tfrecord", text);
        return open_dataset(scratch.path());
    };
    EXPECT_EQ(with(bytes).test->classes(), 2);
    for (const std::size_t place : {std::size_t{0}, std::size_t{9}, std::size_t{40}, bytes.size() - 1}) {
        std::string changed = bytes;
        changed[place] = static_cast<char>(changed[place] ^ 1);
        EXPECT_ERROR(with(changed), ErrorKind::format, "checksum");
    }
    EXPECT_ERROR(with(bytes.substr(0, bytes.size() - 3)), ErrorKind::format, "record");
    EXPECT_ERROR(with(bytes.substr(0, 5)), ErrorKind::format, "whole record");
    EXPECT_ERROR(with(""), ErrorKind::data, "records");
}

}  // namespace
}  // namespace assay::formats
