#pragma once
// Writes small Keras files and other HDF5 files through the C library, so that a test says exactly what is in a file.

#include "formats/hdf5.hpp"
#include "libanalysis/core/json.hpp"
#include "libanalysis/core/shape.hpp"

#include <algorithm>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <vector>

namespace assay::test {

namespace h5 = formats::hdf5;

/// How h5py wrote lists of names: fixed length until version 2, variable length from 3 on.
enum class Strings { fixed_ascii, variable_ascii, variable_utf8 };

class H5Writer {
public:
    explicit H5Writer(const std::filesystem::path& path) : file_(H5Fcreate(path.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT)) {
        if (!file_) throw std::runtime_error("cannot write " + path.string());
    }
    hid_t id() const { return file_.id(); }

    void group(const std::string& path) {
        if (path == "/" || H5Lexists(id(), path.c_str(), H5P_DEFAULT) > 0) return;
        h5::ObjectHandle made(H5Gcreate2(id(), path.c_str(), parents().id(), H5P_DEFAULT, H5P_DEFAULT));
        check(static_cast<bool>(made), path);
    }

    void text(const std::string& object, const std::string& name, const std::string& value, bool utf8 = false) {
        const h5::Type type(H5Tcopy(H5T_C_S1));
        H5Tset_size(type.id(), H5T_VARIABLE);
        if (utf8) H5Tset_cset(type.id(), H5T_CSET_UTF8);
        const h5::Space space(H5Screate(H5S_SCALAR));
        const char* pointer = value.c_str();
        write_attribute(object, name, type, space, &pointer);
    }

    void texts(const std::string& object, const std::string& name, const std::vector<std::string>& values, Strings style = Strings::variable_ascii) {
        const hsize_t count = values.size();
        const h5::Space space(H5Screate_simple(1, &count, nullptr));
        if (values.empty()) {   // what h5py makes of an empty list
            write_attribute(object, name, h5::Type(H5Tcopy(H5T_IEEE_F64LE)), space, nullptr);
            return;
        }
        const h5::Type type(H5Tcopy(H5T_C_S1));
        if (style != Strings::fixed_ascii) {
            H5Tset_size(type.id(), H5T_VARIABLE);
            if (style == Strings::variable_utf8) H5Tset_cset(type.id(), H5T_CSET_UTF8);
            std::vector<const char*> pointers;
            for (const std::string& value : values) pointers.push_back(value.c_str());
            write_attribute(object, name, type, space, pointers.data());
            return;
        }
        std::size_t width = 1;
        for (const std::string& value : values) width = std::max(width, value.size());
        H5Tset_size(type.id(), width);
        H5Tset_strpad(type.id(), H5T_STR_NULLPAD);
        std::string block(width * values.size(), '\0');
        for (std::size_t i = 0; i < values.size(); ++i) values[i].copy(block.data() + i * width, width);
        write_attribute(object, name, type, space, block.data());
    }

    /// `stored`: the type in the file, such as H5T_IEEE_F32LE; values are converted.
    void array(const std::string& path, const Shape& shape, const std::vector<double>& values, hid_t stored = H5T_IEEE_F32LE) {
        const std::vector<hsize_t> extents(shape.begin(), shape.end());
        const h5::Space space(extents.empty() ? H5Screate(H5S_SCALAR) : H5Screate_simple(static_cast<int>(extents.size()), extents.data(), nullptr));
        const h5::ObjectHandle made(H5Dcreate2(id(), path.c_str(), stored, space.id(), parents().id(), H5P_DEFAULT, H5P_DEFAULT));
        check(made && (values.empty() || H5Dwrite(made.id(), H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()) >= 0), path);
    }

    h5::Properties parents() const {
        h5::Properties links(H5Pcreate(H5P_LINK_CREATE));
        H5Pset_create_intermediate_group(links.id(), 1);
        return links;
    }

    static void check(bool fine, const std::string& what) {
        if (!fine) throw std::runtime_error("cannot write " + what);
    }

private:
    void write_attribute(const std::string& object, const std::string& name, const h5::Type& type, const h5::Space& space, const void* values) {
        const h5::ObjectHandle holder(H5Oopen(id(), object.c_str(), H5P_DEFAULT));
        const h5::Attribute made(H5Acreate2(holder.id(), name.c_str(), type.id(), space.id(), H5P_DEFAULT, H5P_DEFAULT));
        check(made && (!values || H5Awrite(made.id(), type.id(), values) >= 0), object + " attribute " + name);
    }

