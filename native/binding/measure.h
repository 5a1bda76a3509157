// Accuracy and speed of the kernels on this machine, and what the machine is: measureUlp, peakFlops, bandwidth and cpu
// of lib/native.ts.
#pragma once
#include <napi.h>

namespace quern {

void export_measurements(Napi::Env env, Napi::Object exports);

}  // namespace quern
