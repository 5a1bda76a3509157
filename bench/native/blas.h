// Other libraries' sgemm, loaded at run time.
#pragma once
#include <dlfcn.h>

#include <cstdio>
#include <cstdlib>
#include <string>

namespace quern {

using Sgemm = void (*)(int, int, int, int, int, int, float, const float*, int, const float*, int, float, float*, int);

struct Blas {
  std::string name;  // and version, as the library says it
  Sgemm sgemm = nullptr;
};

// Call before the first library is loaded: they read the environment then. The layer is MKL's; with one thread it has
// none but the caller's.
inline void set_blas_threads(int threads) {
  const std::string count = std::to_string(threads);
  for (const char* name : {"OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS"}) {
    setenv(name, count.c_str(), 1);
  }
  if (threads == 1) setenv("MKL_THREADING_LAYER", "SEQUENTIAL", 1);
}

// `text` is the path of a library, followed by a comma and the prefix of its symbols if they have one. Ends the program
// when it has no cblas_sgemm.
inline Blas load_blas(const std::string& text) {
  const size_t comma = text.find(',');
  const std::string path = text.substr(0, comma), prefix = comma == std::string::npos ? "" : text.substr(comma + 1);
  void* const library = dlopen(path.c_str(), RTLD_NOW | RTLD_GLOBAL);
  auto symbol = [&](const char* name) { return library ? dlsym(library, (prefix + name).c_str()) : nullptr; };
  Blas blas;
  blas.sgemm = reinterpret_cast<Sgemm>(symbol("cblas_sgemm"));
  if (!blas.sgemm) {
    std::fprintf(stderr, "no %scblas_sgemm in %s: %s\n", prefix.c_str(), path.c_str(), library ? "" : dlerror());
    std::exit(1);
  }
  blas.name = path.substr(path.rfind('/') + 1);
  if (void* config = symbol("openblas_get_config")) blas.name = reinterpret_cast<const char* (*)()>(config)();
  if (void* version = symbol("mkl_get_version_string")) {
    char buffer[200] = "";
    reinterpret_cast<void (*)(char*, int)>(version)(buffer, sizeof buffer - 1);
    blas.name = buffer;
  }
  return blas;
}

}  // namespace quern