    h5::FileHandle file_;
};

struct KerasArray {
    std::string name;   ///< "dense/kernel:0"
    Shape shape;
    std::vector<double> values;
};
struct KerasLayerArrays {
    std::string name;
    std::vector<KerasArray> arrays;
};

struct KerasFile {
    Json config;                            ///< model_config; null: a weights-only file
    std::vector<KerasLayerArrays> layers;
    std::string keras_version = "2.4.0";    ///< empty: none, as Keras 1 on the weights group
    std::string backend = "tensorflow";
    Json training_config;
    Strings strings = Strings::variable_ascii;
    std::size_t chunk = 0;                  ///< > 0: lists are split into name0, name1, ... of so many
    bool optimizer = false;

    void write(const std::filesystem::path& path) const {
        H5Writer file(path);
        const std::string root = config.is_null() ? "/" : "/model_weights";
        if (!config.is_null()) {
            file.text("/", "model_config", config.dump());
            if (!keras_version.empty()) file.text("/", "keras_version", keras_version);
            if (!backend.empty()) file.text("/", "backend", backend);
            if (!training_config.is_null()) file.text("/", "training_config", training_config.dump());
        }
        file.group(root);
        std::vector<std::string> names;
        for (const KerasLayerArrays& layer : layers) names.push_back(layer.name);
        list(file, root, "layer_names", names);
        if (!backend.empty()) file.text(root, "backend", backend);
        if (!keras_version.empty()) file.text(root, "keras_version", keras_version);
        for (const KerasLayerArrays& layer : layers) {
            const std::string group = (root == "/" ? "" : root) + "/" + layer.name;
            file.group(group);
            std::vector<std::string> weights;
            for (const KerasArray& array : layer.arrays) {
                weights.push_back(array.name);
                file.array(group + "/" + array.name, array.shape, array.values);
            }
            list(file, group, "weight_names", weights);
        }
        if (optimizer) {
            file.array("/optimizer_weights/Adam/iter:0", {}, {1200}, H5T_STD_I64LE);
            file.array("/optimizer_weights/Adam/m/dense/kernel:0", {2}, {77, 78});
            file.texts("/optimizer_weights", "weight_names", {"Adam/m/dense/kernel:0"}, strings);
        }
    }

private:
    void list(H5Writer& file, const std::string& object, const std::string& name, const std::vector<std::string>& values) const {
        if (chunk == 0) return file.texts(object, name, values, strings);
        for (std::size_t first = 0, part = 0; first < values.size(); first += chunk, ++part)
            file.texts(object, name + std::to_string(part), {values.begin() + static_cast<std::ptrdiff_t>(first),
                                                             values.begin() + static_cast<std::ptrdiff_t>(std::min(first + chunk, values.size()))}, strings);
    }
};

inline Json keras_layer(const std::string& class_name, const std::string& name, Json config) {
    config["name"] = name;
    return {{"class_name", class_name}, {"config", config}};
}

/// A Sequential model; the first layer's config carries the input's shape.
inline Json keras_sequential(const Json& input_shape, Json layers) {
    Json shape = input_shape;
    shape.insert(shape.begin(), nullptr);
    layers[0]["config"]["batch_input_shape"] = shape;
    return {{"class_name", "Sequential"}, {"config", {{"name", "sequential"}, {"layers", layers}}}};
}

/// A layer of a functional model; `inbound` as Keras 2 writes it: [[["a", 0, 0, {}]]].
inline Json keras_node(const std::string& class_name, const std::string& name, Json config, const Json& inbound) {
    Json layer = keras_layer(class_name, name, std::move(config));
    layer["name"] = name;
    layer["inbound_nodes"] = inbound;
    return layer;
}

inline Json keras_functional(const Json& layers, const Json& inputs, const Json& outputs) {
    return {{"class_name", "Functional"}, {"config", {{"name", "model"}, {"layers", layers}, {"input_layers", inputs}, {"output_layers", outputs}}}};
}

/// 0, 1, 2, ... of a shape, shifted.
inline std::vector<double> count_up(const Shape& shape, double first = 0) {
    std::vector<double> values(static_cast<std::size_t>(element_count(shape)));
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = first + static_cast<double>(i);
    return values;
}

inline KerasLayerArrays dense_arrays(const std::string& name, std::int64_t in, std::int64_t out, double first = 0) {
    return {name, {{name + "/kernel:0", {in, out}, count_up({in, out}, first)}, {name + "/bias:0", {out}, count_up({out}, first + 100)}}};
}

}  // namespace assay::test
