#include "libanalysis/store/export.hpp"
#include "libanalysis/store/store.hpp"
#include "tests/support/support.hpp"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <bit>
#include <cmath>
#include <cstdlib>
#include <limits>

namespace assay::store {
namespace {

using test::Scratch;

ValueRow value(const std::string& model, const std::string& measure, std::variant<std::monostate, double, std::vector<double>> number,
               const std::string& isa = "avx2") {
    ValueRow row;
    row.key.model = model;
    row.key.measure = measure;
    row.key.precision = "float32";
    row.value = std::move(number);
    row.status = row.value.index() ? "ok" : "missing";
    row.reason = row.value.index() ? "" : "no data";
    row.instruction_set = isa;
    return row;
}

ModelRow model(const std::string& path, const std::string& content, const std::string& status = "ok") {
    ModelRow row;
    row.path = path;
    row.content = content;
    row.status = status;
    return row;
}

std::string everything(const Store& store) {
    std::string text;
    for (const ModelRow& m : store.models())
        text += m.path + "|" + m.content + "|" + m.init_content + "|" + m.status + "|" + m.error_kind + "|" + m.reason + "|" + m.config.dump() + m.metrics.dump() + m.facts.dump() + "\n";
    for (const ValueRow& v : store.values({}, Store::Which::all)) {
        text += v.key.model + "|" + v.key.data + "|" + column_of(v.key) + "|" + v.key.layer + "|" + v.status + "|" + v.reason + "|" + v.instruction_set + "|";
        if (const double* x = std::get_if<double>(&v.value)) text += std::to_string(std::bit_cast<std::uint64_t>(*x));
        if (const auto* x = std::get_if<std::vector<double>>(&v.value))
            for (const double y : *x) text += std::to_string(std::bit_cast<std::uint64_t>(y)) + ",";
        text += "\n";
    }
    for (const auto& [request, count] : store.requests()) text += request + " " + std::to_string(count) + "\n";
    text += store.meta("options").dump();
    return text;
}

TEST(Store, CountsValuesByWhatComputedThem) {
    const Scratch scratch;
    Store store(scratch / "s", Store::Mode::write);
    Result result{model("m", "m1"), {value("m1", "a", 1.0), value("m1", "b", 2.0, "avx512"), value("m1", "c", 3.0), value("m1", "d", {})}, {}};
    for (ValueRow& row : result.values) row.device = "cpu";
    result.values[2].device = "cuda: Some GPU (9.0), driver 13.0";
    result.values[2].key.precision = "tf32";
    store.put(result);
    const auto origins = store.origins();
    ASSERT_EQ(origins.size(), 3u) << "what has no number was computed by nothing";
    EXPECT_EQ(origins[0].instruction_set, "avx2");
    EXPECT_EQ(origins[1].instruction_set, "avx512");
    EXPECT_EQ(origins[1].values, 1u);
    EXPECT_EQ(origins[2].device, "cuda: Some GPU (9.0), driver 13.0");
    EXPECT_EQ(origins[2].kind(), "cuda");
    EXPECT_EQ(origins[0].kind(), "cpu");
    EXPECT_EQ(origins[2].precision, "tf32");
}

// Products of factors with ten bits differ in the third digit; the same difference in float32 is worth a word.
TEST(Store, MergesTf32WithItsOwnRounding) {
    const Scratch scratch;
    const auto conflicts = [&](const std::string& precision, double other) {
        const std::string name = precision + std::to_string(other);
        Store first(scratch / (name + "1"), Store::Mode::write);
        for (const auto& [suffix, number] : {std::pair{"1", 1.0}, {"2", other}}) {
            Result result{model("m", "m1"), {value("m1", "a", number)}, {}};
            result.values[0].key.precision = precision;
            if (std::string(suffix) == "1") first.put(result);
            else Store(scratch / (name + suffix), Store::Mode::write).put(result);
        }
        return first.merge(Store(scratch / (name + "2"), Store::Mode::read)).conflicts.size();
    };
    EXPECT_EQ(conflicts("tf32", 1.003), 0u);
    EXPECT_EQ(conflicts("tf32", 1.03), 1u);
    EXPECT_EQ(conflicts("float32", 1.003), 1u);
}

// Seen between a CPU and a CUDA device: 4e-5 in float32.
TEST(Store, MergesDevicesWithTheRoundingBetweenThem) {
    const Scratch scratch;
    int count = 0;
    const auto conflicts = [&](const std::string& device, const std::string& precision, double other) {
        const std::string name = std::to_string(count++);
        Store first(scratch / (name + "cpu"), Store::Mode::write);
        for (const auto& [where, number] : {std::pair{std::string("cpu"), 1.0}, {device, other}}) {
            Result result{model("m", "m1"), {value("m1", "a", number)}, {}};
            result.values[0].key.precision = precision;
            result.values[0].device = where;
            if (number == 1.0) first.put(result);
            else Store(scratch / (name + "other"), Store::Mode::write).put(result);
        }
        return first.merge(Store(scratch / (name + "other"), Store::Mode::read)).conflicts.size();
    };
    const std::string gpu = "cuda: Some GPU (9.0), driver 13.0";
    EXPECT_EQ(conflicts(gpu, "float32", 1.00004), 0u);
    EXPECT_EQ(conflicts("cpu", "float32", 1.00004), 1u);
    EXPECT_EQ(conflicts(gpu, "float32", 1.0003), 1u);
    EXPECT_EQ(conflicts(gpu, "float64", 1.00004), 1u);
}

TEST(Store, KeepsEveryBitOfNumbersAndArrays) {
    const Scratch scratch;
    const std::vector<double> hard{-0.0, 0.0, 1.0, 3.0, -7.0, 0.1, 1e300, 5e-324, std::numeric_limits<double>::infinity(),
                                   -std::numeric_limits<double>::infinity(), 9007199254740993.0, 1.0 / 3};
    Result result{model("a.h5", "A"), {}, {}};
    for (std::size_t i = 0; i < hard.size(); ++i) result.values.push_back(value("A", "m" + std::to_string(100 + i), hard[i]));
    result.values.push_back(value("A", "n_array", hard));
    result.values.push_back(value("A", "o_empty", std::vector<double>{}));
    result.values.back().key.seed = std::numeric_limits<std::uint64_t>::max();
    result.values[0].standard_error = 1.0 / 7;
    { Store(scratch / "s", Store::Mode::write).put(result); }
    const Store store(scratch / "s", Store::Mode::read);
    const auto back = store.values("A");
    ASSERT_EQ(back.size(), hard.size() + 2);
    for (std::size_t i = 0; i < hard.size(); ++i)
        EXPECT_EQ(std::bit_cast<std::uint64_t>(std::get<double>(back[i].value)), std::bit_cast<std::uint64_t>(hard[i])) << hard[i];
    EXPECT_EQ(*back[0].standard_error, 1.0 / 7);
    const auto& array = std::get<std::vector<double>>(back[hard.size()].value);
    ASSERT_EQ(array.size(), hard.size());
    for (std::size_t i = 0; i < hard.size(); ++i) EXPECT_EQ(std::bit_cast<std::uint64_t>(array[i]), std::bit_cast<std::uint64_t>(hard[i]));
    EXPECT_TRUE(std::get<std::vector<double>>(back.back().value).empty());
    EXPECT_EQ(back.back().key.seed, std::numeric_limits<std::uint64_t>::max());
}

TEST(Store, NeverKeepsANotANumberWithoutAReason) {
    const Scratch scratch;
    Store store(scratch / "s", Store::Mode::write);
    store.put({model("a", "A"), {value("A", "loss", std::nan(""))}, {}});
    const auto back = store.values();
    ASSERT_EQ(back.size(), 1u);
    EXPECT_TRUE(std::isnan(std::get<double>(back[0].value)));
    EXPECT_EQ(back[0].status, "missing");
    EXPECT_FALSE(back[0].reason.empty());
}

TEST(Store, KeepsTheStatusOfUnchangedContentAndForgetsThatOfChanged) {
    const Scratch scratch;
    Store store(scratch / "s", Store::Mode::write);
    store.put_models({model("a", "", ""), model("b", "", "")});
    EXPECT_EQ(store.models()[0].status, "pending");
    store.put({model("a", "A"), {}, {}});
    auto again = model("a", "A", "");
    again.config["depth"] = 3;
    store.put_models({again});
    EXPECT_EQ(store.models()[0].status, "ok");
    EXPECT_EQ(store.models()[0].config["depth"], 3);
    store.put_models({model("a", "", "")});
    EXPECT_EQ(store.models()[0].content, "A");
    store.put_models({model("a", "A2", "")});
    EXPECT_EQ(store.models()[0].status, "pending");
    EXPECT_EQ(store.models()[0].content, "A2");
}

TEST(Store, ShowsOnlyWhatTheLastOptionsAskedFor) {
    const Scratch scratch;
    Store store(scratch / "s", Store::Mode::write);
    auto first = value("A", "test_accuracy", 0.1), second = value("A", "test_accuracy", 0.9);
    first.key.data = "scale 1";
    second.key.data = "scale 1/255";
    store.put({model("a", "A"), {first}, {{"k1", "test_accuracy", {0}}}});
    store.put({model("a", "A"), {second}, {{"k2", "test_accuracy", {0}}}});
    store.set_current({{"a", "test_accuracy", "k2"}});
    EXPECT_EQ(table_of(store).measures.at("test_accuracy").at(0), 0.9);
    EXPECT_EQ(store.values({}, Store::Which::all).size(), 2u);
    store.set_current({{"a", "test_accuracy", "k1"}});
    EXPECT_EQ(table_of(store).measures.at("test_accuracy").at(0), 0.1);
    EXPECT_TRUE(store.has_work("k1"));
    EXPECT_FALSE(store.has_work("k3"));
}

TEST(Store, TablesHoldOkModelsAndScalarsOfTheWholeModel) {
    const Scratch scratch;
    Store store(scratch / "s", Store::Mode::write);
    auto a = model("a", "A"), b = model("b", "B"), c = model("c", "", "failed");
    a.metrics = {{"test_accuracy", 0.5}, {"note", "x"}};
    a.config = {{"depth", 2}};
    b.metrics = {{"test_accuracy", "inf"}};
    auto layered = value("A", "norm", 3.0);
    layered.key.layer = "dense";
    auto masked = value("A", "masked_accuracy", 0.25);
    masked.key.parameters = "sparsity=0.9";
    auto exact = value("B", "norm", 4.0);
    exact.key.convention = "exact";
    store.put({{a, {layered, masked, value("A", "spectrum", std::vector<double>{1, 2})}, {}}, {b, {exact, value("B", "gap", std::monostate{})}, {}}, {c, {}, {}}});
    const Table table = table_of(store);
    EXPECT_EQ(table.models, (std::vector<std::string>{"a", "b"}));
    ASSERT_EQ(table.measures.size(), 3u);
    EXPECT_EQ(table.measures.at("masked_accuracy[sparsity=0.9]")[0], 0.25);
    EXPECT_TRUE(std::isnan(table.measures.at("masked_accuracy[sparsity=0.9]")[1]));
    EXPECT_EQ(table.measures.at("norm.exact")[1], 4.0);
    EXPECT_TRUE(std::isnan(table.measures.at("gap")[1]));
    ASSERT_EQ(table.metrics.size(), 1u);
    EXPECT_EQ(table.metrics.at("test_accuracy")[0], 0.5);
    EXPECT_TRUE(std::isinf(table.metrics.at("test_accuracy")[1]));
    EXPECT_EQ(table.config.at("depth")[0], 2);
    EXPECT_TRUE(table.config.at("depth")[1].is_null());

    std::string csv, jsonl;
    export_csv(store, [&](std::string_view text) { csv += text; });
    export_jsonl(store, [&](std::string_view text) { jsonl += text; });
    EXPECT_EQ(csv, "model,status,metric.note,metric.test_accuracy,config.depth,measure.gap,measure.masked_accuracy[sparsity=0.9],measure.norm.exact\n"
                   "a,ok,x,0.5,2,,0.25,\n"
                   "b,ok,,inf,,,,4\n"
                   "c,failed,,,,,,\n");
    EXPECT_NE(jsonl.find(R"({"model":"c","status":"failed","metric.note":null)"), std::string::npos) << jsonl;
}

TEST(Export, QuotesNamesAndWritesDoublesThatReadBack) {
    const Scratch scratch;
    Store store(scratch / "s", Store::Mode::write);
    store.put({model("a, \"b\"\nc", "A"), {value("A", "x", 0.1 + 0.2)}, {}});
    std::string csv;
    export_csv(store, [&](std::string_view text) { csv += text; });
    EXPECT_EQ(csv, "model,status,measure.x\n\"a, \"\"b\"\"\nc\",ok,0.30000000000000004\n");
    EXPECT_EQ(std::strtod(shortest(5e-324 * 3).c_str(), nullptr), 5e-324 * 3);
}

Store filled(const std::filesystem::path& path, int part) {
    Store store(path, Store::Mode::write);
    std::vector<Result> results;
    for (int i = part; i < 9; i += 3) {
        const std::string name = std::string(1, static_cast<char>('a' + i)), content = "C" + name;
        results.push_back({model(name, content, i == 4 ? "failed" : "ok"), {value(content, "norm", i * 0.1), value(content, "path", std::vector<double>{i + 0.5})}, {}});
        results.back().work = {{"k" + name, "norm", {0}}};
    }
    store.put(results);
    std::vector<Store::Current> current;
    for (const Result& result : results) current.push_back({result.model.path, "norm", result.work[0].key});
    store.set_current(current);
    store.set_meta("options", {{"scale", 1}});
    return store;
}

TEST(Merge, OfShardsIsTheSameInEveryOrderAndTwice) {
    const Scratch scratch;
    filled(scratch / "0", 0);
    filled(scratch / "1", 1);
    filled(scratch / "2", 2);
    std::vector<std::string> found;
    for (const std::vector<int>& order : {std::vector<int>{0, 1, 2}, {2, 1, 0}, {1, 0, 2, 1, 0}}) {
        Store all(scratch / ("all" + std::to_string(found.size())), Store::Mode::write);
        for (const int i : order) EXPECT_TRUE(all.merge(Store(scratch / std::to_string(i), Store::Mode::read)).conflicts.empty());
        found.push_back(everything(all));
        EXPECT_EQ(table_of(all).models.size(), 8u);
        EXPECT_EQ(all.requests().at("norm"), 9u);
    }
    EXPECT_EQ(found[0], found[1]);
    EXPECT_EQ(found[0], found[2]);
}

TEST(Merge, KeepsTheFixedOneOfTwoAndReportsWhatExceedsTheStatedError) {
    const Scratch scratch;
    const auto make = [&](const std::string& name, double number, double noisy, const std::string& isa) {
        Store store(scratch / name, Store::Mode::write);
        auto trace = value("A", "trace", noisy, isa);
        trace.standard_error = 1.0;
        store.put({model("a", "A"), {value("A", "norm", number, isa), trace}, {}});
    };
    make("x", 1.0, 100, "avx512");
    make("y", 1.0000001, 103, "avx2");   // rounding; within four standard errors
    make("z", 1.1, 120, "baseline");     // beyond both
    std::vector<std::string> found;
    for (const std::string order : {"xyz", "zyx", "yxz"}) {
        Store all(scratch / order, Store::Mode::write);
        std::size_t conflicts = 0;
        for (const char name : order) conflicts += all.merge(Store(scratch / std::string(1, name), Store::Mode::read)).conflicts.size();
        EXPECT_GE(conflicts, 2u);
        found.push_back(everything(all));
        EXPECT_EQ(table_of(all).measures.at("norm")[0], 1.0000001) << "avx2 sorts first";
    }
    EXPECT_EQ(found[0], found[1]);
    EXPECT_EQ(found[0], found[2]);
    Store pair(scratch / "pair", Store::Mode::write);
    pair.merge(Store(scratch / "x", Store::Mode::read));
    const auto report = pair.merge(Store(scratch / "y", Store::Mode::read));
    EXPECT_TRUE(report.conflicts.empty()) << report.conflicts.at(0);
    EXPECT_EQ(report.replaced, 2u);
    EXPECT_EQ(pair.merge(Store(scratch / "y", Store::Mode::read)).equal, 2u);
}

TEST(Lock, RefusesASecondWriterAndNamesTheFirst) {
    const Scratch scratch;
    Store first(scratch / "s", Store::Mode::write);
    try {
        Store second(scratch / "s", Store::Mode::write);
        FAIL() << "two writers";
    } catch (const Locked& error) {
        EXPECT_NE(std::string(error.what()).find("pid " + std::to_string(getpid())), std::string::npos) << error.what();
    }
    EXPECT_TRUE(Store::holder(scratch / "s"));
    EXPECT_NO_THROW(Store(scratch / "s", Store::Mode::read).models()) << "readers are welcome";
}

TEST(Lock, TakesOverAFileWhoseMakerDiedBeforeItWroteItsName) {
    const Scratch scratch;
    test::write_file(scratch / "s.lock", "");
    const Store store(scratch / "s", Store::Mode::write);
    EXPECT_NE(Store::holder(scratch / "s").value_or("").find("pid " + std::to_string(getpid())), std::string::npos);
}

TEST(Lock, TakesOverFromADeadProcessButNotFromAnotherHost) {
    const Scratch scratch;
    char host[256] = {};
    gethostname(host, 255);
    test::write_file(scratch / "s.lock", std::string(host) + " 999999999 12345\n");
    EXPECT_FALSE(Store::holder(scratch / "s"));
    EXPECT_NO_THROW(Store(scratch / "s", Store::Mode::write));
    EXPECT_FALSE(std::filesystem::exists((scratch / "s.lock"))) << "the lock goes with its owner";
    // A living process with our pid but another start time is not the one that wrote the lock.
    test::write_file(scratch / "s.lock", std::string(host) + " " + std::to_string(getpid()) + " 1\n");
    EXPECT_NO_THROW(Store(scratch / "s", Store::Mode::write));
    test::write_file(scratch / "s.lock", "elsewhere 1 1\n");
    EXPECT_THROW(Store(scratch / "s", Store::Mode::write), Locked);
}

TEST(Store, RefusesWhatIsNoStoreAndLeavesItAlone) {
    const Scratch scratch;
    test::write_file(scratch / "text", "certainly not a database, but long enough to be read as a header of one: " + std::string(200, 'x'));
    const std::string before = test::read_file(scratch / "text");
    EXPECT_THROW(Store(scratch / "text", Store::Mode::write), Error);
    EXPECT_THROW(Store(scratch / "text", Store::Mode::read), Error);
    EXPECT_EQ(test::read_file(scratch / "text"), before);
    try {
        Store(scratch / "absent", Store::Mode::read);
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::missing);
    }
    EXPECT_FALSE(std::filesystem::exists(scratch / "absent"));
}

TEST(Store, SaysThatAFolderIsReadOnly) {
    if (geteuid() == 0) {  // root writes everywhere, except on a file system that is mounted read-only
        const Scratch scratch;
        std::filesystem::create_directory(scratch / "m");
        if (mount("none", (scratch / "m").c_str(), "tmpfs", MS_RDONLY, "size=1m") != 0) GTEST_SKIP() << "SKIPPED: cannot mount here";
        try {
            Store(scratch / "m/s", Store::Mode::write);
            ADD_FAILURE() << "written to a read-only file system";
        } catch (const Error& error) {
            EXPECT_EQ(error.kind(), ErrorKind::resource);
            EXPECT_NE(std::string(error.what()).find("-o"), std::string::npos) << error.what();
        }
        umount((scratch / "m").c_str());
        return;
    }
    const Scratch scratch;
    chmod(scratch.path().c_str(), 0500);
    EXPECT_THROW(Store(scratch / "s", Store::Mode::write), Error);
    chmod(scratch.path().c_str(), 0700);
}

TEST(Store, SaysThatTheDiskIsFullAndKeepsWhatWasThere) {
    if (geteuid() != 0) GTEST_SKIP() << "SKIPPED: needs root to mount a small file system";
    const Scratch scratch;
    std::filesystem::create_directory(scratch / "m");
    if (mount("none", (scratch / "m").c_str(), "tmpfs", 0, "size=400k") != 0) GTEST_SKIP() << "SKIPPED: cannot mount here";
    {
        Store store(scratch / "m/s", Store::Mode::write);
        std::size_t written = 0;
        try {
            for (int i = 0; i < 100; ++i, ++written)
                store.put({model(std::to_string(i), "C" + std::to_string(i)), {value("C" + std::to_string(i), "array", std::vector<double>(2000, 1.0))}, {}});
            ADD_FAILURE() << "1.6 MB on a disk of 400 kB";
        } catch (const Error& error) {
            EXPECT_EQ(error.kind(), ErrorKind::resource);
            EXPECT_NE(std::string(error.what()).find("run the same command again"), std::string::npos) << error.what();
        }
        EXPECT_GT(written, 3u);
        EXPECT_EQ(store.models().size(), written);
        EXPECT_EQ(store.values().size(), written);
    }
    umount((scratch / "m").c_str());
}

}  // namespace
}  // namespace assay::store
