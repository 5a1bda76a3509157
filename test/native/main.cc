// Runs all tests, or those whose name contains the first argument. The last line counts them.
#include <cstring>

#include "check.h"

namespace quern::test {

static Case* first = nullptr;
static Case** last = &first;
static int failures = 0;  // of the test at hand

Case::Case(const char* name, void (*body)()) : name(name), body(body), next(nullptr) {
  *last = this;
  last = &next;
}

void fail(const char* file, int line, const std::string& what) {
  failures++;
  std::printf("%s:%d: %s\n", file, line, what.c_str());
}

static int run(const char* filter) {
  int passed = 0, failed = 0;
  for (Case* c = first; c; c = c->next) {
    if (filter && !std::strstr(c->name, filter)) continue;
    failures = 0;
    c->body();
    std::printf("%s %s\n", failures ? "FAILED" : "ok", c->name);
    std::fflush(stdout);
    (failures ? failed : passed)++;
  }
  std::printf("%d passed, %d failed\n", passed, failed);
  return failed ? 1 : 0;
}

}  // namespace quern::test

int main(int argc, char** argv) { return quern::test::run(argc > 1 ? argv[1] : nullptr); }
