// HDF5 as it is met in files from strangers: compact and compressed arrays, user blocks, dense attributes, enumerations, links inside
// the file, filters that are refused by name, images in memory.

#include "formats/hdf5_lzf.hpp"
#include "formats/keras_weights.hpp"
#include "tests/formats/formats_support.hpp"
#include "tests/formats/keras_writer.hpp"
#include "tests/support/support.hpp"

namespace assay::formats {
namespace {

using test::count_up;
using test::H5Writer;
using test::Scratch;
using test::Strings;

hdf5::Properties chunked(hsize_t rows) {
    hdf5::Properties properties(H5Pcreate(H5P_DATASET_CREATE));
    H5Pset_chunk(properties.id(), 1, &rows);
    return properties;
}

void write_float(hid_t file, const char* name, const std::vector<double>& values, const hdf5::Properties& properties) {
    const hsize_t count = values.size();
    const hdf5::Space space(H5Screate_simple(1, &count, nullptr));
    const hdf5::ObjectHandle made(H5Dcreate2(file, name, H5T_IEEE_F32LE, space.id(), H5P_DEFAULT, properties.id(), H5P_DEFAULT));
    H5Writer::check(made && H5Dwrite(made.id(), H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()) >= 0, name);
}

TEST(Hdf5Storage, MayBeCompactChunkedCompressedAndChecked) {
    const Scratch scratch;
    const std::vector<double> values = count_up({100}, -3);
    {
        H5Writer file(scratch / "a.h5");
        hdf5::Properties compact(H5Pcreate(H5P_DATASET_CREATE));
        H5Pset_layout(compact.id(), H5D_COMPACT);
        write_float(file.id(), "compact", values, compact);
        write_float(file.id(), "chunked", values, chunked(7));
        const hdf5::Properties all = chunked(30);
        H5Pset_shuffle(all.id());
        H5Pset_deflate(all.id(), 6);
        H5Pset_fletcher32(all.id());
        write_float(file.id(), "all", values, all);
    }
    const hdf5::File file(scratch / "a.h5");
    for (const char* name : {"compact", "chunked", "all"}) EXPECT_EQ(file.dataset(name).read<double>(), values) << name;
}

std::string from_hex(const std::string& hex) {
    std::string bytes;
    for (std::size_t i = 0; i + 1 < hex.size(); i += 2) bytes += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
    return bytes;
}

// The chunks that h5py 3.16 wrote for (numpy.arange(64) % 8).astype("<f4") with compression="lzf", without and with shuffle.
TEST(Hdf5Storage, OfChunksThatH5pyCompressedWithLzfIsRead) {
    const Scratch scratch;
    std::vector<double> values(64);
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<double>(i % 8);
    const auto write = [&](hid_t file, const char* name, const std::string& chunk, bool shuffle, unsigned flags = 0) {
        const hdf5::Properties properties = chunked(64);
        if (shuffle) H5Pset_shuffle(properties.id());
        const unsigned settings[3] = {4, 261, 256};
        H5Pset_filter(properties.id(), hdf5::lzf_filter, H5Z_FLAG_OPTIONAL, 3, settings);
        const hsize_t count = 64, start = 0;
        const hdf5::Space space(H5Screate_simple(1, &count, nullptr));
        const hdf5::ObjectHandle made(H5Dcreate2(file, name, H5T_IEEE_F32LE, space.id(), H5P_DEFAULT, properties.id(), H5P_DEFAULT));
        H5Writer::check(made && H5Dwrite_chunk(made.id(), H5P_DEFAULT, flags, &start, chunk.size(), chunk.data()) >= 0, name);
    };
    {
        H5Writer file(scratch / "lzf.h5");
        write(file.id(), "plain", from_hex("010000400001803f2005034000004020030080200300a0200300c0200300e020034000e0cf1f01e040"), false);
        write(file.id(), "shuffled", from_hex("010000e076000680004080a0c0e0e03007013f406000e02d07014040"), true);
        std::string raw(256, '\0');   // a chunk that does not get smaller is stored as it is, and says so
        for (std::size_t i = 0; i < 64; ++i) reinterpret_cast<float*>(raw.data())[i] = static_cast<float>(i % 8);
        write(file.id(), "stored", raw, false, 1);
        write(file.id(), "damaged", from_hex("010000400001803f20050340ff"), false);
    }
    const hdf5::File file(scratch / "lzf.h5");
    for (const char* name : {"plain", "shuffled", "stored"}) EXPECT_EQ(file.dataset(name).read<double>(), values) << name;
    EXPECT_ERROR(file.dataset("damaged").read<double>(), ErrorKind::format, "cannot be read");
}

TEST(Hdf5Storage, WithAnotherFilterIsRefusedByName) {
    const Scratch scratch;
    {
        H5Writer file(scratch / "a.h5");
        for (const auto& [name, filter] : {std::pair{"blosc", 32001}, std::pair{"zstd", 32015}, std::pair{"strange", 40000}}) {
            const hdf5::Properties properties = chunked(4);
            H5Pset_filter(properties.id(), filter, H5Z_FLAG_OPTIONAL, 0, nullptr);
            write_float(file.id(), name, {1, 2, 3, 4}, properties);
        }
        const hdf5::Properties scaled = chunked(4);
        H5Pset_scaleoffset(scaled.id(), H5Z_SO_FLOAT_DSCALE, 2);
        write_float(file.id(), "scaled", {1, 2, 3, 4}, scaled);
    }
    const hdf5::File file(scratch / "a.h5");
    EXPECT_ERROR(file.dataset("blosc"), ErrorKind::unsupported, "blosc (filter 32001)");
    EXPECT_ERROR(file.dataset("zstd"), ErrorKind::unsupported, "zstd (filter 32015)");
    EXPECT_ERROR(file.dataset("strange"), ErrorKind::unsupported, "filter 40000");
    EXPECT_ERROR(file.dataset("scaled"), ErrorKind::unsupported, "scaleoffset");
}

TEST(Hdf5Files, MayFollowAUserBlock) {
    const Scratch scratch;
    {
        const hdf5::Properties create(H5Pcreate(H5P_FILE_CREATE));
        H5Pset_userblock(create.id(), 1024);
        const hdf5::FileHandle file(H5Fcreate((scratch / "a.h5").c_str(), H5F_ACC_TRUNC, create.id(), H5P_DEFAULT));
        write_float(file.id(), "x", {1, 2, 3}, hdf5::Properties(H5Pcreate(H5P_DATASET_CREATE)));
    }
    EXPECT_EQ(hdf5::File(scratch / "a.h5").dataset("x").read<double>(), (std::vector<double>{1, 2, 3}));
    EXPECT_EQ(hdf5::File("image", test::read_file(scratch / "a.h5")).dataset("x").read<double>(), (std::vector<double>{1, 2, 3}));
}

TEST(Hdf5Files, InMemoryAreEachTheirOwn) {
    const Scratch scratch;
    for (const int number : {1, 2}) {
        H5Writer file(scratch / (std::to_string(number) + ".h5"));
        file.array("x", {1}, {static_cast<double>(number)});
    }
    // Two images under one name at once: libhdf5 takes files of one name for one file.
    const hdf5::File first("same", test::read_file(scratch / "1.h5")), second("same", test::read_file(scratch / "2.h5"));
    EXPECT_EQ(first.dataset("x").read<double>(), std::vector<double>{1});
    EXPECT_EQ(second.dataset("x").read<double>(), std::vector<double>{2});
    EXPECT_EQ(first.dataset("x").where(), "same:/x");
    const std::string whole = test::read_file(scratch / "1.h5");
    EXPECT_ERROR(hdf5::File("cut.h5", whole.substr(0, whole.size() / 2)), ErrorKind::format, "cut short");
    EXPECT_ERROR(hdf5::File("none.h5", std::string()), ErrorKind::format, "no bytes");
    EXPECT_ERROR(hdf5::File("text.h5", "text, and long enough to hold what a superblock would hold: sixty-four bytes"), ErrorKind::format, "damage");
}

TEST(Hdf5Attributes, MayBeManyAndStoredDensely) {
    const Scratch scratch;
    {
        const hdf5::Properties access(H5Pcreate(H5P_FILE_ACCESS));
        H5Pset_libver_bounds(access.id(), H5F_LIBVER_LATEST, H5F_LIBVER_LATEST);   // superblock 3, object headers of version 2
        const hdf5::FileHandle file(H5Fcreate((scratch / "a.h5").c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, access.id()));
        const hdf5::Type type(H5Tcopy(H5T_C_S1));
        H5Tset_size(type.id(), H5T_VARIABLE);
        const hdf5::Space space(H5Screate(H5S_SCALAR));
        for (int i = 0; i < 40; ++i) {   // from the ninth on they lie in a heap of their own
            const std::string name = "a" + std::to_string(i), value = "value " + std::to_string(i);
            const hdf5::Attribute made(H5Acreate2(file.id(), name.c_str(), type.id(), space.id(), H5P_DEFAULT, H5P_DEFAULT));
            const char* pointer = value.c_str();
            H5Awrite(made.id(), type.id(), &pointer);
        }
        write_float(file.id(), "x", {1, 2}, hdf5::Properties(H5Pcreate(H5P_DATASET_CREATE)));
    }
    const hdf5::File file(scratch / "a.h5");
    EXPECT_TRUE(file.has_attributes());
    EXPECT_FALSE(file.dataset("x").has_attributes());
    for (int i = 0; i < 40; ++i) EXPECT_EQ(file.text("a" + std::to_string(i)), "value " + std::to_string(i));
}

TEST(Hdf5Attributes, HoldTextOfEveryPadding) {
    const Scratch scratch;
    {
        H5Writer file(scratch / "a.h5");
        const hdf5::Space space(H5Screate(H5S_SCALAR));
        for (const auto& [name, padding, bytes] : {std::tuple{"nulls", H5T_STR_NULLPAD, std::string("abc\0\0\0", 6)}, std::tuple{"ended", H5T_STR_NULLTERM, std::string("abc\0xy", 6)},
                                                   std::tuple{"spaces", H5T_STR_SPACEPAD, std::string("abc   ")}, std::tuple{"full", H5T_STR_NULLPAD, std::string("abcdef")}}) {
            const hdf5::Type type(H5Tcopy(H5T_C_S1));
            H5Tset_size(type.id(), 6);
            H5Tset_strpad(type.id(), padding);
            const hdf5::Attribute made(H5Acreate2(file.id(), name, type.id(), space.id(), H5P_DEFAULT, H5P_DEFAULT));
            H5Awrite(made.id(), type.id(), bytes.data());
        }
        const std::int64_t seven = 7;
        const hdf5::Attribute made(H5Acreate2(file.id(), "seven", H5T_STD_I32BE, space.id(), H5P_DEFAULT, H5P_DEFAULT));
        H5Awrite(made.id(), H5T_NATIVE_INT64, &seven);
    }
    const hdf5::File file(scratch / "a.h5");
    for (const char* name : {"nulls", "ended", "spaces"}) EXPECT_EQ(file.text(name), "abc") << name;
    EXPECT_EQ(file.text("full"), "abcdef");
    EXPECT_EQ(file.integer("seven"), 7);
    EXPECT_ERROR(file.integer("full"), ErrorKind::format, "one integer");
    EXPECT_ERROR(file.text("seven"), ErrorKind::format, "text");
}

TEST(Hdf5Types, IncludeBooleansAndBfloat16) {
    const Scratch scratch;
    {
        H5Writer file(scratch / "a.h5");
        const hdf5::Type boolean(H5Tenum_create(H5T_NATIVE_INT8));   // as h5py writes numpy.bool_
        for (const auto& [name, value] : {std::pair{"FALSE", std::int8_t{0}}, std::pair{"TRUE", std::int8_t{1}}}) H5Tenum_insert(boolean.id(), name, &value);
        const hsize_t count = 3;
        const hdf5::Space space(H5Screate_simple(1, &count, nullptr));
        const hdf5::ObjectHandle flags(H5Dcreate2(file.id(), "flags", boolean.id(), space.id(), H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
        const std::int8_t values[3] = {1, 0, 1};
        H5Dwrite(flags.id(), boolean.id(), H5S_ALL, H5S_ALL, H5P_DEFAULT, values);
        for (const char* name : {"brain", "untold"}) {
            const hdf5::Type opaque(H5Tcreate(H5T_OPAQUE, 2));
            const hdf5::ObjectHandle made(H5Dcreate2(file.id(), name, opaque.id(), space.id(), H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
            const std::uint16_t bits[3] = {0x3FC0, 0xC000, 0x4049};   // 1.5, -2, 3.140625
            H5Dwrite(made.id(), opaque.id(), H5S_ALL, H5S_ALL, H5P_DEFAULT, bits);
        }
        file.text("/brain", "dtype", "bfloat16");
    }
    const hdf5::File file(scratch / "a.h5");
    EXPECT_EQ(file.dataset("flags").type_name(), "bool");
    std::uint64_t budget = 1 << 20;
    EXPECT_EQ(keras::read_tensor(file.dataset("flags"), budget).to_double(), (std::vector<double>{1, 0, 1}));
    const model::Tensor brain = keras::read_tensor(file.dataset("brain"), budget);
    EXPECT_EQ(brain.stored_type, "bfloat16");
    EXPECT_EQ(brain.to_double(), (std::vector<double>{1.5, -2, 3.140625}));
    EXPECT_ERROR(keras::read_tensor(file.dataset("untold"), budget), ErrorKind::unsupported, "opaque");
}

TEST(Hdf5Links, AreFollowedInsideTheFileAndListedOnce) {
    const Scratch scratch;
    {
        H5Writer file(scratch / "a.h5");
        file.array("/g/deep/x", {1}, {4});
        H5Lcreate_soft("/g/deep", file.id(), "alias", H5P_DEFAULT, H5P_DEFAULT);
        H5Lcreate_soft("deep/x", file.id(), "/g/near", H5P_DEFAULT, H5P_DEFAULT);
        H5Lcreate_soft("../g/deep/x", file.id(), "/g/climbs", H5P_DEFAULT, H5P_DEFAULT);
        H5Lcreate_soft("/nowhere", file.id(), "/g/dangling", H5P_DEFAULT, H5P_DEFAULT);
        H5Lcreate_soft("/b", file.id(), "/c", H5P_DEFAULT, H5P_DEFAULT);
        H5Lcreate_soft("/c", file.id(), "/b", H5P_DEFAULT, H5P_DEFAULT);
    }
    const hdf5::File file(scratch / "a.h5");
    EXPECT_EQ(file.dataset("alias/x").read<double>(), std::vector<double>{4});
    EXPECT_EQ(file.dataset("g/near").read<double>(), std::vector<double>{4});
    EXPECT_ERROR(file.dataset("g/climbs"), ErrorKind::format, "plain names");
    EXPECT_ERROR(file.dataset("g/dangling"), ErrorKind::format, "nothing of that name");
    EXPECT_ERROR(file.dataset("b"), ErrorKind::format, "circle");
    EXPECT_EQ(file.group("g").leaves(), (std::vector<std::string>{"climbs", "dangling", "deep/x", "near"}));
    EXPECT_ERROR(file.leaves(), ErrorKind::format, "two places");   // the same group by two ways: counted once or twice?
}

}  // namespace
}  // namespace assay::formats
