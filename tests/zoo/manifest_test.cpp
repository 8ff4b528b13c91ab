#include "libanalysis/core/error.hpp"
#include "libanalysis/zoo/manifest.hpp"
#include "libanalysis/zoo/walk.hpp"
#include "tests/support/support.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

namespace assay::zoo {
namespace {

namespace fs = std::filesystem;
using test::Scratch;
using test::write_file;

std::string reason_for(const Manifest& manifest, const std::string& path) {
    for (const Ignored& ignored : manifest.ignored)
        if (ignored.path == path) return ignored.reason;
    return "not ignored";
}

std::vector<std::string> paths(const Manifest& manifest) {
    std::vector<std::string> names;
    for (const Entry& entry : manifest.models) names.push_back(entry.path);
    return names;
}

TEST(Manifest, ReadsMetricsCsvAndZooJson) {
    const Scratch zoo;
    write_file(zoo / "metrics.csv", "model,init,config.depth,config.lr,config.name,config.n_train,metric.test_loss,train_accuracy,converged,nothing\n"
                                    "b.h5,b0.h5,3,1e-3,\"wide, deep\",100,0.25,nan,true,\n"
                                    "a.h5,,2,0.1,x,50,inf,0.5,false,\n");
    write_file(zoo / "zoo.json", R"({"title": "T", "data": "../d/data.h5", "input_scale": "1/255", "loss": "cross_entropy", "train_rows": {"column": "config.n_train", "take": "first"}, "colour": "red"})");
    for (const char* name : {"a.h5", "b.h5", "b0.h5", "c.h5"}) write_file(zoo / name, "x");
    const Manifest manifest = read_manifest(zoo.path());
    EXPECT_EQ(manifest.layout, "metrics.csv");
    ASSERT_EQ(paths(manifest), (std::vector<std::string>{"a.h5", "b.h5"}));
    const Entry& b = manifest.models[1];
    EXPECT_EQ(b.init, "b0.h5");
    EXPECT_EQ(b.config, (Json{{"depth", 3}, {"lr", 1e-3}, {"name", "wide, deep"}, {"n_train", 100}}));
    EXPECT_EQ(b.metrics, (Json{{"test_loss", 0.25}, {"train_accuracy", "nan"}, {"converged", true}}));
    EXPECT_EQ(manifest.models[0].metrics.at("test_loss"), "inf");
    EXPECT_EQ(manifest.title, "T");
    EXPECT_EQ(manifest.loss, "cross_entropy");
    EXPECT_EQ(*manifest.preprocessing.scale, 1.0 / 255);
    EXPECT_EQ(manifest.data, (zoo.path().parent_path() / "d/data.h5"));
    std::string problem;
    EXPECT_EQ(train_rows_of(manifest.train_rows, b, problem), (Json{{"take", "first"}, {"count", 100}}));
    EXPECT_EQ(problem, "");
    EXPECT_EQ(*config_train_rows(b.config), 100);
    EXPECT_EQ(reason_for(manifest, "c.h5"), "not listed in metrics.csv");
    EXPECT_EQ(reason_for(manifest, "b0.h5"), "not ignored") << "initial weights are used";
    ASSERT_EQ(manifest.warnings.size(), 1u);
    EXPECT_NE(manifest.warnings[0].find("colour"), std::string::npos);
}

TEST(Manifest, RefusesPathsThatLeaveTheFolder) {
    const Scratch zoo;
    write_file(zoo / "metrics.csv", "model,init\n../a.h5,\n/etc/passwd,\nok.h5,../../x\nx/../../y,\nfine..h5,\n");
    const Manifest manifest = read_manifest(zoo.path());
    ASSERT_EQ(manifest.models.size(), 5u);
    for (const Entry& entry : manifest.models) EXPECT_EQ(entry.problem.empty(), entry.path == "fine..h5") << entry.path << ": " << entry.problem;
}

TEST(Manifest, SaysWhereAManifestIsMalformed) {
    const auto message = [](const std::string& name, const std::string& text) {
        const Scratch zoo;
        write_file(zoo / name, text);
        try {
            read_manifest(zoo.path());
        } catch (const Error& error) {
            EXPECT_EQ(error.kind(), ErrorKind::format);
            return std::string(error.what());
        }
        return std::string("no error");
    };
    EXPECT_NE(message("metrics.csv", "file,acc\na,1\n").find("line 1"), std::string::npos);
    EXPECT_NE(message("metrics.csv", "model,acc\na,1\n\nb\n").find("line 4"), std::string::npos);
    EXPECT_NE(message("metrics.csv", "model,acc,acc\n").find("twice"), std::string::npos);
    EXPECT_NE(message("metrics.csv", "").find("header"), std::string::npos);
    EXPECT_NE(message("zoo.json", "[1]").find("object"), std::string::npos);
    EXPECT_NE(message("zoo.json", R"({"input_scale": "1/0"})").find("input_scale"), std::string::npos);
    EXPECT_NE(message("zoo.json", R"({"input_scale": 1, "preprocessing": {"scale": 2}})").find("both"), std::string::npos);
    EXPECT_NE(message("zoo.json", R"({"preprocessing": {"scael": 2}})").find("scael"), std::string::npos);
    EXPECT_NE(message("zoo.json", R"({"train_rows": {"column": "config.n", "take": "last"}})").find("train_rows"), std::string::npos);
    EXPECT_NE(message("model_configs.json", R"({"0": 3})").find("hparams"), std::string::npos);
}

TEST(Manifest, ReadsTheLayoutOfPgdl) {
    const Scratch zoo;
    for (const char* folder : {"model_0", "model_1", "dataset_1", "dataset_1/train", "dataset_2"}) fs::create_directory(zoo / folder);
    for (const char* name : {"model_0/weights.hdf5", "model_0/weights_init.hdf5", "model_0/config.json", "model_1/weights.hdf5", "dataset_1/train/shard_0.tfrecord", "LICENSE"}) write_file(zoo / name, "x");
    write_file(zoo / "model_configs.json", R"({"0": {"hparams": {"depth": {"possible_values": [1, 2], "current_value": 2}}, "metrics": {"train_acc": 0.9, "test_acc": 0.8}},
                                               "1": {"hparams": {"depth": {"current_value": 1}}, "metrics": {"test_acc": 0.7, "other": 1}}, "../x": {}})");
    const Manifest manifest = read_manifest(zoo.path());
    EXPECT_EQ(manifest.layout, "model_configs.json");
    ASSERT_EQ(paths(manifest), (std::vector<std::string>{"model_../x/weights.hdf5", "model_0/weights.hdf5", "model_1/weights.hdf5"}));
    EXPECT_EQ(manifest.models[1].init, "model_0/weights_init.hdf5");
    EXPECT_EQ(manifest.models[1].architecture, "model_0/config.json");
    EXPECT_EQ(manifest.models[1].config, (Json{{"depth", 2}}));
    EXPECT_EQ(manifest.models[1].metrics, (Json{{"train_accuracy", 0.9}, {"test_accuracy", 0.8}}));
    EXPECT_EQ(manifest.models[2].init, "");
    EXPECT_EQ(manifest.data.filename(), "dataset_1");
    EXPECT_EQ(reason_for(manifest, "LICENSE"), "not listed in model_configs.json");
    EXPECT_EQ(reason_for(manifest, "dataset_1/train/shard_0.tfrecord"), "not ignored");
}

TEST(Manifest, TakesEveryRegularFileOnceAndFollowsLinks) {
    const Scratch zoo, elsewhere;
    fs::create_directories(zoo / "sub/deeper");
    write_file(zoo / "sub/deeper/a", "x");
    write_file(zoo / "b.txt", "x");
    write_file(zoo / "zoo.json", "{}");
    write_file(elsewhere / "far", "x");
    fs::create_symlink("..", zoo / "sub/up");                       // a cycle
    fs::create_symlink("sub/deeper", zoo / "again");                // a folder reached twice: its real name stays
    fs::create_symlink(elsewhere.path(), zoo / "linked");
    fs::create_symlink("nowhere", zoo / "dangling");
    fs::create_symlink("b.txt", zoo / "c");
    mkfifo((zoo / "pipe").c_str(), 0600);
    write_file(zoo / "bad\xff", "x");
    const Manifest manifest = read_manifest(zoo.path());
    EXPECT_EQ(manifest.layout, "files");
    EXPECT_EQ(paths(manifest), (std::vector<std::string>{"b.txt", "bad%FF", "c", "linked/far", "sub/deeper/a"}));
    EXPECT_FALSE(manifest.models[1].problem.empty());
    EXPECT_NE(reason_for(manifest, "sub/up").find("already part"), std::string::npos);
    EXPECT_NE(reason_for(manifest, "again").find("already part"), std::string::npos);
    EXPECT_NE(reason_for(manifest, "dangling").find("nowhere"), std::string::npos);
    EXPECT_EQ(reason_for(manifest, "pipe"), "not a regular file");
}

TEST(Manifest, IncludesAndExcludesByPattern) {
    const Scratch zoo;
    fs::create_directory(zoo / "x");
    for (const char* name : {"a.h5", "b.h5", "c.txt", "x/d.h5"}) write_file(zoo / name, "x");
    EXPECT_EQ(paths(read_manifest(zoo.path(), {{"*.h5"}, {"b*"}, {}})), (std::vector<std::string>{"a.h5", "x/d.h5"}));
    EXPECT_EQ(paths(read_manifest(zoo.path(), {{}, {"x/*"}, {zoo / "c.txt"}})), (std::vector<std::string>{"a.h5", "b.h5"}));
    EXPECT_EQ(reason_for(read_manifest(zoo.path(), {{"*.h5"}, {}, {}}), "c.txt"), "no --include pattern matches");
}

TEST(Manifest, NeedsAFolder) {
    const Scratch zoo;
    write_file(zoo / "file", "x");
    EXPECT_THROW(read_manifest(zoo / "file"), Error);
    EXPECT_THROW(read_manifest(zoo / "absent"), Error);
}

TEST(Scale, IsANumberOrAQuotient) {
    EXPECT_EQ(parse_scale("1/255", "--scale"), 1.0 / 255);
    EXPECT_EQ(parse_scale("0.5", "--scale"), 0.5);
    for (const char* bad : {"", "1/", "/2", "1/0", "a", "1/2/3", "nan", "1e999", " 1"}) EXPECT_THROW(parse_scale(bad, "--scale"), Error) << bad;
}

TEST(Utf8, IsTold) {
    EXPECT_TRUE(is_utf8("grün \xe2\x82\xac \xf0\x9f\x98\x80"));
    for (const char* bad : {"\xff", "\xc3", "\xc0\x80", "\xed\xa0\x80", "\xf5\x80\x80\x80", "\xe2\x82"}) EXPECT_FALSE(is_utf8(bad));
}

}  // namespace
}  // namespace assay::zoo
