// Activations, merging layers and normalisations of Keras as networks. Expected values are those of Keras 3.15.1 on PyTorch in float64, with
// weight k of a layer 0.5 sin(0.7 i + k + 0.3), rounded to float32 (a variance 0.5 more than its absolute value), and two samples of inputs:
// 3 cos(0.9 i + 0.2) the first, sin(1.1 i + 0.5 n) input n after it. Keras takes some steps in float32 there.

#include "libanalysis/engine/network.hpp"
#include "libanalysis/engine/tape.hpp"
#include "tests/formats/formats_support.hpp"
#include "tests/formats/keras_writer.hpp"
#include "tests/support/support.hpp"
#include "tests/support/tolerance.hpp"

#include <cmath>

namespace assay::formats {
namespace {

using Values = std::vector<double>;

struct Row {
    std::string class_name, settings;
    std::vector<Shape> inputs, weights;
    Values expected;
};

Values fill(const Shape& shape, double (*value)(double i, double k), std::size_t k) {
    Values values(static_cast<std::size_t>(element_count(shape)));
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = value(static_cast<double>(i), static_cast<double>(k));
    return values;
}

Shape with_batch(Shape shape) {
    shape.insert(shape.begin(), 2);
    return shape;
}

bool is_variance(const Row& row, std::size_t k) {
    return (row.class_name == "BatchNormalization" && k == 3) || (row.class_name == "Normalization" && k == 1);
}

model::Model load(const Row& row) {
    Json layers = Json::array(), inputs = Json::array(), sources = Json::array();
    for (std::size_t i = 0; i < row.inputs.size(); ++i) {
        const std::string name = "i" + std::to_string(i);
        Json shape = row.inputs[i];
        shape.insert(shape.begin(), nullptr);
        layers.push_back(test::keras_node("InputLayer", name, {{"batch_shape", shape}}, Json::array()));
        inputs.push_back(Json::array({name, 0, 0}));
        sources.push_back({{"class_name", "__keras_tensor__"}, {"config", {{"shape", shape}, {"keras_history", {name, 0, 0}}}}});
    }
    const Json args = row.inputs.size() == 1 ? sources : Json::array({sources});
    layers.push_back(test::keras_node(row.class_name, "x", Json::parse(row.settings), Json::array({{{"args", args}, {"kwargs", Json::object()}}})));
    test::KerasFile file;
    file.config = test::keras_functional(layers, inputs, Json::array({Json::array({"x", 0, 0})}));
    file.keras_version = "3.15.1";
    file.layers = {{"x", {}}};
    for (std::size_t k = 0; k < row.weights.size(); ++k) {
        Values values = fill(row.weights[k], [](double i, double number) { return 0.5 * std::sin(0.7 * i + number + 0.3); }, k);
        for (double& value : values) {
            value = static_cast<float>(value);
            if (is_variance(row, k)) value = static_cast<float>(0.5 + std::abs(value));
        }
        file.layers[0].arrays.push_back({"x/w" + std::to_string(k), row.weights[k], values});
    }
    const test::Scratch scratch;
    file.write(scratch / "m.h5");
    return load_model(scratch / "m.h5");
}

Values outputs(const Row& row) {
    const model::Model model = load(row);
    const engine::Network network(model, {.precision = engine::DType::float64, .logits = false, .input_shapes = {}});
    const auto backend = engine::make_cpu_backend();
    const engine::Buffer parameters = network.pack(*backend, model.weights);
    engine::Batch batch;
    batch.size = 2;
    for (std::size_t n = 0; n < row.inputs.size(); ++n) {
        const auto first = [](double i, double) { return 3 * std::cos(0.9 * i + 0.2); };
        const auto later = [](double i, double number) { return std::sin(1.1 * i + 0.5 * number); };
        batch.inputs.push_back(backend->from_host(n == 0 ? fill(with_batch(row.inputs[n]), first, n) : fill(with_batch(row.inputs[n]), later, n), engine::DType::float64));
    }
    return backend->to_host(network.forward(*backend, parameters.const_view(), std::move(batch)).network_output(0));
}

TEST(KerasValues, OfPointwiseMergingAndNormalisingLayersAgreeWithKeras) {
    const std::vector<Row> rows{
        {"Activation", R"({"activation": "relu6"})", {{3}}, {},
         {2.9401997335, 1.3607883643, 0, 0, 0, 0}},
        {"Activation", R"({"activation": "leaky_relu"})", {{3}}, {},
         {2.9401997335, 1.3607883643, -0.24968810193, -0.58257489909, -0.47458062715, -0.0074331980777}},
        {"Activation", R"({"activation": "selu"})", {{3}}, {},
         {3.089270763, 1.4297816779, -1.2536093121, -1.662600502, -1.5942273714, -0.064142166448}},
        {"Activation", R"({"activation": "celu"})", {{3}}, {},
         {2.9401997335, 1.3607883643, -0.7130480531, -0.94568063552, -0.9067902674, -0.036483812352}},
        {"Activation", R"({"activation": "elu"})", {{3}}, {},
         {2.9401997335, 1.3607883643, -0.7130480531, -0.94568063552, -0.9067902674, -0.036483812352}},
        {"Activation", R"({"activation": "softsign"})", {{3}}, {},
         {0.74620575919, 0.57641268691, -0.55524729442, -0.74443340793, -0.70351950241, -0.035834177685}},
        {"Activation", R"({"activation": "softplus"})", {{3}}, {},
         {2.9917054176, 1.589085425, 0.25227659062, 0.052895406572, 0.089118077883, 0.67473683928}},
        {"Activation", R"({"activation": "exponential"})", {{3}}, {},
         {18.919624818, 3.8992661325, 0.2869519469, 0.054319364475, 0.093209732596, 0.96351618765}},
        {"Activation", R"({"activation": "silu"})", {{3}}, {},
         {2.7925965653, 1.0830348544, -0.27836504362, -0.15007358939, -0.20231951854, -0.018237707229}},
        {"Activation", R"({"activation": "hard_silu"})", {{3}}, {},
         {2.9108956123, 0.9890183442, -0.36445297047, -0.042297610018, -0.24800668593, -0.018352776721}},
        {"Activation", R"({"activation": "hard_sigmoid"})", {{3}}, {},
         {0.99003328892, 0.72679806071, 0.29192658173, 0.014520917425, 0.10451614404, 0.49380566827}},
        {"Activation", R"({"activation": "mish"})", {{3}}, {},
         {2.9254171146, 1.251937524, -0.30843658513, -0.15393414215, -0.21091050921, -0.021856840827}},
        {"Activation", R"({"activation": "log_sigmoid"})", {{3}}, {},
         {-0.051505684029, -0.22829706075, -1.5007171003, -2.965769902, -2.4620212136, -0.71190282967}},
        {"Activation", R"({"activation": "gelu"})", {{3}}, {},
         {2.9353777951, 1.2426851475, -0.13225340912, -0.0052157712457, -0.02093955519, -0.018032058736}},
        {"Activation", R"({"activation": "tanh_shrink"})", {{3}}, {},
         {1.945771506, 0.48421257367, -0.40059475288, -1.9187583214, -1.39012958, -1.7103145312e-05}},
        {"Activation", R"({"activation": "hard_tanh"})", {{3}}, {},
         {1, 1, -1, -1, -1, -0.037165990389}},
        {"Activation", R"({"activation": "soft_shrink"})", {{3}}, {},
         {2.4401997335, 0.86078836428, -0.74844050964, -2.4128744954, -1.8729031357, 0}},
        {"Activation", R"({"activation": "hard_shrink"})", {{3}}, {},
         {2.9401997335, 1.3607883643, -1.2484405096, -2.9128744954, -2.3729031357, 0}},
        {"Activation", R"({"activation": "squareplus"})", {{3}}, {},
         {3.2480744499, 1.8899131953, 0.55461430801, 0.31025725234, 0.36521441516, 0.98158965376}},
        {"Activation", R"({"activation": "sparse_plus"})", {{3}}, {},
         {2.9401997335, 1.3607883643, 0, 0, 0, 0.23176233252}},
        {"Activation", R"({"activation": "sparse_sigmoid"})", {{3}}, {},
         {1, 1, 0, 0, 0, 0.48141700481}},
        {"Activation", R"({"activation": "log_softmax"})", {{3}}, {},
         {-0.19988579131, -1.7792971606, -4.3885260345, -3.0181757656, -2.4782044059, -0.14246726054}},
        {"LeakyReLU", R"({"negative_slope": 0.15})", {{3}}, {},
         {2.9401997335, 1.3607883643, -0.18726607645, -0.43693117432, -0.35593547036, -0.0055748985583}},
        {"ReLU", R"({"max_value": 2.0, "negative_slope": 0.25, "threshold": 0.5})", {{4}}, {},
         {2, 1.3607883643, -0.43711012741, -0.85321862386, -0.71822578394, -0.1342914976, 2, 2}},
        {"PReLU", R"({"shared_axes": [1]})", {{2, 3}}, {{1, 3}},
         {2.9401997335, 1.3607883643, -0.61901727093, -0.43040665037, -0.99836453602, -0.018428102712, 2.3266976355, 2.9297628772,
         1.3156419827, -0.19122086775, -1.2304538923, -1.1610930139}},
        {"PReLU", R"({"shared_axes": null})", {{3}}, {{3}},
         {2.9401997335, 1.3607883643, -0.61901727093, -0.43040665037, -0.99836453602, -0.018428102712}},
        {"Softmax", R"({"axis": 1})", {{3, 2}}, {},
         {0.98030228575, 0.79300091448, 0.014868140999, 0.011047028912, 0.0048295732498, 0.19595205661, 0.7304197637, 0.9806059711,
         0.26575205097, 0.014357569671, 0.0038281853345, 0.0050364592264}},
        {"RepeatVector", R"({"n": 2})", {{2}}, {},
         {2.9401997335, 1.3607883643, 2.9401997335, 1.3607883643, -1.2484405096, -2.9128744954, -1.2484405096, -2.9128744954}},
        {"Permute", R"({"dims": [2, 1]})", {{2, 3}}, {},
         {2.9401997335, -2.9128744954, 1.3607883643, -2.3729031357, -1.2484405096, -0.037165990389, 2.3266976355, -1.2941305349,
         2.9297628772, -2.9245308642, 1.3156419827, -2.3417045405}},
        {"Add", R"({})", {{2, 3}, {1, 3}}, {},
         {3.4196252721, 2.3603619673, -0.82106062941, -2.4334489568, -1.3733295327, 0.39021388985, 1.7148397446, 1.9473102646,
         1.0362264845, -1.9059884259, -3.9069834768, -2.6211200387}},
        {"Multiply", R"({})", {{2, 3}, {1, 3}}, {},
         {1.4096068408, 1.3602081283, -0.53355835549, -1.3965064239, -2.3718913371, -0.015883996521, -1.4236083081, -2.8783531931,
         -0.36761076005, 0.7918239797, 2.8732129882, 0.65430854082}},
        {"Average", R"({})", {{2, 3}, {1, 3}}, {},
         {1.7098126361, 1.1801809837, -0.4105303147, -1.2167244784, -0.68666476635, 0.19510694492, 0.85741987229, 0.97365513228,
         0.51811324226, -0.95299421293, -1.9534917384, -1.3105600194}},
        {"Maximum", R"({})", {{2, 3}, {1, 3}}, {},
         {2.940199852, 1.3607883453, 0.42737987638, 0.47942554951, 0.99957358837, 0.42737987638, 2.326697588, 2.9297628403, 1.3156419992,
         -0.61185789108, -0.982452631, -0.27941548824}},
        {"Minimum", R"({})", {{2, 3}, {1, 3}}, {},
         {0.47942554951, 0.99957358837, -1.2484405041, -2.9128744602, -2.3729031086, -0.037165991962, -0.61185789108, -0.982452631,
         -0.27941548824, -1.2941305637, -2.924530983, -2.341704607}},
        {"Subtract", R"({})", {{2, 3}, {1, 3}}, {},
         {2.4607741949, 0.36121476124, -1.6758203899, -3.3923000341, -3.3724767388, -0.46454587062, 2.9385555265, 3.9122154898,
         1.5950574809, -0.68227264397, -1.9420782516, -2.0622890423}},
        {"Add", R"({})", {{2, 2}, {2}}, {},
         {3.4196252721, 2.3603619673, -0.76901497104, -1.9133008924, -1.9455232555, -0.64902388133, 2.7540775158, 2.3179049862}},
        {"Multiply", R"({})", {{2, 1, 2}, {1, 2, 1}}, {},
         {1.4096068408, 0.65239669447, 2.9389460413, 1.3602081283, -0.59853426375, -1.3965064239, -1.2479081784, -2.9116324546,
         -1.014131058, -0.015883996521, 1.451879508, 0.022740304494, 0.99438375681, 1.2521217076, -1.4236083081, -1.792598535}},
        {"Maximum", R"({})", {{2, 2}, {2, 2}, {2}}, {},
         {2.940199852, 1.3607883453, 0.8414709568, 0.8632093668, -0.058374144137, -0.037165991962, 2.326697588, 2.9297628403}},
        {"Dot", R"({"axes": 1})", {{3}, {3}}, {},
         {2.2362565994, 4.1239147186}},
        {"Dot", R"({"axes": [1, 2], "normalize": false})", {{3, 2}, {2, 3}}, {},
         {-0.85243225098, 0.090574979782, -2.2751195431, 2.0395367146, 2.5697844028, -3.1762151718, 0.6268427372, -1.3711210489}},
        {"Dot", R"({"axes": 2, "normalize": true})", {{2, 3}, {2, 3}}, {},
         {0.54209113121, -0.67417889833, -0.84771615267, 0.92183816433, 0.97269040346, -0.93024128675, -0.84039485455, 0.7436427474}},
        {"LayerNormalization", R"({"axis": [1, 2], "epsilon": 0.01})", {{2, 3}}, {{2, 3}, {2, 3}},
         {0.72023200989, 0.81048166752, 0.0039093494415, -0.54401677847, -0.42930302024, -0.54884707928, 0.63169854879, 0.99227154255,
         0.49797406793, -0.31881389022, -0.43569281697, -0.18515646458}},
        {"LayerNormalization", R"({"axis": -1, "epsilon": 0.01, "rms_scaling": true})", {{3}}, {{3}},
         {0.25111812353, 0.33093577623, -0.35780531168, -0.34378260374, -0.79743272066, -0.014719245024}},
        {"RMSNormalization", R"({"axis": -1, "epsilon": 0.01})", {{2, 2}}, {{2}},
         {0.18945802748, 0.24967709184, -0.082236908376, -0.54635214806, -0.20856872201, -0.0093017965555, 0.12986259162,
         0.46561670303}},
        {"UnitNormalization", R"({"axis": 1})", {{2, 3}}, {},
         {0.71040020642, 0.49747322847, -0.9995571976, -0.70379798327, -0.86747933387, -0.029756750852, 0.87391465898, 0.70773844048,
         0.48981805712, -0.48607933743, -0.70647455093, -0.87182469352}},
        {"UnitNormalization", R"({"axis": [1, 2]})", {{2, 2}}, {},
         {0.64874947016, 0.30025536029, -0.27546602019, -0.64272020843, -0.53558698756, -0.0083887203535, 0.52515796317, 0.66127557}},
        {"GroupNormalization", R"({"groups": 2, "axis": -1, "epsilon": 0.01})", {{2, 4}}, {{4}, {4}},
         {0.66835391521, 0.6458517313, -0.095861271024, -0.5691639185, 0.26660990715, 0.34486582875, 0.63115805387, 0.24011620879,
         0.55880570412, -0.12390601635, -0.32470011711, -0.41399142146, 0.41897040606, 0.99271905422, 0.86011248827, 0.084864936769}},
        {"GroupNormalization", R"({"groups": -1, "axis": 1, "epsilon": 0.01})", {{2, 3}}, {{2}, {2}},
         {0.64599275589, 0.51109749079, 0.28824710846, 0.072026669979, 0.25348824263, 1.0384310484, 0.51161968708, 0.64394509792,
         0.28977257013, 1.0053954124, -0.00051891803741, 0.3590695858}},
        {"BatchNormalization", R"({"axis": 2, "epsilon": 0.01})", {{1, 2, 2}}, {{2}, {2}, {2}, {2}},
         {0.97612512112, 0.67200738192, -0.13412645459, -0.87709617615, -0.046919703484, 0.40282949805, 1.4617429972, 1.7309391499}},
        {"Normalization", R"({"axis": -1})", {{2, 2}}, {{2}, {2}, {}},
         {2.8182330889, 0.96212275845, -1.4090971722, -3.4118740252, -2.5439463383, -0.46865174382, 2.1990641383, 2.5679325049}},
        {"Normalization", R"({"axis": [1, 2]})", {{2, 2}}, {{2, 2}, {2, 2}, {}},
         {2.8182330889, 0.96212275845, -2.0647127884, -4.1026444674, -2.5439463383, -0.46865174382, 2.1672129331, 3.2714461451}},
        {"Normalization", R"({"axis": null})", {{3}}, {{}, {}, {}},
         {2.8182330889, 1.2242328673, -1.4090971722, -3.0889053552, -2.5439463383, -0.18663424092}},
        {"Normalization", R"({"axis": 1})", {{2, 2}}, {{2}, {2}, {}},
         {2.8182330889, 1.2242328673, -1.7083636784, -3.4118740252, -2.5439463383, -0.18663424092, 1.9507089395, 2.5679325049}},
        {"Normalization", R"({"axis": -1, "mean": [0.5, -0.25], "variance": [4.0, 0.25]})", {{2}}, {},
         {1.2200998668, 3.2215767286, -0.87422025482, -5.3257489909}},
        {"Normalization", R"({"axis": null, "mean": 0.5, "variance": 4.0})", {{3}}, {},
         {1.2200998668, 0.43039418214, -0.87422025482, -1.7064372477, -1.4364515679, -0.26858299519}},
        {"Rescaling", R"({"scale": [0.5, -2.0], "offset": 1.0})", {{2, 2}}, {},
         {2.4700998668, -1.7215767286, 0.37577974518, 6.8257489909, -0.18645156787, 1.0743319808, 2.1633488178, -4.8595257544}},
    };
    for (const Row& row : rows) {
        SCOPED_TRACE(row.class_name + " " + row.settings);
        EXPECT_LE(test::distance(outputs(row), row.expected), 5e-7);   // a few roundings to float32
    }
}

}  // namespace
}  // namespace assay::formats
