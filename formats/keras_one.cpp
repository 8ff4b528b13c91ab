#include "formats/keras_one.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace assay::formats::keras {
namespace {

using Pair = std::pair<std::string_view, std::string_view>;

constexpr std::array classes{
    Pair{"AtrousConvolution1D", "Conv1D"}, Pair{"AtrousConvolution2D", "Conv2D"}, Pair{"BatchNormalizationV1", "BatchNormalization"},
    Pair{"Convolution1D", "Conv1D"},       Pair{"Convolution2D", "Conv2D"},       Pair{"Convolution3D", "Conv3D"},
    Pair{"Deconvolution2D", "Conv2DTranspose"}, Pair{"SeparableConvolution2D", "SeparableConv2D"}, Pair{"UnifiedGRU", "GRU"}, Pair{"UnifiedLSTM", "LSTM"},
};

constexpr std::array arguments{
    Pair{"W_regularizer", "kernel_regularizer"}, Pair{"atrous_rate", "dilation_rate"}, Pair{"b_regularizer", "bias_regularizer"},
    Pair{"bias", "use_bias"},                    Pair{"border_mode", "padding"},       Pair{"nb_filter", "filters"},
    Pair{"U_regularizer", "recurrent_regularizer"}, Pair{"subsample", "strides"},      Pair{"p", "rate"},
    Pair{"inner_activation", "recurrent_activation"}, Pair{"input_dtype", "dtype"},    Pair{"filter_length", "kernel_size"},
};

void rename(Json& config, std::string_view from, std::string_view to) {
    const std::string old_key(from), new_key(to);
    if (!config.contains(old_key) || config.contains(new_key)) return;
    config[new_key] = config[old_key];
    config.erase(old_key);
}

}  // namespace

void renew_keras_one(std::string& class_name, Json& config) {
    for (const auto& [from, to] : classes)
        if (class_name == from) class_name = to;
    for (const auto& [from, to] : arguments) rename(config, from, to);
    if (class_name != "Embedding") rename(config, "output_dim", "units");
    if (config.contains("nb_row") && config.contains("nb_col") && !config.contains("kernel_size"))
        config["kernel_size"] = Json::array({config["nb_row"], config["nb_col"]});
    if (config.contains("dim_ordering") && !config.contains("data_format")) {
        if (config["dim_ordering"] == "th") config["data_format"] = "channels_first";
        if (config["dim_ordering"] == "tf") config["data_format"] = "channels_last";
    }
    if (class_name == "Merge") {
        const Json mode = config.value("mode", Json());
        if (config.contains("layers") && !config["layers"].is_null()) return;   // branches inside the layer: another kind of graph
        if (mode == "sum") class_name = "Add";
        if (mode == "mul") class_name = "Multiply";
        if (mode == "concat") {
            class_name = "Concatenate";
            config["axis"] = config.value("concat_axis", Json(-1));
        }
    }
}

}  // namespace assay::formats::keras
