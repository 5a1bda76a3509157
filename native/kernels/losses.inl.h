// Losses with their gradients, an element (row) at a time, and accuracies. Formulas: lib/program/instruction.ts.
//
// A row is summed in an order that depends on its length alone. gradient and probabilities may be the same array as
// the prediction, not as the target.
#pragma once

namespace quern {
namespace {

constexpr float kClip = 1e-7f;
constexpr float kClipHigh = 1.0f - kClip;

QUERN_INLINE V clip(V p) { return max(set1(kClip), min(set1(kClipHigh), p)); }  // NaN stays
QUERN_INLINE M clip_passes(V p) { return (set1(kClip) <= p) & (p <= set1(kClipHigh)); }

// t * (1 - s) + offset, the smoothed target; exactly t for s = 0.
struct Smoothing {
  V keep, offset;
  QUERN_INLINE V operator()(V t) const { return fma(t, keep, offset); }
};
QUERN_INLINE Smoothing smoothing(float s, float classes) { return {set1(1.0f - s), set1(s / classes)}; }

// 1 in lane `at`, 0 in the others; 0 in all when it is no lane.
QUERN_INLINE V one_hot(int64_t at) {
  if (at < 0 || at >= kLanes) return zero();
  const V up_to = first_n(set1(1.0f), static_cast<int>(at) + 1, zero());
  return first_n(zero(), static_cast<int>(at), up_to);
}

QUERN_INLINE float scalar_log(float x) { return first_lane(log(set1(x))); }

// A dense row: values = sum(t) ln sum(e^(z - max)) - sum(t (z - max)). Taking the maximum out of both terms keeps small
// losses exact; t = 0 contributes nothing, even where z is -Inf.
inline void softmax_crossentropy_dense(const LossOperands& o, int64_t i, float largest) {
  const float* z = o.prediction + i * o.cols;
  const float* target = o.target + i * o.cols;
  float* probabilities = o.probabilities ? o.probabilities + i * o.cols : nullptr;
  float* gradient = o.gradient ? o.gradient + i * o.cols : nullptr;
  float* e = probabilities ? probabilities : gradient;
  Smoothing smooth = smoothing(o.label_smoothing, static_cast<float>(o.cols));
  V shift = set1(largest);
  Sum exponentials, weights, weighted;
  for_lanes(o.cols, [&](auto lanes, int64_t j) {
    V d = lanes.load(z + j) - shift;
    V t = lanes.keep(smooth(lanes.load(target + j)), zero());
    V y = exp(d);
    if (e) lanes.store(e + j, y);
    exponentials.add(lanes.keep(y, zero()));
    weights.add(t);
    weighted.add(select(t == zero(), zero(), t * d));
  });
  float total = static_cast<float>(exponentials.total());
  double sum_t = weights.total();
  o.values[i] = static_cast<float>(sum_t * static_cast<double>(scalar_log(total)) - weighted.total());
  if (!e) return;
  V divisor = set1(total), factor = set1(gradient ? o.scale[i] : 0.0f), sum = set1(static_cast<float>(sum_t));
  for_lanes(o.cols, [&](auto lanes, int64_t j) {
    V p = lanes.load(e + j) / divisor;
    if (probabilities) lanes.store(probabilities + j, p);
    if (gradient) lanes.store(gradient + j, factor * fma(sum, p, negate(smooth(lanes.load(target + j)))));
  });
}

// The one-hot row of a label: values = ln sum(e^(z - max)) - (z[label] - max).
inline void softmax_crossentropy_label(const LossOperands& o, int64_t i, float largest) {
  const float* z = o.prediction + i * o.cols;
  float* probabilities = o.probabilities ? o.probabilities + i * o.cols : nullptr;
  float* gradient = o.gradient ? o.gradient + i * o.cols : nullptr;
  float* e = probabilities ? probabilities : gradient;
  const int32_t label = o.labels[i];
  const float chosen = z[label] - largest;
  float total;
  if (e) {
    total = exp_row(z, e, o.cols, largest);
  } else {
    V shift = set1(largest);
    Sum sum;
    for_lanes(o.cols, [&](auto lanes, int64_t j) { sum.add(lanes.keep(exp(lanes.load(z + j) - shift), zero())); });
    total = static_cast<float>(sum.total());
  }
  o.values[i] = scalar_log(total) - chosen;
  if (!e) return;
  const float label_probability = e[label] / total;
  V divisor = set1(total), factor = set1(gradient ? o.scale[i] : 0.0f);
  for_lanes(o.cols, [&](auto lanes, int64_t j) {
    V p = lanes.load(e + j) / divisor;
    if (probabilities) lanes.store(probabilities + j, p);
    if (gradient) lanes.store(gradient + j, factor * p);
  });
  if (gradient) gradient[label] = o.scale[i] * (label_probability - 1.0f);
}

// Sums of kLanes rows, whose logarithms are taken together: one by one they were a third of the time for rows of ten.
struct NarrowSums {
  float exponentials[kLanes], weights[kLanes], weighted[kLanes];
  QUERN_INLINE void store_values(float* values, int64_t rows) const {
    float logarithms[kLanes];
    store(logarithms, log(load(exponentials)));
    for (int64_t i = 0; i < rows; i++) {
      values[i] = static_cast<float>(static_cast<double>(weights[i]) * static_cast<double>(logarithms[i]) -
                                     static_cast<double>(weighted[i]));
    }
  }
};

// Both kinds of target for narrow rows, with the formula of the dense one.
template <int kVectors>
QUERN_INLINE void softmax_crossentropy_narrow(const LossOperands& o) {
  const NarrowRow<kVectors> row(o.cols);
  const Smoothing smooth = smoothing(o.label_smoothing, static_cast<float>(o.cols));
  NarrowSums sums{};
  for (int64_t i = 0; i < o.rows; i++) {
    const int64_t first = i * o.cols, slot = i % kLanes;
    V z[kVectors], t[kVectors], e[kVectors], d[kVectors];
    row.each([&](auto lanes, int at, int k) {
      z[k] = lanes.load(o.prediction + first + at);
      t[k] = o.labels ? one_hot(o.labels[i] - at) : lanes.keep(smooth(lanes.load(o.target + first + at)), zero());
    });
    const float total = exp_narrow(row, z, e, d);
    Sum weights, weighted;
    row.each([&](auto, int, int k) {
      weights.add(t[k]);
      weighted.add(select(t[k] == zero(), zero(), t[k] * d[k]));
    });
    const float sum_t = static_cast<float>(weights.total());
    sums.exponentials[slot] = total, sums.weights[slot] = sum_t;
    sums.weighted[slot] = static_cast<float>(weighted.total());
    if (slot == kLanes - 1 || i == o.rows - 1) sums.store_values(o.values + i - slot, slot + 1);
    const V divisor = set1(total), factor = set1(o.gradient ? o.scale[i] : 0.0f), sum = set1(sum_t);
    row.each([&](auto lanes, int at, int k) {
      const V p = e[k] / divisor;
      if (o.probabilities) lanes.store(o.probabilities + first + at, p);
      if (o.gradient) lanes.store(o.gradient + first + at, factor * fma(sum, p, negate(t[k])));
    });
  }
}

inline void softmax_crossentropy(const LossOperands& o) noexcept {
  if (o.cols > 0 && o.cols <= kLanes) return softmax_crossentropy_narrow<1>(o);
  if (o.cols > kLanes && o.cols <= 2 * kLanes) return softmax_crossentropy_narrow<2>(o);
  for (int64_t i = 0; i < o.rows; i++) {
    float largest = max_row(o.prediction + i * o.cols, o.cols);
    if (o.labels) {
      softmax_crossentropy_label(o, i, largest);
    } else {
      softmax_crossentropy_dense(o, i, largest);
    }
  }
}

// Rows whose value is the mean over their columns of element(lanes, at, factor), which also stores the gradient;
// factor = scale / cols. Rows of one column are elements of one long row to the loop.
template <class Element>
QUERN_INLINE void mean_of_elements(const LossOperands& o, Element element) {
  if (o.cols == 1) {
    for_lanes(o.rows, [&](auto lanes, int64_t i) {
      lanes.store(o.values + i, element(lanes, i, o.gradient ? lanes.load(o.scale + i) : zero()));
    });
    return;
  }
  for (int64_t i = 0; i < o.rows; i++) {
    V factor = set1(o.gradient ? o.scale[i] / static_cast<float>(o.cols) : 0.0f);
    Sum sum;
    for_lanes(o.cols, [&](auto lanes, int64_t j) {
      sum.add(lanes.keep(element(lanes, i * o.cols + j, factor), zero()));
    });
    o.values[i] = static_cast<float>(sum.total() / static_cast<double>(o.cols));
  }
}

inline void sigmoid_crossentropy(const LossOperands& o) noexcept {
  Smoothing smooth = smoothing(o.label_smoothing, 2.0f);
  mean_of_elements(o, [&](auto lanes, int64_t at, V factor) {
    V z = lanes.load(o.prediction + at), t = smooth(lanes.load(o.target + at));
    V e = exp(negate(absolute(z)));
    V p = select(z < zero(), e, set1(1.0f)) / (e + set1(1.0f));
    if (o.probabilities) lanes.store(o.probabilities + at, p);
    if (o.gradient) lanes.store(o.gradient + at, factor * (p - t));
    return fnma(z, t, maximum(z, zero())) + log_one_plus(e);
  });
}

inline void mean_squared_error(const LossOperands& o) noexcept {
  mean_of_elements(o, [&](auto lanes, int64_t at, V factor) {
    V d = lanes.load(o.prediction + at) - lanes.load(o.target + at);
    if (o.gradient) lanes.store(o.gradient + at, factor * (d + d));
    return d * d;
  });
}

inline void mean_absolute_error(const LossOperands& o) noexcept {
  mean_of_elements(o, [&](auto lanes, int64_t at, V factor) {
    V d = lanes.load(o.prediction + at) - lanes.load(o.target + at);
    V slope = select(d < zero(), negate(factor), factor);
    if (o.gradient) lanes.store(o.gradient + at, select(d == zero(), zero(), select(is_nan(d), d, slope)));
    return absolute(d);
  });
}

// ln(1 - q) is taken as ln(1 + (-q)): 1 - q would lose the digits of a small q.
inline void binary_crossentropy(const LossOperands& o) noexcept {
  Smoothing smooth = smoothing(o.label_smoothing, 2.0f);
  mean_of_elements(o, [&](auto lanes, int64_t at, V factor) {
    V p = lanes.load(o.prediction + at), t = smooth(lanes.load(o.target + at));
    V q = clip(p), rest = set1(1.0f) - q, other = set1(1.0f) - t;
    if (o.gradient) {
      V slope = other / rest - t / q;
      lanes.store(o.gradient + at, select(clip_passes(p), factor * slope, select(is_nan(p), p, zero())));
    }
    return negate(fma(t, log(q), other * log_one_plus(negate(q))));
  });
}

// q = p / S. With d = dvalues/dq = -t / clip(q) inside the range of the clip, else 0:
// dvalues/dp[k] = (d[k] - sum(d q)) / S.
inline void categorical_crossentropy(const LossOperands& o) noexcept {
  Smoothing smooth = smoothing(o.label_smoothing, static_cast<float>(o.cols));
  for (int64_t i = 0; i < o.rows; i++) {
    const float* prediction = o.prediction + i * o.cols;
    const float* target = o.target + i * o.cols;
    V total = set1(static_cast<float>(sum_row(prediction, o.cols)));
    auto slope = [&](V q, V t) { return select(clip_passes(q), negate(t / q), select(is_nan(q), q, zero())); };
    Sum loss, dot;
    for_lanes(o.cols, [&](auto lanes, int64_t j) {
      V q = lanes.load(prediction + j) / total, t = smooth(lanes.load(target + j));
      loss.add(lanes.keep(t * log(clip(q)), zero()));
      dot.add(lanes.keep(slope(q, t) * q, zero()));
    });
    o.values[i] = static_cast<float>(-loss.total());
    if (!o.gradient) continue;
    V mean_slope = set1(static_cast<float>(dot.total())), factor = set1(o.scale[i]) / total;
    for_lanes(o.cols, [&](auto lanes, int64_t j) {
      V q = lanes.load(prediction + j) / total, t = smooth(lanes.load(target + j));
      lanes.store(o.gradient + i * o.cols + j, factor * (slope(q, t) - mean_slope));
    });
  }
}

inline double sum_clipped(const float* p, int64_t n) {
  Sum sum;
  for_lanes(n, [&](auto lanes, int64_t j) { sum.add(lanes.keep(clip(lanes.load(p + j)), zero())); });
  return sum.total();
}

// values = ln(S / q[label]), S the sum of the clipped q, taken as ln(1 + others / q[label]) with the others summed
// apart, so that a small loss keeps its digits.
// dvalues/dp[k] = 1 / S - (k == label) / q[k] inside the range of the clip, else 0.
inline void sparse_categorical_crossentropy(const LossOperands& o) noexcept {
  for (int64_t i = 0; i < o.rows; i++) {
    const float* prediction = o.prediction + i * o.cols;
    const int32_t label = o.labels[i];
    const float chosen = prediction[label];
    const double q = static_cast<double>(first_lane(clip(set1(chosen))));
    const double others = sum_clipped(prediction, label) + sum_clipped(prediction + label + 1, o.cols - label - 1);
    o.values[i] = first_lane(log_one_plus(set1(static_cast<float>(others / q))));
    if (!o.gradient) continue;
    float* gradient = o.gradient + i * o.cols;
    const double total = others + q;
    V slope = set1(o.scale[i] / static_cast<float>(total));
    map(prediction, gradient, o.cols, [&](V p) {
      return select(clip_passes(p), slope, select(is_nan(p), p, zero()));
    });
    // 1 / S - 1 / q = -others / (S q)
    const bool passes = mask_bits(clip_passes(set1(chosen))) & 1;
    if (passes) gradient[label] = -o.scale[i] * static_cast<float>(others / (total * q));
  }
}

inline void binary_accuracy(const float* prediction, const float* target, const int32_t*, float threshold,
                            float* values, int64_t rows, int64_t cols) noexcept {
  V limit = set1(threshold), one = set1(1.0f);
  for (int64_t i = 0; i < rows; i++) {
    Sum right;
    for_lanes(cols, [&](auto lanes, int64_t j) {
      V decision = select(limit < lanes.load(prediction + i * cols + j), one, zero());
      V hit = select(decision == lanes.load(target + i * cols + j), one, zero());
      right.add(lanes.keep(hit, zero()));
    });
    values[i] = static_cast<float>(right.total() / static_cast<double>(cols));
  }
}

inline void categorical_accuracy(const float* prediction, const float* target, const int32_t*, float, float* values,
                                 int64_t rows, int64_t cols) noexcept {
  for (int64_t i = 0; i < rows; i++) {
    values[i] = argmax(prediction + i * cols, cols) == argmax(target + i * cols, cols) ? 1.0f : 0.0f;
  }
}

inline void sparse_accuracy(const float* prediction, const float*, const int32_t* labels, float, float* values,
                            int64_t rows, int64_t cols) noexcept {
  for (int64_t i = 0; i < rows; i++) {
    values[i] = argmax(prediction + i * cols, cols) == labels[i] ? 1.0f : 0.0f;
  }
}

}  // namespace
}  // namespace quern
