#include "formats/keras_one.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>
#include <vector>

namespace assay::formats::keras {
namespace {

using Pair = std::pair<std::string_view, std::string_view>;

constexpr std::array classes{
    Pair{"AtrousConvolution1D", "Conv1D"}, Pair{"AtrousConvolution2D", "Conv2D"}, Pair{"BatchNormalizationV1", "BatchNormalization"},
    Pair{"Convolution1D", "Conv1D"},       Pair{"Convolution2D", "Conv2D"},       Pair{"Convolution3D", "Conv3D"},
    Pair{"Deconvolution2D", "Conv2DTranspose"}, Pair{"SeparableConvolution2D", "SeparableConv2D"}, Pair{"UnifiedGRU", "GRU"}, Pair{"UnifiedLSTM", "LSTM"},
    Pair{"TimeDistributedDense", "Dense"},   // Dense acts on the last axis anyway
};

constexpr std::array arguments{
    Pair{"W_regularizer", "kernel_regularizer"}, Pair{"atrous_rate", "dilation_rate"}, Pair{"b_regularizer", "bias_regularizer"},
    Pair{"bias", "use_bias"},                    Pair{"border_mode", "padding"},       Pair{"nb_filter", "filters"},
    Pair{"U_regularizer", "recurrent_regularizer"}, Pair{"subsample", "strides"},      Pair{"p", "rate"},
    Pair{"inner_activation", "recurrent_activation"}, Pair{"input_dtype", "dtype"},    Pair{"filter_length", "kernel_size"},
    Pair{"subsample_length", "strides"},         Pair{"pool_length", "pool_size"},     Pair{"stride", "strides"},
    Pair{"sigma", "stddev"},
};

void rename(Json& config, std::string_view from, std::string_view to) {
    const std::string old_key(from), new_key(to);
    if (!config.contains(old_key) || config.contains(new_key)) return;
    config[new_key] = config[old_key];
    config.erase(old_key);
}

// The layer that TimeDistributed or Bidirectional holds.
void renew_wrapped(Json& layer) {
    if (!layer.is_object() || !layer.contains("class_name") || !layer["class_name"].is_string() || !layer.contains("config") || !layer["config"].is_object()) return;
    std::string inner = layer["class_name"].get<std::string>();
    renew_keras_one(inner, layer["config"]);
    layer["class_name"] = inner;
}

}  // namespace

void renew_keras_one(std::string& class_name, Json& config) {
    for (const auto& [from, to] : classes)
        if (class_name == from) class_name = to;
    for (const auto& [from, to] : arguments) rename(config, from, to);
    if (class_name != "Embedding") rename(config, "output_dim", "units");
    if (class_name == "UpSampling1D") rename(config, "length", "size");
    for (const auto& extents : {std::vector<const char*>{"nb_row", "nb_col"}, std::vector<const char*>{"kernel_dim1", "kernel_dim2", "kernel_dim3"}}) {
        Json size = Json::array();
        for (const char* key : extents)
            if (config.contains(key)) size.push_back(config[key]);
        if (size.size() == extents.size() && !config.contains("kernel_size")) config["kernel_size"] = std::move(size);
    }
    if (config.contains("layer")) renew_wrapped(config["layer"]);
    if (config.contains("dim_ordering") && !config.contains("data_format")) {
        if (config["dim_ordering"] == "th") config["data_format"] = "channels_first";
        if (config["dim_ordering"] == "tf") config["data_format"] = "channels_last";
    }
    if (class_name == "Merge") {
        const Json mode = config.value("mode", Json());
        if (is_merge_of_branches(class_name, config)) return;   // the graph's reader takes the branches out first
        if (mode == "sum") class_name = "Add";
        if (mode == "mul") class_name = "Multiply";
        if (mode == "ave") class_name = "Average";
        if (mode == "max") class_name = "Maximum";
        if (mode == "concat") {
            class_name = "Concatenate";
            config["axis"] = config.value("concat_axis", Json(-1));
        }
        if (mode == "dot" || mode == "cos") {
            class_name = "Dot";
            config["axes"] = config.value("dot_axes", Json(-1));
            config["normalize"] = mode == "cos";
        }
    }
}

bool is_merge_of_branches(const std::string& class_name, const Json& config) {
    return class_name == "Merge" && config.is_object() && config.contains("layers") && config["layers"].is_array() && !config["layers"].empty();
}

}  // namespace assay::formats::keras
