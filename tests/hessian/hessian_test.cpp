#include "formats/format.hpp"
#include "libanalysis/core/json.hpp"
#include "tests/support/support.hpp"
#include "tests/support/tolerance.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <sstream>

namespace assay {
namespace {

using test::program;
using test::run;

std::string bundled(const std::string& name) { return (test::source_folder() / "examples/mnist-grid" / name).string(); }

/// A small run on 200 rows of a bundled network.
std::vector<std::string> command(std::initializer_list<std::string> more, const std::string& model = "grid_0007.h5") {
    std::vector<std::string> words{program(), "hessian", bundled(model), "--data", bundled("data.h5"), "--scale", "1/255", "--samples", "200", "--top", "3"};
    words.insert(words.end(), more);
    return words;
}

Json json_of(std::vector<std::string> words) {
    words.push_back("--json");
    const auto done = run(words);
    EXPECT_EQ(done.exit_code, 0) << done.err;
    return done.exit_code == 0 ? parse_json(done.out, "hessian") : Json();
}

std::vector<double> values_of(const Json& result, const std::string& end) {
    std::vector<double> values;
    for (const Json& pair : result.at("eigenvalues"))
        if (pair.at("end") == end) values.push_back(pair.at("value").get<double>());
    return values;
}

TEST(Hessian, LookingForMultipleEigenvaluesSpendsProductsAndFindsNoneHere) {
    const Json plain = json_of(command({})), probed = json_of(command({"--multiple"}));
    ASSERT_EQ(probed.at("eigenvalues").size(), 3u);
    EXPECT_GT(probed.at("search").at("products").get<int>(), plain.at("search").at("products").get<int>());
    for (std::size_t i = 0; i < 3; ++i)
        EXPECT_NEAR_RELATIVE(values_of(probed, "largest")[i], values_of(plain, "largest")[i], 1e-5);
}

TEST(Hessian, JsonHasEveryKey) {
    const Json result = json_of(command({"--both-ends", "--trace", "--density", "--probes", "2", "--steps", "15", "--per-layer", "--halves", "--seed", "3"}));
    ASSERT_TRUE(result.is_object());
    for (const char* key : {"schema_version", "objective", "operator", "parameters", "samples", "sample", "loss", "gradient_norm", "eigenvalues", "converged", "tolerance",
                            "solver", "products", "search", "trace", "density", "frobenius", "layers", "halves", "kinks", "seconds", "cache", "memory_peak_bytes",
                            "memory_budget_bytes", "device", "instruction_set", "precision", "threads", "seed", "version", "notes"})
        EXPECT_TRUE(result.contains(key) && !result.at(key).is_null()) << key;
    EXPECT_EQ(result.at("operator"), "hessian");
    EXPECT_EQ(result.at("samples"), 200);
    EXPECT_EQ(result.at("seed"), 3);
    EXPECT_NE(result.at("objective").get<std::string>().find("cross_entropy"), std::string::npos) << result.at("objective");
    ASSERT_EQ(result.at("eigenvalues").size(), 6u);
    for (const Json& pair : result.at("eigenvalues")) {
        EXPECT_TRUE(pair.at("converged").get<bool>()) << pair;
        EXPECT_LE(pair.at("true_residual").get<double>(), 1e-3 * std::abs(pair.at("value").get<double>()) + 1e-6) << pair;
    }
    EXPECT_GT(values_of(result, "largest").front(), 0);
    EXPECT_LT(values_of(result, "smallest").front(), values_of(result, "largest").back());
    const Json& density = result.at("density");
    ASSERT_EQ(density.at("nodes").size(), density.at("weights").size());
    EXPECT_EQ(density.at("nodes").size(), 30u);   // 2 probes of 15 steps
    const auto weights = density.at("weights").get<std::vector<double>>();
    EXPECT_NEAR(std::accumulate(weights.begin(), weights.end(), 0.0), 1, 1e-6);
    EXPECT_NEAR(density.at("cumulative").back().get<double>(), 1, 1e-6);
    const auto grid = density.at("smooth").at("grid").get<std::vector<double>>(), heights = density.at("smooth").at("values").get<std::vector<double>>();
    double mass = 0;
    for (std::size_t i = 1; i < grid.size(); ++i) mass += (grid[i] - grid[i - 1]) * (heights[i] + heights[i - 1]) / 2;
    EXPECT_NEAR(mass, 1, 0.01);
    for (const char* key : {"gradient", "product", "total"}) EXPECT_GT(result.at("seconds").at(key).get<double>(), 0) << key;
    EXPECT_GT(result.at("cache").at("bytes").get<double>(), 0);
    EXPECT_EQ(result.at("cache").at("batches"), result.at("cache").at("cached"));
    EXPECT_GT(result.at("memory_peak_bytes").get<double>(), 1e6);
    // Two halves of 100 rows, whose traces average to the whole sample's: a mean over rows.
    const Json& halves = result.at("halves").at("halves");
    ASSERT_EQ(halves.size(), 2u);
    EXPECT_EQ(halves[0].at("rows"), 100);
    EXPECT_EQ(result.at("trace").at("method"), "exact");
    const double trace = result.at("trace").at("value").get<double>();
    EXPECT_NEAR((halves[0].at("trace").at("value").get<double>() + halves[1].at("trace").at("value").get<double>()) / 2, trace, 1e-4 * trace);
    // The largest eigenvalue is convex: the mean of the halves' is at least that of the mean.
    EXPECT_GE((halves[0].at("largest").at("value").get<double>() + halves[1].at("largest").at("value").get<double>()) / 2,
              values_of(result, "largest").front() * (1 - 2e-3));
}

TEST(Hessian, EigenvaluesAgreeWithSpectraInDoublePrecision) {
    const Json own = json_of(command({"--both-ends"}));
    const Json certified = json_of(command({"--both-ends", "--solver", "spectra", "--precision", "double", "--tol", "1e-8"}));
    ASSERT_TRUE(own.is_object() && certified.is_object());
    EXPECT_EQ(certified.at("precision"), "float64");
    EXPECT_EQ(certified.at("solver"), "spectra");
    for (std::size_t i = 0; i < own.at("eigenvalues").size(); ++i) {
        const Json& a = own.at("eigenvalues")[i];
        const Json& b = certified.at("eigenvalues")[i];
        // No farther than its residual, or than single precision of the largest value.
        EXPECT_NEAR(a.at("value").get<double>(), b.at("value").get<double>(),
                    a.at("true_residual").get<double>() + b.at("true_residual").get<double>() + 1e-5 * values_of(certified, "largest").front()) << a << b;
    }
}

TEST(Hessian, TraceAndBlockTracesAreTheSumOfTheOperatorsDiagonal) {
    const Json exact = json_of(command({"--trace", "--per-layer"}));
    ASSERT_TRUE(exact.is_object());
    double sum = 0, parameters = 0;
    for (const Json& layer : exact.at("layers")) {
        sum += layer.at("trace").at("value").get<double>();
        parameters += layer.at("parameters").get<double>();
    }
    const double trace = exact.at("trace").at("value").get<double>();
    EXPECT_GT(exact.at("layers").size(), 1u);
    EXPECT_NEAR(sum, trace, 1e-6 * std::abs(trace));
    EXPECT_EQ(parameters, exact.at("parameters").get<double>());
    // The same trace from random probes of another operator: the density's Hutchinson estimate of the Gauss-Newton matrix.
    const Json probed = json_of(command({"--operator", "ggn", "--trace", "--density", "--probes", "20", "--steps", "3"}));
    ASSERT_TRUE(probed.is_object());
    EXPECT_NEAR(probed.at("trace").at("value").get<double>(), trace, 1e-4 * trace);
    // sum_i weight_i node_i = tr / P for each quadrature.
    double mean = 0;
    for (std::size_t i = 0; i < probed.at("density").at("nodes").size(); ++i)
        mean += probed.at("density").at("weights")[i].get<double>() * probed.at("density").at("nodes")[i].get<double>();
    EXPECT_NEAR(mean * parameters, trace, 0.25 * trace);   // 20 probes
}

TEST(Hessian, BlocksInterlace) {
    const Json result = json_of(command({"--operator", "ggn", "--layer-eigenvalues", "--precision", "double"}));
    ASSERT_TRUE(result.is_object());
    // The largest eigenvalue of a semidefinite matrix is at least that of any diagonal block, and at most their sum.
    double sum = 0, most = 0;
    for (const Json& layer : result.at("layers")) {
        const double largest = layer.at("largest").at("value").get<double>();
        EXPECT_TRUE(layer.at("largest").at("converged").get<bool>());
        EXPECT_LE(largest, layer.at("trace").at("value").get<double>() * (1 + 1e-6));
        sum += largest;
        most = std::max(most, largest);
    }
    const double whole = values_of(result, "largest").front();
    EXPECT_GE(whole, most * (1 - 1e-6));
    EXPECT_LE(whole, sum * (1 + 1e-6));
    EXPECT_LT(most, whole);   // layers act together
}

TEST(Hessian, RegulariserIsNoPartOfAFisherMatrix) {
    const Json fisher = json_of(command({"--operator", "fisher", "--l2", "0.25", "--trace"})), plain = json_of(command({"--operator", "ggn", "--l2", "0", "--trace"}));
    ASSERT_TRUE(fisher.is_object() && plain.is_object());
    const double trace = plain.at("trace").at("value").get<double>();
    EXPECT_NEAR(fisher.at("trace").at("value").get<double>(), trace, 1e-6 * trace);
    EXPECT_NEAR(values_of(fisher, "largest").front(), values_of(plain, "largest").front(), 2e-3 * values_of(plain, "largest").front());
    EXPECT_NE(fisher.at("notes").dump().find("regulariser is no part"), std::string::npos) << fisher.at("notes");
}

TEST(Hessian, SemidefiniteKindsHaveNoNegativeEigenvalues) {
    for (const char* kind : {"ggn", "ef", "fisher"}) {
        const Json result = json_of(command({"--operator", kind, "--both-ends"}));
        ASSERT_TRUE(result.is_object()) << kind;
        EXPECT_EQ(result.at("operator"), kind);
        const double largest = values_of(result, "largest").front();
        EXPECT_GT(largest, 0) << kind;
        for (const double value : values_of(result, "smallest")) EXPECT_GE(value, -1e-5 * largest) << kind;
    }
}

TEST(Hessian, ThreadsDoNotChangeABit) {
    const auto numbers = [](const char* threads) {
        Json result = json_of(command({"--both-ends", "--trace", "--density", "--probes", "2", "--steps", "10", "--halves", "--threads", threads}));
        Json kept = Json::object();
        for (const char* key : {"loss", "gradient_norm", "eigenvalues", "trace", "density", "halves", "kinks"}) kept[key] = result[key];
        return kept.dump();
    };
    const std::string one = numbers("1");
    EXPECT_EQ(one, numbers("2"));
    EXPECT_GT(one.size(), 1000u);
}

TEST(Hessian, L2ShiftsEveryEigenvalueByTwice) {
    const Json plain = json_of(command({"--l2", "0", "--precision", "double", "--tol", "1e-6", "--trace"}));
    const Json shifted = json_of(command({"--l2", "0.25", "--precision", "double", "--tol", "1e-6", "--trace"}));
    ASSERT_TRUE(plain.is_object() && shifted.is_object());
    for (std::size_t i = 0; i < 3; ++i) EXPECT_NEAR(values_of(shifted, "largest")[i], values_of(plain, "largest")[i] + 0.5, 1e-5 * values_of(plain, "largest")[0]);
    EXPECT_NEAR(shifted.at("trace").at("value").get<double>(), plain.at("trace").at("value").get<double>() + 0.5 * plain.at("parameters").get<double>(),
                1e-6 * shifted.at("trace").at("value").get<double>());
}

TEST(Hessian, LittleMemoryRecomputesWithTheSameBitsAndSaysSo) {
    std::vector<std::string> words{program(), "hessian", bundled("grid_0007.h5"), "--data", bundled("data.h5"), "--scale", "1/255", "--samples", "1500", "--top", "1"};
    const Json all = json_of(words);
    ASSERT_TRUE(all.is_object());
    words.insert(words.end(), {"--memory", std::to_string(all.at("cache").at("bytes").get<std::size_t>() / 2)});
    const Json half = json_of(words);
    ASSERT_TRUE(half.is_object());
    EXPECT_LT(half.at("cache").at("cached").get<int>(), half.at("cache").at("batches").get<int>());
    EXPECT_EQ(half.at("eigenvalues"), all.at("eigenvalues"));
}

TEST(Hessian, VectorsAreUnitAndShapedAsTheModel) {
    const test::Scratch scratch;
    const std::string path = (scratch / "v.h5").string();
    const Json result = json_of(command({"--both-ends", "--save-vectors", path}));
    ASSERT_TRUE(result.is_object());
    const model::Model model = formats::load_model(bundled("grid_0007.h5"));
    std::vector<std::string> names;
    std::vector<Shape> shapes;
    for (const model::Parameter& parameter : model.parameters)
        if (parameter.trainable) {
            names.push_back("vectors/" + parameter.name);
            shapes.push_back(parameter.shape);
        }
    const auto file = formats::open_inputs(path, names);
    ASSERT_EQ(file->rows(), 6);
    std::vector<double> squares(6, 0.0), dots(6, 0.0);
    const std::vector<std::int64_t> rows{0, 1, 2, 3, 4, 5};
    for (std::size_t i = 0; i < names.size(); ++i) {
        EXPECT_EQ(file->input_shape(i), shapes[i]) << names[i];
        const auto size = static_cast<std::size_t>(element_count(shapes[i]));
        std::vector<double> values(6 * size);
        file->read(i, rows, std::span<double>(values));
        for (std::size_t row = 0; row < 6; ++row)
            for (std::size_t j = 0; j < size; ++j) {
                squares[row] += values[row * size + j] * values[row * size + j];
                dots[row] += values[row * size + j] * values[(row + 1) % 6 * size + j];
            }
    }
    for (std::size_t row = 0; row < 6; ++row) {
        EXPECT_NEAR(squares[row], 1, 1e-5);
        EXPECT_NEAR(dots[row], 0, 1e-3);   // as far as residuals go
    }
}

TEST(Hessian, PrintsATableAndChoosesTheSample) {
    const test::Scratch scratch;
    const std::string page = (scratch / "spectrum.html").string();
    const auto done = run({program(), "hessian", bundled("grid_0007.h5"), "--data", bundled("data.h5"), "--scale", "1/255", "--top", "2", "--trace", "--per-layer",
                           "--probes", "1", "--steps", "10", "--plot", page, "--progress"});
    ASSERT_EQ(done.exit_code, 0) << done.err;
    std::istringstream lines(done.out);
    for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 100u) << line;
    for (const char* word : {"objective", "cross_entropy", "eigenvalue", "true residual", "trace", "exact", "chosen: ", "two halves", "cached", "layer"})
        EXPECT_NE(done.out.find(word), std::string::npos) << word << "\n" << done.out;
    // Progress: Ritz values with residuals, on standard error alone.
    EXPECT_NE(done.err.find("eigenvalues: product "), std::string::npos) << done.err;
    EXPECT_NE(done.err.find("within 0.001: "), std::string::npos) << done.err;
    EXPECT_NE(done.err.find("density: product "), std::string::npos) << done.err;
    EXPECT_EQ(done.out.find("eigenvalues: product"), std::string::npos);
    const std::string html = test::read_file(page);
    EXPECT_NE(html.find("id=\"density\""), std::string::npos);
    EXPECT_NE(html.find("\"grid\":["), std::string::npos);
}

TEST(Hessian, ErrorsSayWhatIsWrong) {
    const auto fails = [](std::vector<std::string> words, int code, const std::string& says) {
        const auto done = run(words);
        EXPECT_EQ(done.exit_code, code) << done.out << done.err;
        EXPECT_NE(done.err.find(says), std::string::npos) << done.err;
    };
    const std::string model = bundled("grid_0007.h5"), data = bundled("data.h5");
    fails({program(), "hessian"}, 2, "FILE");
    fails({program(), "hessian", model}, 2, "--data");
    fails(command({"--operator", "hesian"}), 2, "hessian, ggn");
    fails(command({"--solver", "arpack"}), 2, "lanczos, spectra");
    fails(command({"--split", "valid"}), 2, "train, test");
    fails(command({"--tol", "0"}), 2, "--tol");
    fails(command({"--memory", "lots"}), 2, "--memory");
    fails(command({"--plot", "density.png"}), 2, ".html");
    fails(command({"--plot", "/no/such/folder/page.html"}), 73, "/no/such/folder");
    fails(command({"--save-vectors", "/no/such/folder/v.h5"}), 73, "/no/such/folder");
    fails(command({"--save-vectors", "/dev/null"}), 73, "regular file");   // it would be replaced
    fails(command({"--plot", "x.html", "--save-vectors", "./x.html"}), 2, "another file");
    fails({program(), "hessian", bundled("absent.h5"), "--data", data}, 66, "absent.h5");
    fails({program(), "hessian", model, "--data", bundled("absent.h5")}, 66, "absent.h5");
    fails({program(), "hessian", bundled("grid_0007.init.weights.h5"), "--data", data}, 66, "architecture");
    fails(command({"--loss", "hinge"}), 2, "hinge");
    fails(command({"--train-rows", "999999999"}), 65, "999999999");
}

}  // namespace
}  // namespace assay
