// The instruction set: everything a program can ask of the core, one POD a struct.
//
// Mirrors lib/program/instruction.ts name for name and field for field (test/contract.test.ts compares the two); the
// formula of each instruction stands there and is the contract. An operand is the index of a buffer of the program.
// Each struct describes itself to a visitor, field by field with its role; decode, verify, plan and explain derive
// from that; a new instruction needs its shape rule in shape_rules.cc and its overloads in cost.cc and execute.cc.
#pragma once
#include <cstdint>
#include <variant>

#include "kernels/functions.h"

namespace quern {

using BufferId = int32_t;
inline constexpr BufferId kNoBuffer = -1;

// What an instruction does with an operand.
enum class Role { kIn, kOut, kInOut };

// A visitor has
//   operand(const char* name, Role, bool optional, BufferId&)
//   flag(const char* name, bool&) · number(const char* name, float&) · integer(const char* name, int32_t&)
//   choice(const char* name, Enum&)      Enum as in kernels/functions.h, names from names_of<Enum>()
// `self` is the instruction, const or not, so that one description serves readers and writers.

struct Gemm {
  static constexpr const char* kOp = "gemm";
  BufferId a, b, bias, out;
  bool transpose_a, transpose_b, accumulate;
  PointwiseFunction function;
  float alpha;
  BufferId saved = kNoBuffer, column_sums = kNoBuffer;
  template <class Self, class V>
  static void describe(Self& self, V& v) {
    v.operand("a", Role::kIn, false, self.a);
    v.operand("b", Role::kIn, false, self.b);
    v.operand("bias", Role::kIn, true, self.bias);
    v.operand("saved", Role::kIn, true, self.saved);
    // InOut only matters when accumulating; a plain gemm never reads out.
    v.operand("out", self.accumulate ? Role::kInOut : Role::kOut, false, self.out);
    v.operand("columnSums", Role::kOut, true, self.column_sums);
    v.flag("transposeA", self.transpose_a);
    v.flag("transposeB", self.transpose_b);
    v.flag("accumulate", self.accumulate);
    v.choice("function", self.function);
    v.number("alpha", self.alpha);
  }
};

struct Pointwise {
  static constexpr const char* kOp = "pointwise";
  BufferId x, out;
  PointwiseFunction function;
  float alpha;
  template <class Self, class V>
  static void describe(Self& self, V& v) {
    v.operand("x", Role::kIn, false, self.x);
    v.operand("out", Role::kOut, false, self.out);
    v.choice("function", self.function);
    v.number("alpha", self.alpha);
  }
};

struct PointwiseGradient {
  static constexpr const char* kOp = "pointwiseGradient";
  BufferId saved, dy, out, column_sums;
  PointwiseFunction function;
  float alpha;
  template <class Self, class V>
  static void describe(Self& self, V& v) {
    v.operand("saved", Role::kIn, false, self.saved);
    v.operand("dy", Role::kIn, false, self.dy);
    v.operand("out", Role::kOut, false, self.out);
    v.operand("columnSums", Role::kOut, true, self.column_sums);
    v.choice("function", self.function);
    v.number("alpha", self.alpha);
  }
};

struct Combine {
  static constexpr const char* kOp = "combine";
  BufferId a, b, out;
  CombineFunction function;
  template <class Self, class V>
  static void describe(Self& self, V& v) {
    v.operand("a", Role::kIn, false, self.a);
    v.operand("b", Role::kIn, false, self.b);
    v.operand("out", Role::kOut, false, self.out);
    v.choice("function", self.function);
  }
};

struct Reduce {
  static constexpr const char* kOp = "reduce";
  BufferId x, out;
  ReduceFunction function;
  bool over_rows;
  template <class Self, class V>
  static void describe(Self& self, V& v) {
    v.operand("x", Role::kIn, false, self.x);
    v.operand("out", Role::kOut, false, self.out);
    v.choice("function", self.function);
    v.flag("overRows", self.over_rows);
  }
};

struct Broadcast {
  static constexpr const char* kOp = "broadcast";
  BufferId x, out;
  float scale;
  template <class Self, class V>
  static void describe(Self& self, V& v) {
    v.operand("x", Role::kIn, false, self.x);
    v.operand("out", Role::kOut, false, self.out);
    v.number("scale", self.scale);
  }
};

struct Softmax {
  static constexpr const char* kOp = "softmax";
  BufferId x, out;
  template <class Self, class V>
  static void describe(Self& self, V& v) {
    v.operand("x", Role::kIn, false, self.x);
    v.operand("out", Role::kOut, false, self.out);
  }
};

struct SoftmaxGradient {
  static constexpr const char* kOp = "softmaxGradient";
  BufferId y, dy, out;
  template <class Self, class V>
  static void describe(Self& self, V& v) {
    v.operand("y", Role::kIn, false, self.y);
    v.operand("dy", Role::kIn, false, self.dy);
    v.operand("out", Role::kOut, false, self.out);
  }
};

// The two cross-entropies from logits have the same operands.
struct LogitsLoss {
  BufferId logits, target, scale, values, probabilities, gradient;
  float label_smoothing;
  template <class Self, class V>
  static void describe(Self& self, V& v) {
    v.operand("logits", Role::kIn, false, self.logits);
    v.operand("target", Role::kIn, false, self.target);
    v.operand("scale", Role::kIn, true, self.scale);
    v.operand("values", Role::kOut, false, self.values);
    v.operand("probabilities", Role::kOut, true, self.probabilities);
    v.operand("gradient", Role::kOut, true, self.gradient);
    v.number("labelSmoothing", self.label_smoothing);
  }
};
struct SoftmaxCrossentropy : LogitsLoss {
  static constexpr const char* kOp = "softmaxCrossentropy";
};
struct SigmoidCrossentropy : LogitsLoss {
  static constexpr const char* kOp = "sigmoidCrossentropy";
};

struct Loss {
  static constexpr const char* kOp = "loss";
  BufferId prediction, target, scale, values, gradient;
  LossFunction function;
  float label_smoothing;
  template <class Self, class V>
  static void describe(Self& self, V& v) {
    v.operand("prediction", Role::kIn, false, self.prediction);
    v.operand("target", Role::kIn, false, self.target);
    v.operand("scale", Role::kIn, true, self.scale);
    v.operand("values", Role::kOut, false, self.values);
    v.operand("gradient", Role::kOut, true, self.gradient);
    v.choice("function", self.function);
    v.number("labelSmoothing", self.label_smoothing);
  }
};

struct LossScale {
  static constexpr const char* kOp = "lossScale";
  BufferId weights, out;
  Reduction reduction;
  template <class Self, class V>
  static void describe(Self& self, V& v) {
    v.operand("weights", Role::kIn, true, self.weights);
    v.operand("out", Role::kOut, false, self.out);
    v.choice("reduction", self.reduction);
  }
};

struct Accuracy {
  static constexpr const char* kOp = "accuracy";
  BufferId prediction, target, values;
  AccuracyKind kind;
  float threshold;
  template <class Self, class V>
  static void describe(Self& self, V& v) {
    v.operand("prediction", Role::kIn, false, self.prediction);
    v.operand("target", Role::kIn, false, self.target);
    v.operand("values", Role::kOut, false, self.values);
    v.choice("kind", self.kind);
    v.number("threshold", self.threshold);
  }
};

struct Accumulate {
  static constexpr const char* kOp = "accumulate";
  BufferId values, weights;
  int32_t into;
  bool as_loss;
  template <class Self, class V>
  static void describe(Self& self, V& v) {
    v.operand("values", Role::kIn, false, self.values);
    v.operand("weights", Role::kIn, true, self.weights);
    v.integer("into", self.into);
    v.flag("asLoss", self.as_loss);
  }
};

struct Dropout {
  static constexpr const char* kOp = "dropout";
  BufferId x, out;
  float rate;
  int32_t stream;
  template <class Self, class V>
  static void describe(Self& self, V& v) {
    v.operand("x", Role::kIn, false, self.x);
    v.operand("out", Role::kOut, false, self.out);
    v.number("rate", self.rate);
    v.integer("stream", self.stream);
  }
};

struct Affine {
  static constexpr const char* kOp = "affine";
  BufferId x, out;
  float scale, offset;
  template <class Self, class V>
  static void describe(Self& self, V& v) {
    v.operand("x", Role::kIn, false, self.x);
    v.operand("out", Role::kOut, false, self.out);
    v.number("scale", self.scale);
    v.number("offset", self.offset);
  }
};

struct Sgd {
  static constexpr const char* kOp = "sgd";
  BufferId parameters, gradients, momentum, scalars;
  bool nesterov, weight_decay;
  template <class Self, class V>
  static void describe(Self& self, V& v) {
    v.operand("parameters", Role::kInOut, false, self.parameters);
    v.operand("gradients", Role::kIn, false, self.gradients);
    v.operand("momentum", Role::kInOut, true, self.momentum);
    v.operand("scalars", Role::kIn, false, self.scalars);
    v.flag("nesterov", self.nesterov);
    v.flag("weightDecay", self.weight_decay);
  }
};

struct Adam {
  static constexpr const char* kOp = "adam";
  BufferId parameters, gradients, m, v, vhat, scalars;
  bool weight_decay;
  template <class Self, class V>
  static void describe(Self& self, V& visitor) {
    visitor.operand("parameters", Role::kInOut, false, self.parameters);
    visitor.operand("gradients", Role::kIn, false, self.gradients);
    visitor.operand("m", Role::kInOut, false, self.m);
    visitor.operand("v", Role::kInOut, false, self.v);
    visitor.operand("vhat", Role::kInOut, true, self.vhat);
    visitor.operand("scalars", Role::kIn, false, self.scalars);
    visitor.flag("weightDecay", self.weight_decay);
  }
};

using Instruction = std::variant<Gemm, Pointwise, PointwiseGradient, Combine, Reduce, Broadcast, Softmax,
                                 SoftmaxGradient, SoftmaxCrossentropy, SigmoidCrossentropy, Loss, LossScale, Accuracy,
                                 Accumulate, Dropout, Affine, Sgd, Adam>;

}  // namespace quern
