#pragma once
// Recurrent layers, made from the program of their cell: one step written down once gives the layer's four functions.
//
// Attributes: `units`; `return_sequences`; `go_backwards` processes the last step first; `in_order` puts the sequence that comes of it
// back into the order of the input; `zero_masked` gives zeros for masked steps of a sequence; `use_bias`; those of the cell.
// Input [time, in]; kernel [in, gates units] with the gates side by side, recurrent_kernel [units, gates units], bias [gates units] or,
// for a cell with two of them, [2, gates units]: of the input's products and of the recurrent ones.

#include "libanalysis/engine/layers/activation.hpp"

#include <optional>
#include <vector>

namespace assay::engine::layers {

/// One step of a cell: a straight-line program on arrays [batch, units]. An array is named by a number: the states before the step
/// come first (state 0 is what the layer gives out), then what each instruction makes. States are zero before the first step.
struct CellProgram {
    struct Product { std::size_t a, b; };
    struct Term { double factor; std::size_t a; };
    struct Instruction {
        enum class Kind : std::uint8_t { linear, map, sum } kind;
        std::int64_t gate = 0;                ///< linear: x_t W_gate + b_gate where it reads the input, plus source U_gate where it has one
        bool input = false;
        std::optional<std::size_t> source;    ///< of linear and map; a map's is an instruction
        PointwiseFunction f{};                ///< map: f(source)
        std::vector<Product> products;        ///< sum: of products and of multiples
        std::vector<Term> terms;
    };

    CellProgram(std::size_t states_of_cell, std::int64_t gates_of_cell) : states(states_of_cell), gates(gates_of_cell) {}
    std::size_t linear(std::int64_t gate, bool input, std::optional<std::size_t> source);
    std::size_t map(const PointwiseFunction& f, std::size_t source);
    std::size_t sum(std::vector<Product> products, std::vector<Term> terms = {});

    std::size_t states;
    std::int64_t gates;
    bool two_biases = false;
    std::vector<Instruction> instructions;
    std::vector<std::size_t> next;            ///< the states after the step: instructions

private:
    std::size_t add(Instruction instruction);
};

PointwiseFunction cell_activation(const LayerSpec& spec);             ///< `activation`, tanh unless said
PointwiseFunction cell_recurrent_activation(const LayerSpec& spec);   ///< `recurrent_activation`, sigmoid unless said

/// @throws Error{format} for parameters that do not fit.
std::unique_ptr<Layer> make_recurrence(const LayerSpec& spec, CellProgram program);

}  // namespace assay::engine::layers
