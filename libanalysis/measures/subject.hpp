#pragma once
// What a measure is about: named models that share an architecture (final, init, ...), the rows of the data, and a memo of
// shared ingredients. The Subject never grows a method for an ingredient: those are items like measures, in ingredients/.

#include "libanalysis/core/context.hpp"
#include "libanalysis/data/dataset.hpp"
#include "libanalysis/engine/loss.hpp"
#include "libanalysis/engine/network.hpp"
#include "libanalysis/model/model.hpp"

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <typeindex>

namespace assay::measures {

/// An ingredient type `I` has: `using Value`, `struct Key` with operator<=>, `static constexpr std::string_view name`,
/// `static Value compute(Subject&, const Key&)`, `static std::size_t bytes(const Value&)`.
class Subject {
public:
    struct Options {
        std::string loss{};                    ///< declared loss; "" takes the model's own
        engine::DType precision = engine::DType::float32;
        bool sampled = false;                  ///< the rows are random samples: means get their standard error
    };
    Subject(std::shared_ptr<const model::Model> final, Options options, Context context);

    void set_weights(std::string name, std::shared_ptr<const model::Weights> weights);  ///< "init", ...
    void set_rows(std::string split, data::Rows rows);                                  ///< "train", "test"
    /// Why something is not there ("init", "train", "test", "architecture"): the reason that a measure gives when it needs it.
    void set_absence(std::string name, std::string reason);
    /// The stated reason, or "" where none was.
    const std::string& absence(std::string_view name) const;
    /// Shares an execution lane with other subjects (kept primitives are worth keeping from model to model); by default a
    /// subject makes its own. Set before the network is built: the device decides the size of its micro-batches.
    void set_backend(std::shared_ptr<engine::Backend> backend) { backend_ = std::move(backend); }

    const model::Model& model() const { return *model_; }
    const model::Weights* weights(std::string_view name) const;   ///< null where absent; "final" always there
    const data::Rows* rows(std::string_view split) const;
    const Context& context() const { return context_; }
    const Options& options() const { return options_; }
    engine::Backend& backend();

    /// The runnable network (built on first use). Its outputs are logits when the loss folds the final activation, or when
    /// no loss is known. @throws the Error of building it, every time.
    const engine::Network& network();
    /// The flat parameter vector of named weights ("final", "init"), kept. @throws Error{missing} when they are absent.
    engine::ConstView parameters(std::string_view name);
    const engine::Loss& loss();      ///< @throws Error{unsupported} when undecided

    /// The ingredient's value, computed once and kept until forget(name).
    template <class I>
    const typename I::Value& get(const typename I::Key& key);
    void forget(std::string_view ingredient);
    std::size_t memo_bytes() const;

private:
    struct SlotsBase { virtual ~SlotsBase() = default; std::size_t bytes = 0; };
    template <class I> struct Slots : SlotsBase { std::map<typename I::Key, std::unique_ptr<typename I::Value>> values; };

    std::shared_ptr<const model::Model> model_;
    Options options_;
    Context context_;
    std::map<std::string, std::shared_ptr<const model::Weights>, std::less<>> weights_;
    std::map<std::string, data::Rows, std::less<>> rows_;
    std::map<std::string, std::string, std::less<>> absences_;
    std::shared_ptr<engine::Backend> backend_;
    std::unique_ptr<engine::Network> network_;
    std::map<std::string, engine::Buffer, std::less<>> parameters_;
    std::map<std::string, std::unique_ptr<SlotsBase>, std::less<>> memo_;
};

template <class I>
const typename I::Value& Subject::get(const typename I::Key& key) {
    auto& base = memo_[std::string(I::name)];
    if (!base) base = std::make_unique<Slots<I>>();
    auto& slots = static_cast<Slots<I>&>(*base);
    if (const auto found = slots.values.find(key); found != slots.values.end()) return *found->second;
    auto value = std::make_unique<typename I::Value>(I::compute(*this, key));
    // compute() may have filled further slots of this ingredient; std::map keeps references valid.
    slots.bytes += I::bytes(*value);
    return *(slots.values[key] = std::move(value));
}

}  // namespace assay::measures
