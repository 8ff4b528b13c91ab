// Real Keras HDF5 models against the outputs of the frameworks that they were made with. Models made of layers that Assay has
// must agree to 1e-4 of the largest magnitude; the others must be refused with the name of the missing layer.

#include "formats/format.hpp"
#include "formats/hdf5.hpp"
#include "libanalysis/core/json.hpp"
#include "libanalysis/engine/network.hpp"
#include "libanalysis/engine/tape.hpp"
#include "tests/support/support.hpp"
#include "tests/support/tolerance.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <map>

namespace assay {
namespace {

namespace fs = std::filesystem;

// The rule that made the inputs: u(i) = ((i * 2654435761 + seed) mod 2^32) / 2^32, element by element in C order.
std::vector<double> rule_inputs(const Json& input) {
    const std::uint64_t seed = input.at("seed").get<std::uint64_t>();
    const Shape shape = input.at("shape").get<Shape>();
    std::vector<double> values(static_cast<std::size_t>(element_count(shape)));
    const double scale = input.value("scale", 1.0), offset = input.value("offset", 0.0);
    for (std::uint64_t i = 0; i < values.size(); ++i) {
        const auto bits = static_cast<std::uint32_t>(i * 2654435761ULL + seed);
        if (input.contains("range"))
            values[i] = static_cast<double>((bits * input.at("range").get<std::uint64_t>()) >> 32);
        else
            values[i] = static_cast<float>(bits * 0x1.0p-32 * scale + offset);
    }
    if (input.contains("mask")) {
        const Json& mask = input.at("mask");
        const std::size_t steps = static_cast<std::size_t>(shape.at(1)), width = values.size() / static_cast<std::size_t>(shape[0]) / steps;
        for (std::size_t n = 1; n < static_cast<std::size_t>(shape[0]); n += 2)
            for (std::size_t t = mask.at("from_step").get<std::size_t>(); t < steps; ++t)
                for (std::size_t k = 0; k < width; ++k) values[(n * steps + t) * width + k] = mask.at("value").get<double>();
    }
    return values;
}

std::vector<double> expected_values(const Json& output, const Json& file, const fs::path& folder) {
    if (output.contains("values_double")) {
        std::vector<double> values;
        for (const Json& value : output.at("values_double")) values.push_back(number_from_json(value));
        return values;
    }
    (void)file;
    const formats::hdf5::File store(folder / "expected.h5");
    return store.dataset(output.at("dataset_double").get<std::string>()).read<double>();
}

enum class Ending { agrees, refused, differs, failed };

struct Outcome { Ending ending; std::string words; };

Outcome compare(const Json& file, const fs::path& model_path, const fs::path& expected_folder, engine::DType precision) {
    try {
        const model::Model model = formats::load_model(model_path);
        std::vector<Shape> shapes;
        for (const Json& input : file.at("inputs")) {
            const Shape shape = input.at("shape").get<Shape>();
            shapes.emplace_back(shape.begin() + 1, shape.end());
        }
        const engine::Network network(model, {.precision = precision, .logits = false, .input_shapes = shapes});
        const auto backend = engine::make_cpu_backend();
        engine::make_thread_serial();
        const engine::Buffer parameters = network.pack(*backend, model.weights);
        engine::Batch batch;
        batch.size = file.at("inputs").at(0).at("shape").at(0).get<std::int64_t>();
        for (std::size_t i = 0; i < shapes.size(); ++i) {
            const Json& input = file.at("inputs").at(i);
            batch.inputs.push_back(backend->from_host(rule_inputs(input), input.at("kind") == "float" ? precision : engine::DType::int32));
        }
        const engine::Tape tape = network.forward(*backend, parameters.view(), std::move(batch));
        double worst = 0;
        for (std::size_t i = 0; i < file.at("outputs").size(); ++i) {
            std::vector<double> ours = backend->to_host(tape.network_output(i));
            const std::vector<double> theirs = expected_values(file.at("outputs").at(i), file, expected_folder);
            if (ours.size() != theirs.size()) {   // long outputs are stored with a stride
                const std::size_t stride = (ours.size() + theirs.size() - 1) / theirs.size();
                std::vector<double> thinned;
                for (std::size_t k = 0; k < ours.size(); k += stride) thinned.push_back(ours[k]);
                ours = thinned;
            }
            const double apart = test::distance(ours, theirs);
            worst = std::isnan(apart) ? apart : std::max(worst, apart);
        }
        const double bound = precision == engine::DType::float64 ? 1e-6 : test::foreign;
        return {worst <= bound ? Ending::agrees : Ending::differs, std::to_string(worst)};
    } catch (const Error& error) {
        const bool refused = error.kind() == ErrorKind::unsupported;
        return {refused ? Ending::refused : Ending::failed, error.what()};
    }
}

void compare_all(engine::DType precision) {
    const fs::path folder = test::shared_folder() / "models";
    std::map<Ending, int> counts;
    int total = 0;
    for (const auto& entry : fs::directory_iterator(folder / "expected")) {
        if (entry.path().extension() != ".json") continue;
        const Json file = parse_json(test::read_file(entry.path()), entry.path().string());
        if (!file.contains("kind") || file.at("kind") != "keras_whole" || !file.contains("outputs")) continue;
        if (file.at("status") != "ok" && file.at("status") != "mapped") continue;
        const Outcome outcome = compare(file, folder / "public" / file.at("file").get<std::string>(), folder / "expected", precision);
        ++total;
        ++counts[outcome.ending];
        const char* words[] = {"agrees", "refused", "DIFFERS", "FAILED"};
        std::printf("%-8s %s: %s\n", words[static_cast<int>(outcome.ending)], file.at("file").get<std::string>().c_str(), outcome.words.c_str());
        EXPECT_TRUE(outcome.ending == Ending::agrees || outcome.ending == Ending::refused) << file.at("file") << ": " << outcome.words;
        if (outcome.ending == Ending::refused) {
            EXPECT_NE(outcome.words.find("layer"), std::string::npos) << outcome.words;
        }
    }
    std::printf("%d of %d models agree, %d are refused for a layer that Assay does not have\n", counts[Ending::agrees], total, counts[Ending::refused]);
    EXPECT_GE(counts[Ending::agrees], 12);
}

TEST(ExpectedOutputs, KerasModelsAgreeInFloat32OrNameTheMissingLayer) {
    ASSAY_NEEDS_SHARED("models/expected");
    compare_all(engine::DType::float32);
}

TEST(ExpectedOutputs, KerasModelsAgreeInFloat64OrNameTheMissingLayer) {
    ASSAY_NEEDS_SHARED("models/expected");
    compare_all(engine::DType::float64);
}

}  // namespace
}  // namespace assay
