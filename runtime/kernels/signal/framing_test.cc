// Frames against plain models of the stream they come from.

#include <vector>

#include "runtime/kernels/signal/kernel_session_test_support.h"

namespace sotto::runtime {

extern const Kernel kSignalDelayReference, kSignalFramerReference,
    kSignalOverlapAddReference, kSignalStackerReference, kSignalWindowReference;

namespace {

using Samples = std::vector<std::int16_t>;

Samples Ramp(std::size_t size, int first) {
  Samples samples(size);
  for (std::size_t i = 0; i < size; ++i) {
    samples[i] = static_cast<std::int16_t>(first + static_cast<int>(i));
  }
  return samples;
}

TestTensor Tensor16(const Shape& shape, const Samples& values) {
  return TestTensor::Of<std::int16_t>(ElementType::kInt16, shape, values);
}

void Put(TestTensor& t, const Samples& values) {
  std::copy(values.begin(), values.end(), t.tensor.as<std::int16_t>());
}

TEST(SignalWindowTest, ProductsAreShiftedAndSaturated) {
  TestTensor x = Tensor16({2, {2, 3}}, {100, -100, 32767, -32768, 1, -1});
  TestTensor w = Tensor16({1, {3}}, {4096, 4096, 32767});
  TestTensor y = Typed(ElementType::kInt16);
  KernelSession session(kSignalWindowReference, {{"shift", 12}});
  ASSERT_EQ(session.Prepare({&x, &w}, {&y}), StatusCode::kOk);
  ASSERT_EQ(session.Eval(), StatusCode::kOk);
  EXPECT_EQ(y.values<std::int16_t>(),
            (Samples{100, -100, 32767, -32768, 1, -8}));
  KernelSession bad(kSignalWindowReference, {{"shift", 32}});
  EXPECT_EQ(bad.Prepare({&x, &w}, {&y}), StatusCode::kInvalidArgument);
}

TEST(SignalFramerTest, FramesOverlapOverManyRuns) {
  for (const bool prefill : {false, true}) {
    const std::size_t size = 5, step = 2, rows = 2, frames = 3;
    TestTensor x = Tensor16({2, {2, 6}}, Samples(12));
    TestTensor y = Typed(ElementType::kInt16),
               valid = Typed(ElementType::kBool);
    KernelSession session(
        kSignalFramerReference,
        {{"frame_size", 5}, {"frame_step", 2}, {"prefill", prefill}});
    ASSERT_EQ(session.Prepare({&x}, {&y, &valid}), StatusCode::kOk)
        << session.reason();
    ASSERT_EQ(y.tensor.shape, (Shape{3, {2, 3, 5}}));
    std::vector<Samples> streams(rows, Samples(prefill ? size - step : 0));
    std::size_t taken = 0;  // steps after which a frame was cut
    for (int run = 0; run < 4; ++run) {
      Samples values;
      for (std::size_t r = 0; r < rows; ++r) {
        const Samples more = Ramp(6, run * 6 + static_cast<int>(r) * 1000 + 1);
        values.insert(values.end(), more.begin(), more.end());
        streams[r].insert(streams[r].end(), more.begin(), more.end());
      }
      Put(x, values);
      ASSERT_EQ(session.Eval(), StatusCode::kOk);
      bool all = true;
      std::size_t next = taken;
      for (std::size_t r = 0; r < rows; ++r) {
        next = taken;
        for (std::size_t f = 0; f < frames; ++f) {
          const std::size_t available =
              streams[r].size() - (frames - 1 - f) * step;
          const Samples got(
              y.tensor.as<std::int16_t>() + (r * frames + f) * size,
              y.tensor.as<std::int16_t>() + (r * frames + f + 1) * size);
          if (available < next * step + size) {
            all = false;
            EXPECT_EQ(got, Samples(size));
            continue;
          }
          const auto begin =
              streams[r].begin() + static_cast<std::ptrdiff_t>(next * step);
          EXPECT_EQ(got, Samples(begin, begin + 5)) << run << " " << f;
          ++next;
        }
      }
      taken = next;
      EXPECT_EQ(valid.values<std::uint8_t>()[0], all ? 1 : 0);
      EXPECT_EQ(all, prefill || run > 0);
    }
  }
  TestTensor x = Tensor16({1, {5}}, Samples(5));
  TestTensor y = Typed(ElementType::kInt16), valid = Typed(ElementType::kBool);
  KernelSession uneven(kSignalFramerReference,
                       {{"frame_size", 5}, {"frame_step", 2}, {"prefill", 0}});
  EXPECT_EQ(uneven.Prepare({&x}, {&y, &valid}), StatusCode::kInvalidArgument);
}

TEST(SignalStackerTest, TheFirstFrameStandsForThoseBeforeIt) {
  TestTensor x = Tensor16({1, {2}}, {0, 0});
  TestTensor y = Typed(ElementType::kInt16), valid = Typed(ElementType::kBool);
  KernelSession session(kSignalStackerReference, {{"num_channels", 2},
                                                  {"stacker_left_context", 2},
                                                  {"stacker_right_context", 1},
                                                  {"stacker_step", 3}});
  ASSERT_EQ(session.Prepare({&x}, {&y, &valid}), StatusCode::kOk);
  ASSERT_EQ(y.tensor.shape, (Shape{1, {8}}));
  // Frame f is (f, -f); four make an output, three are then forgotten.
  const std::vector<Samples> expected = {{}, {1, -1, 1, -1, 1, -1, 2, -2}, {},
                                         {}, {2, -2, 3, -3, 4, -4, 5, -5}, {},
                                         {}, {5, -5, 6, -6, 7, -7, 8, -8}};
  for (std::size_t f = 0; f < expected.size(); ++f) {
    const auto value = static_cast<std::int16_t>(f + 1);
    Put(x, {value, static_cast<std::int16_t>(-value)});
    ASSERT_EQ(session.Eval(), StatusCode::kOk);
    EXPECT_EQ(valid.values<std::uint8_t>()[0], expected[f].empty() ? 0 : 1);
    EXPECT_EQ(y.values<std::int16_t>(),
              expected[f].empty() ? Samples(8) : expected[f])
        << f;
  }
  KernelSession bad(kSignalStackerReference, {{"num_channels", 2},
                                              {"stacker_left_context", 1},
                                              {"stacker_right_context", 0},
                                              {"stacker_step", 3}});
  EXPECT_EQ(bad.Prepare({&x}, {&y, &valid}), StatusCode::kInvalidArgument);
}

TEST(SignalDelayTest, SamplesComeLater) {
  for (const std::int64_t delay : {0, 1, 3, 4, 9}) {
    TestTensor x = Tensor16({2, {2, 4}}, Samples(8));
    TestTensor y = Typed(ElementType::kInt16);
    KernelSession session(kSignalDelayReference, {{"delay_length", delay}});
    ASSERT_EQ(session.Prepare({&x}, {&y}), StatusCode::kOk);
    for (int run = 0; run < 5; ++run) {
      Put(x, {static_cast<std::int16_t>(4 * run + 1),
              static_cast<std::int16_t>(4 * run + 2),
              static_cast<std::int16_t>(4 * run + 3),
              static_cast<std::int16_t>(4 * run + 4),
              static_cast<std::int16_t>(-4 * run - 1),
              static_cast<std::int16_t>(-4 * run - 2),
              static_cast<std::int16_t>(-4 * run - 3),
              static_cast<std::int16_t>(-4 * run - 4)});
      ASSERT_EQ(session.Eval(), StatusCode::kOk);
      for (int i = 0; i < 4; ++i) {
        const int sample =
            std::max(4 * run + i + 1 - static_cast<int>(delay), 0);
        EXPECT_EQ(y.values<std::int16_t>()[static_cast<std::size_t>(i)],
                  sample);
        EXPECT_EQ(y.values<std::int16_t>()[static_cast<std::size_t>(4 + i)],
                  -sample);
      }
    }
  }
}

TEST(SignalOverlapAddTest, FramesAddUpAndSaturate) {
  TestTensor x = Tensor16({2, {2, 3}}, {1, 2, 3, 10, 20, 30});
  TestTensor y = Typed(ElementType::kInt16);
  KernelSession session(kSignalOverlapAddReference, {{"frame_step", 2}});
  ASSERT_EQ(session.Prepare({&x}, {&y}), StatusCode::kOk) << session.reason();
  ASSERT_EQ(y.tensor.shape, (Shape{1, {4}}));
  ASSERT_EQ(session.Eval(), StatusCode::kOk);
  EXPECT_EQ(y.values<std::int16_t>(), (Samples{1, 2, 13, 20}));
  Put(x, {32767, 1, 1, -1, 0, 0});
  ASSERT_EQ(session.Eval(), StatusCode::kOk);
  EXPECT_EQ(y.values<std::int16_t>(), (Samples{32767, 1, 0, 0}));

  TestTensor f = TestTensor::Floats({3, {2, 1, 3}}, {1, 2, 3, 4, 5, 6}), g;
  KernelSession floats(kSignalOverlapAddReference, {{"frame_step", 1}});
  ASSERT_EQ(floats.Prepare({&f}, {&g}), StatusCode::kOk) << floats.reason();
  ASSERT_EQ(floats.Eval(), StatusCode::kOk);
  EXPECT_EQ(g.values<float>(), (std::vector<float>{1, 4}));
  ASSERT_EQ(floats.Eval(), StatusCode::kOk);
  EXPECT_EQ(g.values<float>(), (std::vector<float>{3, 9}));
  ASSERT_EQ(floats.Eval(), StatusCode::kOk);
  EXPECT_EQ(g.values<float>(), (std::vector<float>{6, 15}));
  KernelSession bad(kSignalOverlapAddReference, {{"frame_step", 4}});
  EXPECT_EQ(bad.Prepare({&f}, {&g}), StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace sotto::runtime
