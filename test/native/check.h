// The smallest test framework: TEST(name) { CHECK(condition); } in any file linked with main.cc.
#pragma once
#include <cmath>
#include <cstdio>
#include <sstream>
#include <string>

namespace quern::test {

struct Case {
  const char* name;
  void (*body)();
  Case* next;
  Case(const char* name, void (*body)());
};

void fail(const char* file, int line, const std::string& what);

template <class A, class B>
void check_equal(const char* file, int line, const char* text, const A& a, const B& b) {
  if (a == b) return;
  std::ostringstream out;
  out << text << ": " << a << " != " << b;
  fail(file, line, out.str());
}

inline void check_near(const char* file, int line, const char* text, double a, double b, double tolerance) {
  if (std::fabs(a - b) <= tolerance) return;
  std::ostringstream out;
  out.precision(17);
  out << text << ": " << a << " is not within " << tolerance << " of " << b;
  fail(file, line, out.str());
}

}  // namespace quern::test

#define TEST(name)                                               \
  static void test_##name();                                     \
  static ::quern::test::Case case_##name(#name, &test_##name);   \
  static void test_##name()
#define CHECK(condition) \
  do { if (!(condition)) ::quern::test::fail(__FILE__, __LINE__, #condition); } while (0)
#define CHECK_EQUAL(a, b) ::quern::test::check_equal(__FILE__, __LINE__, #a " == " #b, a, b)
#define CHECK_NEAR(a, b, tolerance) ::quern::test::check_near(__FILE__, __LINE__, #a " ~ " #b, a, b, tolerance)
