// Vectors of FIPS 180-2, appendix B, and of the empty message.
#include "libanalysis/core/hash.hpp"

#include "libanalysis/core/error.hpp"
#include "tests/support/support.hpp"

#include <gtest/gtest.h>

#include <sys/stat.h>

namespace assay {
namespace {

constexpr std::string_view of_abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
constexpr std::string_view of_million_a = "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0";

TEST(Hash, EqualsThePublishedVectors) {
    EXPECT_EQ(hash_bytes(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    EXPECT_EQ(hash_bytes("abc"), of_abc);
    EXPECT_EQ(hash_bytes("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
              "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    EXPECT_EQ(hash_bytes(std::string(1'000'000, 'a')), of_million_a);
}

TEST(Hash, DoesNotDependOnHowTheBytesAreCut) {
    Hasher hasher;
    hasher.update("a");
    hasher.update("");
    hasher.update(std::as_bytes(std::span("bc", 2)));
    EXPECT_EQ(hasher.finish(), of_abc);
}

TEST(Hash, OfAFileIsTheHashOfItsBytes) {
    const test::Scratch scratch;
    // One byte more and one less than the reader's buffer, and nothing at all.
    for (const std::size_t size : {std::size_t{0}, std::size_t{1}, (std::size_t{1} << 20) - 1, std::size_t{1} << 20, (std::size_t{1} << 20) + 1}) {
        std::string bytes(size, '\0');
        for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<char>(i * 31 + (i >> 8));
        test::write_file(scratch / "bytes", bytes);
        EXPECT_EQ(hash_file(scratch / "bytes"), hash_bytes(bytes)) << size;
    }
    test::write_file(scratch / "a", std::string(1'000'000, 'a'));
    EXPECT_EQ(hash_file(scratch / "a"), of_million_a);
}

TEST(Hash, OfAFileThatIsNotThereNamesIt) {
    const test::Scratch scratch;
    try {
        hash_file(scratch / "nothing");
        ADD_FAILURE();
    } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::missing);
        EXPECT_NE(std::string(error.what()).find("nothing"), std::string::npos);
    }
}

TEST(Hash, OfWhatNeverEndsIsRefused) {
    const test::Scratch scratch;
    ASSERT_EQ(mkfifo((scratch / "pipe").c_str(), 0600), 0);
    for (const std::filesystem::path& path : {scratch / "pipe", std::filesystem::path("/dev/zero")}) {
        try {
            hash_file(path);
            ADD_FAILURE();
        } catch (const Error& error) {
            EXPECT_EQ(error.kind(), ErrorKind::format);
            EXPECT_NE(std::string(error.what()).find(path.string() + ": expected a file, found no regular file"), std::string::npos) << error.what();
        }
    }
}

}  // namespace
}  // namespace assay
