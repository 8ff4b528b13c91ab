#include "libanalysis/core/version.hpp"

#include "libanalysis/core/instruction_set.hpp"
#include "tests/support/support.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace assay {
namespace {

TEST(Version, NamesTheCommitOfTheTree) {
    const std::string hash = version_info().git_hash;
    const auto git = test::run({"git", "rev-parse", "--short=12", "HEAD"}, test::source_folder());
    if (git.exit_code != 0 || !std::filesystem::exists(test::source_folder() / ".git")) {   // no checkout, or not ours to read
        EXPECT_EQ(hash, "unknown");
        return;
    }
    EXPECT_EQ(hash.substr(0, 12) + "\n", git.out) << "built from another commit: build again";
    EXPECT_THAT(hash.substr(12), testing::AnyOf("", "-dirty"));
}

TEST(Version, KnowsTheVersionOfEveryLibrary) {
    const VersionInfo info = version_info();
    EXPECT_EQ(info.libraries.size(), 11u);
    for (const auto& [name, version] : info.libraries)
        EXPECT_THAT(version, testing::ContainsRegex("^[0-9]+\\.[0-9]+")) << name << " has version '" << version << "'";
    EXPECT_THAT(info.version, testing::ContainsRegex("^[0-9]+\\.[0-9]+\\.[0-9]+$"));
    EXPECT_FALSE(info.build_type.empty());
}

TEST(Version, AgreesWithTheHeadersItWasCompiledAgainst) {
    const Json json = to_json(version_info());
    EXPECT_EQ(json["compiler"], std::string("GNU ") + __VERSION__);
    EXPECT_EQ(json["libraries"]["nlohmann-json"], nlohmann::json::meta()["version"]["string"].get<std::string>());
    EXPECT_EQ(json["instruction_set"], instruction_set());
}

}  // namespace
}  // namespace assay
