// Pad, Concatenation and Mean against central differences, and by hand.

#include "gtest/gtest.h"
#include "training/autodiff/gradient_check.h"

namespace sotto::training {
namespace {

constexpr Shape kImage = {4, {1, 3, 3, 2}};

// A convolution before, so that the operator's input has a gradient to pass on.
Chain Start() {
  Chain chain(kImage);
  chain.Op(OpCode::kConv2D, {{4, {2, 1, 1, 2}}, {1, {2}}}, kImage);
  return chain;
}

Model WithHead(Chain& chain, std::int32_t depth) {
  return chain
      .Op(OpCode::kFullyConnected, {{2, {2, depth}}, {1, {2}}}, {2, {1, 2}})
      .Done();
}

TEST(PlacementTest, PaddingOfEachSideAndDimension) {
  const std::vector<std::vector<std::int32_t>> cases = {
      {0, 0, 1, 1, 1, 1, 0, 0},
      {0, 0, 0, 2, 1, 0, 0, 0},
      {0, 0, 1, 0, 0, 3, 2, 1}};
  for (const std::vector<std::int32_t>& p : cases) {
    const Shape padded = {
        4, {1, 3 + p[2] + p[3], 3 + p[4] + p[5], 2 + p[6] + p[7]}};
    Chain chain = Start();
    chain.Indexed(OpCode::kPad, {2, {4, 2}}, p, padded);
    ExpectGradientMatchesDifferences(
        WithHead(chain, static_cast<std::int32_t>(padded.Elements())));
  }
}

TEST(PlacementTest, MeansOverEachSetOfDimensionsKeptOrDropped) {
  const auto run = [](const std::vector<std::int32_t>& axes,
                      const Shape& dropped, const Shape& kept) {
    for (const bool keep : {false, true}) {
      Chain chain = Start();
      chain.Indexed(OpCode::kMean,
                    {1, {static_cast<std::int32_t>(axes.size())}}, axes,
                    keep ? kept : dropped, {.keep_dims = keep});
      ExpectGradientMatchesDifferences(
          WithHead(chain, static_cast<std::int32_t>(kept.Elements())));
    }
  };
  run({1, 2}, {2, {1, 2}}, {4, {1, 1, 1, 2}});
  run({-1}, {3, {1, 3, 3}}, {4, {1, 3, 3, 1}});
  run({1}, {3, {1, 3, 2}}, {4, {1, 1, 3, 2}});
  run({2, -2}, {3, {1, 3, 2}}, {4, {1, 3, 1, 2}});  // one dimension, twice
  run({-3, 3}, {2, {1, 3}}, {4, {1, 1, 3, 1}});
}

TEST(PlacementTest, ConcatenationAlongEachAxisWithEachActivation) {
  const auto run = [](std::int32_t axis, const Shape& joined, Activation a) {
    Chain chain = Start();
    const std::int32_t first = chain.tensor();
    chain.Op(OpCode::kTanh, {}, kImage);
    // The same tensor twice: both of its places give it a gradient.
    chain.Join(OpCode::kConcatenation, {first, chain.tensor(), first}, joined,
               {.activation = a, .axis = axis});
    ExpectGradientMatchesDifferences(
        WithHead(chain, static_cast<std::int32_t>(joined.Elements())));
  };
  run(1, {4, {1, 9, 3, 2}}, Activation::kNone);
  run(2, {4, {1, 3, 9, 2}}, Activation::kRelu);
  run(-1, {4, {1, 3, 3, 6}}, Activation::kReluN1To1);
  run(-2, {4, {1, 3, 9, 2}}, Activation::kRelu6);
}

TEST(PlacementTest, ConcatenationOfUnlikeSizesAndWithTheInputItself) {
  Chain chain(kImage);
  const std::int32_t input = chain.tensor();
  chain.Op(OpCode::kConv2D, {{4, {3, 1, 1, 2}}, {1, {3}}}, {4, {1, 3, 3, 3}});
  const std::int32_t wide = chain.tensor();
  // The graph's input wants no gradient; what comes after it still gets its
  // own.
  chain.Join(OpCode::kConcatenation, {input, wide}, {4, {1, 3, 3, 5}},
             {.axis = 3});
  ExpectGradientMatchesDifferences(WithHead(chain, 45));
}

}  // namespace
}  // namespace sotto::training
