// Whether this is a build with sanitizers, where a minute of arithmetic becomes
// ten. Statistics run without them; what touches memory runs with them too.

#ifndef SOTTO_TESTS_SUPPORT_SANITIZER_H_
#define SOTTO_TESTS_SUPPORT_SANITIZER_H_

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SOTTO_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SOTTO_SANITIZED 1
#endif
#endif
#ifndef SOTTO_SANITIZED
#define SOTTO_SANITIZED 0
#endif

// First in a test that only counts.
#define SOTTO_SKIP_STATISTICS()                                          \
  if (SOTTO_SANITIZED != 0) {                                            \
    GTEST_SKIP() << "statistics: they run in builds without sanitizers"; \
  }                                                                      \
  static_assert(true)

#endif  // SOTTO_TESTS_SUPPORT_SANITIZER_H_
