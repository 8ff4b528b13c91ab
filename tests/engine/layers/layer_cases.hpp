#pragma once
// One line a case: every layer of layers.def enters the battery here. Shapes are of one row.

#include "libanalysis/core/shape.hpp"

#include <ostream>
#include <string>
#include <vector>

namespace assay::test {

struct LayerCase {
    std::string name, kind, attributes;
    std::vector<Shape> inputs;
    std::vector<Shape> parameters{};
    std::size_t constants = 0;    ///< how many of the last parameters have no derivative (the last one is a variance)
    int vocabulary = 0;           ///< the input holds indices below it
    bool masked = false;          ///< the first axis of the input is time, under a mask
    friend std::ostream& operator<<(std::ostream& out, const LayerCase& tested) { return out << tested.name; }
};

inline const std::vector<LayerCase>& layer_cases() {
    static const std::vector<LayerCase> cases{
        {"linear", "activation", R"({"function":"linear"})", {{7}}},
        {"relu", "activation", R"({"function":"relu"})", {{3, 2, 2}}},
        {"tanh", "activation", R"({"function":"tanh"})", {{7}}},
        {"sigmoid", "activation", R"({"function":"sigmoid"})", {{7}}},
        {"elu", "activation", R"({"function":"elu","alpha":0.7})", {{9}}},
        {"gelu", "activation", R"({"function":"gelu"})", {{9}}},
        {"gelu_tanh", "activation", R"({"function":"gelu_tanh"})", {{9}}},
        {"softplus", "activation", R"({"function":"softplus"})", {{9}}},
        {"softmax", "activation", R"({"function":"softmax"})", {{5}}},
        {"softmax_of_each_position", "activation", R"({"function":"softmax"})", {{2, 3, 4}}},
        {"adaptive_average_pooling", "adaptive_average_pooling_2d", R"({"output_size":[3,2]})", {{7, 6, 2}}},
        {"adaptive_average_pooling_wider", "adaptive_average_pooling_2d", R"({"output_size":[1,5]})", {{2, 3, 3}}},
        {"add", "add", "{}", {{2, 3}, {2, 3}, {2, 3}}},
        {"average_pooling", "average_pooling_2d", R"({"pool_size":[2,2],"strides":[2,2],"padding":"valid"})", {{5, 4, 3}}},
        {"average_pooling_same", "average_pooling_2d", R"({"pool_size":[3,2],"strides":[2,1],"padding":"same"})", {{6, 5, 2}}},
        {"average_pooling_padded", "average_pooling_2d", R"({"pool_size":[3,2],"strides":[2,2],"padding":[[1,1],[0,1]]})", {{5, 4, 2}}},
        {"average_pooling_counting_padding", "average_pooling_2d", R"({"pool_size":[3,2],"strides":[1,2],"padding":[[1,1],[1,1]],"count_padding":true})", {{4, 5, 3}}},
        {"average_pooling_without_padding_to_count", "average_pooling_2d", R"({"pool_size":[2,3],"strides":[1,1],"count_padding":true})", {{3, 5, 2}}},
        {"average_pooling_of_time", "average_pooling_1d", R"({"pool_size":[2]})", {{5, 3}}},
        {"average_pooling_of_time_same", "average_pooling_1d", R"({"pool_size":[3],"strides":[2],"padding":"same"})", {{6, 2}}},
        {"average_pooling_of_time_counting_padding", "average_pooling_1d", R"({"pool_size":[4],"strides":[2],"padding":[[2,1]],"count_padding":true})", {{6, 2}}},
        {"batch_normalization", "batch_normalization", R"({"epsilon":0.01})", {{3, 2, 4}}, {{4}, {4}, {4}, {4}}, 2},
        {"batch_normalization_without_scale", "batch_normalization", R"({"scale":false})", {{4}}, {{4}, {4}, {4}}, 2},
        {"batch_normalization_without_center", "batch_normalization", R"({"center":false})", {{4}}, {{4}, {4}, {4}}, 2},
        {"batch_normalization_bare", "batch_normalization", R"({"center":false,"scale":false})", {{4}}, {{4}, {4}}, 2},
        {"concatenate_channels", "concatenate", R"({"axis":3})", {{2, 3, 1}, {2, 3, 4}, {2, 3, 2}}},
        {"concatenate_rows", "concatenate", R"({"axis":1})", {{2, 3, 2}, {1, 3, 2}}},
        {"concatenate_last", "concatenate", R"({"axis":-1})", {{3}, {4}}},
        {"conv", "conv2d", R"({"filters":3,"kernel_size":[3,2],"padding":"valid"})", {{5, 4, 2}}, {{3, 2, 2, 3}, {3}}},
        {"conv_same", "conv2d", R"({"filters":2,"kernel_size":[3,3],"padding":"same","use_bias":false})", {{4, 5, 3}}, {{3, 3, 3, 2}}},
        {"conv_same_strided", "conv2d", R"({"filters":3,"kernel_size":[3,3],"strides":[2,2],"padding":"same"})", {{6, 4, 2}}, {{3, 3, 2, 3}, {3}}},
        {"conv_even_kernel", "conv2d", R"({"filters":2,"kernel_size":[2,4],"padding":"same"})", {{3, 5, 2}}, {{2, 4, 2, 2}, {2}}},
        {"conv_dilated", "conv2d", R"({"filters":2,"kernel_size":[3,2],"dilation_rate":[2,3],"padding":"same"})", {{6, 5, 2}}, {{3, 2, 2, 2}, {2}}},
        {"conv_grouped", "conv2d", R"({"filters":6,"kernel_size":[2,2],"groups":2,"padding":"valid"})", {{4, 3, 4}}, {{2, 2, 2, 6}, {6}}},
        {"conv_depthwise", "conv2d", R"({"filters":6,"kernel_size":[3,3],"groups":3,"strides":[2,1],"padding":"same"})", {{4, 4, 3}}, {{3, 3, 1, 6}, {6}}},
        {"conv_pointwise", "conv2d", R"({"filters":4,"kernel_size":[1,1],"strides":[2,2],"padding":"valid"})", {{3, 4, 3}}, {{1, 1, 3, 4}, {4}}},
        {"conv_padded", "conv2d", R"({"filters":3,"kernel_size":[3,2],"strides":[2,1],"padding":[[1,0],[2,1]]})", {{5, 4, 2}}, {{3, 2, 2, 3}, {3}}},
        {"conv_padded_beyond_its_reach", "conv2d", R"({"filters":2,"kernel_size":[1,2],"padding":[[2,1],[3,0]]})", {{2, 4, 2}}, {{1, 2, 2, 2}, {2}}},
        {"conv_of_time", "conv1d", R"({"filters":4,"kernel_size":[3]})", {{6, 2}}, {{3, 2, 4}, {4}}},
        {"conv_of_time_same", "conv1d", R"({"filters":3,"kernel_size":[4],"strides":[2],"padding":"same","use_bias":false})", {{7, 2}}, {{4, 2, 3}}},
        {"conv_of_time_causal", "conv1d", R"({"filters":2,"kernel_size":[3],"dilation_rate":[2],"padding":"causal"})", {{6, 3}}, {{3, 3, 2}, {2}}},
        {"conv_of_time_causal_strided", "conv1d", R"({"filters":2,"kernel_size":[3],"strides":[3],"padding":"causal"})", {{8, 2}}, {{3, 2, 2}, {2}}},
        {"conv_of_time_grouped", "conv1d", R"({"filters":4,"kernel_size":[2],"groups":2,"padding":[[0,2]]})", {{5, 6}}, {{2, 3, 4}, {4}}},
        {"conv_transpose", "conv2d_transpose", R"({"filters":3,"kernel_size":[3,2],"strides":[2,2]})", {{3, 4, 2}}, {{3, 2, 3, 2}, {3}}},
        {"conv_transpose_same", "conv2d_transpose", R"({"filters":2,"kernel_size":[3,4],"strides":[2,3],"padding":"same"})", {{3, 2, 3}}, {{3, 4, 2, 3}, {2}}},
        {"conv_transpose_small_kernel", "conv2d_transpose", R"({"filters":2,"kernel_size":[1,2],"strides":[3,3],"use_bias":false})", {{2, 3, 2}}, {{1, 2, 2, 2}}},
        {"conv_transpose_small_kernel_same", "conv2d_transpose", R"({"filters":2,"kernel_size":[2,1],"strides":[3,2],"padding":"same"})", {{2, 3, 2}}, {{2, 1, 2, 2}, {2}}},
        {"conv_transpose_output_padding", "conv2d_transpose", R"({"filters":2,"kernel_size":[3,2],"strides":[2,3],"output_padding":[1,2]})", {{3, 2, 2}}, {{3, 2, 2, 2}, {2}}},
        {"conv_transpose_same_output_padding", "conv2d_transpose", R"({"filters":2,"kernel_size":[3,5],"strides":[2,2],"padding":"same","output_padding":[1,0]})", {{3, 4, 2}}, {{3, 5, 2, 2}, {2}}},
        {"conv_transpose_dilated", "conv2d_transpose", R"({"filters":2,"kernel_size":[2,3],"dilation_rate":[3,2],"padding":"same"})", {{4, 3, 2}}, {{2, 3, 2, 2}, {2}}},
        {"conv_transpose_grouped", "conv2d_transpose", R"({"filters":4,"kernel_size":[2,2],"strides":[2,1],"groups":2})", {{2, 3, 6}}, {{2, 2, 2, 6}, {4}}},
        {"conv_transpose_padded", "conv2d_transpose", R"({"filters":2,"kernel_size":[3,3],"strides":[2,2],"padding":[[1,1],[0,2]],"output_padding":[1,0]})", {{3, 3, 2}}, {{3, 3, 2, 2}, {2}}},
        {"conv_transpose_of_time", "conv1d_transpose", R"({"filters":3,"kernel_size":[4],"strides":[2],"padding":"same"})", {{4, 2}}, {{4, 3, 2}, {3}}},
        {"conv_transpose_of_time_output_padding", "conv1d_transpose", R"({"filters":2,"kernel_size":[3],"strides":[3],"output_padding":[2]})", {{3, 2}}, {{3, 2, 2}, {2}}},
        {"cropping", "cropping_2d", R"({"cropping":[[1,0],[2,1]]})", {{4, 5, 2}}},
        {"cropping_columns", "cropping_2d", R"({"cropping":[[0,0],[1,1]]})", {{3, 4, 2}}},
        {"cropping_of_time", "cropping_1d", R"({"cropping":[[1,2]]})", {{6, 2}}},
        {"dense", "dense", R"({"units":4})", {{3}}, {{3, 4}, {4}}},
        {"dense_without_bias", "dense", R"({"units":2,"use_bias":false})", {{5}}, {{5, 2}}},
        {"dense_of_each_step", "dense", R"({"units":4})", {{5, 3}}, {{3, 4}, {4}}},
        {"depthwise", "depthwise_conv2d", R"({"kernel_size":[3,3],"strides":[2,2],"padding":"same"})", {{5, 4, 3}}, {{3, 3, 3, 1}, {3}}},
        {"depthwise_multiplied", "depthwise_conv2d", R"({"kernel_size":[2,3],"depth_multiplier":2,"dilation_rate":[2,1],"use_bias":false})", {{4, 5, 3}}, {{2, 3, 3, 2}}},
        {"depthwise_of_one_channel", "depthwise_conv2d", R"({"kernel_size":[2,2],"depth_multiplier":3})", {{3, 3, 1}}, {{2, 2, 1, 3}, {3}}},
        {"depthwise_of_time", "depthwise_conv1d", R"({"kernel_size":[3],"depth_multiplier":2,"padding":"same"})", {{5, 2}}, {{3, 2, 2}, {4}}},
        {"embedding", "embedding", R"({"input_dim":6,"output_dim":3})", {{4}}, {{6, 3}}, 0, 6},
        {"embedding_of_grid", "embedding", R"({"input_dim":3,"output_dim":2})", {{2, 3}}, {{3, 2}}, 0, 3},
        {"embedding_masking_zero", "embedding", R"({"input_dim":3,"output_dim":2,"mask_zero":true})", {{6}}, {{3, 2}}, 0, 3},
        {"flatten", "flatten", "{}", {{2, 3, 2}}},
        {"global_average_pooling", "global_average_pooling_2d", "{}", {{3, 4, 2}}},
        {"global_average_pooling_kept", "global_average_pooling_2d", R"({"keepdims":true})", {{3, 2, 5}}},
        {"global_average_pooling_of_time", "global_average_pooling_1d", "{}", {{4, 3}}},
        {"global_average_pooling_of_time_kept", "global_average_pooling_1d", R"({"keepdims":true})", {{5, 2}}},
        {"global_average_pooling_of_time_masked", "global_average_pooling_1d", "{}", {{5, 3}}, {}, 0, 0, true},
        {"global_max_pooling", "global_max_pooling_2d", "{}", {{3, 4, 2}}},
        {"global_max_pooling_kept", "global_max_pooling_2d", R"({"keepdims":true})", {{2, 3, 3}}},
        {"global_max_pooling_of_time", "global_max_pooling_1d", "{}", {{5, 3}}},
        {"identity", "identity", "{}", {{2, 3}}},
        {"layer_normalization", "layer_normalization", R"({"epsilon":0.001})", {{6}}, {{6}, {6}}},
        {"layer_normalization_of_each_step", "layer_normalization", R"({"epsilon":0.1})", {{3, 5}}, {{5}, {5}}},
        {"layer_normalization_without_scale", "layer_normalization", R"({"scale":false})", {{5}}, {{5}}},
        {"layer_normalization_bare", "layer_normalization", R"({"scale":false,"center":false})", {{2, 4}}},
        {"max_pooling", "max_pooling_2d", R"({"pool_size":[2,2],"strides":[2,2],"padding":"valid"})", {{5, 4, 3}}},
        {"max_pooling_same", "max_pooling_2d", R"({"pool_size":[3,2],"strides":[2,1],"padding":"same"})", {{6, 5, 2}}},
        {"max_pooling_padded", "max_pooling_2d", R"({"pool_size":[3,2],"strides":[2,2],"padding":[[1,1],[1,0]]})", {{5, 4, 2}}},
        {"max_pooling_of_time", "max_pooling_1d", R"({"pool_size":[2]})", {{7, 3}}},
        {"max_pooling_of_time_same", "max_pooling_1d", R"({"pool_size":[3],"strides":[2],"padding":"same"})", {{6, 2}}},
        {"multiply", "multiply", "{}", {{2, 3}, {2, 3}}},
        {"multiply_four", "multiply", "{}", {{5}, {5}, {5}, {5}}},
        {"permute", "permute", R"({"order":[3,1,2]})", {{2, 3, 4}}},
        {"permute_two", "permute", R"({"order":[2,1]})", {{2, 3}}},
        {"rescaling", "rescaling", R"({"scale":0.25,"offset":-1.5})", {{2, 3}}},
        {"reshape", "reshape", R"({"target_shape":[3,-1,2]})", {{4, 3}}},
        {"rnn", "simple_rnn", R"({"units":3,"activation":"tanh"})", {{4, 2}}, {{2, 3}, {3, 3}, {3}}},
        {"rnn_sequences", "simple_rnn", R"({"units":3,"activation":"tanh","return_sequences":true})", {{4, 2}}, {{2, 3}, {3, 3}, {3}}},
        {"rnn_backwards", "simple_rnn", R"({"units":2,"activation":"sigmoid","go_backwards":true,"return_sequences":true})", {{3, 2}}, {{2, 2}, {2, 2}, {2}}},
        {"rnn_masked", "simple_rnn", R"({"units":3,"activation":"tanh"})", {{5, 2}}, {{2, 3}, {3, 3}, {3}}, 0, 0, true},
        {"rnn_masked_sequences", "simple_rnn", R"({"units":3,"activation":"softplus","return_sequences":true})", {{5, 2}}, {{2, 3}, {3, 3}, {3}}, 0, 0, true},
        {"rnn_masked_backwards", "simple_rnn", R"({"units":2,"activation":"elu","go_backwards":true,"use_bias":false})", {{5, 3}}, {{3, 2}, {2, 2}}, 0, 0, true},
        {"rnn_of_one_step", "simple_rnn", R"({"units":2})", {{1, 3}}, {{3, 2}, {2, 2}, {2}}},
        {"up_sampling", "up_sampling_2d", R"({"size":[3,2]})", {{2, 3, 2}}},
        {"up_sampling_across", "up_sampling_2d", R"({"size":[1,2]})", {{2, 3, 2}}},
        {"up_sampling_bilinear", "up_sampling_2d", R"({"size":[2,3],"interpolation":"bilinear"})", {{3, 4, 2}}},
        {"up_sampling_bilinear_of_a_line", "up_sampling_2d", R"({"size":[3,2],"interpolation":"bilinear"})", {{1, 3, 2}}},
        {"up_sampling_of_time", "up_sampling_1d", R"({"size":[3]})", {{4, 2}}},
        {"zero_padding", "zero_padding_2d", R"({"padding":[[1,2],[0,3]]})", {{2, 3, 2}}},
        {"zero_padding_of_time", "zero_padding_1d", R"({"padding":[[2,1]]})", {{3, 2}}},
        {"zero_padding_of_columns", "zero_padding_2d", R"({"padding":[[0,0],[1,2]]})", {{3, 2, 2}}},
    };
    return cases;
}

}  // namespace assay::test
